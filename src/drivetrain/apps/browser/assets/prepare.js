/** From a picture's file to the bytes that the model takes: the preparation of the bundle. */

import { readHeader } from "./headers.js";
import { Problem } from "./problem.js";
import { resize } from "./resize.js";
import { turn, turnsWebp } from "./turn.js";

const TILE = 1024;
const SHRINKS = [8, 4, 2];
/** EXIF orientations whose stored left top corner lies at the right, or at the bottom, when upright. */
const MIRRORED_ACROSS = [2, 3, 6, 7];
const MIRRORED_DOWN = [3, 4, 7, 8];
const BITMAP = { imageOrientation: "from-image", colorSpaceConversion: "none", premultiplyAlpha: "none" };

/** uint8 [H, W, 3] of a picture's file, as a Uint8Array. */
export async function prepare(file, settings) {
  const { header, bitmap } = await open(file, settings);
  try {
    const shrink = header.format === "JPEG" ? shrinkOf(bitmap.width, bitmap.height, settings) : 1;
    const photo = readPixels(bitmap, shrink, header.orientation);
    const isLeft = header.format === "WEBP" && header.orientation !== 1 && !(await turnsWebp());
    return fit(isLeft ? turn(photo, header.orientation) : photo, settings);
  } finally {
    bitmap.close();
  }
}

async function open(file, settings) {
  const content = await file.arrayBuffer().catch(() => {
    throw new Problem("This file cannot be read.", "Choose a photo; a folder, or a file that has moved, cannot be opened.");
  });
  const header = readHeader(content);
  if (header.width !== null) checkSize(header.width, header.height, settings);
  if (header.isCut) throw new Problem("The picture is a broken picture: it ends too early.", "Save it again from its original, or leave it out.");
  const bitmap = await createImageBitmap(new Blob([content], { type: file.type }), BITMAP).catch(() => {
    throw new Problem("The picture is not a picture that this browser can read.", "JPEG, PNG, WebP, GIF, BMP and AVIF are read; convert it to one of them.");
  });
  if (header.width === null) checkSize(bitmap.width, bitmap.height, settings);
  return { header, bitmap };
}

function checkSize(width, height, { max_pixels: most, min_side: least }) {
  const count = (number) => number.toLocaleString("en", { maximumFractionDigits: 0 });
  if (width * height > most) {
    throw new Problem(
      `The picture is ${count(width)} × ${count(height)} pixels: more than the limit of ${count(most / 1e6)} megapixels.`,
      "Shrink it and try again.",
    );
  }
  if (Math.min(width, height) < least) {
    throw new Problem(
      `The picture is ${width} × ${height} pixels, and the shortest side allowed is ${least}.`,
      "Use a larger photo.",
    );
  }
}

/** By how much the JPEG decoder on the other side shrinks while it decodes: 1, 2, 4 or 8. */
function shrinkOf(width, height, settings) {
  const [wide, high] = enough(width, height, settings);
  const spare = Math.min(Math.floor(width / wide), Math.floor(height / high));
  return SHRINKS.find((shrink) => shrink <= spare) ?? 1;
}

function enough(width, height, { size: [high, wide], method, crop_fraction: fraction }) {
  if (method === "squish") return [wide, high];
  const choose = method === "pad" ? Math.min : Math.max;
  const scale = choose(wide / width, high / height) / fraction;
  return [Math.ceil(width * scale), Math.ceil(height * scale)];
}

/**
 * The RGB bytes of a bitmap over white, each the mean of a square of `shrink` pixels a side.
 *
 * A scaled JPEG decoder gives the means of such squares. They start where the stored picture
 * starts, which is another corner once it was turned upright. A canvas has a largest size on
 * phones, and a tile is always smaller.
 */
function readPixels(bitmap, shrink, orientation) {
  const width = Math.ceil(bitmap.width / shrink);
  const height = Math.ceil(bitmap.height / shrink);
  const photo = { width, height, data: new Uint8Array(width * height * 3) };
  const lead = {
    x: MIRRORED_ACROSS.includes(orientation) ? width * shrink - bitmap.width : 0,
    y: MIRRORED_DOWN.includes(orientation) ? height * shrink - bitmap.height : 0,
  };
  const canvas = document.createElement("canvas");
  canvas.width = Math.min(TILE, width * shrink);
  canvas.height = Math.min(TILE, height * shrink);
  const context = canvas.getContext("2d", { willReadFrequently: true, alpha: false });
  context.fillStyle = "white";
  for (let y = 0; y < height * shrink; y += TILE) {
    for (let x = 0; x < width * shrink; x += TILE) {
      const left = Math.max(0, x - lead.x);
      const top = Math.max(0, y - lead.y);
      const across = Math.min(bitmap.width, x + TILE - lead.x) - left;
      const down = Math.min(bitmap.height, y + TILE - lead.y) - top;
      context.fillRect(0, 0, across, down);
      context.drawImage(bitmap, left, top, across, down, 0, 0, across, down);
      const tile = context.getImageData(0, 0, across, down);
      const place = { x: left + lead.x, y: top + lead.y };
      if (shrink === 1) copyTile(tile, photo, place);
      else shrinkTile(tile, photo, place, shrink);
    }
  }
  canvas.width = canvas.height = 0;
  return photo;
}

