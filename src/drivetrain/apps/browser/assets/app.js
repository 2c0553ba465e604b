/** The page: a photo is given, the visitor's own browser answers. */

import { hasLiveView, takePhoto } from "./camera.js";
import { judge } from "./judge.js";
import { loadModel, loadSettings } from "./load.js";
import { keepOffline } from "./offline.js";
import { prepare } from "./prepare.js";
import { Problem } from "./problem.js";
import { create, megabytes, say, showAnswer, showModel, view } from "./show.js";

const { page, preview, retry } = view;
const LOOKING = "Looking at the photo…";
const OWN_FAULT = new Problem("This page ran into a fault of its own.", "Reload the page and try again.");

let settings = null;
/** The promises of the settings and of the opened model: photos that are given earlier wait. */
let reading = null;
let opening = null;
let photo = null;
/** The newest photo's own token: whoever no longer finds its own here is stale. */
let newest = null;
/** Photos are answered one after the other: the model has one memory. */
let turn = Promise.resolve();
let isFilming = false;

/** The answer for a picture's file; it is prepared while the model still comes. */
async function classify(file) {
  const { preparation } = await reading;
  const [pixels, model] = await Promise.all([prepare(file, preparation), opening]);
  const { logits, embedding } = await model.answer(pixels);
  return judge(logits, embedding, model.judgement);
}

async function read() {
  settings = await loadSettings();
  showModel(settings);
  return settings;
}

async function open() {
  await reading;
  say("loading-words", "Loading the model…");
  const opened = await loadModel(settings, showBytes);
  if (!photo) await opened.warmUp();
  view.loading.hidden = true;
  if (page.dataset.state === "waiting") say("progress", LOOKING);
  return opened;
}

function showBytes(came, all) {
  view.bytes.max = all;
  view.bytes.value = came;
  say("megabytes", came < all ? `${megabytes(came)} of ${megabytes(all)} MB` : "Starting it…");
}

function start() {
  view.loading.hidden = false;
  say("loading-words", "Opening the page…");
  reading = read();
  opening = open();
  opening.then(whenReady, whenNot);
}

async function whenReady() {
  say("ready", "Ready.");
  if (!photo) clearResult("empty");
  await turn;
  if (await keepOffline()) say("ready", "Ready, and kept on this device: it now works without a connection.");
}

function whenNot(problem) {
  view.loading.hidden = true;
  if (!photo) showProblem(problem);
}

async function answerFor(file) {
  const own = (newest = Symbol(file.name));
  photo = file;
  showPhoto();
  clearResult("waiting");
  if (view.loading.hidden) say("progress", LOOKING);
  const earlier = turn;
  let finish;
  turn = new Promise((resolve) => (finish = resolve));
  try {
    await earlier;
    if (newest !== own) return;
    await nextFrames();
    const answer = await classify(file);
    if (newest !== own) return;
    clearResult("answered");
    showAnswer(answer, settings);
  } catch (problem) {
    if (newest === own) showProblem(problem);
  } finally {
    finish();
  }
}

/** Lets the browser draw what was just said, before the work begins. */
function nextFrames() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 50);
  });
}

function tryAgain() {
  start();
  if (photo) answerFor(photo);
}

function take(files) {
  if (files.length) answerFor(files[0]);
}

function takeDropped(files) {
  if (files.length) return take(files);
  showProblem(new Problem("What was dropped is not a file.", "Save the picture first, then drop or choose its file."));
}

function showPhoto() {
  URL.revokeObjectURL(preview.src);
  preview.hidden = false;
  preview.src = URL.createObjectURL(photo);
  preview.alt = `Your photo, ${photo.name}`;
}

/** Empties the result, so that nothing of an earlier photo stands beside a later one. */
function clearResult(state) {
  page.dataset.state = state;
  say("file-action", state === "empty" ? "Choose a photo" : "Try another photo");
  const ids = "progress error caution verdict label confidence domain decision bars remainder note";
  ids.split(" ").forEach((id) => say(id, ""));
  if (document.activeElement === retry) view.file.focus();
  retry.hidden = true;
}

function showProblem(problem) {
  const isTold = problem instanceof Problem;
  if (!isTold) console.error(problem);
  const { message, hint, mayPass } = isTold ? problem : OWN_FAULT;
  clearResult(photo ? "failed" : "empty");
  view.error.append(create("p", "message", message), create("p", "hint", hint));
  retry.hidden = !mayPass;
}

async function useCamera() {
  if (!hasLiveView()) return view["camera-file"].click();
  if (isFilming) return;
  isFilming = true;
  try {
    const taken = await takePhoto(view.viewfinder, view.live, view.shutter);
    if (taken) answerFor(taken);
  } catch (problem) {
    showProblem(problem);
  } finally {
    isFilming = false;
  }
}

for (const input of [view.file, view["camera-file"]]) {
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
}
// The label looks like a button, whose keys are Space and Enter; Chromium's file input knows Space.
view.file.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  view.file.click();
});
document.addEventListener("paste", (event) => take(event.clipboardData.files));
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  page.classList.add("dragging");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) page.classList.remove("dragging");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  page.classList.remove("dragging");
  takeDropped(event.dataTransfer.files);
});
preview.addEventListener("error", () => (preview.hidden = true));
retry.addEventListener("click", tryAgain);
view.camera.addEventListener("click", useCamera);
view["close-camera"].addEventListener("click", () => view.viewfinder.close());

view.stuck.remove();
start();
take([...view.file.files]); // given before this module was here to listen
