/** What a picture's first bytes say of it, before anything is decoded. */

const ORIENTATION_TAG = 0x0112;
const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** Markers between C0 and CF that describe no frame: tables, arithmetic coding, an extension. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/**
 * Format, width and height as they are stored, and the EXIF orientation of a JPEG or WebP.
 *
 * Width and height are null where the format is not known here: then the decoder tells them.
 */
export function readHeader(buffer) {
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  const header = { format: "", width: null, height: null, orientation: 1, isCut: false };
  try {
    if (startsWith(bytes, 0, "\xff\xd8\xff")) return { ...header, format: "JPEG", ...readJpeg(bytes, view) };
    if (startsWith(bytes, 0, "\x89PNG")) return { ...header, format: "PNG", width: view.getUint32(16), height: view.getUint32(20) };
    if (startsWith(bytes, 0, "GIF8")) return { ...header, format: "GIF", width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (startsWith(bytes, 8, "WEBP")) return { ...header, format: "WEBP", ...readWebp(bytes, view) };
    if (startsWith(bytes, 0, "BM")) return { ...header, format: "BMP", width: view.getInt32(18, true), height: Math.abs(view.getInt32(22, true)) };
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem;
    header.isCut = true;
  }
  return header;
}

function startsWith(bytes, offset, text) {
  return [...text].every((letter, place) => bytes[offset + place] === letter.charCodeAt(0));
}

function readJpeg(bytes, view) {
  const found = { width: null, height: null, orientation: 1, isCut: true };
  for (let at = 2; at + 4 <= bytes.length; ) {
    const marker = bytes[at + 1];
    if (bytes[at] !== 0xff || marker === 0xff) {
      at += 1;
      continue;
    }
    const length = view.getUint16(at + 2);
    if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker)) {
      found.height = view.getUint16(at + 5);
      found.width = view.getUint16(at + 7);
    } else if (marker === 0xe1 && startsWith(bytes, at + 4, "Exif\0\0")) {
      found.orientation = readOrientation(view, at + 10);
    } else if (marker === START_OF_SCAN) {
      found.isCut = !endsAfter(bytes, at);
      break;
    }
    at += 2 + length;
  }
  return found;
}

function endsAfter(bytes, start) {
  for (let at = bytes.length - 2; at > start; at--) {
    if (bytes[at] === 0xff && bytes[at + 1] === END_OF_IMAGE) return true;
  }
  return false;
}

/** The orientation in an EXIF block; a damaged one turns nothing. */
function readOrientation(view, start) {
  try {
    const isLittle = view.getUint16(start) === 0x4949;
    const folder = start + view.getUint32(start + 4, isLittle);
    const count = view.getUint16(folder, isLittle);
    for (let entry = 0; entry < count; entry++) {
      const at = folder + 2 + 12 * entry;
      if (view.getUint16(at, isLittle) === ORIENTATION_TAG) return view.getUint16(at + 8, isLittle);
    }
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem;
  }
  return 1;
}

function readWebp(bytes, view) {
  const orientation = webpOrientation(bytes, view);
  if (startsWith(bytes, 12, "VP8X")) {
    const three = (at) => view.getUint16(at, true) + 65536 * bytes[at + 2] + 1;
    return { width: three(24), height: three(27), orientation };
  }
  if (startsWith(bytes, 12, "VP8L")) {
    const packed = view.getUint32(21, true);
    return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1 };
  }
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

function webpOrientation(bytes, view) {
  for (let at = 12; at + 8 <= bytes.length; ) {
    if (startsWith(bytes, at, "EXIF")) {
      const start = startsWith(bytes, at + 8, "Exif\0\0") ? at + 14 : at + 8;
      return readOrientation(view, start);
    }
    const size = view.getUint32(at + 4, true);
    at += 8 + size + (size % 2);
  }
  return 1;
}
