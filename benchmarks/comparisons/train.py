"""From a folder of photos to a model with few errors, and the same recipe epoch for epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from benchmarks.comparisons import epochs
from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio, shares
from benchmarks.training import Training
from benchmarks.workshop import Workshop

EPOCHS = 3
SOONER_THAN_GOOD, SOONER_THAN_END = 5, 15
"""How many times as long the peer's lesson has to take to its first good epoch, and to its end."""

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

The first error of 3.6 % or less counts after any epoch, the frozen one included. The split is the
one that Drivetrain draws, which keeps near-duplicates on one side; its cache folder is empty at
every start. The bars are for the lesson against Drivetrain's defaults.

It does not show which side errs less: one photo of 83 is 1.2 %. It says nothing about a GPU,
where decoding weighs more and the network less."""


Trainings = Sequence[Training]
Figure = Callable[[Training], float]


def compare(workshop: Workshop) -> list[Section]:
    """Train with each program once a seed, in turns."""
    lesson: list[Training] = []
    head: list[Training] = []
    ours: list[Training] = []
    our_lesson: list[Training] = []
    bears = workshop.bears()
    peer_file, our_file = workshop.folder / "export.pkl", workshop.folder / "ours.bundle"
    spare = workshop.folder / "spare"
    for seed in range(1, workshop.repeats + 1):
        run = workshop.train_peer(bears, seed=seed, recipe="lesson", epochs=EPOCHS, out=peer_file)
        lesson.append(Training.of_peer(run))
        ours.append(Training.of_ours(workshop.train_ours(seed=seed, out=our_file)))
        run = workshop.train_peer(bears, seed=seed, recipe="head", epochs=1, out=spare)
        head.append(Training.of_peer(run))
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
        ),
        epochs.section(workshop, lesson, our_lesson),
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
        ("bar", f"≥ {SOONER_THAN_GOOD} ×", f"≥ {SOONER_THAN_END} ×", "", "", "", ""),
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
