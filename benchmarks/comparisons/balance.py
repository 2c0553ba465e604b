"""Solar cells with and without class weights: what each class gains and loses."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Sequence

from benchmarks.data import solar_cells
from benchmarks.intervals import half_width
from benchmarks.report import Section
from benchmarks.table import shares
from benchmarks.workshop import Workshop

WAYS = ("without", "with")

NOTES = """\
Drivetrain alone: the {photos:,} photos of `elpv-dataset`, {counts}, defective from a probability of
0.5. Cells of one module follow each other in the order of the files, so that unbroken fifths
validate, another one for each seed. The head is trained on the frozen body with `Resize(224)` and
otherwise the defaults, with `weighted="loss"` and without, on the same splits. The share of a class
that is found (recall), and the mean of the classes (balanced accuracy): means over {seeds} seeds
with the 95 % interval. The difference is that of each seed, in percentage points.

Head-only training says little about how good a model for solar cells can get."""


def compare(workshop: Workshop) -> list[Section]:
    """Train a seed a process, with and without weights."""
    photos = solar_cells()
    counts = Counter(label for _, label in photos)
    listed = workshop.folder / "cells.json"
    listed.write_text(json.dumps([[str(file), label] for file, label in photos]))
    samples: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for seed in range(1, workshop.seeds + 1):
        run = workshop.run_fresh("balance.py", listed, str(seed))
        for line in run.events("event", "balance"):
            samples[line.event["weights"]].append(line.event["recall"])
    rarest = min(counts, key=lambda label: counts[label])
    rows = []
    for label, count in sorted(counts.items()):
        without, weighted = ([recall[label] for recall in samples[way]] for way in WAYS)
        name = f"recall, {label} ({shares([count / len(photos)])} of the photos)"
        rows.append(_row(name, without, weighted, "above 0" if label == rarest else ""))
    without, weighted = (
        [statistics.mean(recall.values()) for recall in samples[way]] for way in WAYS
    )
    rows.append(_row("balanced accuracy", without, weighted))
    described = " and ".join(f"{count:,} {label}" for label, count in sorted(counts.items()))
    return [
        Section(
            name="balance",
            title="Class weights on solar cells",
            columns=("on what validates", "without weights", "with weights", "difference", "bar"),
            rows=rows,
            notes=NOTES.format(photos=len(photos), counts=described, seeds=workshop.seeds),
            samples=samples,
        )
    ]


def _row(
    what: str, without: Sequence[float], weighted: Sequence[float], bar: str = ""
) -> tuple[str, ...]:
    apart = [after - before for before, after in zip(without, weighted, strict=True)]
    return what, f"{_mean(without)} %", f"{_mean(weighted)} %", _mean(apart, sign="+"), bar


def _mean(values: Sequence[float], sign: str = "") -> str:
    points = [share * 100 for share in values]
    mean = f"{statistics.mean(points):{sign}.1f}"
    return f"{mean} ± {half_width(points):.1f}" if len(points) > 1 else mean
