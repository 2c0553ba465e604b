"""One photo to its label in a process that is warm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.measure import Run, median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.workshop import Workshop

ROUNDS = 3
LARGE, BEARS = 20, 50
Times = dict[str, list[float]]

NOTES = f"""\
Milliseconds from a path to a label, one photo at a time, {ROUNDS} processes a side in turns, the
median over all of them; loading and the first photos do not count. fastai is
`learn.predict(path)` without bar and logging, Drivetrain is `Predictor.predict(path)`. The floor
runs in Drivetrain's process, in turns with it: Pillow in draft mode, crop and shrink, a bare
onnxruntime session on the same network, the largest output.

Files come from the system's cache. It does not show what many requests at once do, and fastai is
asked one photo at a time although it would take several in a batch."""


def compare(workshop: Workshop) -> list[Section]:
    """Ask both sides for every photo, process by process in turns."""
    rows, samples = [], {}
    for name, photos in (
        (f"{LARGE} photos of 0.7 to 2 MB", workshop.photos.large(LARGE)),
        (f"{BEARS} photos of up to 0.25 MB", workshop.photos.some_bears(BEARS)),
    ):
        times = _measure(workshop, photos)
        rows.append(_row(name, times))
        samples[name] = {side: [round(value, 3) for value in all_] for side, all_ in times.items()}
    columns = ("photos", "fastai", "Drivetrain", "ratio", "floor", "Drivetrain / floor")
    return [
        Section(
            name="answer",
            title="One photo to its label, warm",
            columns=columns,
            rows=rows,
            notes=NOTES,
            samples=samples,
        )
    ]


def _measure(workshop: Workshop, photos: Sequence[Path]) -> Times:
    listed = workshop.folder / "photos.json"
    listed.write_text(json.dumps([str(photo) for photo in photos]))
    times: Times = {"fastai": [], "ours": [], "floor": []}
    for _ in range(ROUNDS):
        peer = _answers(workshop.run_peer("fastai_predict.py", "warm", workshop.peer_model, listed))
        times["fastai"] += peer["ms"]
        ours = _answers(workshop.run_lean("predict.py", workshop.our_model, listed))
        for side in ("ours", "floor"):
            times[side] += ours["ms"][side]
        if ours["labels"]["ours"] != ours["labels"]["floor"]:
            raise BenchmarkError("The floor gives other labels than Drivetrain: it is no floor.")
    return times


def _answers(run: Run) -> dict[str, Any]:
    return run.events("event", "answers")[0].event


def _row(name: str, times: Times) -> tuple[str, ...]:
    peer, ours, floor = (median(times[side]) for side in ("fastai", "ours", "floor"))
    theirs, own, least = (figure(value, "ms") for value in (peer, ours, floor))
    return name, theirs, own, ratio(peer, ours), least, ratio(ours, floor)
