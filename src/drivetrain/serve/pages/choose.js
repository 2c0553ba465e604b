/** How a file is given: chosen, dropped or pasted, by pointer and by keyboard. */

import { Problem } from "./problem.js";

const WRITABLE = "input:not([type=file]), textarea, select";

/** Hands each given file to `take`, and what cannot be one to `refuse`. */
export function listenForFiles(page, inputs, take, refuse) {
  const takeFirst = (files) => files.length && take(files[0]);
  for (const input of inputs) {
    input.addEventListener("change", () => {
      takeFirst([...input.files]);
      input.value = "";
    });
    // The label looks like a button, whose keys are Space and Enter; Chromium's file input knows Space.
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      input.click();
    });
  }
  document.addEventListener("paste", (event) => {
    if (!event.target.closest?.(WRITABLE)) takeFirst(event.clipboardData.files);
  });
  document.addEventListener("dragover", (event) => {
    if (isText(event)) return;
    event.preventDefault();
    page.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) page.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    if (isText(event)) return;
    event.preventDefault();
    page.classList.remove("dragging");
    const { files } = event.dataTransfer;
    if (files.length) return takeFirst(files);
    refuse(new Problem("What was dropped is not a file.", "Save it first, then drop or choose its file."));
  });
}

/** Whether words are dragged into a place for words, which the browser does by itself. */
function isText(event) {
  return Boolean(event.target.closest?.(WRITABLE)) && !event.dataTransfer.types.includes("Files");
}
