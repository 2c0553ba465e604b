/** The page at `/`: what is given goes to `/v1/predict`, its answer comes back in words and bars. */

import { showAnswer } from "./answer.js";
import { listenForFiles } from "./choose.js";
import { listenForCopies } from "./copy.js";
import { buildForm, clearComplaints, exampleValues, isComplete, showFormProblem, valuesOfForm } from "./form.js";
import { fitForUpload } from "./picture.js";
import { Problem } from "./problem.js";
import { predictFile, predictValues, request } from "./server.js";
import { showSeveral } from "./several.js";
import { callInputs, clearResult, noun, say, showModel, showPicture, showProblem, view } from "./show.js";
import { list, size } from "./words.js";

const MULTIPART_OVERHEAD = 1024;
const PATIENCE_MS = 6000;

let model = null;
/** The newest file; null where the newest input came from the form. */
let given = null;
/** The AbortController of the newest input: whoever no longer finds its own here is stale. */
let newest = null;
/** Asks for the newest input once more. */
let again = start;

async function loadModel() {
  const found = await request("/v1/model");
  const hasNewFields = JSON.stringify(found.fields) !== JSON.stringify(model?.fields);
  model = found;
  callInputs(model.noun);
  view.page.dataset.asks = asksByForm() ? "form" : "files";
  showModel(model);
  showWhatItTakes(model);
  if (hasNewFields) buildForm(model.fields);
  showExample();
}

/** Asks for the model; a failure is told only where no input's own outcome is in its place. */
async function start() {
  try {
    await loadModel();
    if (!newest) clearResult("empty");
  } catch (problem) {
    if (!newest) showProblem(problem, null);
  }
}

function asksByForm() {
  return Boolean(model?.fields.length);
}

function takesPictures() {
  return Boolean(model?.media_types.some((type) => type.startsWith("image/")));
}

// From what is given to its answer

/** Shows what `ask` brings, unless something newer was given meanwhile. */
async function answerWith(ask, doing, whenRefused) {
  newest?.abort();
  const own = (newest = new AbortController());
  const file = given;
  again = () => answerWith(ask, doing, whenRefused);
  showWaiting(doing);
  const patience = setTimeout(() => {
    if (newest === own) showWaiting("Still looking. A busy server or a slow connection takes longer.");
  }, PATIENCE_MS);
  try {
    const { answer, sent } = await ask(own.signal);
    if (newest === own) showAnswerOf(answer, file, sent);
  } catch (problem) {
    if (newest === own) whenRefused(problem);
  } finally {
    clearTimeout(patience);
  }
}

async function answerFile(file) {
  given = file;
  if (!asksByForm()) showPicture(file);
  clearComplaints();
  const ask = async (signal) => {
    if (!model) await loadModel().catch(() => null);
    const sent = await readyToSend(file);
    return { answer: await predictFile(sent, signal), sent };
  };
  const doing = asksByForm() ? `Answering every ${noun.one} of ${file.name}…` : `Looking at the ${noun.one}…`;
  await answerWith(ask, doing, (problem) => showProblem(problem, file));
}

async function answerForm() {
  given = null;
  clearComplaints();
  if (!isComplete()) return;
  const values = valuesOfForm();
  const ask = async (signal) => ({ answer: await predictValues(values, signal) });
  await answerWith(ask, "Asking the model…", (problem) => {
    if (problem instanceof Problem && !problem.mayPass) {
      clearResult("empty");
      showFormProblem(problem);
    } else showProblem(problem, values);
  });
}

async function readyToSend(file) {
  await file.slice(0, 1).arrayBuffer().catch(() => {
    throw new Problem("This file cannot be read.", `Choose a ${noun.one}; a folder, or a file that has moved, cannot be sent.`);
  });
  const limit = (model?.limits?.max_bytes ?? Infinity) - MULTIPART_OVERHEAD;
  if (takesPictures()) return fitForUpload(file, limit, model.media_types);
  if (file.size <= limit) return file;
  throw new Problem(`This file is too large to send (${size(file.size)}).`, `Send its ${noun.many} in parts.`);
}

function showAnswerOf(answer, file, sent) {
  if (answer.predictions) showSeveral(answer.predictions, file.name);
  else {
    showAnswer(answer, model);
    if (sent && sent !== file) {
      say("note", `Your ${noun.one} (${size(file.size)}) was sent as a JPEG of ${size(sent.size)}, made by this page.`);
    }
    say("prediction-id", answer.id);
  }
  if (asksByForm()) view.result.scrollIntoView({ block: "nearest" });
  if (answer.model !== model?.model) start();
}

// What is seen

function showWhatItTakes({ vocab, domain, media_types: types, target }) {
  const way = asksByForm()
    ? `Fill in what is known and leave the rest empty, or give a file with many ${noun.many}.`
    : `Give it a ${noun.one}.`;
  const like = domain ? `${target.kind === "category" ? " and" : "It says"} whether the ${noun.one} is like those it learned from` : "";
  say("lead", {
    category: `${way} It picks one of these ${vocab.length}, whatever the ${noun.one} ${asksByForm() ? "holds" : "shows"}, and says how sure it is${like}.`,
    categories: `${way} It says how likely each of these ${vocab.length} is. ${like}${like && "."}`.trim(),
    numbers: `${way} It answers with ${list(vocab.length > 3 ? [`${vocab.length} numbers`] : vocab)} and says how far off it may be. ${like}${like && "."}`.trim(),
  }[target.kind]);
  view.file.accept = types.flatMap((type) => (takesPictures() ? [type] : [type, `.${type.split("/")[1]}`])).join(",");
  say("file-action", asksByForm() ? `Choose a file with many ${noun.many}` : `Choose a ${noun.one}`);
  say("camera-action", `Take a ${noun.one}`);
  view.camera.parentElement.hidden = !takesPictures();
}

function showExample() {
  const values = JSON.stringify(exampleValues()).replaceAll("'", "'\\''");
  const sent = asksByForm() ? `-H 'Content-Type: application/json' -d '${values}'` : `-F file=@${takesPictures() ? `${noun.one}.jpg` : "FILE"}`;
  say("curl", `curl ${sent} ${location.origin}/v1/predict`);
}

function showWaiting(words) {
  clearResult("waiting");
  say("progress", words);
}

// What is listened to

listenForFiles(view.page, [view.file, view.camera], answerFile, (problem) => showProblem(problem, given));
view.preview.addEventListener("error", () => (view.preview.hidden = true));
view.retry.addEventListener("click", () => again());
view.form.addEventListener("submit", (event) => {
  event.preventDefault();
  answerForm();
});
view.form.addEventListener("reset", () => {
  newest?.abort();
  newest = null;
  clearComplaints();
  clearResult("empty");
});
view.form.addEventListener("input", () => {
  if (view.page.dataset.state === "answered") view.page.dataset.state = "outdated";
});
listenForCopies();
start();