function copyTile(tile, photo, place) {
  for (let y = 0; y < tile.height; y++) {
    let from = y * tile.width * 4;
    let to = ((place.y + y) * photo.width + place.x) * 3;
    for (let x = 0; x < tile.width; x++, from += 4) {
      photo.data[to++] = tile.data[from];
      photo.data[to++] = tile.data[from + 1];
      photo.data[to++] = tile.data[from + 2];
    }
  }
}

function shrinkTile(tile, photo, place, shrink) {
  const firstColumn = Math.floor(place.x / shrink);
  const firstRow = Math.floor(place.y / shrink);
  const columns = Math.ceil((place.x + tile.width) / shrink) - firstColumn;
  const rows = Math.ceil((place.y + tile.height) / shrink) - firstRow;
  const sums = new Uint32Array(columns * 4);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    const end = Math.min(tile.height, (firstRow + row + 1) * shrink - place.y);
    for (let y = Math.max(0, (firstRow + row) * shrink - place.y); y < end; y++) {
      let from = y * tile.width * 4;
      let inside = place.x % shrink;
      let at = 0;
      for (let x = 0; x < tile.width; x++, from += 4) {
        sums[at] += tile.data[from];
        sums[at + 1] += tile.data[from + 1];
        sums[at + 2] += tile.data[from + 2];
        sums[at + 3] += 1;
        if (++inside === shrink) {
          inside = 0;
          at += 4;
        }
      }
    }
    let to = ((firstRow + row) * photo.width + firstColumn) * 3;
    for (let at = 0; at < sums.length; at += 4) {
      const half = sums[at + 3] / 2;
      for (let colour = 0; colour < 3; colour++) photo.data[to++] = (sums[at + colour] + half) / sums[at + 3];
    }
  }
}

function fit(photo, settings) {
  const { size: [high, wide], method, pad_mode: mode } = settings;
  if (method === "crop") return resize(photo, wide, high, centreBox(photo, settings)).data;
  if (method === "squish") return resize(photo, wide, high).data;
  const scale = Math.min(wide / photo.width, high / photo.height);
  const inner = [photo.width, photo.height].map((side) => Math.max(1, roundHalfToEven(side * scale)));
  return pad(resize(photo, ...inner), wide, high, mode);
}

function centreBox({ width, height }, { size: [high, wide], crop_fraction: fraction }) {
  const scale = Math.min(width / wide, height / high) * fraction;
  const left = Math.max(0, (width - wide * scale) / 2);
  const top = Math.max(0, (height - high * scale) / 2);
  return [left, top, Math.min(width, left + wide * scale), Math.min(height, top + high * scale)];
}

function roundHalfToEven(value) {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}

function pad(photo, wide, high, mode) {
  const isThin = Math.min(photo.width, photo.height) === 1;
  const source = mode === "zeros" ? inside : mode === "border" || isThin ? nearest : mirrored;
  const left = Math.floor((wide - photo.width) / 2);
  const top = Math.floor((high - photo.height) / 2);
  const data = new Uint8Array(wide * high * 3);
  for (let y = 0, to = 0; y < high; y++) {
    const row = source(y - top, photo.height);
    for (let x = 0; x < wide; x++, to += 3) {
      const column = source(x - left, photo.width);
      if (row < 0 || column < 0) continue;
      const from = (row * photo.width + column) * 3;
      data[to] = photo.data[from];
      data[to + 1] = photo.data[from + 1];
      data[to + 2] = photo.data[from + 2];
    }
  }
  return data;
}

function inside(place, size) {
  return place < size ? place : -1;
}

function nearest(place, size) {
  return Math.min(Math.max(place, 0), size - 1);
}

function mirrored(place, size) {
  const period = 2 * (size - 1);
  const within = ((place % period) + period) % period;
  return within < size ? within : period - within;
}
