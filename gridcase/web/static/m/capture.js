// Taking photos for a draft: each is on the phone's disk, with its position and time, before it is shown.

import * as api from './api.js';
import { h, icon, image, say } from './dom.js';
import { size } from './format.js';
import { PER_DEGREE } from './locate.js';
import { PictureError, prepare } from './picture.js';
import { positionNow } from './position.js';
import * as store from './store.js';
import { t } from './words.js';

const MOST_PHOTOS = 9;

/** Limits of this server, told in the shell. */
function limits() {
  const { maxBytes, maxPixels } = document.body.dataset;
  return { maxBytes: Number(maxBytes), maxPixels: Number(maxPixels) };
}

/** Photos just taken that are still being made ready, by the key of their draft: {draft, usage, left, done}. */
const underway = new Map();
const takesOf = (key) => underway.get(key) || [];

/** How many photos of a usage, or of any, are taken but not yet on the disk. */
export function inPreparation(draftKey, usage = null) {
  return takesOf(draftKey).filter((take) => usage === null || take.usage === usage).reduce((sum, take) => sum + take.left, 0);
}

/** The draft that photos on their way will be put in, as it is in memory; null when none are. */
export const draftInHand = (draftKey) => takesOf(draftKey)[0]?.draft || null;

/** Wait until every photo taken for a draft is kept, or was refused in words. */
export async function photosReady(draftKey) {
  while (takesOf(draftKey).length) await Promise.allSettled(takesOf(draftKey).map((take) => take.done));
}

/**
 * Buttons for camera and gallery, and the photos taken so far.
 * screen: {account, draft: {photos: [{id, usage}]}, draftKey, editing, save, again}; editing is the item of the outbox
 * that is being changed: it keeps its photos until the change is sent. onKept is told each photo with the position of
 * its moment, before the draft is saved.
 */
export function photoStrip(screen, { usage, onKept, isFirst = false, word = 'photo.camera' }) {
  const { account, draft, draftKey, editing, save, again } = screen;
  const own = draft.photos.filter((photo) => photo.usage === usage);
  const coming = inPreparation(draftKey, usage);
  const take = (files, isGallery) => {
    const chosen = [...files].slice(0, MOST_PHOTOS - own.length - coming);
    return track(draftKey, { draft, usage, left: chosen.length }, again, async (file) => {
      const kept = await keepPhoto(file, { usage, owner: account.id, device: account.device, isGallery });
      if (!kept) return;
      draft.photos.push({ id: kept.photo.id, usage });
      onKept(kept.photo, kept.fix);
      await save();
    }, chosen);
  };
  const input = (isCamera) => h('input.unseen', {
    type: 'file', accept: 'image/*', capture: isCamera ? 'environment' : null, multiple: isCamera ? null : true,
    'data-usage': usage, 'data-source': isCamera ? 'camera' : 'gallery', tabindex: -1, 'aria-hidden': 'true',
    onchange: (event) => take(event.target.files, !isCamera).finally(() => { event.target.value = ''; }),
  });
  const button = (isCamera) => {
    const field = input(isCamera);
    const name = isCamera ? (own.length ? t('photo.more') : t(word)) : t('photo.gallery');
    const open = h(`button.button.${isCamera ? 'shoot' : 'pick'}`, {
      type: 'button', 'data-key': `${usage}-${isCamera ? 'camera' : 'gallery'}`, onclick: () => field.click(),
      class: isCamera && isFirst ? 'first' : '', 'aria-label': name,
    }, icon(isCamera ? 'camera' : 'gallery'), h('span', {}, name));
    return [open, field];
  };
  return h('div.photos', { class: own.length + coming ? 'some' : 'none' },
    own.map((one) => photoTile(one.id, async () => {
      draft.photos = draft.photos.filter((photo) => photo.id !== one.id);
      await save();
      if (!editing?.photos.includes(one.id)) await store.deletePhotos([one.id]);
      await again();
    })),
    Array.from({ length: coming }, () => h('div.tile', {})),
    own.length + coming < MOST_PHOTOS ? [button(true), button(false)] : null,
    coming ? h('p.busy', { role: 'status' }, t('photo.working')) : null);
}

/** Make files ready one after the other, and show meanwhile that they come: the person may go on filling in. */
async function track(draftKey, take, again, makeReady, files) {
  const makeAll = async () => {
    await again();
    for (const file of files) {
      await makeReady(file);
      take.left -= 1;
      if (take.left) await again.quietly();
    }
  };
  underway.set(draftKey, [...takesOf(draftKey), take]);
  take.done = makeAll().finally(() => {
    underway.set(draftKey, takesOf(draftKey).filter((one) => one !== take));
    return again.quietly();
  });
  return take.done;
}

function photoTile(id, remove) {
  const tile = h('div.tile', {});
  store.getPhotos([id]).then(([photo]) => {
    if (!photo) return;
    const told = t('photo.told', { size: size(photo.size) });
    tile.append(
      photo.thumb ? image(photo.thumb, 'image/jpeg', told) : h('span.no-picture', {}, t('photo.heic_short')),
      h('button.remove', { type: 'button', onclick: remove, 'aria-label': t('photo.remove') }, icon('close')));
  });
  return tile;
}

/** Prepare and keep one photo; says in words why not. Returns {photo, fix}, or null. */
async function keepPhoto(file, { usage, owner, device, isGallery }) {
  const captured = new Date();
  const offset = api.clockOffsetMs();
  try {
    const [made, fix] = await Promise.all([prepare(file, limits()), positionNow()]);
    if (made.thumb === null) say(t('photo.heic', { size: size(made.bytes.byteLength) }));
    const photo = {
      id: crypto.randomUUID(), owner, usage, type: made.type, size: made.bytes.byteLength, thumb: made.thumb, attachment: null,
      evidence: {
        captured_at: captured.toISOString(), clock_offset_ms: offset, original_sha256: made.sha256,
        lon: fix ? fix.x / PER_DEGREE : null, lat: fix ? fix.y / PER_DEGREE : null, accuracy_m: fix ? fix.accuracy_m : null,
        device: device || null, from_gallery: isGallery,
      },
    };
    await store.addPhoto(photo, made.bytes);
    return { photo, fix };
  } catch (error) {
    if (error instanceof PictureError) say(t(error.code, error.values), { isAlarm: true });
    else if (store.isFull(error)) say(t('storage.full'), { isAlarm: true });
    else throw error;
    return null;
  }
}
