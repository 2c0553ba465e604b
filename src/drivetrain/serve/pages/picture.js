/** A picture on its way to the server: as it is, or as a JPEG that the server takes. */

import { Problem } from "./problem.js";
import { size } from "./words.js";

const SHRUNK_SIDES = [2048, 1448, 1024, 512];

/** The file itself, or a JPEG of it where the server would refuse its size or its format. */
export async function fitForUpload(file, limit, mediaTypes) {
  const isKnown = !file.type || !mediaTypes || mediaTypes.includes(file.type);
  if (isKnown && file.size <= limit) return file;
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    return await redraw(picture, limit);
  } catch {
    if (file.size <= limit) return file;
    throw new Problem(
      `This file is too large to send (${size(file.size)}), and this browser cannot make it smaller.`,
      "Save it as a smaller JPEG, then try that one.",
    );
  } finally {
    URL.revokeObjectURL(picture.src);
  }
}

async function redraw(picture, limit) {
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = document.createElement("canvas");
  for (const side of SHRUNK_SIDES) {
    const scale = Math.min(1, side / Math.max(width, height));
    canvas.width = Math.max(1, Math.round(width * scale));
    canvas.height = Math.max(1, Math.round(height * scale));
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
    if (blob && blob.size <= limit) return new File([blob], "picture.jpg", { type: blob.type });
  }
  throw new RangeError("No size of the picture fits.");
}
