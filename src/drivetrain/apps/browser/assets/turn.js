/** Turning photos upright where the browser does not: some take no notice of EXIF in a WebP. */

/** A WebP of two pixels side by side, whose EXIF says that they stand one above the other. */
const PROBE =
  "UklGRlIAAABXRUJQVlA4WAoAAAAIAAAAAQAAAAAAVlA4TBEAAAAvAQAAAAfQ//73v/+BiOh/AABFWElGGgAAAE1NACoAAAAIAAEBEgADAAAAAQAGAAAAAAAA";

/** Whether this browser turns a WebP as its EXIF says. */
export async function turnsWebp() {
  const bytes = Uint8Array.from(atob(PROBE), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/webp" }), { imageOrientation: "from-image" });
  const isTurned = bitmap.height > bitmap.width;
  bitmap.close();
  return isTurned;
}

/** A photo `{ width, height, data }` of RGB bytes, upright by its EXIF orientation. */
export function turn(photo, orientation) {
  const from = stored(orientation, photo.width - 1, photo.height - 1);
  if (!from) return photo;
  const isSideways = orientation >= 5;
  const width = isSideways ? photo.height : photo.width;
  const height = isSideways ? photo.width : photo.height;
  const data = new Uint8Array(photo.data.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++, to += 3) {
      const [column, row] = from(x, y);
      const at = (row * photo.width + column) * 3;
      data[to] = photo.data[at];
      data[to + 1] = photo.data[at + 1];
      data[to + 2] = photo.data[at + 2];
    }
  }
  return { width, height, data };
}

/** From an upright pixel's place to its place as stored; `right` and `bottom` are the last ones. */
function stored(orientation, right, bottom) {
  return {
    2: (x, y) => [right - x, y],
    3: (x, y) => [right - x, bottom - y],
    4: (x, y) => [x, bottom - y],
    5: (x, y) => [y, x],
    6: (x, y) => [y, bottom - x],
    7: (x, y) => [right - y, bottom - x],
    8: (x, y) => [right - y, x],
  }[orientation];
}
