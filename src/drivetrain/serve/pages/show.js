/** What is seen: the photo, the answer in words and bars, what the model is. Both pages show the same. */

import { OWN_FAULT, Problem } from "./problem.js";

const SHOWN_CLASSES = 5;
const LONGEST_LIST = 60;
const LONGEST_SAMPLE = 40;
const ASK = "ask a person";
const RESULT = [
  "progress", "error", "caution", "verdict", "label", "confidence", "domain", "decision", "bars-heading", "bars",
  "remainder", "note", "prediction-id",
];

export const view = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));

/** Text is all that is ever set: a label may hold markup. The style sheet hides what is empty. */
export function say(id, text) {
  view[id].textContent = text || "";
}

export function create(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

/** What the model is, as `GET /v1/model` tells it. */
export function showModel({ vocab, model, created, training, project }) {
  const isShort = vocab.length <= SHOWN_CLASSES && inWords(vocab).length <= LONGEST_LIST;
  say("title", `Tells apart ${isShort ? inWords(vocab) : `${vocab.length} classes, such as ${someOf(vocab)}`}`);
  document.title = view.title.textContent;
  say("purpose", project?.objective?.purpose);
  say("not-for", project?.objective?.not_for?.join(" "));
  say("classes-summary", isShort ? "" : `All ${vocab.length} classes`);
  say("classes-list", isShort ? "" : vocab.join(", "));
  say("model", model);
  say("created", created?.slice(0, 10));
  const { metrics, notes, valid_items: n } = training ?? {};
  const accuracy = metrics?.accuracy?.toLocaleString("en", { style: "percent", maximumFractionDigits: 1 });
  say("accuracy", accuracy && n && `${accuracy} of ${n} photos kept out of training`);
  say("model-note", notes);
}

export function showPhoto(photo) {
  const { preview } = view;
  URL.revokeObjectURL(preview.src);
  preview.hidden = false;
  preview.src = URL.createObjectURL(photo);
  preview.alt = `Your photo, ${photo.name}`;
}

/** Empties the result, so that nothing of an earlier photo stands beside a later one. */
export function clearResult(state) {
  view.page.dataset.state = state;
  say("file-action", state === "empty" ? "Choose a photo" : "Try another photo");
  RESULT.filter((id) => view[id]).forEach((id) => say(id, ""));
  if (document.activeElement === view.retry) view.file.focus();
  view.retry.hidden = true;
}

/** What went wrong, in the place of an answer; `photo` is the one it went wrong with, if any. */
export function showProblem(problem, photo) {
  const isTold = problem instanceof Problem;
  if (!isTold) console.error(problem);
  const { message, hint, mayPass } = isTold ? problem : OWN_FAULT;
  clearResult(photo ? "failed" : "empty");
  view.error.append(create("p", "message", message), create("p", "hint", hint));
  view.retry.hidden = !mayPass;
}

/** An answer as `POST /v1/predict` gives it; `levers` says what the project's actions mean. */
export function showAnswer(answer, levers) {
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
  if (answer.decision) showDecision(answer.decision, isForeign, levers);
  showBars(Object.entries(answer.probabilities).sort(([, one], [, other]) => other - one));
}

/** What to do, and what it means or why: in the project's words where it has some. */
function showDecision(decision, isForeign, levers) {
  const askedFor = isForeign ? "A photo unlike those it learned from goes to a person." : "In doubt, that costs least on average.";
  const meaning = decision === ASK ? askedFor : levers?.[decision];
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

function inWords(names) {
  return new Intl.ListFormat("en-GB").format(names);
}

/** The first names, as many as a title holds: three at most and one at least. */
function someOf(names) {
  const short = names.slice(0, 3).map((name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name));
  while (short.length > 1 && inWords(short).length > LONGEST_SAMPLE) short.pop();
  return inWords(short);
}
