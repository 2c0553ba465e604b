"""Batches of photos without a model: the first pass, the ones after it, and sixteen times more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.workshop import Workshop
from drivetrain.data import get_image_files

LARGE_COPIES, SCALE = 20, 16
FIRST, SECOND, AUGMENTED = 2, 20, 4
"""How many times as long the peer has to take."""
SLOWER, MORE_MB = 0.10, 100
"""How much more a photo may cost at sixteen times as many, and how much more is held."""

PASSES = (
    ("crop", "first", "RandomResizedCrop, first pass", FIRST),
    ("crop", "second", "RandomResizedCrop, second epoch", SECOND),
    ("crop", "augmented", "RandomResizedCrop and aug_transforms, second epoch", AUGMENTED),
    ("resize", "first", "Resize, first pass", FIRST),
    ("resize", "second", "Resize, second epoch", SECOND),
)
Samples = dict[str, list[dict[str, Any]]]

NOTES = f"""\
Seconds to go through `dls.train` and `dls.valid` once, without a model. Both sides run the same
program: `DataBlock` with `get_image_files`, `RandomSplitter(seed=42)`, `parent_label`,
`RandomResizedCrop(224, min_scale=0.5)` or `Resize(224)`, `bs=64` and the default workers. The
first pass includes the call of `dataloaders()` and, on Drivetrain's side, starts with an empty
cache folder; the second epoch follows in the same process. A process a measurement, in turns,
after all files were read once into the system's cache. Imports do not count.

The large photos are {LARGE_COPIES} copies of each, with another byte at the end of every file.
fastai leaves the last batch of training out when it is not full; Drivetrain does not, and gives
a few photos more. The bar is the ratio that the project asks of itself.

It says nothing about a GPU, and nothing about photos that do not fit into the system's cache."""

SCALE_NOTES = f"""\
Drivetrain alone: the bears as they are, and {SCALE} copies of each that differ in one byte. The
second epoch with `RandomResizedCrop(224, min_scale=0.5)`, without augmentation, a process a
measurement with an empty cache folder. Resident memory is what the system counts after that
epoch, mapped files included, then without them; the peak is over the whole process, imports
included. The bar is what the larger folder may cost more."""


def compare(workshop: Workshop) -> list[Section]:
    """Pass over the photos with both sides in turns, then over more of them with ours."""
    large = workshop.photos.large_copies(workshop.folder / "large-photos", LARGE_COPIES)
    rows: list[tuple[str, ...]] = []
    samples: dict[str, Any] = {}
    for name, folder in (("bears", workshop.photos.bears), ("large photos", large)):
        count = _read_once(folder)
        measured = {recipe: _in_turns(workshop, folder, recipe) for recipe in ("crop", "resize")}
        rows += [
            _row(f"{count} {name}: {what}", measured[recipe], which, bar)
            for recipe, which, what, bar in PASSES
        ]
        samples[name] = measured
    columns = ("both sides of the split, once", "fastai", "Drivetrain", "ratio", "bar")
    title = "Batches without a model"
    passes = Section(
        name="data", title=title, columns=columns, rows=rows, notes=NOTES, samples=samples
    )
    return [passes, _scaling(workshop)]


def _in_turns(workshop: Workshop, folder: Path, recipe: str) -> Samples:
    samples: Samples = {"fastai": [], "ours": []}
    for _ in range(workshop.repeats):
        peer = workshop.run_peer("fastai_load.py", folder, recipe)
        samples["fastai"].append(peer.events("event", "passes")[0].event)
        samples["ours"].append(_ours(workshop, folder, recipe))
    return samples


def _ours(workshop: Workshop, folder: Path, recipe: str) -> dict[str, Any]:
    """One process of ours, with an empty cache folder."""
    run = workshop.run_fresh("load.py", folder, recipe)
    return run.events("event", "passes")[0].event | {"peak_mb": run.peak_mb}


def _row(what: str, samples: Samples, which: str, bar: float) -> tuple[str, ...]:
    peer, ours = (median(sample[which] for sample in samples[side]) for side in ("fastai", "ours"))
    return what, figure(peer, "s"), figure(ours, "s"), ratio(peer, ours), f"≥ {bar} ×"


def _scaling(workshop: Workshop) -> Section:
    photos = workshop.photos
    many = photos.bear_copies(workshop.folder / "many-bears", SCALE)
    samples: dict[str, list[dict[str, Any]]] = {"once": [], "many": []}
    for folder in (photos.bears, many):
        _read_once(folder)
    for _ in range(workshop.repeats):
        samples["once"].append(_ours(workshop, photos.bears, "memory"))
        samples["many"].append(_ours(workshop, many, "memory"))
    counts = [f"{samples[size][0]['photos']:,} photos" for size in ("once", "many")]
    return Section(
        name="scale",
        title=f"Batches of {SCALE} times as many photos",
        columns=("Drivetrain, second epoch", *counts, "more", "bar"),
        rows=_scaling_rows(samples["once"], samples["many"]),
        notes=SCALE_NOTES,
        samples=samples,
    )


def _scaling_rows(
    once: Sequence[dict[str, Any]], many: Sequence[dict[str, Any]]
) -> list[tuple[str, ...]]:
    few, more = (
        median(sample["second"] / sample["photos"] * 1000 for sample in side)
        for side in (once, many)
    )
    share = f"{more / few - 1:+.1%}".replace("%", " %")
    rows: list[tuple[str, ...]] = []
    rows.append(
        ("a photo", figure(few, "ms"), figure(more, "ms"), share, f"≤ {SLOWER * 100:.0f} %")
    )
    for what, key, bar in (
        ("resident memory", "resident_mb", f"≤ {MORE_MB} MB"),
        ("of it without mapped files", "own_mb", ""),
        ("peak resident memory", "peak_mb", f"≤ {MORE_MB} MB"),
    ):
        if key not in many[0]:
            continue  # only Linux tells what a process holds before it ends
        few, more = (median(sample[key] for sample in side) for side in (once, many))
        rows.append((what, figure(few, "MB"), figure(more, "MB"), f"{more - few:+.0f} MB", bar))
    return rows


def _read_once(folder: Path) -> int:
    """Bring the files into the system's cache, and count them."""
    files = get_image_files(folder)
    for file in files:
        file.read_bytes()
    return len(files)
