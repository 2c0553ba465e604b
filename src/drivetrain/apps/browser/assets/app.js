/** The page: a photo is given, the visitor's own browser answers. */

import { showAnswer } from "./answer.js";
import { hasLiveView, takePhoto } from "./camera.js";
import { listenForFiles } from "./choose.js";
import { judge } from "./judge.js";
import { loadModel, loadSettings } from "./load.js";
import { keepOffline } from "./offline.js";
import { prepare } from "./prepare.js";
import { callInputs, clearResult, say, showModel, showPicture, showProblem, view } from "./show.js";

const LOOKING = "Looking at the photo…";

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
  say("runtime", settings.runtime);
  return settings;
}

async function open() {
  await reading;
  say("loading-words", "Loading the model…");
  const opened = await loadModel(settings, showBytes);
  if (!photo) await opened.warmUp();
  view.loading.hidden = true;
  if (view.page.dataset.state === "waiting") say("progress", LOOKING);
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
  if (!photo) showProblem(problem, null);
}

async function answerFor(file) {
  const own = (newest = Symbol(file.name));
  photo = file;
  showPicture(file);
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
    showAnswer(answer, settings);
    say("note", "It was answered on this device, and the photo stays here.");
  } catch (problem) {
    if (newest === own) showProblem(problem, photo);
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

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

async function useCamera() {
  if (!hasLiveView()) return view["camera-file"].click();
  if (isFilming) return;
  isFilming = true;
  try {
    const taken = await takePhoto(view.viewfinder, view.live, view.shutter);
    if (taken) answerFor(taken);
  } catch (problem) {
    showProblem(problem, photo);
  } finally {
    isFilming = false;
  }
}

listenForFiles(view.page, [view.file, view["camera-file"]], answerFor, (problem) => showProblem(problem, photo));
view.preview.addEventListener("error", () => (view.preview.hidden = true));
view.retry.addEventListener("click", tryAgain);
view.camera.addEventListener("click", useCamera);
view["close-camera"].addEventListener("click", () => view.viewfinder.close());

callInputs(["photo", "photos"]);
view.stuck.remove();
start();
if (view.file.files.length) answerFor(view.file.files[0]); // given before this module was here to listen
