/** What is seen around an answer: what the model is, what was given, what went wrong. */

import { OWN_FAULT, Problem } from "./problem.js";
import { list, number, someOf } from "./words.js";

export const SHOWN_CLASSES = 5;
const LONGEST_LIST = 60;
const RESULT = [
  "progress", "error", "caution", "verdict", "label", "confidence", "numbers", "domain", "decision", "remarks-heading",
  "remarks", "bars-heading", "bars", "remainder", "note", "prediction-id", "several",
];

export const view = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));

/** What one input is called, and several: the model says it. */
export const noun = { one: "file", many: "files" };

export function callInputs([one, many]) {
  Object.assign(noun, { one, many });
}

/** Text is all that is ever set: a label may hold markup. The style sheet hides what is empty. */
export function say(id, text) {
  if (view[id]) view[id].textContent = text || "";
}

export function create(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

/** What the model is, as `GET /v1/model` tells it. */
export function showModel({ vocab, model, created, training, project, target }) {
  const [verb, what] = { numbers: ["Predicts", "numbers"], categories: ["Looks for", "classes"] }[target?.kind] ?? ["Tells apart", "classes"];
  const isShort = vocab.length <= SHOWN_CLASSES && list(vocab).length <= LONGEST_LIST;
  say("title", `${verb} ${isShort ? list(vocab) : `${vocab.length} ${what}, such as ${someOf(vocab)}`}`);
  document.title = view.title.textContent;
  say("purpose", project?.objective?.purpose);
  say("not-for", project?.objective?.not_for?.join(" "));
  say("classes-summary", isShort ? "" : `All ${vocab.length} ${what}`);
  say("classes-list", isShort ? "" : vocab.join(", "));
  say("model", model);
  say("created", created?.slice(0, 10));
  showFigures(training ?? {}, vocab);
  say("model-note", training?.notes);
}

function showFigures({ metrics, valid_items: n }, names) {
  const keptOut = `${n} ${noun.many} kept out of training`;
  const accuracy = metrics?.accuracy?.toLocaleString("en", { style: "percent", maximumFractionDigits: 1 });
  say("accuracy", accuracy && n && `${accuracy} of ${keptOut}`);
  const off = names.filter((name) => errorOf(metrics, name) !== undefined);
  const each = off.map((name) => `${names.length > 1 ? `${name} ` : ""}${number(errorOf(metrics, name), 3)}`);
  say("typical-error", n && off.length && `${each.join(", ")} on average, for ${keptOut}`);
}

function errorOf(metrics, name) {
  return metrics?.[`mae ${name}`] ?? metrics?.mae;
}

export function showPicture(file) {
  const { preview } = view;
  URL.revokeObjectURL(preview.src);
  preview.hidden = false;
  preview.src = URL.createObjectURL(file);
  preview.alt = `Your ${noun.one}, ${file.name}`;
}

/** Empties the result, so that nothing of an earlier input stands beside a later one. */
export function clearResult(state) {
  view.page.dataset.state = state;
  if (view.page.dataset.asks !== "form") say("file-action", `${state === "empty" ? "Choose a" : "Try another"} ${noun.one}`);
  RESULT.forEach((id) => say(id, ""));
  if (document.activeElement === view.retry) view.file.focus();
  view.retry.hidden = true;
}

/** What went wrong, in the place of an answer; `given` is what it went wrong with, if any. */
export function showProblem(problem, given) {
  const { message, hint, mayPass } = told(problem);
  clearResult(given ? "failed" : "empty");
  view.error.append(create("p", "message", message), create("p", "hint", hint));
  view.retry.hidden = !mayPass;
}

/** A problem as it can be shown; the page's own faults go to the console. */
export function told(problem) {
  if (problem instanceof Problem) return problem;
  console.error(problem);
  return OWN_FAULT;
}
