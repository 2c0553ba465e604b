/** The camera with a live view: a dialog, a shutter, and a photo that never leaves the page. */

import { Problem } from "./problem.js";

const WANTED = { video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } }, audio: false };
const REASONS = {
  NotAllowedError: ["The camera was not allowed.", "Allow it in the browser's settings for this page, or choose a photo."],
  NotFoundError: ["This device has no camera that the browser can use.", "Choose a photo."],
  NotReadableError: ["The camera is in use by another program.", "Close that one and try again, or choose a photo."],
};

/** Whether the browser shows a live view here: it does on https and on this device's own pages. */
export function hasLiveView() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

/** Shows the live view in `dialog`; gives the photo that was taken, or null when it was closed. */
export async function takePhoto(dialog, video, shutter) {
  const stream = await navigator.mediaDevices.getUserMedia(WANTED).catch((problem) => {
    const [message, hint] = REASONS[problem.name] ?? ["The camera cannot be used.", "Choose a photo."];
    throw new Problem(message, hint);
  });
  try {
    video.srcObject = stream;
    dialog.showModal();
    return await shot(dialog, video, shutter);
  } finally {
    stream.getTracks().forEach((track) => track.stop());
    video.srcObject = null;
    shutter.disabled = true;
    dialog.close();
  }
}

function shot(dialog, video, shutter) {
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(null);
    video.onloadeddata = () => {
      shutter.disabled = false;
      shutter.focus();
    };
    shutter.onclick = () => resolve(pictureOf(video));
    video.play().catch(() => null);
  });
}

async function pictureOf(video) {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d").drawImage(video, 0, 0);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
  return new File([blob], "from the camera", { type: blob.type });
}
