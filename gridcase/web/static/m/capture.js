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
export function limits() {
  const { maxBytes, maxPixels } = document.body.dataset;
  return { maxBytes: Number(maxBytes), maxPixels: Number(maxPixels) };
}

/**
 * Buttons for camera and gallery, and the photos taken so far.
 * draft: {photos: [{id, usage}]}; save keeps the draft; onChange is called once a photo is kept or taken away, with
 * the position of the moment. editing: the item of the outbox that is being changed; it keeps its photos until the
 * change is sent.
 */
export function photoStrip({ draft, usage, owner, device, save, onChange, editing = null, isFirst = false, word = 'photo.camera' }) {
  const own = draft.photos.filter((photo) => photo.usage === usage);
  const busy = h('p.busy', { role: 'status', hidden: true }, t('photo.working'));
  const take = async (files, isGallery) => {
    busy.hidden = false;
    for (const file of [...files].slice(0, MOST_PHOTOS - own.length)) {
      const kept = await keepPhoto(file, { usage, owner, device, isGallery });
      if (!kept) continue;
      draft.photos.push({ id: kept.photo.id, usage });
      await save();
      await onChange(kept.fix, kept.photo);
    }
    busy.hidden = true;
    await onChange(null, null);
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
  return h('div.photos', { class: own.length ? 'some' : 'none' },
    own.map((one) => photoTile(one.id, async () => {
      draft.photos = draft.photos.filter((photo) => photo.id !== one.id);
      await save();
      if (!editing?.photos.includes(one.id)) await store.deletePhotos([one.id]);
      await onChange(null, null);
    })),
    own.length < MOST_PHOTOS ? [button(true), button(false)] : null,
    busy);
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
    if (made.isOriginal && made.type === 'image/heic') say(t('photo.heic', { size: size(made.bytes.byteLength) }));
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
