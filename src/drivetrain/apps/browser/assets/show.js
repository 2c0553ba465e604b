/** What is seen: the page's words, the label and the bars. */

const SHOWN_CLASSES = 5;
const LONGEST_LIST = 60;
const LONGEST_SAMPLE = 40;
const ASK = "ask a person";

export const view = Object.fromEntries([...document.querySelectorAll("[id]")].map((node) => [node.id, node]));

/** Text is all that is ever set: a label may hold markup. The style sheet hides what is empty. */
export function say(id, text) {
  view[id].textContent = text || "";
}

export function create(tag, className = "", text = "") {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}

export function showModel({ vocab, model, created, training, project, runtime }) {
  const isShort = vocab.length <= SHOWN_CLASSES && inWords(vocab).length <= LONGEST_LIST;
  say("title", `Tells apart ${isShort ? inWords(vocab) : `${vocab.length} classes, such as ${someOf(vocab)}`}`);
  document.title = view.title.textContent;
  say("purpose", project.objective.purpose);
  say("not-for", project.objective.not_for.join(" "));
  say("classes-summary", isShort ? "" : `All ${vocab.length} classes`);
  say("classes-list", isShort ? "" : vocab.join(", "));
  say("model", model);
  say("created", created.slice(0, 10));
  const accuracy = training.metrics.accuracy?.toLocaleString("en", { style: "percent", maximumFractionDigits: 1 });
  say("accuracy", accuracy && `${accuracy} of ${training.valid_items} photos kept out of training`);
  say("model-note", training.notes);
  say("runtime", runtime);
}

export function showAnswer(answer, { vocab, project }) {
  const ranked = vocab.map((name, place) => [name, answer.probabilities[place]]).sort(([, one], [, other]) => other - one);
  const [, confidence] = ranked[0];
  const isForeign = answer.inDomain === false;
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
  if (answer.decision) showDecision(answer.decision, isForeign, project.levers);
  showBars(ranked);
  say("note", "It was answered on this device, and the photo stays here.");
}

/** What to do, and what it means or why: in the project's words where it has some. */
function showDecision(decision, isForeign, levers) {
  const askedFor = isForeign ? "A photo unlike those it learned from goes to a person." : "In doubt, that costs least on average.";
  const meaning = decision === ASK ? askedFor : levers[decision];
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

export function megabytes(bytes) {
  return (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0);
}

function sureness(probability) {
  if (probability >= 0.95) return "Very sure";
  if (probability >= 0.8) return "Fairly sure";
  return probability >= 0.6 ? "Not very sure" : "Unsure";
}

/** The verdict with its number, where the model has one: 1 is the border. */
function likeness({ inDomain, domainScore }) {
  if (inDomain === null) return "";
  const distance = domainScore >= 100 ? "over 100" : domainScore.toFixed(inDomain ? 2 : 1);
  return inDomain
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
