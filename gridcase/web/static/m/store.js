// Everything the phone keeps, in IndexedDB: what is not yet sent, and copies of what the server knows.
// Writes that must not be lost are strict: the browser answers only once they are on the disk.

import { openDB } from '/static/vendor/idb/index.js';

const NAME = 'gridcase';
const VERSION = 1;
const STRICT = { durability: 'strict' };

let opening = null;

let whenOutdated = () => {};
/** Be called when another tab needs a newer layout of the storage: the page has to be loaded anew. */
export function onOutdated(call) {
  whenOutdated = call;
}

function db() {
  opening ??= openDB(NAME, VERSION, {
    upgrade(database) {
      // A new version only ever adds: nothing that waits to be sent is touched by an upgrade.
      database.createObjectStore('meta');
      database.createObjectStore('drafts');
      database.createObjectStore('items', { keyPath: 'id' });
      database.createObjectStore('photos', { keyPath: 'id' });
      database.createObjectStore('bytes');
      database.createObjectStore('held', { keyPath: ['owner', 'kind', 'id'] });
      database.createObjectStore('pictures');
    },
    blocking(_current, _blocked, event) {
      event.target.close();
      opening = null;
      whenOutdated();
    },
    terminated() {
      opening = null;
    },
  }).catch((error) => {
    opening = null;
    throw error;
  });
  return opening;
}

/** Whether an error means that the phone has no room left. */
export function isFull(error) {
  return error?.name === 'QuotaExceededError' || error?.inner?.name === 'QuotaExceededError';
}

// --- single values ---------------------------------------------------------------------------------------------

export async function getMeta(key) {
  return (await db()).get('meta', key);
}

export async function setMeta(key, value) {
  const tx = (await db()).transaction('meta', 'readwrite', STRICT);
  await Promise.all([value === undefined ? tx.store.delete(key) : tx.store.put(value, key), tx.done]);
}

// --- photos and the draft ----------------------------------------------------------------------------------------

/** Keep a photo: what is known of it, and its bytes. */
export async function addPhoto(photo, bytes) {
  const tx = (await db()).transaction(['photos', 'bytes'], 'readwrite', STRICT);
  await Promise.all([tx.objectStore('photos').put(photo), tx.objectStore('bytes').put(bytes, photo.id), tx.done]);
}

export async function getPhotos(ids) {
  const tx = (await db()).transaction('photos');
  return (await Promise.all(ids.map((id) => tx.store.get(id)))).filter(Boolean);
}

export async function getBytes(id) {
  return (await db()).get('bytes', id);
}

/** The upload of a photo was confirmed (or, with null, is to be done again). */
export async function setAttachment(id, attachment) {
  const tx = (await db()).transaction('photos', 'readwrite', STRICT);
  const photo = await tx.store.get(id);
  if (photo) await tx.store.put({ ...photo, attachment });
  await tx.done;
}

export async function deletePhotos(ids) {
  const tx = (await db()).transaction(['photos', 'bytes'], 'readwrite', STRICT);
  for (const id of ids) {
    tx.objectStore('photos').delete(id);
    tx.objectStore('bytes').delete(id);
  }
  await tx.done;
}

export async function getDraft(key) {
  return (await db()).get('drafts', key);
}

export async function setDraft(key, draft) {
  const tx = (await db()).transaction('drafts', 'readwrite', STRICT);
  await Promise.all([draft === null ? tx.store.delete(key) : tx.store.put(draft, key), tx.done]);
}

// --- the outbox ------------------------------------------------------------------------------------------------

/** Put items in the outbox and end their draft, all or nothing. */
export async function addItems(items, draftKey) {
  const tx = (await db()).transaction(['items', 'drafts', 'meta'], 'readwrite', STRICT);
  const seq = (await tx.objectStore('meta').get('seq')) || 0;
  tx.objectStore('meta').put(seq + items.length, 'seq');
  items.forEach((item, index) => tx.objectStore('items').put({ ...item, seq: seq + index + 1 }));
  tx.objectStore('drafts').delete(draftKey);
  await tx.done;
}

export async function allItems() {
  return (await db()).getAll('items');
}

export async function getItem(id) {
  return (await db()).get('items', id);
}

