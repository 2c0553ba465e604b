/** The page at `/`: a photo goes to `/v1/predict`, its answer comes back in words and bars. */

const SHOWN_CLASSES = 5;
const LONGEST_LIST = 60;
const LONGEST_SAMPLE = 40;
const SHRUNK_SIDES = [2048, 1448, 1024, 512];
const MULTIPART_OVERHEAD = 1024;
const PATIENCE_MS = 6000;
const ASK = "ask a person";

const view = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));
const { page, preview, retry } = view;

let model = null;
let photo = null;
/** The AbortController of the newest photo: whoever no longer finds its own here is stale. */
let newest = null;

/** What went wrong, what to do about it, and whether the same photo may fare better later. */
class Problem extends Error {
  constructor(message, hint, mayPass = false) {
    super(message);
    Object.assign(this, { hint, mayPass });
  }
}

const OWN_FAULT = new Problem("This page ran into a fault of its own.", "Reload the page and try again.");

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
  showModel();
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
  showPhoto();
  showWaiting("Looking at the photo…");
  const patience = setTimeout(() => {
    if (newest === own) showWaiting("Still looking. A busy server or a slow connection takes longer.");
  }, PATIENCE_MS);
  try {
    if (!model) await loadModel().catch(() => null);
    const upload = await fitForUpload(file);
    const answer = await predict(upload, own.signal);
    if (newest === own) showAnswer(answer, upload);
  } catch (problem) {
    if (newest === own) showProblem(problem);
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
    if (!photo) showProblem(problem);
  }
}

function take(files) {
  if (files.length) answerFor(files[0]);
}

function takeDropped(files) {
  if (files.length) return take(files);
  showProblem(new Problem("What was dropped is not a file.", "Save the picture first, then drop or choose its file."));
}

// What is seen

/** Text is all that is ever set: a label may hold markup. The style sheet hides what is empty. */
function say(id, text) {
  view[id].textContent = text || "";
}

function showModel() {
  const names = model.vocab;
  const isShort = names.length <= SHOWN_CLASSES && inWords(names).length <= LONGEST_LIST;
  say("title", `Tells apart ${isShort ? inWords(names) : `${names.length} classes, such as ${someOf(names)}`}`);
  document.title = view.title.textContent;
  say("lead", `Give it a photo. It picks one of these ${names.length}, whatever the photo shows, and says how sure it is${
    model.domain ? " and whether the photo is like those it learned from" : ""}.`);
  say("purpose", model.project?.objective?.purpose);
  say("not-for", model.project?.objective?.not_for?.join(" "));
  say("classes-summary", isShort ? "" : `All ${names.length} classes`);
  say("classes-list", isShort ? "" : names.join(", "));
  say("model", model.model);
  say("created", model.created?.slice(0, 10));
  const { metrics, notes, valid_items: n } = model.training ?? {};
  const accuracy = metrics?.accuracy?.toLocaleString("en", { style: "percent", maximumFractionDigits: 1 });
  say("accuracy", accuracy && n && `${accuracy} of ${n} photos kept out of training`);
  say("model-note", notes);
  if (model.media_types?.length) view.file.accept = model.media_types.join(",");
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
  const ids = "progress error caution verdict label confidence domain decision bars remainder note prediction-id";
  ids.split(" ").forEach((id) => say(id, ""));
  if (document.activeElement === retry) view.file.focus();
  retry.hidden = true;
}

function showWaiting(words) {
  clearResult("waiting");
  say("progress", words);
}

function showProblem(problem) {
  const isTold = problem instanceof Problem;
  if (!isTold) console.error(problem);
  const { message, hint, mayPass } = isTold ? problem : OWN_FAULT;
  clearResult(photo ? "failed" : "empty");
  view.error.append(create("p", "message", message), create("p", "hint", hint));
  retry.hidden = !mayPass;
}

