// The app on the phone: whether it is installed, whether its storage is safe, and new versions of it.

const listeners = new Set();
let prompt = null;
let waiting = null;

export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const tell = () => listeners.forEach((listener) => listener());

window.addEventListener('beforeinstallprompt', (event) => {
  event.preventDefault();
  prompt = event;
  tell();
});

export const isInstalled = () => matchMedia('(display-mode: standalone)').matches || navigator.standalone === true;
export const canInstall = () => prompt !== null;

export async function ask() {
  await prompt?.prompt();
  prompt = null;
  tell();
}

/** {usage, quota, isPersistent}; zeros where the browser does not say. */
export async function storageState() {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.().catch(() => null)) || {};
  return { usage, quota, isPersistent: Boolean(await navigator.storage?.persisted?.().catch(() => false)) };
}

/** Ask the browser never to throw our storage away; true when it agrees. */
export async function persist() {
  return Boolean(await navigator.storage?.persist?.().catch(() => false));
}

// --- versions --------------------------------------------------------------------------------------------------------

/** Start the service worker; onNew is called when a newer version lies ready beside the running one. */
export async function start(onNew) {
  if (!navigator.serviceWorker) return;
  const registration = await navigator.serviceWorker.register('/m/sw.js', { scope: '/m/', updateViaCache: 'none' });
  const look = (worker) => {
    if (!worker) return;
    const ready = () => {
      // Without a controller this is the first version: nothing runs that it could replace.
      if (worker.state !== 'installed' || !navigator.serviceWorker.controller) return;
      waiting = worker;
      onNew();
    };
    worker.addEventListener('statechange', ready);
    ready();
  };
  look(registration.waiting || registration.installing);
  registration.addEventListener('updatefound', () => look(registration.installing));
  let isReloading = false;
  const hadController = Boolean(navigator.serviceWorker.controller);
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    if (isReloading || !hadController) return;
    isReloading = true;
    location.reload();
  });
}

/** Let the new version take over; the page then loads itself anew. Drafts and the outbox lie on the disk. */
export function takeOver() {
  waiting?.postMessage('take over');
}

/** Ask the server for a new version; true when one was found. */
export async function lookForUpdate() {
  const registration = await navigator.serviceWorker?.getRegistration('/m/');
  const found = await registration?.update().catch(() => null);
  return Boolean(found?.installing || found?.waiting);
}
