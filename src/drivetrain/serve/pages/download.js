/** Answers as a CSV file, which spreadsheets open. */

const MARK = "\ufeff"; // tells spreadsheets that the text is UTF-8

export function download(predictions) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([MARK, toCsv(predictions)], { type: "text/csv;charset=utf-8" }));
  link.download = "answers.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function toCsv(predictions) {
  const first = predictions.find(({ error }) => !error) ?? {};
  const classes = Object.keys(first.probabilities ?? {});
  const numbers = Object.keys(first.values ?? {});
  const header = [
    "number", "id", "label", ...classes.map((name) => `probability of ${name}`),
    ...numbers.flatMap((name) => (first.intervals ? [name, `${name} from`, `${name} to`] : [name])),
    "in_domain", "domain_score", "decision", "remarks", "error",
  ];
  const lines = predictions.map((each, place) => [
    place + 1, each.id, each.label, ...classes.map((name) => each.probabilities?.[name]),
    ...numbers.flatMap((name) => [each.values?.[name], ...(first.intervals ? each.intervals?.[name] ?? ["", ""] : [])]),
    each.in_domain, each.domain_score, each.decision, each.remarks?.join("; "), told(each.error),
  ]);
  return [header, ...lines].map((cells) => cells.map(quoted).join(",")).join("\r\n") + "\r\n";
}

function told(error) {
  return error && `${error.message} ${error.hint}`.trim();
}

function quoted(value) {
  const text = String(value ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
