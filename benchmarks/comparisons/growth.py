"""Training as the data grows: time and memory, with a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure
from benchmarks.training import Training
from benchmarks.workshop import Workshop
from drivetrain.data import get_image_files

TIMES = (1, 4, 16)
APART = 0.10
"""How far a further photo may be from the first step's, and memory from the least."""

PLOT = "growth.svg"
NOTES = f"""\
![Seconds and memory over the number of photos]({PLOT})

Drivetrain alone: `drivetrain train` with its defaults on the bears and on 4 and 16 copies of each
that differ in one byte, a process a measurement with an empty cache folder; medians of {{repeats}}.
From the start of the process, imports included, to the trained model; the largest memory that the
system accounts for when it ends. A further photo is what each photo costs more than in the row
above. The dashed lines go on as the first two sizes begin. The bar is how far the last further
photo may be from the one before, and how much more memory than the first row is held.

The copies of a photo are near-duplicates, which Drivetrain finds and keeps on one side of the
split: that takes its part of the time."""


def compare(workshop: Workshop) -> list[Section]:
    """Train on more and more photos, in turns, and draw what it took."""
    photos = workshop.photos
    folders = {
        times: photos.bears
        if times == 1
        else photos.bear_copies(workshop.folder / f"bears-{times}", times)
        for times in TIMES
    }
    counts = [len(get_image_files(folder)) for folder in folders.values()]
    trainings: dict[int, list[Training]] = {times: [] for times in TIMES}
    for seed in range(1, workshop.repeats + 1):
        for times, folder in folders.items():
            run = workshop.train_ours(seed=seed, out=workshop.folder / "spare", data=folder)
            trainings[times].append(Training.of_ours(run))
    seconds = [median(one.trained for one in group) for group in trainings.values()]
    megabytes = [median(one.peak_mb for one in group) for group in trainings.values()]
    series = {"photos": counts, "seconds": seconds, "megabytes": megabytes}
    workshop.plot("growth_plot.py", json.dumps(series), PLOT)
    return [
        Section(
            name="growth",
            title=f"Training on {TIMES[-1]} times as many photos",
            columns=("drivetrain train", "start to model", "a further photo", "peak memory"),
            rows=_rows(counts, seconds, megabytes),
            notes=NOTES.format(repeats=workshop.repeats),
            samples={
                f"{times} ×": [one.as_dict() for one in group] for times, group in trainings.items()
            },
        )
    ]


def _rows(
    counts: Sequence[int], seconds: Sequence[float], megabytes: Sequence[float]
) -> list[tuple[str, ...]]:
    further = [0.0] + [
        (seconds[step] - seconds[step - 1]) / (counts[step] - counts[step - 1])
        for step in range(1, len(counts))
    ]
    rows: list[tuple[str, ...]] = [
        (
            f"{count:,} photos",
            figure(taken, "s"),
            figure(more * 1000, "ms") if more else "",
            figure(held, "MB"),
        )
        for count, taken, more, held in zip(counts, seconds, further, megabytes, strict=True)
    ]
    change = (further[-1] / further[1] - 1, megabytes[-1] / megabytes[0] - 1)
    rows.append(("more", "", *(f"{share:+.1%}".replace("%", " %") for share in change)))
    bar = f"{APART * 100:.0f} %"
    return [*rows, ("bar", "", f"± {bar}", f"≤ {bar}")]
