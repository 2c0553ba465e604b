/** One answer, as `POST /v1/predict` gives it, in words and bars. */

import { clearResult, create, noun, say, SHOWN_CLASSES, view } from "./show.js";
import { number, percent, sureness } from "./words.js";

const ASK = "ask a person";

/** `model` is what `GET /v1/model` tells, as far as it is known. */
export function showAnswer(answer, model) {
  const isForeign = answer.in_domain === false;
  clearResult("answered");
  if (isForeign) {
    const warning = create("strong", "", `This ${noun.one} is unlike those the model learned from.`);
    view.caution.append(warning, ` Take the answer as a guess${answer.decision ? "" : ", and have a person look"}.`);
  }
  if (answer.values) showNumbers(Object.entries(answer.values), answer.intervals, model?.intervals?.coverage);
  else showClass(answer, isForeign);
  say("domain", likeness(answer));
  if (answer.decision) showDecision(answer.decision, isForeign, model?.project?.levers);
  showRemarks(answer.remarks ?? []);
}

function showClass({ label, probabilities }, isForeign) {
  const confidence = probabilities[label];
  if (confidence === undefined) {
    say("verdict", "What holds");
    showLabel(label || "None of them");
  } else {
    say("verdict", isForeign ? "Closest match" : "Most likely");
    showLabel(label);
    say("confidence", isForeign
      ? `${percent(confidence)}, which means little for such a ${noun.one}`
      : `${sureness(confidence)}, ${percent(confidence)}`);
  }
  showBars(Object.entries(probabilities).sort(([, one], [, other]) => other - one));
}

/** One number stands alone and large; several are a list. */
function showNumbers(pairs, intervals, coverage) {
  const between = (name) => intervals?.[name] && `${number(intervals[name][0], 4)} to ${number(intervals[name][1], 4)}`;
  const often = coverage ? `It lies there in ${percent(coverage)} of cases.` : "";
  if (pairs.length === 1) {
    const [[name, value]] = pairs;
    say("verdict", name);
    showLabel(number(value));
    say("confidence", between(name));
    say("note", between(name) && often);
    return;
  }
  for (const [name, value] of pairs) {
    const pair = create("div");
    pair.append(create("dt", "", name), create("dd", "", number(value)));
    pair.lastChild.append(create("span", "small", between(name) ?? ""));
    view.numbers.append(pair);
  }
  say("note", intervals && often.replace("It", "Each"));
}

/** What to do, and what it means or why: in the project's words where it has some. */
function showDecision(decision, isForeign, levers) {
  const askedFor = isForeign
    ? `A ${noun.one} unlike those it learned from goes to a person.`
    : "In doubt, that costs least on average.";
  const meaning = decision === ASK ? askedFor : levers?.[decision];
  view.decision.append("Decision: ", create("strong", "", decision));
  if (meaning) view.decision.append(create("span", "small", meaning));
}

function showRemarks(remarks) {
  if (!view.remarks || !remarks.length) return;
  say("remarks-heading", "Worth knowing");
  view.remarks.append(...remarks.map((remark) => create("li", "", remark)));
}

/** Names are often long and without a space: let them break after their joints. */
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
    const bar = create("li");
    const track = create("span", "track");
    track.ariaHidden = "true";
    track.append(create("span", "fill"));
    track.firstChild.style.setProperty("--share", share);
    bar.append(create("span", "name", name), " ", create("span", "share", percent(share)), track);
    return bar;
  }));
  const left = percent(others.reduce((sum, [, share]) => sum + share, 0));
  say("remainder", others.length && `${others.length} more: ${left} together`);
}

/** The verdict with its number, where the model gives one: 1 is the border. */
function likeness({ in_domain: isLike, domain_score: score }) {
  if (typeof isLike !== "boolean" || !Number.isFinite(score)) return "";
  const distance = score >= 100 ? "over 100" : score.toFixed(isLike ? 2 : 1);
  return isLike
    ? `Like the ${noun.many} it learned from (distance ${distance}, border 1)`
    : `Distance from the ${noun.many} it learned from: ${distance} (border 1)`;
}
