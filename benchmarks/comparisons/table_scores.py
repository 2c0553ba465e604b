"""How well each program tells the classes of a table apart."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.intervals import half_width
from benchmarks.report import Section
from benchmarks.table_material import TableMaterial, table_material
from benchmarks.table_programs import PEER_BATCH, train_ours, train_peer, train_trees
from benchmarks.workshop import Workshop

EPOCHS = {"adult": 5, "flights": 1}
"""Of fastai."""
WITHIN = 0.005
TREES, PEER, OURS = "LightGBM", "fastai", "Drivetrain"

NOTES = f"""\
The area under the ROC curve for the rows that are asked, mean and 95 % interval over the seeds
(Student's t), and the differences of the seeds with theirs. All programs read the same files with
the same split of each seed. Each has its defaults: LightGBM's classifier with pandas categories
(those of training; an unseen one is a gap); fastai's `tabular_learner` with `Categorify`,
`FillMissing` and `Normalize`, batches of {PEER_BATCH} and `fit_one_cycle`, {{epochs}}; Drivetrain's
`tabular_learner` with as many epochs as it takes for the rows. Nothing is chosen by the rows that
are asked, and no program stops early.

- *adult*: {{adult}}; a random fifth is asked, with the shares of the classes.
- *flights*: {{flights}}. Whether a flight arrives more than 15 minutes late, by what is known
  before it departs: day, weekday, scheduled hour and minute of departure and arrival, carrier, tail
  number ({{tails:,}} of them), origin, destination, distance. January to September trains and
  October to December is asked; the month is left out, since none of those asked is in training.
  Cancelled and diverted flights have no arrival and are left out. The split is the same for all
  seeds, so the intervals tell of the seed of training alone."""

Scores = dict[str, list[float]]


def compare(workshop: Workshop) -> list[Section]:
    """Train each program once a seed."""
    rows: list[Sequence[str]] = []
    facts, samples = {}, {}
    for name in EPOCHS:
        material = table_material(workshop, name)
        facts[name], samples[name] = material.facts, _scores(workshop, material)
        rows += _rows(name, samples[name])
    told = {name: f"{fact['rows']:,} rows, {fact['train']:,} train" for name, fact in facts.items()}
    epochs = ", ".join(f"{count} epochs on {name}" for name, count in EPOCHS.items())
    return [
        Section(
            name="table_scores",
            title=f"AUC on tables, {workshop.seeds} seeds",
            columns=("table: program", "AUC", "Drivetrain more", "bar"),
            rows=rows,
            notes=NOTES.format(epochs=epochs, tails=facts["flights"]["words"]["tailnum"], **told),
            samples=samples,
        )
    ]


def _scores(workshop: Workshop, material: TableMaterial) -> Scores:
    answers, epochs = workshop.folder / "answers.npy", EPOCHS[material.name]

    def train(program: str, seed: int) -> None:
        ways: dict[str, Callable[[], object]] = {
            TREES: lambda: train_trees(workshop, material, seed=seed, answers=answers),
            PEER: lambda: train_peer(workshop, material, seed=seed, epochs=epochs, answers=answers),
            OURS: lambda: train_ours(workshop, material, seed=seed, answers=answers),
        }
        ways[program]()

    scores: Scores = {TREES: [], PEER: [], OURS: []}
    for seed in range(1, workshop.seeds + 1):
        for program, found in scores.items():
            train(program, seed)
            found.append(auc(material.asked(seed), answers))
    return scores


def auc(truth: np.ndarray, answers: Path) -> float:
    """The area under the ROC curve of a file of answers, which is used up."""
    score = float(roc_auc_score(truth, np.load(answers)))
    answers.unlink()
    return score


def _rows(name: str, scores: Scores) -> list[tuple[str, ...]]:
    bars = {TREES: f"≥ -{WITHIN}", PEER: "≥ 0", OURS: ""}
    return [
        (
            f"{name}: {program}",
            spread(found, "{:.4f}"),
            "" if program == OURS else apart(scores[OURS], found),
            bars[program],
        )
        for program, found in scores.items()
    ]


def spread(values: Sequence[float], form: str = "{:+.4f}") -> str:
    """A mean with half the width of its 95 % interval.

    Example:
        >>> spread([0.91, 0.92, 0.93])
        '+0.9200 ± 0.0248'
    """
    mean = form.format(statistics.mean(values))
    return f"{mean} ± {half_width(values):.4f}" if len(values) > 1 else mean


def apart(ours: Sequence[float], others: Sequence[float]) -> str:
    """How much more ours is, seed by seed."""
    return spread([own - other for own, other in zip(ours, others, strict=True)])
