"""A pile of photos before training: planted duplicates, the report's cost, the split test."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.data import solar_cells
from benchmarks.measure import median
from benchmarks.plants import COUNTS, count_false, count_found, count_torn, plant_copies
from benchmarks.report import Section
from benchmarks.scenes import write_scenes
from benchmarks.table import figure, shares
from benchmarks.workshop import Workshop
from drivetrain.data import get_image_files, parent_label

PLANTED_SEEDS = (1, 2, 3, 4, 5)
FOUND, FALSE, TORN = 0.95, 0.02, 0
SIZES, SIZE_WITH_BAR, SECONDS = (1_000, 5_000, 10_000, 20_000), 10_000, 60
SHUFFLED_SEEDS = (1, 2, 3)
Samples = list[dict[str, float]]

PLANTED_NOTES = """\
Drivetrain alone, a process a seed with an empty cache folder. Into a copy of the bears come 65
copies of as many of its photos, drawn by the seed: 30 files as they are; 30 that are cropped by up
to 10 % of either side at a drawn place, shrunk to 50 to 100 % and saved as JPEG with a quality of
60 to 95, all three at once; 5 files as they are under another label. `inspect_folder` reports on
the whole.

A copy is found when it and its original hang together in the groups of the pairs. A pair is false
when it neither was planted nor follows from the pairs that the untouched folder has ({natural}):
between photos of one group, or copies of such. The split is the report's, a fifth validates. The
report itself knows of torn pairs among those that it found; the line above it counts all copies
that are on the other side than their original, found or not.

It says nothing about photos that were turned, mirrored or painted on."""

PILE_NOTES = """\
Drivetrain alone: whole processes of `drivetrain check DATA --json` with an empty cache folder, from
their start with its imports on, medians of {repeats}. The first rows are with `--no-split-test`.
The photos are JPEG files of 96 × 96 that were generated, no two alike, and were just written: they
come from the system's cache. Peak resident memory is what the system accounts for when the process
ends; what a photo takes more of it is against the first row. The split test looks at no more than
3,000 photos, however many there are, and has no bar.

