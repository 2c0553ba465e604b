/** A form for one input, built from the fields that the model asks for. */

import { create, say, told, view } from "./show.js";

const MOST_OPTIONS = 30;
const PLAIN_NUMBER = /^[+-]?\d+(\.\d+)?$/;

/** Each field as the model describes it, with the control that holds its value and what stands below. */
let controls = [];

export function buildForm(fields) {
  controls = fields.map((field, place) => ({
    field,
    control: Object.assign(controlOf(field), { id: `field-${place}` }),
    help: Object.assign(create("p", "help", helpOf(field)), { id: `help-${place}` }),
    complaint: Object.assign(create("p", "complaint"), { id: `complaint-${place}` }),
  }));
  view.fields.replaceChildren(...controls.map(boxOf));
}

/** What the form holds, by name; null is what is not known. */
export function valuesOfForm() {
  return Object.fromEntries(controls.map(({ field, control }) => [field.name, valueOf(field, control.value)]));
}

/** Values that the model would take, by name: what programs are shown. */
export function exampleValues() {
  return Object.fromEntries(controls.map(({ field }) => [field.name, exampleOf(field)]));
}

/** Whether every value can be read by the browser; one that cannot is complained of at its place. */
export function isComplete() {
  const unread = controls.filter(({ control }) => control.validity.badInput);
  unread.forEach((one) => complain(one, "This is not complete. Fill it in, or leave it empty."));
  unread[0]?.control.focus();
  return !unread.length;
}

export function clearComplaints() {
  say("form-error", "");
  for (const { complaint, control } of controls) {
    complaint.textContent = "";
    control.removeAttribute("aria-invalid");
  }
}

/** What went wrong: above the form, and beside each field that it names. */
export function showFormProblem(problem) {
  const { message, hint } = told(problem);
  view["form-error"].replaceChildren(create("p", "message", message), create("p", "hint", hint));
  const named = controls.filter(({ field }) => partAbout(field.name, message));
  for (const one of named) {
    const said = partAbout(one.field.name, message).replace(/\.$/, "");
    complain(one, `${said[0].toUpperCase()}${said.slice(1)}.${named.length === 1 && hint ? ` ${hint}` : ""}`);
  }
  (named[0]?.control ?? view["form-error"]).focus();
}

function complain({ complaint, control }, words) {
  complaint.textContent = words;
  control.setAttribute("aria-invalid", "true");
}

/** What a message says of one field: its parts are `NAME: WORDS`, with `; ` between them. */
function partAbout(name, message) {
  const start = `; ${message}`.indexOf(`; ${name}: `);
  return start < 0 ? "" : message.slice(start + name.length + 2).split("; ")[0];
}

function boxOf({ field, control, help, complaint }) {
  const box = create("div", field.kind === "text" ? "field wide" : "field");
  const label = Object.assign(create("label", "", field.name), { htmlFor: control.id });
  control.setAttribute("aria-describedby", `${help.id} ${complaint.id}`);
  box.append(label, control, help, complaint);
  if (isSearched(field)) {
    const choices = Object.assign(create("datalist"), { id: `choices-of-${control.id}` });
    choices.append(...optionsOf(field));
    control.setAttribute("list", choices.id);
    box.append(choices);
  }
  return box;
}

function controlOf(field) {
  if (field.kind === "text") return create("textarea");
  if (field.kind === "category" && !isSearched(field)) {
    const select = create("select");
    select.append(new Option("not known", ""), ...optionsOf(field));
    return select;
  }
  // A number too: the browser would make nothing of one with a comma, and say so to nobody.
  const input = Object.assign(create("input"), { type: "text", autocomplete: "off" });
  if (field.kind === "date") input.type = field.timed ? "datetime-local" : "date";
  else input.placeholder = `e.g. ${exampleOf(field)}`;
  if (field.kind === "number") input.inputMode = "decimal";
  return input;
}

/** Whether one types to find a choice: there are too many to look through. */
function isSearched({ kind, choices }) {
  return kind === "category" && choices.length > MOST_OPTIONS;
}

function optionsOf({ choices }) {
  return choices.map((choice) => new Option(choice, choice));
}

function helpOf(field) {
  if (field.kind === "number") return `${plain(field.low)} to ${plain(field.high)} in training`;
  return isSearched(field) ? `one of ${field.choices.length}` : "";
}

function valueOf(field, text) {
  const value = text.trim();
  if (!value) return null;
  return field.kind === "number" && PLAIN_NUMBER.test(value) ? Number(value) : value;
}

function exampleOf(field) {
  if (field.kind === "number") return typicalOf(field);
  if (field.kind === "category") return field.choices[0] ?? null;
  if (field.kind === "date") return field.timed ? "2013-01-31T05:15" : "2013-01-31";
  return "Words";
}

function typicalOf({ typical, whole }) {
  return whole ? Math.round(typical) : Number(typical.toPrecision(6));
}

/** As one would type it: no thousands apart. */
function plain(value) {
  return String(Number(value.toPrecision(6)));
}
