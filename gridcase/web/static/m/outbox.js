// The outbox: what the person filed or answered, until the server has confirmed it. Nothing leaves it by itself before.
// Knows no screen, so that the service worker may send too. Decisions are in rules.js.

import * as api from './api.js';
import * as rules from './rules.js';
import * as store from './store.js';

const { Status, Verdict } = rules;
const LOCK = 'gridcase-outbox';
const channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('gridcase') : null;

/** Fires "change" when an item or the state of sending has changed, in this tab or another. */
export const events = new EventTarget();

/** What the sender is doing, for the screens. */
export const state = { sending: '', failures: 0, waitsUntil: 0 };

function changed() {
  events.dispatchEvent(new Event('change'));
  channel?.postMessage('change');
}

if (channel) channel.onmessage = () => events.dispatchEvent(new Event('change'));

/** One at a time over all tabs and the service worker; without locks one in this tab. */
let chain = Promise.resolve();
export function exclusively(work) {
  if (navigator.locks) return navigator.locks.request(LOCK, work);
  chain = chain.then(work, work);
  return chain;
}

/** The signed-in account {id, name, username, device, expires_at}, or null. */
export const account = () => store.getMeta('account');

/**
 * Put something in the outbox, all of it and the end of its draft or nothing; it is safe once this returns.
 * An item: {kind, chain, after, body, target, photos, title, seen}; its id is its Idempotency-Key.
 */
export async function enqueue(items, draftKey) {
  const owner = await account();
  await store.addItems(items.map((item) => ({
    id: crypto.randomUUID(), owner: owner.id, owner_name: owner.name, chain: null, after: null, target: {}, photos: [], seen: null,
    status: Status.QUEUED, attempts: 0, next_at: 0, created_at: Date.now(), reason: null, done: null, ...item,
  })), draftKey);
  changed();
  wake();
}

/** Send again what was refused, changed or not; or on the newer state of its case. */
export async function retry(id, change = (item) => item) {
  let spare = [];
  await store.updateItem(id, (item) => {
    if (item.status === Status.DONE) return null;
    const changed = change(item);
    spare = item.photos.filter((photo) => !changed.photos.includes(photo));
    return { ...changed, status: Status.QUEUED, reason: null, next_at: 0, attempts: 0 };
  });
  await store.deletePhotos(spare);
  changed();
  wake();
}

/** Send the photos of an answer that is not wanted any more as evidence of its case. */
export function sendAsEvidence(id) {
  return retry(id, (item) => ({
    ...item, kind: 'attach', task: null, draft: null, seen: null, stale: null, target: { number: item.target.number, etag: '*' },
    body: item.body.note ? { note: item.body.note } : {}, title: { word: 'outbox.attach', number: item.target.number },
  }));
}

/** Take an item away, on the person's word alone; what builds on it waits for the person too. */
export async function discard(id) {
  const reason = { code: 'parent_gone', detail: '', errors: {} };
  await store.updateItems((one) => (rules.waitsFor(one, id) ? { ...one, status: Status.PARKED, reason } : null));
  await store.removeItems([id]);
  changed();
}

// --- when to send --------------------------------------------------------------------------------------------------

let timer = 0;
let running = false;
let again = false;

/** Something changed, the network is back, or the person asks: look at once. */
export function wake({ isUrgent = false } = {}) {
  if (isUrgent) state.failures = 0;
  state.waitsUntil = 0;
  return run();
}

/** Look again after some time. */
function sleep(ms) {
  clearTimeout(timer);
  state.waitsUntil = Date.now() + ms;
  timer = setTimeout(run, ms);
  askForBackgroundSync();
}

async function askForBackgroundSync() {
  try {
    const registration = await self.navigator.serviceWorker?.ready;
    await registration?.sync?.register('outbox');
  } catch {
    // Not offered, or not allowed: the timer, the return of the network and the next opening remain.
  }
}

async function run() {
  if (running) {
    again = true;
    return;
  }
  running = true;
  clearTimeout(timer);
  try {
    do {
      again = false;
      await exclusively(sendAll);
    } while (again);
  } finally {
    running = false;
    state.sending = '';
    changed();
  }
}

// --- sending -------------------------------------------------------------------------------------------------------

async function sendAll() {
  const owner = await account();
  const problem = await store.getMeta('session_problem');
  if (!owner || problem || (await store.getMeta('signed_out'))) return;
  let isKnown = false;
  for (;;) {
    const items = await store.allItems();
    const asked = { owner: owner.id, now: Date.now() };
    const item = rules.nextItem(items, asked);
    if (!item) {
      const look = rules.nextLook(items, asked);
      if (look !== null) sleep(Math.max(look - Date.now(), 1000));
      return;
    }
    if (!isKnown && !(await isSignedInAs(owner))) return;
    isKnown = true;
    state.sending = item.id;
    changed();
    const reply = await sendItem(item);
    if (!(await settle(item, reply))) return;
    changed();
  }
}

/** Make sure that the session in this browser is the owner's: nobody's items go under another's name. */
async function isSignedInAs(owner) {
  const reply = await api.call('GET', '/api/v1/me');
  const verdict = rules.judge(reply);
  if (verdict === Verdict.SIGN_IN) await sessionEnded(api.inWords(reply));
  else if (verdict !== Verdict.DONE) backOff();
  else if (reply.body.id !== owner.id) await sessionEnded({ code: 'other_account', detail: '', errors: {} });
  else return true;
  return false;
}

