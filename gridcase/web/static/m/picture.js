// Making a photo ready to be kept and sent: looked at, its original hashed, made small, with what a list shows of it.

import { exifOf, isWhole, pictureKind, withExif } from './picture_kind.js';

const SIDE = 1600;
const SMALLER_SIDE = 1280;
const THUMB_SIDE = 160;
/** About 300 KB: a hundred photos of a day then go through in a minute of ordinary network. */
const WANTED_BYTES = 300_000;
const QUALITIES = [0.82, 0.7, 0.58];

/** Why a photo cannot be taken; code is a word of the app. */
export class PictureError extends Error {
  constructor(code, values = {}) {
    super(code);
    this.code = code;
    this.values = values;
  }
}

const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Prepare a file from the camera or the gallery.
 * limits: {maxBytes, maxPixels} of the server. Returns {bytes, type, sha256, thumb}: sha256 is of the original bytes;
 * thumb is null for what this browser cannot show, which is sent as it is.
 */
export async function prepare(file, limits) {
  if (file.size === 0) throw new PictureError('photo.empty');
  const original = new Uint8Array(await read(file));
  const kind = pictureKind(original);
  if (!kind.type) throw new PictureError('photo.unknown');
  if (kind.width * kind.height > limits.maxPixels) {
    throw new PictureError('photo.pixels', {
      n: Math.round((kind.width * kind.height) / 1e6), allowed: Math.round(limits.maxPixels / 1e6),
    });
  }
  if (!isWhole(original, kind.type)) throw new PictureError('photo.broken');
  const sha256 = hex(await crypto.subtle.digest('SHA-256', original));
  const bitmap = await decode(file, kind);
  if (bitmap === null) {
    // What this browser cannot show (HEIC outside Apple's), the server can.
    if (kind.type !== 'image/heic') throw new PictureError('photo.broken');
    if (original.length > limits.maxBytes) throw new PictureError('photo.large', { allowed: Math.round(limits.maxBytes / 1e6) });
    return { sha256, bytes: original.buffer, type: kind.type, thumb: null };
  }
  try {
    const { width, height } = bitmap;
    const thumb = await draw(bitmap, THUMB_SIDE, 0.7);
    const isSmall = kind.type === 'image/jpeg' && original.length <= WANTED_BYTES && Math.max(width, height) <= SIDE;
    if (isSmall) return { sha256, bytes: original.buffer, type: kind.type, thumb };
    const small = withExif(new Uint8Array(await shrink(bitmap)), exifOf(original));
    return { sha256, bytes: small.buffer, type: 'image/jpeg', thumb };
  } finally {
    bitmap.close?.();
  }
}

async function read(file) {
  try {
    return await file.arrayBuffer();
  } catch {
    throw new PictureError('photo.unreadable');
  }
}

/** The picture upright and no larger than needed, or null when the browser cannot decode it. */
async function decode(file, kind) {
  const scale = SIDE / Math.max(kind.width, kind.height, 1);
  try {
    // Turned upright by default; asking for it by name makes browsers before 2023 refuse, who called it otherwise.
    if (scale >= 1 || !kind.width) return await createImageBitmap(file);
    // The width alone: the other side follows, whichever way the picture is turned.
    return await createImageBitmap(file, { resizeWidth: Math.max(1, Math.round(kind.width * scale)), resizeQuality: 'high' });
  } catch {
    return null;
  }
}

async function shrink(bitmap) {
  let made = null;
  for (const side of [SIDE, SMALLER_SIDE]) {
    for (const quality of QUALITIES) {
      made = await draw(bitmap, side, quality);
      if (made.byteLength <= WANTED_BYTES) return made;
    }
  }
  return made;
}

async function draw(bitmap, side, quality) {
  const scale = Math.min(1, side / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [Math.max(1, Math.round(bitmap.width * scale)), Math.max(1, Math.round(bitmap.height * scale))];
  const canvas = makeCanvas(width, height);
  const context = canvas.getContext('2d');
  // JPEG has no transparency; what was transparent is white, not black.
  context.fillStyle = '#fff';
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  const blob = canvas.convertToBlob
    ? await canvas.convertToBlob({ type: 'image/jpeg', quality })
    : await new Promise((resolve) => { canvas.toBlob(resolve, 'image/jpeg', quality); });
  if (!blob) throw new PictureError('photo.memory');
  return blob.arrayBuffer();
}

function makeCanvas(width, height) {
  if (typeof OffscreenCanvas === 'function') return new OffscreenCanvas(width, height);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [width, height];
  return canvas;
}
