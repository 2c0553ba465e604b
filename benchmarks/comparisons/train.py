"""From a folder of photos to a model with few errors, imports included."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Run, median
from benchmarks.report import Section
from benchmarks.table import figure, ratio, shares
from benchmarks.workshop import Workshop

EPOCHS = 3
GOOD_ERROR = 0.0362
"""3.6 %: three of the 83 photos that validate (0.03614)."""

NOTES = """\
Whole processes, from their start with its imports on; both sides share the photos, the split of
each seed (333 train, 83 validate) and the packaged ImageNet weights of tf_efficientnet_lite0.

- *fastai, the lesson*: its own program, `RandomResizedCrop(224, min_scale=0.5)`,
  `aug_transforms()`, `bs=32`, `fine_tune(3)`, its default number of workers.
- *fastai, head only*: a shorter program of our making, for the same work as Drivetrain's default:
  `Resize(224)`, no augmentation, `fit_one_cycle(1)` on the frozen body.
- *Drivetrain*: `drivetrain train` with its defaults, which trains the head on embeddings that are
  computed once.
- *Drivetrain, the lesson*: `drivetrain train --epochs 3`, the same crops, the same kind of
  augmentation and as many passes over the photos, with a smaller head.

The first error of 3.6 % or less counts after any epoch, the frozen one included.

It does not show which side errs less: one photo of 83 is 1.2 %. It says nothing about a GPU,
where decoding weighs more and the network less."""


@dataclass(frozen=True)
class Training:
    """What one process came to.

    Arguments:
        trained: Seconds to the trained model.
        written: Seconds to the file with it.
        good: Seconds to the first error that is low enough; infinite when there was none.
        error: The last error.
        epochs: Seconds of each epoch, the frozen ones first.
        peak_mb: The most memory that its largest process held.
    """

    trained: float
    written: float
    good: float
    error: float
    epochs: list[float]
    peak_mb: float

    @classmethod
    def of_peer(cls, run: Run) -> Training:
        """What fastai announced."""
        begins, ends = run.events("event", "begin"), run.events("event", "epoch")
        good = (line.seconds for line in ends if line.event["error_rate"] <= GOOD_ERROR)
        return cls(
            trained=run.at("trained"),
            written=run.at("exported"),
            good=next(good, math.inf),
            error=ends[-1].event["error_rate"],
            epochs=[end.seconds - begin.seconds for begin, end in zip(begins, ends, strict=True)],
            peak_mb=run.peak_mb,
        )

    @classmethod
    def of_ours(cls, run: Run) -> Training:
        """What ``drivetrain train`` announced; its frozen part ends with the first row."""
        rows = run.events("event", "trained")[0].event["epochs"]
        spent = [row["seconds"] for row in rows]
        trained = run.at("trained")
        ends = [trained - sum(spent[position + 1 :]) for position in range(len(spent))]
        good = (end for end, row in zip(ends, rows, strict=True) if row["error_rate"] <= GOOD_ERROR)
        return cls(
            trained=trained,
            written=run.events("bundle")[0].seconds,
            good=next(good, math.inf),
            error=rows[-1]["error_rate"],
            epochs=spent,
            peak_mb=run.peak_mb,
        )

    def as_dict(self) -> dict[str, Any]:
        """The figures for the record; what was never reached is null there."""
        return asdict(self) | {"good": self.good if math.isfinite(self.good) else None}


Trainings = Sequence[Training]
Figure = Callable[[Training], float]


def compare(workshop: Workshop) -> list[Section]:
    """Train with each program once a seed, in turns."""
    lesson: list[Training] = []
    head: list[Training] = []
    ours: list[Training] = []
    our_lesson: list[Training] = []
    peer_file, our_file = workshop.folder / "export.pkl", workshop.folder / "ours.bundle"
    spare = workshop.folder / "spare"
    for seed in range(1, workshop.repeats + 1):
        lesson.append(_peer(workshop, seed, "lesson", EPOCHS, peer_file))
        ours.append(Training.of_ours(workshop.train_ours(seed=seed, out=our_file)))
        head.append(_peer(workshop, seed, "head", 1, spare))
        our_run = workshop.train_ours(seed=seed, out=spare, epochs=EPOCHS)
        our_lesson.append(Training.of_ours(our_run))
    groups = {"lesson": lesson, "head": head, "ours": ours, "our_lesson": our_lesson}
    return [
        Section(
            name="train",
            title="A folder of 416 photos to a trained model",
            columns=COLUMNS,
            rows=_rows(**groups),
            notes=NOTES,
            samples={name: [one.as_dict() for one in group] for name, group in groups.items()},
        )
    ]


def _rows(
    *, lesson: Trainings, head: Trainings, ours: Trainings, our_lesson: Trainings
) -> list[tuple[str, ...]]:
    return [
        _program("fastai, the lesson", lesson),
        _program("fastai, head only", head),
        _program("Drivetrain", ours),
        _program("Drivetrain, the lesson", our_lesson),
        _ratios("ratio: fastai, the lesson / Drivetrain", lesson, ours),
        _ratios("ratio: fastai, head only / Drivetrain", head, ours),
        _ratios("ratio: the lesson on both sides", lesson, our_lesson),
    ]


def _program(name: str, trainings: Trainings) -> tuple[str, ...]:
    cells = [
        figure(value, unit) for (_, unit), value in zip(FIGURES, _medians(trainings), strict=True)
    ]
    return name, *cells, shares([training.error for training in trainings])


def _ratios(name: str, peer: Trainings, ours: Trainings) -> tuple[str, ...]:
    return name, *map(ratio, _medians(peer), _medians(ours)), ""


def _medians(trainings: Trainings) -> list[float]:
    return [median(map(figure_of, trainings)) for figure_of, _ in FIGURES]


def _peer(workshop: Workshop, seed: int, recipe: str, epochs: int, out: Path) -> Training:
    run = workshop.train_peer(seed=seed, recipe=recipe, epochs=epochs, out=out)
    return Training.of_peer(run)


def _whole_epoch(training: Training) -> float:
    """The median epoch of the whole model, after the frozen one; none where there was none."""
    return median(training.epochs[1:] or [math.nan])


FIGURES: tuple[tuple[Figure, str], ...] = (
    (lambda training: training.good, "s"),
    (lambda training: training.trained, "s"),
    (lambda training: training.written, "s"),
    (_whole_epoch, "s"),
    (lambda training: training.peak_mb, "MB"),
)
COLUMNS = (
    "program",
    "first error ≤ 3.6 %",
    "model trained",
    "file written",
    "one whole epoch",
    "peak memory",
    "error of each seed",
)
