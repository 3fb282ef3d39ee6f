// The rescue file: everything that is not yet confirmed, with its photos, in one JSON file that another phone can read.
// Keys travel along, so what is sent from two phones is filed once. Format: docs/phone.md.

import * as store from './store.js';
import { Status } from './rules.js';

const FORMAT = 'gridcase-outbox';
const VERSION = 1;
const CHUNK = 0x8000;

/** Bytes as base64, by pieces: a whole photo at once is too many arguments. */
function toBase64(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = '';
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(text);
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (one) => one.charCodeAt(0)).buffer;
}

/** Make the file: a Blob, written piece by piece, so that a full outbox needs no string of its size. */
export async function exportFile(version) {
  const items = (await store.allItems()).filter((item) => item.status !== Status.DONE);
  const head = { format: FORMAT, version: VERSION, app: version, exported_at: new Date().toISOString(), items };
  const parts = [JSON.stringify(head).slice(0, -1), ',"photos":['];
  let comma = '';
  for (const item of items) {
    for (const photo of await store.getPhotos(item.photos)) {
      const bytes = await store.getBytes(photo.id);
      if (!bytes) continue;
      parts.push(comma, JSON.stringify({ ...photo, thumb: photo.thumb && toBase64(photo.thumb), bytes: toBase64(bytes) }));
      comma = ',';
    }
  }
  parts.push(']}');
  const day = new Date().toISOString().slice(0, 10);
  return { blob: new Blob(parts, { type: 'application/json' }), name: `gridcase-${day}-${items.length}.json`, count: items.length };
}

/** Read a file in: {added, known}. Throws an Error with code when it is none of ours. */
export async function importFile(file) {
  const { items, photos } = read(await file.text());
  const records = photos.map(({ bytes, thumb, ...record }) => ({
    record: { ...record, thumb: thumb ? fromBase64(thumb) : null }, bytes: fromBase64(bytes),
  }));
  const waiting = items.map((item) => ({ ...item, next_at: 0, attempts: 0 }));
  const added = await store.importItems(waiting, records);
  return { added, known: items.length - added };
}

function read(text) {
  let file = null;
  try {
    file = JSON.parse(text);
  } catch {
    throw Object.assign(new Error('not json'), { code: 'rescue.not_ours' });
  }
  if (file?.format !== FORMAT || !Array.isArray(file.items) || !Array.isArray(file.photos)) {
    throw Object.assign(new Error('not ours'), { code: 'rescue.not_ours' });
  }
  if (file.version > VERSION) throw Object.assign(new Error('too new'), { code: 'rescue.too_new' });
  const isWhole = (item) => typeof item.id === 'string' && Number.isInteger(item.owner) && Array.isArray(item.photos)
    && item.photos.every((id) => file.photos.some((photo) => photo.id === id && typeof photo.bytes === 'string'));
  if (!file.items.every(isWhole)) throw Object.assign(new Error('cut short'), { code: 'rescue.cut' });
  return file;
}
