"""The lesson's recipe on both sides, epoch for epoch: small photos and large ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.training import Training
from benchmarks.workshop import LARGE_COPIES, Workshop

LARGE_EPOCHS = 1
FASTER, MEMORY = 2.5, 1
"""How many times as long the peer's epochs have to take, and as much it has to hold."""

NOTES = f"""\
Both sides train with `RandomResizedCrop(224, min_scale=0.5)`, `aug_transforms()`, batches of 32,
from the same weights and on the same split; Drivetrain's cache folder is empty at every start.
The bears' runs are those of the table above, one frozen epoch and three of the whole model. The
large photos are {LARGE_COPIES} copies of each, with another byte at the end of every file, for one
frozen epoch and {LARGE_EPOCHS} of the whole model, by the same program on both sides. An epoch
ends with its validation; medians over all runs and epochs.

Drivetrain decodes every photo once, before its first epoch: the time from the process's start to
the trained model holds that, with the imports. The largest process is what the system accounts for
when it ends; all processes together were looked at while they ran, with shared memory counted once.

It says nothing about a GPU."""

Figure = Callable[[Training], Sequence[float]]

FIGURES: tuple[tuple[str, str, Figure, float | None], ...] = (
    ("frozen epoch", "s", lambda training: training.epochs[:1], FASTER),
    ("whole epoch", "s", lambda training: training.epochs[1:], FASTER),
    ("start to model", "s", lambda training: [training.trained], None),
    ("largest process", "MB", lambda training: [training.peak_mb], MEMORY),
    ("all processes", "MB", lambda training: [training.tree_mb], MEMORY),
)


def section(
    workshop: Workshop, peer_bears: Sequence[Training], our_bears: Sequence[Training]
) -> Section:
    """The trainings on bears, which are there, beside new ones on large photos."""
    large = workshop.large_photos()
    peer_large, our_large = [], []
    out = workshop.folder / "spare"
    for seed in range(1, workshop.repeats + 1):
        run = workshop.train_peer(large, seed=seed, recipe="lesson", epochs=LARGE_EPOCHS, out=out)
        peer_large.append(Training.of_peer(run))
        run = workshop.teach_ours(large, seed=seed, epochs=LARGE_EPOCHS)
        our_large.append(Training.of_ours(run))
    pairs = {"bears": (peer_bears, our_bears), large.name: (peer_large, our_large)}
    bars = ["" if bar is None else f"≥ {bar:g} ×" for *_, bar in FIGURES]
    return Section(
        name="epochs",
        title="The same recipe, epoch for epoch",
        columns=("the lesson on both sides", *(name for name, *_ in FIGURES)),
        rows=[*(row for name, pair in pairs.items() for row in _rows(name, *pair)), ("bar", *bars)],
        notes=NOTES,
        samples={
            name: {
                side: [one.as_dict() for one in group]
                for side, group in zip(("fastai", "ours"), pair, strict=True)
            }
            for name, pair in pairs.items()
        },
    )


def _rows(name: str, peer: Sequence[Training], ours: Sequence[Training]) -> list[tuple[str, ...]]:
    sides = {"fastai": _medians(peer), "Drivetrain": _medians(ours)}
    units = [unit for _, unit, *_ in FIGURES]
    rows = [(f"{name}: {side}", *map(figure, medians, units)) for side, medians in sides.items()]
    return [*rows, (f"{name}: ratio", *map(ratio, *sides.values()))]


def _medians(trainings: Sequence[Training]) -> list[float]:
    return [
        median([value for training in trainings for value in values(training)] or [math.nan])
        for *_, values, _ in FIGURES
    ]