It says nothing about large photos, where decoding takes longer."""

SPLIT_NOTES = """\
Drivetrain alone, a process each with an empty cache folder: `check_split`, which compares folds
drawn at random with folds that keep together what was made together, and warns when the random
ones promise much more. Solar cells are the photos of `elpv-dataset` in their order, defective from
a probability of 0.5: cells of one module follow each other. In the bears the numbers in the names
are drawn by the seed, and the order of the files says nothing. Blocked is the lowest of the
accuracies on blocked folds, with what they keep together."""


def compare(workshop: Workshop) -> list[Section]:
    """Report on more and more photos, find what was planted, and test splits.

    The report comes first: planting decodes large photos in this process, and Linux counts what
    it held towards the peak of the processes that it starts.
    """
    return [_cost(workshop), _planted(workshop), _splits(workshop)]


def _planted(workshop: Workshop) -> Section:
    untouched = _inspect(workshop, workshop.photos.bears)
    samples = [_sample(workshop, seed, untouched["groups"]) for seed in PLANTED_SEEDS]
    both = {key: sum(sample[key] for sample in samples) for key in samples[0]}
    columns = [sample | {"seeds": 1} for sample in samples] + [both | {"seeds": len(samples)}]

    def row(what: str, cells: Sequence[str], bar: str = "") -> tuple[str, ...]:
        return what, *cells, bar

    rows = [
        row(f"{kind}, found", [f"{one[kind]} of {count * one['seeds']}" for one in columns])
        for kind, count in COUNTS.items()
    ]
    planted = sum(COUNTS.values())
    found = [sum(one[kind] for kind in COUNTS) / (planted * one["seeds"]) for one in columns]
    false = [one["false"] / max(1, one["pairs"]) for one in columns]
    rows += [
        row("all copies, found", [shares([share]) for share in found], f"≥ {FOUND * 100:.0f} %"),
        row(
            "false among the pairs", [shares([share]) for share in false], f"≤ {FALSE * 100:.0f} %"
        ),
        row("torn by a split that ignores pairs", [str(one["torn_plain"]) for one in columns]),
        row("torn still, found or not", [str(one["torn"]) for one in columns], str(TORN)),
        row("torn still, by the report", [str(one["left"]) for one in columns], str(TORN)),
    ]
    return Section(
        name="planted",
        title=f"Duplicates planted among {len(untouched['groups'])} photos",
        columns=("copies in the bears", *(f"seed {seed}" for seed in PLANTED_SEEDS), "all", "bar"),
        rows=rows,
        notes=PLANTED_NOTES.format(natural=len(untouched["pairs"])),
        samples={"seeds": list(PLANTED_SEEDS), "ours": samples},
    )


def _sample(workshop: Workshop, seed: int, natural: dict[str, int]) -> dict[str, int]:
    with TemporaryDirectory(prefix="planted-", dir=workshop.folder) as name:
        folder = Path(shutil.copytree(workshop.photos.bears, Path(name) / "bears"))
        plants = plant_copies(folder, seed)
        report = _inspect(workshop, folder)
    return count_found(plants, report["groups"]) | {
        "pairs": len(report["pairs"]),
        "false": count_false(report["pairs"], plants, natural),
        "torn_plain": count_torn(plants, set(report["plain"])),
        "torn": count_torn(plants, set(report["valid"])),
        "left": report["left"],
    }


def _inspect(workshop: Workshop, folder: Path) -> dict[str, Any]:
    return workshop.run_fresh("inspect_pile.py", folder).events("event", "pile")[0].event


def _cost(workshop: Workshop) -> Section:
    samples: dict[str, Samples] = {}
    tested: Samples = []
    for size in SIZES:
        with TemporaryDirectory(prefix="scenes-", dir=workshop.folder) as name:
            folder = write_scenes(Path(name) / "scenes", size)
            samples[f"{size:,} photos"] = _check(workshop, folder, "--no-split-test")
            if size == SIZE_WITH_BAR:
                tested = _check(workshop, folder)
    least, *_ = (_median(sample, "peak_mb") for sample in samples.values())
    rows = []
    for size, (what, sample) in zip(SIZES, samples.items(), strict=True):
        bar = f"≤ {SECONDS} s" if size == SIZE_WITH_BAR else ""
        grown, photos = _median(sample, "peak_mb") - least, size - SIZES[0]
        more = figure(grown / photos * 1000, "kB") if photos else ""
        rows.append((*_cost_cells(what, sample), more, bar))
    samples["tested"] = tested
    what = f"{SIZE_WITH_BAR:,} photos, with the split test"
    rows.append((*_cost_cells(what, tested), "", ""))
    return Section(
        name="pile",
        title="A report on thousands of photos",
        columns=("drivetrain check --json", "whole process", "peak memory", "more a photo", "bar"),
        rows=rows,
        notes=PILE_NOTES.format(repeats=workshop.repeats),
        samples=samples,
    )


def _check(workshop: Workshop, folder: Path, *options: str) -> Samples:
    runs = [workshop.check(folder, "--json", *options) for _ in range(workshop.repeats)]
    return [{"seconds": round(run.seconds, 3), "peak_mb": round(run.peak_mb, 3)} for run in runs]


def _median(samples: Samples, key: str) -> float:
    return median(sample[key] for sample in samples)


def _cost_cells(what: str, samples: Samples) -> tuple[str, ...]:
    seconds, peak_mb = (_median(samples, key) for key in ("seconds", "peak_mb"))
    return what, figure(seconds, "s"), figure(peak_mb, "MB")


def _splits(workshop: Workshop) -> Section:
    samples = {"solar cells": _test_split(workshop, solar_cells())}
    for seed in SHUFFLED_SEEDS:
        with TemporaryDirectory(prefix="shuffled-", dir=workshop.folder) as name:
            files = get_image_files(workshop.photos.shuffled_bears(Path(name), seed))
            photos = [(file, parent_label(file)) for file in files]
            samples[f"bears, shuffled by {seed}"] = _test_split(workshop, photos)
    rows = [
        _split_row(name, sample, "warns" if name == "solar cells" else "silent")
        for name, sample in samples.items()
    ]
    return Section(
        name="split",
        title="Whether a random split flatters",
        columns=("accuracy on photos", "random", "blocked", "the test", "bar"),
        rows=rows,
        notes=SPLIT_NOTES,
        samples=samples,
    )


def _test_split(workshop: Workshop, photos: Sequence[tuple[Path, str]]) -> dict[str, Any]:
    listed = workshop.folder / "photos.json"
    listed.write_text(json.dumps([[str(file), label] for file, label in photos]))
    return workshop.run_fresh("split.py", listed).events("event", "split")[0].event


def _split_row(name: str, sample: dict[str, Any], bar: str) -> tuple[str, ...]:
    worst = min(sample["blocked"], key=lambda scores: float(scores["accuracy"]))
    blocked = f"{shares([worst['accuracy']])} by {worst['by']}"
    says = "warns" if sample["warning"] else "silent"
    return f"{sample['photos']:,} {name}", shares([sample["random"]]), blocked, says, bar
