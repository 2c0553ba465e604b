/** Keeps the page's own files on the device, so that it works without a connection. */

const { version, files } = /* filled in by drivetrain page */ null;
const OWN = `drivetrain ${self.registration.scope} `;
const CACHE = OWN + version;

self.addEventListener("install", (event) => {
  event.waitUntil(keepAll().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(dropOlder().then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  const scope = self.registration.scope;
  if (event.request.method !== "GET" || !url.href.startsWith(scope)) return;
  const name = (url.origin + url.pathname).slice(scope.length) || "index.html";
  if (name in files) event.respondWith(kept(name, event.request));
});

async function kept(name, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(name)) ?? fetch(request);
}

/** All files or none: one that differs from what was written would not fit the others. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  await Promise.all(Object.entries(files).map(async ([name, sha256]) => {
    if (await cache.match(name)) return;
    const response = (await fetched(name, sha256, "force-cache")) ?? (await fetched(name, sha256, "reload"));
    if (!response) throw new Error(`${name} is not the file that this page was written with.`);
    await cache.put(name, response);
  }));
}

async function fetched(name, sha256, cache) {
  const response = await fetch(name, { cache });
  if (!response.ok) return null;
  const digest = await crypto.subtle.digest("SHA-256", await response.clone().arrayBuffer());
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hash === sha256 ? response : null;
}

async function dropOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OWN) && name !== CACHE).map((name) => caches.delete(name)));
}
