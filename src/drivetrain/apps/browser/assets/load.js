/** Everything that the page needs before it can answer, fetched from its own folder. */

import { domainTest } from "./judge.js";
import { Problem } from "./problem.js";
import { readTensors } from "./tensors.js";

const RUNTIME = "runtime/ort.wasm.bundle.min.mjs";
const WEBASSEMBLY = "runtime/ort-wasm-simd-threaded.wasm";
const MODEL = "model.onnx";
const DOMAIN = "domain.safetensors";

/** What `model.json` says: classes, preparation, judgement, and the files with their hashes. */
export async function loadSettings() {
  const response = await ask("model.json", { cache: "no-cache" });
  return response.json().catch(() => {
    throw new Problem("The page's model.json cannot be read.", "Copy the whole folder to the server again.");
  });
}

/**
 * The opened network as `answer(pixels)`, which gives logits and embedding, and its judgement.
 * The first answer of all is the slowest: `warmUp()` takes it where nobody waits yet.
 *
 * `onProgress` is told the bytes that came and the bytes there are.
 */
export async function loadModel(settings, onProgress) {
  const names = [MODEL, WEBASSEMBLY, ...(settings.domain ? [DOMAIN] : [])];
  const total = names.reduce((sum, name) => sum + settings.files[name].size, 0);
  const counts = {};
  const count = (name, bytes) => {
    counts[name] = bytes;
    onProgress(Object.values(counts).reduce((one, other) => one + other, 0), total);
  };
  const runtime = import(`./${RUNTIME}`).catch(() => {
    throw missing(RUNTIME);
  });
  const files = names.map((name) => fetchChecked(name, settings.files[name], (bytes) => count(name, bytes)));
  const [ort, model, wasm, domain] = await Promise.all([runtime, ...files]);
  const session = await open(ort, model, wasm);
  const answer = (pixels) => run(ort, session, settings, pixels);
  const [high, wide] = settings.preparation.size;
  return {
    answer,
    warmUp: () => answer(new Uint8Array(high * wide * 3)),
    judgement: { ...settings, domain: domain ? domainTest({ ...settings.domain, ...readTensors(domain) }) : null },
  };
}

async function open(ort, model, wasm) {
  ort.env.wasm.wasmBinary = wasm;
  if (!globalThis.crossOriginIsolated) ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  try {
    return await ort.InferenceSession.create(new Uint8Array(model), { executionProviders: ["wasm"] });
  } catch (problem) {
    console.error(problem);
    throw new Problem("This browser cannot run the model.", "It needs WebAssembly with SIMD: a browser of 2023 or later has it. Other open pages may also hold the memory.", true);
  }
}

async function run(ort, session, { network, preparation: { size } }, pixels) {
  const input = new ort.Tensor("uint8", pixels, [1, ...size, 3]);
  const answers = await session.run({ [network.input]: input });
  const [logits, embedding] = network.outputs.map((name) => answers[name].data);
  if (!logits.every(Number.isFinite)) throw new Problem("The model answers with something that is no number.", "Write the page from a fresh copy of the bundle.");
  return { logits, embedding };
}

async function fetchChecked(name, { size, sha256 }, onBytes) {
  const response = await ask(name);
  const content = new Uint8Array(size);
  let filled = 0;
  try {
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (filled + value.length > size) throw changed(name);
      content.set(value, filled);
      onBytes((filled += value.length));
    }
  } catch (problem) {
    throw problem instanceof Problem ? problem : unreachable();
  }
  if (filled !== size || (await isOther(content, sha256))) throw changed(name);
  return content.buffer;
}

/** Whether bytes have another hash; where a browser offers no hashes, their number has to do. */
async function isOther(content, sha256) {
  if (!globalThis.crypto?.subtle) return false;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") !== sha256;
}

async function ask(name, options) {
  const response = await fetch(name, options).catch(() => {
    throw unreachable();
  });
  if (response.ok) return response;
  throw missing(name);
}

function unreachable() {
  return new Problem("The model did not come: the connection broke.", "Check that this device is connected, then try again.", true);
}

function missing(name) {
  return new Problem(`The page's file ${name} is missing on its server.`, "Copy the whole folder to the server again.", true);
}

function changed(name) {
  return new Problem(`The page's file ${name} is not the one that it was written with.`, "Reload the page; if that does not help, copy the whole folder to the server again.", true);
}
