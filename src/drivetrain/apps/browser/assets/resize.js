/** Pillow's bilinear resize, to the last bit: a triangle as wide as the shrinking asks for. */

const PRECISION_BITS = 22;
const ROUND = 1 << (PRECISION_BITS - 1);

/**
 * A photo `{ width, height, data }` of RGB bytes at another size.
 *
 * `box` is the left, top, right and bottom of the part that is taken; by default all of it. Each
 * of the two passes rounds to bytes, so their order shows: the columns come first where the
 * height shrinks by more than twice of what the width does, as in Pillow 13.
 */
export function resize(photo, width, height, box = [0, 0, photo.width, photo.height]) {
  const [left, top, right, bottom] = box.map(Math.fround);
  const across = weightsOf(photo.width, left, right, width);
  const down = weightsOf(photo.height, top, bottom, height);
  const isWide = width !== photo.width || left !== 0 || right !== width;
  const isHigh = height !== photo.height || top !== 0 || bottom !== height;
  const all = { first: 0, last: photo.height };
  const seen = { first: down[0].first, last: lastOf(down.at(-1)) };
  const byRows = (source, rows) => (isWide ? resizeRows(source, across, rows) : source);
  const byColumns = (source) => (isHigh ? resizeColumns(source, down) : source);
  const isTall = height < photo.height && photo.height - height > 2 * (photo.width - width);
  if (!isTall) return byColumns(byRows(photo, isHigh ? seen : all));
  const lowered = byColumns(photo);
  return byRows(lowered, { first: 0, last: lowered.height });
}

/** For each output pixel: the first input pixel that it sees, and whole-number weights. */
function weightsOf(size, from, to, wanted) {
  const scale = Math.fround(to - from) / wanted;
  const support = Math.max(scale, 1);
  return Array.from({ length: wanted }, (_, place) => {
    const centre = from + (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const last = Math.min(size, Math.trunc(centre + support + 0.5));
    const shares = new Float64Array(last - first);
    let sum = 0;
    for (let x = 0; x < shares.length; x++) {
      const far = Math.abs((x + first - centre + 0.5) * (1 / support));
      shares[x] = far < 1 ? 1 - far : 0;
      sum += shares[x];
    }
    return { first, weights: Int32Array.from(shares, (share) => Math.trunc(0.5 + (share / sum) * (1 << PRECISION_BITS))) };
  });
}

function lastOf({ first, weights }) {
  return first + weights.length;
}

function resizeRows(photo, across, rows) {
  const width = across.length;
  const data = new Uint8Array(width * photo.height * 3);
  for (let y = rows.first; y < rows.last; y++) {
    let out = y * width * 3;
    for (const { first, weights } of across) {
      let at = (y * photo.width + first) * 3;
      let red = ROUND;
      let green = ROUND;
      let blue = ROUND;
      for (let x = 0; x < weights.length; x++, at += 3) {
        const weight = weights[x];
        red += photo.data[at] * weight;
        green += photo.data[at + 1] * weight;
        blue += photo.data[at + 2] * weight;
      }
      data[out++] = toByte(red);
      data[out++] = toByte(green);
      data[out++] = toByte(blue);
    }
  }
  return { width, height: photo.height, data };
}

function resizeColumns(photo, down) {
  const height = down.length;
  const row = photo.width * 3;
  const data = new Uint8Array(row * height);
  const sums = new Float64Array(row);
  down.forEach(({ first, weights }, y) => {
    sums.fill(ROUND);
    weights.forEach((weight, step) => {
      const start = (first + step) * row;
      for (let x = 0; x < row; x++) sums[x] += photo.data[start + x] * weight;
    });
    for (let x = 0; x < row; x++) data[y * row + x] = toByte(sums[x]);
  });
  return { width: photo.width, height, data };
}

function toByte(sum) {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
