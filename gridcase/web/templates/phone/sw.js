// The service worker of the phone app: keeps the shell of one version, and gives it out without network.
// Data of the API are never kept here: those are in IndexedDB. Made by gridcase/web/phone/shell.py.

const VERSION = {{ version|tojson }};
const FILES = {{ files|tojson }};
const CACHE = `gridcase-shell-${VERSION}`;
const SHELL = new Set(FILES.map((file) => file.url));

self.addEventListener('install', (event) => {
  event.waitUntil(keepShell());
});

// All or nothing, and each file with the digest the server told: a version is never mixed of two.
async function keepShell() {
  const cache = await caches.open(CACHE);
  await Promise.all(FILES.map(async ({ url, integrity }) => {
    const response = await fetch(url, { cache: 'no-cache', credentials: 'omit', ...(integrity ? { integrity } : {}) });
    if (!response.ok || response.redirected) throw new Error(`${url}: ${response.status}`);
    await cache.put(url, response);
  }));
}

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith('gridcase-shell-') && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  const key = request.mode === 'navigate' && url.pathname === '/m/' ? '/m/' : url.pathname;
  if (SHELL.has(key)) event.respondWith(fromShell(key, request));
});

async function fromShell(key, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(key)) || fetch(request);
}

self.addEventListener('message', ({ data }) => {
  if (data === 'take over') self.skipWaiting();
});

// The network came back while the app lay in the background: whoever is open sends.
self.addEventListener('sync', (event) => {
  if (event.tag !== 'outbox') return;
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: 'window' });
    if (open.length) open[0].postMessage('send');
    else throw new Error('nobody is open: try again later');
  })());
});
