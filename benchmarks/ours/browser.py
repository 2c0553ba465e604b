"""The static page's answers in headless Chromium beside the Predictor's.

``browser.py BUNDLE LIST`` writes the page of a bundle, serves it as plain files, and gives it every
photo of a JSON list of paths. The browser finds no other server; what is asked of one is counted.
The time to the first answer runs from the navigation in a fresh browser to the label, the load of
the model included; the browser and the server share the machine.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request, sync_playwright

from drivetrain.apps.browser import write_page
from drivetrain.predictor import Predictor

FIRST_ANSWERS = 5
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
READ_ANSWER = """() => ({
  label: document.querySelector("#label").textContent,
  caution: document.querySelector("#caution").textContent,
  shares: Object.fromEntries([...document.querySelectorAll("#bars li")].map((row) => [
    row.querySelector(".name").textContent,
    Number(row.querySelector(".fill").style.getPropertyValue("--share")),
  ])),
})"""


WHEN_ANSWERED = """() => new Promise((resolve) => {
  const label = document.querySelector("#label");
  const look = () => label.textContent && resolve(performance.now());
  new MutationObserver(look).observe(label, { childList: true });
  look();
})"""


class QuietFiles(SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base's
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    """A server that is not moved by a browser that hangs up."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder that is served for a while."""
    server = QuietServer(("127.0.0.1", 0), partial(QuietFiles, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def opened_page(browser: Browser, url: str, asked_elsewhere: list[str]) -> Page:
    """A page in a context of its own."""

    def note(request: Request) -> None:
        if not request.url.startswith((url, "blob:", "data:")):
            asked_elsewhere.append(request.url)

    context = browser.new_context()
    context.on("request", note)
    page = context.new_page()
    page.goto(url, wait_until="commit")
    page.wait_for_selector("#stuck", state="detached")
    return page


def ask(page: Page, photo: str) -> dict[str, Any]:
    """The page's answer to one photo, and how many milliseconds it took."""
    page.evaluate("document.querySelector('#label').textContent = ''")
    started = page.evaluate("performance.now()")
    page.set_input_files("#file", photo)
    ended = page.evaluate(WHEN_ANSWERED)
    answer: dict[str, Any] = page.evaluate(READ_ANSWER)
    return answer | {"ms": ended - started}


def first_answer(browser: Browser, url: str, photo: str, asked_elsewhere: list[str]) -> float:
    """Seconds from the navigation to the first label, in a browser that keeps nothing."""
    page = opened_page(browser, url, asked_elsewhere)
    page.set_input_files("#file", photo)
    milliseconds: float = page.evaluate(WHEN_ANSWERED)
    page.context.close()
    return milliseconds / 1000


def compare(predictor: Predictor, page: Page, photos: list[str]) -> dict[str, Any]:
    """How the answers of both compare, and how long one takes in the page."""
    same_labels = same_verdicts = 0
    differences, milliseconds = [], []
    for photo in photos:
        expected = predictor.predict(photo)
        answer = ask(page, photo)
        milliseconds.append(answer["ms"])
        same_labels += answer["label"] == expected.label
        same_verdicts += bool(answer["caution"]) == (expected.in_domain is False)
        given = dict(zip(expected.vocab, expected.probabilities.tolist(), strict=True))
        differences.append(
            max(abs(share - given[name]) for name, share in answer["shares"].items())
        )
    return {
        "photos": len(photos),
        "same_labels": same_labels / len(photos),
        "same_verdicts": same_verdicts / len(photos),
        "largest_difference": max(differences),
        "median_difference": statistics.median(differences),
        "ms": statistics.median(milliseconds),
    }


def main() -> None:
    """Write the page, open it, and ask."""
    bundle, listed = sys.argv[1:]
    photos = json.loads(Path(listed).read_text())
    asked_elsewhere: list[str] = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = write_page(bundle, Path(folder, "page"))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        with served(site) as url:
            seconds = [
                first_answer(browser, url, photos[0], asked_elsewhere) for _ in range(FIRST_ANSWERS)
            ]
            page = opened_page(browser, url, asked_elsewhere)
            found = compare(Predictor.open(bundle), page, photos)
        browser.close()
    found |= {"first_answer_s": seconds, "asked_elsewhere": len(asked_elsewhere)}
    print(json.dumps({"event": "browser"} | found), flush=True)


if __name__ == "__main__":
    main()
