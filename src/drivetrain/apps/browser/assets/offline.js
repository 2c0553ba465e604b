/** Whether the page is kept on this device, so that it works without a connection. */

/** Registers the service worker and settles once it has kept every file: true, or false. */
export async function keepOffline() {
  if (!navigator.serviceWorker || !window.isSecureContext) return false;
  try {
    const registration = await navigator.serviceWorker.register("sw.js", { updateViaCache: "none" });
    const worker = registration.installing ?? registration.waiting ?? registration.active;
    return await isKept(worker);
  } catch (problem) {
    console.warn(problem);
    return false;
  }
}

function isKept(worker) {
  return new Promise((resolve) => {
    const look = () => {
      if (worker.state === "activated") resolve(true);
      if (worker.state === "redundant") resolve(false);
    };
    worker.addEventListener("statechange", look);
    look();
  });
}
