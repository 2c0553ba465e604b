/** What went wrong, what to do about it, and whether trying the same again may help. */
export class Problem extends Error {
  constructor(message, hint = "", mayPass = false) {
    super(message);
    Object.assign(this, { hint, mayPass });
  }
}

export const OWN_FAULT = new Problem("This page ran into a fault of its own.", "Reload the page and try again.");
