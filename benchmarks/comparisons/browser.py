"""The page without a server, in a real browser, beside the predictor."""

from __future__ import annotations

import json

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, shares
from benchmarks.workshop import Workshop

PHOTOS = 100
FURTHEST, SOONEST = 0.02, 3.0

NOTES = """\
Drivetrain alone: the page of a bundle that `drivetrain train` made of the bears, in headless
Chromium that finds no server but a plain one for files on this machine, which it shares the
processor with. {photos} bears are asked of both. The first answer runs from the navigation of a
fresh browser to the label, with the load of the runtime and the network; median of {visits}. Photos
are decoded by the browser there and by Pillow here."""


def compare(workshop: Workshop) -> list[Section]:
    """Ask the page and the predictor for the same photos."""
    listed = workshop.folder / "browser.json"
    photos = workshop.photos.some_bears(PHOTOS)
    listed.write_text(json.dumps([str(photo) for photo in photos]))
    run = workshop.run_fresh("browser.py", workshop.our_model, listed)
    found = run.events("event", "browser")[0].event
    visits = found["first_answer_s"]
    rows = [
        ("labels alike", shares([found["same_labels"]]), "100 %"),
        ("verdicts alike", shares([found["same_verdicts"]]), "100 %"),
        (
            "largest difference of a probability",
            f"{found['largest_difference']:.4f}",
            f"≤ {FURTHEST}",
        ),
        ("first answer", figure(median(visits), "s"), f"≤ {SOONEST:.0f} s"),
        ("requests to anyone else", str(found["asked_elsewhere"]), "0"),
    ]
    return [
        Section(
            name="browser",
            title="The page without a server",
            columns=("what", "measured", "bar"),
            rows=rows,
            notes=NOTES.format(photos=len(photos), visits=len(visits)),
            samples=found,
        )
    ]
