/** The answers to inputs that were sent together: the first ones here, all of them as a file. */

import { download } from "./download.js";
import { clearResult, create, noun, view } from "./show.js";
import { count, number, percent } from "./words.js";

const SHOWN = 100;

export function showSeveral(predictions, name) {
  clearResult("several");
  const refused = predictions.filter(({ error }) => error).length;
  const heading = create("h3", "", `${name}: ${howMany(predictions.length)}`);
  heading.tabIndex = -1;
  const told = refused ? `${count(predictions.length - refused)} answered, ${count(refused)} refused` : "all answered";
  const save = create("button", "button primary", "Download the answers");
  save.type = "button";
  save.addEventListener("click", () => download(predictions));
  const shown = predictions.slice(0, SHOWN);
  const rest = predictions.length > SHOWN ? `The first ${SHOWN} are shown; the download holds all.` : "";
  const frame = create("div", "scrolling");
  frame.tabIndex = 0;
  frame.role = "group";
  frame.ariaLabel = heading.textContent;
  frame.append(listing(shown));
  view.several.append(heading, create("p", "tally", told), save, create("p", "small", rest), frame);
  heading.focus();
}

function howMany(total) {
  return `${count(total)} ${total === 1 ? noun.one : noun.many}`;
}

/** What there is to see of each: its number, its answer or each of its numbers, and notes. */
function listing(predictions) {
  const names = Object.keys(predictions.find(({ values }) => values)?.values ?? {});
  const head = line(["", ...(names.length ? names : ["Answer"]), "Notes"].map((text) => scoped("col", text)));
  const body = predictions.map((each, place) => {
    const cells = each.error ? [refusalOf(each.error, (names.length || 1) + 1)] : answerOf(each, names);
    const made = line([scoped("row", String(place + 1)), ...cells]);
    made.classList.toggle("refused", Boolean(each.error));
    return made;
  });
  const made = create("table");
  made.append(create("thead"), create("tbody"));
  made.firstChild.append(head);
  made.lastChild.append(...body);
  return made;
}

function line(cells) {
  const made = create("tr");
  made.append(...cells);
  return made;
}

function scoped(scope, text) {
  return Object.assign(create("th", "", text), { scope });
}

/** A refusal says its place too, which stands beside it already. */
function refusalOf({ message, hint }, width) {
  const cell = Object.assign(create("td"), { colSpan: width });
  cell.append(create("strong", "", "Refused. "), `${message.replace(/^\S+ \d+ of \d+: /, "")} ${hint}`.trim());
  return cell;
}

function answerOf({ label, probabilities, values, intervals, in_domain: isLike, decision, remarks }, names) {
  const notes = [
    decision && `Decision: ${decision}.`,
    isLike === false && `Unlike the ${noun.many} it learned from.`,
    ...remarks.map((remark) => `${remark}.`),
  ].filter(Boolean);
  const said = names.length
    ? names.map((name) => numberOf(values[name], intervals?.[name]))
    : [classOf(label, probabilities[label])];
  const noted = create("td");
  noted.append(...notes.map((note) => create("p", "", note)));
  return [...said, noted];
}

function classOf(label, share) {
  const cell = create("td", "said", label || "none of them");
  if (share !== undefined) cell.append(create("span", "small", percent(share)));
  return cell;
}

function numberOf(value, interval) {
  const cell = create("td", "said", number(value));
  if (interval) cell.append(create("span", "small", `${number(interval[0], 4)} to ${number(interval[1], 4)}`));
  return cell;
}