async function sessionEnded(reason) {
  await store.setMeta('session_problem', { ...reason, at: Date.now() });
  changed();
}

function backOff(reply = null) {
  state.failures += 1;
  const asked = Number(reply?.headers?.get('Retry-After')) * 1000 || 0;
  sleep(Math.max(asked, rules.waitMs(state.failures, Math.random())));
}

/** Photos first, each once; then the item itself. Returns the answer that decides. */
async function sendItem(item) {
  const photos = await store.getPhotos(item.photos);
  const ids = [];
  for (const [index, photo] of photos.entries()) {
    if (!photo.attachment) {
      const reply = await upload(photo);
      if (rules.judge(reply) !== Verdict.DONE) return reply === null ? null : { ...reply, photo: index + 1 };
      await store.setAttachment(photo.id, reply.body.id);
      photo.attachment = reply.body.id;
    }
    ids.push(photo.attachment);
  }
  const { path, headers, body } = request(item, ids);
  return api.call('POST', path, { body, headers: { 'Idempotency-Key': item.id, ...headers } });
}

async function upload(photo) {
  const bytes = await store.getBytes(photo.id);
  const form = new FormData();
  const suffix = photo.type === 'image/heic' ? 'heic' : 'jpg';
  form.append('file', new Blob([bytes], { type: photo.type }), `${photo.id}.${suffix}`);
  form.append('usage', photo.usage);
  for (const [name, value] of Object.entries(photo.evidence)) {
    if (value !== null && value !== undefined) form.append(name, String(value));
  }
  const reply = await api.call('POST', '/api/v1/attachments', { form, headers: { 'Idempotency-Key': photo.id } });
  if (reply !== null) state.failures = 0;
  return reply;
}

function request(item, attachments) {
  const body = { ...item.body };
  if (attachments.length) body.attachments = attachments;
  if (item.kind === 'visit') {
    const { campaign, place } = item.target;
    return { path: `/api/v1/campaigns/${encodeURIComponent(campaign)}/places/${place}/visits`, headers: {}, body };
  }
  if (item.kind === 'file') return { path: '/api/v1/cases', headers: {}, body };
  const { number, etag } = item.target;
  const path = `/api/v1/cases/${encodeURIComponent(number)}/actions/${item.kind}`;
  return { path, headers: { 'If-Match': etag }, body };
}

/** Keep what the answer says of the item; false when nothing more can be sent now. */
async function settle(item, reply) {
  const verdict = rules.judge(reply);
  if (verdict === Verdict.OFFLINE) {
    backOff();
    return false;
  }
  state.failures = 0;
  if (verdict === Verdict.SIGN_IN) {
    await sessionEnded(api.inWords(reply));
    return false;
  }
  if (verdict === Verdict.DONE) await confirm(item, reply);
  else if (verdict === Verdict.RETRY) return later(item, reply);
  else if (verdict === Verdict.STALE) await standStale(item);
  else await park(item, reply);
  return true;
}

async function confirm(item, reply) {
  const number = reply.body?.number || item.target.number || null;
  const done = { at: Date.now(), number };
  await store.updateItems((one) => rules.confirmed(one, item.id, done));
  events.dispatchEvent(new CustomEvent('confirmed', { detail: { item, body: reply.body } }));
}

async function later(item, reply) {
  const attempts = item.attempts + 1;
  const next = Date.now() + Math.max(rules.waitMs(attempts, Math.random()), Number(reply.headers?.get('Retry-After')) * 1000 || 0);
  await store.updateItem(item.id, (one) => ({ ...one, attempts, next_at: next, reason: api.inWords(reply) }));
  // The whole server is told to be left alone: so it is.
  if (reply.status !== 429) return true;
  backOff(reply);
  return false;
}

/** The case moved on since the person decided: keep what it is now, to show what changed. */
async function standStale(item) {
  const reply = await api.call('GET', `/api/v1/cases/${encodeURIComponent(item.target.number)}`);
  const now = rules.judge(reply) === Verdict.DONE ? { body: reply.body, etag: reply.headers.get('ETag') } : null;
  if (now && rules.isTakenBack(item, now.body)) {
    // Nothing to decide on: the task is not this person's any more. What was photographed stays.
    await store.updateItem(item.id, (one) => ({ ...one, status: Status.PARKED, reason: { code: 'task_withdrawn', detail: '', errors: {} } }));
    return;
  }
  await store.updateItem(item.id, (one) => ({
    ...one, status: Status.STALE, reason: { code: 'stale_case', detail: '', errors: {} }, stale: now,
  }));
}

async function park(item, reply) {
  const reason = { ...api.inWords(reply), status: reply.status, photo: reply.photo || 0 };
  if (!reply.isOurs) reason.code = 'too_large';
  // Uploads that nothing used expire on the server: a photo that waited for long is sent once more.
  if (!reply.photo && 'attachments' in reason.errors && item.photos.length && !item.is_reloaded) {
    for (const photo of item.photos) await store.setAttachment(photo, null);
    await store.updateItem(item.id, (one) => ({ ...one, is_reloaded: true }));
    return;
  }
  await store.updateItem(item.id, (one) => ({ ...one, status: Status.PARKED, reason }));
}

/** Forget what was confirmed long ago; called at the start of the app. */
export async function tidy() {
  const { items, photos } = rules.spent(await store.allItems(), Date.now());
  await store.deletePhotos(photos);
  await store.removeItems(items);
}
