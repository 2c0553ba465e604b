/** The page at `/`: a photo goes to `/v1/predict`, its answer comes back in words and bars. */

import { listenForPhotos } from "./choose.js";
import { Problem } from "./problem.js";
import { clearResult, say, showAnswer, showModel, showPhoto, showProblem, view } from "./show.js";

const SHRUNK_SIDES = [2048, 1448, 1024, 512];
const MULTIPART_OVERHEAD = 1024;
const PATIENCE_MS = 6000;

let model = null;
let photo = null;
/** The AbortController of the newest photo: whoever no longer finds its own here is stale. */
let newest = null;

// The server

async function request(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Problem(
      "No answer came from the server.",
      "Check that it is still running and that this device is connected, then try again.",
      true,
    );
  });
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  const mayPass = response.status >= 500 || response.status === 429;
  if (body?.error?.message) throw new Problem(body.error.message, body.error.hint, mayPass);
  throw new Problem(
    `The server gave an answer that this page cannot read (status ${response.status}).`,
    "Try again; if that does not help, the server's own log says more.",
    true,
  );
}

async function loadModel() {
  model = await request("/v1/model");
  showModel(model);
  showWhatItTakes(model);
}

async function predict(file, signal) {
  const form = new FormData();
  form.append("file", file, file.name || "photo");
  const answer = await request("/v1/predict", { method: "POST", body: form, signal });
  if (Number.isFinite(answer.probabilities?.[answer.label])) return answer;
  throw new Problem("The server's answer holds no prediction.", "Reload the page and try again.");
}

// The photo

/** The file itself, or a JPEG of it where the server would refuse its size or its format. */
async function fitForUpload(file) {
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Problem("This file cannot be read.", "Choose a photo; a folder, or a file that has moved, cannot be sent.");
  });
  const limit = (model?.limits?.max_bytes ?? Infinity) - MULTIPART_OVERHEAD;
  const isKnown = !file.type || !model?.media_types || model.media_types.includes(file.type);
  if (isKnown && file.size <= limit) return file;
  const picture = new Image();
  picture.src = URL.createObjectURL(file);
  try {
    await picture.decode();
    return await redraw(picture, limit);
  } catch {
    if (file.size <= limit) return file;
    throw new Problem(
      `This file is too large to send (${sizeOf(file)}), and this browser cannot make it smaller.`,
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
    if (blob && blob.size <= limit) return new File([blob], "photo.jpg", { type: blob.type });
  }
  throw new RangeError("No size of the photo fits.");
}

async function answerFor(file) {
  newest?.abort();
  const own = (newest = new AbortController());
  photo = file;
  showPhoto(file);
  showWaiting("Looking at the photo…");
  const patience = setTimeout(() => {
    if (newest === own) showWaiting("Still looking. A busy server or a slow connection takes longer.");
  }, PATIENCE_MS);
  try {
    if (!model) await loadModel().catch(() => null);
    const upload = await fitForUpload(file);
    const answer = await predict(upload, own.signal);
    if (newest === own) showAnswerOf(answer, upload);
  } catch (problem) {
    if (newest === own) showProblem(problem, photo);
  } finally {
    clearTimeout(patience);
  }
}

/** Asks for the model; a failure is told only where no photo's own outcome is in its place. */
async function start() {
  try {
    await loadModel();
    if (!photo) clearResult("empty");
  } catch (problem) {
    if (!photo) showProblem(problem, null);
  }
}

// What is seen

function showWhatItTakes({ vocab, domain, media_types: types }) {
  say("lead", `Give it a photo. It picks one of these ${vocab.length}, whatever the photo shows, and says how sure it is${
    domain ? " and whether the photo is like those it learned from" : ""}.`);
  if (types?.length) view.file.accept = types.join(",");
}

function showWaiting(words) {
  clearResult("waiting");
  say("progress", words);
}

function showAnswerOf(answer, upload) {
  showAnswer(answer, model?.project?.levers);
  say("note", upload !== photo && `Your photo (${sizeOf(photo)}) was sent as a JPEG of ${sizeOf(upload)}, made by this page.`);
  say("prediction-id", answer.id);
  if (answer.model !== model?.model) start();
}

function sizeOf(file) {
  return file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
}

// What is listened to

listenForPhotos(view.page, [view.file, view.camera], answerFor, (problem) => showProblem(problem, photo));
view.preview.addEventListener("error", () => (view.preview.hidden = true));
view.retry.addEventListener("click", () => (photo ? answerFor(photo) : start()));

/** Without https a page has no clipboard; selecting and the copy command still work. */
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("[data-copies]")) {
  button.addEventListener("click", async () => {
    const words = (await copy(view[button.dataset.copies])) ? "Copied" : "Selected";
    say("notice", words);
    button.firstChild.data = words;
    setTimeout(() => {
      say("notice", "");
      button.firstChild.data = "Copy";
    }, 2000);
  });
}

say("curl", `curl -F file=@photo.jpg ${location.origin}/v1/predict`);
start();
