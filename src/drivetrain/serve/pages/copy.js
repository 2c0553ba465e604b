/** The buttons that copy what stands beside them. */

import { say, view } from "./show.js";

export function listenForCopies() {
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", async () => {
      const words = (await copy(view[button.dataset.copies])) ? "Copied" : "Selected";
      say("notice", words);
      button.firstChild.data = words;
      setTimeout(() => {
        say("notice", "");
        button.firstChild.data = "Copy";
      }, 2000);
    });
  }
}

/** Without https a page has no clipboard; selecting and the copy command still work. */
async function copy(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
}
