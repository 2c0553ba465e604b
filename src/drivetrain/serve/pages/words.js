/** How numbers, names and sizes are said. */

const LONGEST_SAMPLE = 40;

/** Never 0% or 100%: rounding must not claim certainty. */
export function percent(probability) {
  if (probability < 0.01) return "under 1%";
  return probability >= 0.995 ? "over 99%" : `${Math.round(probability * 100)}%`;
}

export function sureness(probability) {
  if (probability >= 0.95) return "Very sure";
  if (probability >= 0.8) return "Fairly sure";
  return probability >= 0.6 ? "Not very sure" : "Unsure";
}

export function number(value, digits = 6) {
  return value.toLocaleString("en", { maximumSignificantDigits: digits });
}

export function count(value) {
  return value.toLocaleString("en");
}

export function size(bytes) {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

export function list(names) {
  return new Intl.ListFormat("en-GB").format(names);
}

/** The first names, as many as a title holds: three at most and one at least. */
export function someOf(names) {
  const short = names.slice(0, 3).map((name) => (name.length > 24 ? `${name.slice(0, 23)}…` : name));
  while (short.length > 1 && list(short).length > LONGEST_SAMPLE) short.pop();
  return list(short);
}