function showAnswer(answer, upload) {
  const confidence = answer.probabilities[answer.label];
  const isForeign = answer.in_domain === false;
  clearResult("answered");
  if (isForeign) {
    const warning = create("strong", "", "This photo is unlike those the model learned from.");
    view.caution.append(warning, ` Take the answer as a guess${answer.decision ? "" : ", and have a person look"}.`);
  }
  say("verdict", isForeign ? "Closest match" : "Most likely");
  showLabel(answer.label);
  say("confidence", isForeign
    ? `${percent(confidence)}, which means little for such a photo`
    : `${sureness(confidence)}, ${percent(confidence)}`);
  say("domain", likeness(answer));
  if (answer.decision) showDecision(answer.decision, isForeign);
  showBars(Object.entries(answer.probabilities).sort(([, one], [, other]) => other - one));
  say("note", upload !== photo && `Your photo (${sizeOf(photo)}) was sent as a JPEG of ${sizeOf(upload)}, made by this page.`);
  say("prediction-id", answer.id);
  if (answer.model !== model?.model) start();
}

/** What to do, and what it means or why: in the project's words where it has some. */
function showDecision(decision, isForeign) {
  const askedFor = isForeign ? "A photo unlike those it learned from goes to a person." : "In doubt, that costs least on average.";
  const meaning = decision === ASK ? askedFor : model?.project?.levers?.[decision];
  view.decision.append("Decision: ", create("strong", "", decision));
  if (meaning) view.decision.append(create("span", "small", meaning));
}

/** Folder names are often long and without a space: let them break after their joints. */
function showLabel(label) {
  const parts = label.split(/(?<=[_./-])/);
  view.label.replaceChildren(...parts.flatMap((part) => [part, create("wbr")]));
  view.label.classList.toggle("long", label.length > 16);
}

function showBars(ranked) {
  const shown = ranked.slice(0, SHOWN_CLASSES);
  const others = ranked.slice(SHOWN_CLASSES);
  say("bars-heading", others.length ? `The ${shown.length} most likely of ${ranked.length}` : "How likely each is");
  view.bars.append(...shown.map(([name, share]) => {
    const row = create("li");
    const track = create("span", "track");
    track.ariaHidden = "true";
    track.append(create("span", "fill"));
    track.firstChild.style.setProperty("--share", share);
    row.append(create("span", "name", name), " ", create("span", "share", percent(share)), track);
    return row;
  }));
  const left = percent(others.reduce((sum, [, share]) => sum + share, 0));
  say("remainder", others.length && `${others.length} more: ${left} together`);
}

function create(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

// Words

function sureness(probability) {
  if (probability >= 0.95) return "Very sure";
  if (probability >= 0.8) return "Fairly sure";
  return probability >= 0.6 ? "Not very sure" : "Unsure";
}

/** The verdict with its number, where the model gives one: 1 is the border. */
function likeness({ in_domain: isLike, domain_score: score }) {
  if (typeof isLike !== "boolean" || !Number.isFinite(score)) return "";
  const distance = score >= 100 ? "over 100" : score.toFixed(isLike ? 2 : 1);
  return isLike
    ? `Like the photos it learned from (distance ${distance}, border 1)`
    : `Distance from the photos it learned from: ${distance} (border 1)`;
}

/** Never 0% or 100%: rounding must not claim certainty. */
function percent(probability) {
  if (probability < 0.01) return "under 1%";
  return probability >= 0.995 ? "over 99%" : `${Math.round(probability * 100)}%`;
}

function sizeOf(file) {
  return file.size < 1e6 ? `${Math.ceil(file.size / 1e3)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
}

function inWords(names) {
  return new Intl.ListFormat("en-GB").format(names);
}

/** The first names, as many as a title holds: three at most and one at least. */
function someOf(names) {
  const short = names.slice(0, 3).map((name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name));
  while (short.length > 1 && inWords(short).length > LONGEST_SAMPLE) short.pop();
  return inWords(short);
}

// What is listened to

for (const input of [view.file, view.camera]) {
  input.addEventListener("change", () => {
    take([...input.files]);
    input.value = "";
  });
  // The label looks like a button, whose keys are Space and Enter; Chromium's file input knows Space.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    input.click();
  });
}
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
retry.addEventListener("click", () => (photo ? answerFor(photo) : start()));

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