/** Change an item; change takes the item as it is now and returns what to keep, or null to leave it alone. */
export async function updateItem(id, change) {
  const tx = (await db()).transaction('items', 'readwrite', STRICT);
  const item = await tx.store.get(id);
  const changed = item ? change(item) : null;
  if (changed) await tx.store.put(changed);
  await tx.done;
  return changed;
}

/** Change items, all or none; change returns what to keep of one, or null to leave it alone. */
export async function updateItems(change) {
  const tx = (await db()).transaction('items', 'readwrite', STRICT);
  for (const item of await tx.store.getAll()) {
    const changed = change(item);
    if (changed) tx.store.put(changed);
  }
  await tx.done;
}

/** Take items away with their photos: only on the person's word, or once long confirmed. */
export async function removeItems(ids) {
  const tx = (await db()).transaction(['items', 'photos', 'bytes'], 'readwrite', STRICT);
  for (const id of ids) {
    const item = await tx.objectStore('items').get(id);
    tx.objectStore('items').delete(id);
    for (const photo of item?.photos || []) {
      tx.objectStore('photos').delete(photo);
      tx.objectStore('bytes').delete(photo);
    }
  }
  await tx.done;
}

/** Bring in items of a rescue file with their photos; what is here already stays as it is. Returns how many were new. */
export async function importItems(items, photos) {
  const tx = (await db()).transaction(['items', 'photos', 'bytes', 'meta'], 'readwrite', STRICT);
  let seq = (await tx.objectStore('meta').get('seq')) || 0;
  let added = 0;
  for (const { record, bytes } of photos) {
    if (await tx.objectStore('photos').get(record.id)) continue;
    tx.objectStore('photos').put(record);
    tx.objectStore('bytes').put(bytes, record.id);
  }
  for (const item of items) {
    if (await tx.objectStore('items').get(item.id)) continue;
    seq += 1;
    added += 1;
    tx.objectStore('items').put({ ...item, seq });
  }
  tx.objectStore('meta').put(seq, 'seq');
  await tx.done;
  return added;
}

// --- copies of what the server knows -----------------------------------------------------------------------------

export async function heldOf(owner, kind) {
  const range = IDBKeyRange.bound([owner, kind], [owner, kind, []]);
  return (await (await db()).getAll('held', range)).map((row) => row.data);
}

export async function getHeld(owner, kind, id) {
  return (await (await db()).get('held', [owner, kind, id]))?.data;
}

/**
 * Take a page of the sync in, and its cursor, both or neither.
 * put: [kind, id, data]; gone: [kind, id]; reset: whether everything held before is out of date.
 */
export async function takeIn(owner, { put, gone, reset, meta }) {
  const tx = (await db()).transaction(['held', 'meta'], 'readwrite', STRICT);
  const held = tx.objectStore('held');
  if (reset) {
    for (const kind of ['task', 'case', 'campaign']) held.delete(IDBKeyRange.bound([owner, kind], [owner, kind, []]));
  }
  for (const [kind, id] of gone) held.delete([owner, kind, id]);
  for (const [kind, id, data] of put) held.put({ owner, kind, id, data });
  for (const [key, value] of Object.entries(meta)) tx.objectStore('meta').put(value, key);
  await tx.done;
}

/** Forget the copies of an owner; what waits to be sent stays. */
export async function forgetHeld(owner) {
  const tx = (await db()).transaction(['held', 'meta', 'pictures'], 'readwrite', STRICT);
  tx.objectStore('held').delete(IDBKeyRange.bound([owner], [owner, []]));
  tx.objectStore('pictures').delete(IDBKeyRange.bound([owner], [owner, []]));
  tx.objectStore('meta').delete(`cursor:${owner}`);
  await tx.done;
}

export async function getPicture(owner, id) {
  return (await db()).get('pictures', [owner, id]);
}

export async function setPicture(owner, id, picture) {
  await (await db()).put('pictures', picture, [owner, id]);
}

/** Throw away copies of pictures of the server that nothing held shows any more. */
export async function keepPictures(owner, ids) {
  const tx = (await db()).transaction('pictures', 'readwrite');
  const keys = await tx.store.getAllKeys(IDBKeyRange.bound([owner], [owner, []]));
  for (const key of keys) if (!ids.has(key[1])) tx.store.delete(key);
  await tx.done;
}
