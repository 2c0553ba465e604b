/** How a photo is given: chosen, dropped or pasted, by pointer and by keyboard. */

import { Problem } from "./problem.js";

/** Hands each given photo to `take`, and what cannot be one to `refuse`. */
export function listenForPhotos(page, inputs, take, refuse) {
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
  document.addEventListener("paste", (event) => takeFirst(event.clipboardData.files));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    page.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) page.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    page.classList.remove("dragging");
    const { files } = event.dataTransfer;
    if (files.length) return takeFirst(files);
    refuse(new Problem("What was dropped is not a file.", "Save the picture first, then drop or choose its file."));
  });
}
