// What kind of picture are these bytes, how large is it, and what of its metadata is kept: pure, on bytes alone.
// The size is read from the head, so that a decompression bomb is refused before anything is decoded.

const text = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));
const big16 = (bytes, at) => (bytes[at] << 8) | bytes[at + 1];
const big32 = (bytes, at) => ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
const little = (bytes, at, count) => {
  let value = 0;
  for (let i = count - 1; i >= 0; i -= 1) value = value * 256 + bytes[at + i];
  return value;
};

const HEIF_BRANDS = new Set(['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1']);

/** {type, width, height}; type '' for what is no picture we take, width and height 0 where the head does not say. */
export function pictureKind(bytes) {
  if (bytes.length >= 4 && bytes[0] === 0xff && bytes[1] === 0xd8) return { type: 'image/jpeg', ...jpegSize(bytes) };
  if (bytes.length >= 24 && bytes[0] === 0x89 && text(bytes, 1, 3) === 'PNG') {
    return { type: 'image/png', width: big32(bytes, 16), height: big32(bytes, 20) };
  }
  if (bytes.length >= 30 && text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 4) === 'WEBP') {
    return { type: 'image/webp', ...webpSize(bytes) };
  }
  if (bytes.length >= 12 && text(bytes, 4, 4) === 'ftyp' && HEIF_BRANDS.has(text(bytes, 8, 4))) {
    return { type: 'image/heic', ...heifSize(bytes) };
  }
  return { type: '', width: 0, height: 0 };
}

/** Segments of a JPEG before its picture data: [marker, start of the content, end]. */
function* segments(bytes) {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1];
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return;
    const end = at + 2 + big16(bytes, at + 2);
    yield [marker, at + 4, Math.min(end, bytes.length), at];
    at = end;
  }
}

function jpegSize(bytes) {
  for (const [marker, start, end] of segments(bytes)) {
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && end - start >= 5) return { width: big16(bytes, start + 3), height: big16(bytes, start + 1) };
  }
  return { width: 0, height: 0 };
}

function webpSize(bytes) {
  const kind = text(bytes, 12, 4);
  if (kind === 'VP8X') return { width: little(bytes, 24, 3) + 1, height: little(bytes, 27, 3) + 1 };
  if (kind === 'VP8 ') return { width: little(bytes, 26, 2) & 0x3fff, height: little(bytes, 28, 2) & 0x3fff };
  if (kind === 'VP8L') {
    const bits = little(bytes, 21, 4);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  return { width: 0, height: 0 };
}

/** The largest of the sizes that a HEIF file names in its head: those of its tiles are smaller. */
function heifSize(bytes) {
  let best = { width: 0, height: 0 };
  for (let at = 4; at + 16 <= Math.min(bytes.length, 65536); at += 1) {
    if (bytes[at] === 0x69 && text(bytes, at, 4) === 'ispe') {
      const [width, height] = [big32(bytes, at + 8), big32(bytes, at + 12)];
      if (width * height > best.width * best.height) best = { width, height };
    }
  }
  return best;
}

/** The EXIF segment of a JPEG, whole with its marker, turned upright; null without one. */
export function exifOf(bytes) {
  if (!(bytes[0] === 0xff && bytes[1] === 0xd8)) return null;
  for (const [marker, start, end, at] of segments(bytes)) {
    if (marker === 0xe1 && text(bytes, start, 4) === 'Exif') return upright(bytes.slice(at, end));
  }
  return null;
}

/** Set the orientation to 1: the canvas has already turned the picture. */
function upright(segment) {
  const tiff = 10;
  const isLittle = text(segment, tiff, 2) === 'II';
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  try {
    const first = tiff + view.getUint32(tiff + 4, isLittle);
    const count = view.getUint16(first, isLittle);
    for (let i = 0; i < count; i += 1) {
      const entry = first + 2 + 12 * i;
      if (view.getUint16(entry, isLittle) === 0x0112) view.setUint16(entry + 8, 1, isLittle);
    }
  } catch {
    return null; // metadata that cannot be read prove nothing
  }
  return segment;
}

/** A JPEG with an EXIF segment put at its head. */
export function withExif(jpeg, segment) {
  if (segment === null) return jpeg;
  const whole = new Uint8Array(jpeg.length + segment.length);
  whole.set(jpeg.subarray(0, 2));
  whole.set(segment, 2);
  whole.set(jpeg.subarray(2), 2 + segment.length);
  return whole;
}

/** Whether the file goes on to the end of its picture: browsers show half a JPEG without complaint. */
export function isWhole(bytes, type) {
  if (type === 'image/jpeg') {
    const start = firstScan(bytes);
    for (let at = start; start > 0 && at + 1 < bytes.length; at += 1) {
      if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
    }
    return false;
  }
  if (type === 'image/png') return text(bytes, Math.max(0, bytes.length - 8), 4) === 'IEND';
  if (type === 'image/webp') return little(bytes, 4, 4) + 8 <= bytes.length + 1;
  return true;
}

/** Where the picture data of a JPEG begin: an end mark before that belongs to the small picture in the metadata. */
function firstScan(bytes) {
  let at = 2;
  for (const [, , end] of segments(bytes)) at = end;
  return bytes[at] === 0xff && bytes[at + 1] === 0xda ? at : 0;
}
