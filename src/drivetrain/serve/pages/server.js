/** What is asked of the server, and what its answers say when there is none. */

import { Problem } from "./problem.js";

export async function request(path, options) {
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

/** The answer to a file, or the answers to the inputs in it. */
export function predictFile(file, signal) {
  const form = new FormData();
  form.append("file", file, file.name || "input");
  return predict({ body: form, signal });
}

/** The answer to what a form holds, by name. */
export function predictValues(values, signal) {
  return predict({ body: JSON.stringify(values), headers: { "Content-Type": "application/json" }, signal });
}

async function predict(options) {
  const answer = await request("/v1/predict", { method: "POST", ...options });
  if (Array.isArray(answer.predictions) || isOne(answer)) return answer;
  throw new Problem("The server's answer holds no prediction.", "Reload the page and try again.");
}

function isOne({ label, probabilities, values }) {
  return typeof label === "string" && Boolean(probabilities || values);
}
