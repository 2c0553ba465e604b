"""What free text adds to a table: how soon a pet is adopted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from benchmarks.comparisons.table_scores import apart, spread
from benchmarks.report import Section
from benchmarks.table_material import TableMaterial, table_material
from benchmarks.table_programs import train_trees
from benchmarks.workshop import Workshop

NO_TEXT = "none"
TREES, OURS = "LightGBM", "Drivetrain"
NAMES = {NO_TEXT: "without text", "hashed": "hashed words", "sentences": "sentences"}

NOTES = """\
Quadratic weighted kappa of `AdoptionSpeed` (five ordered classes), mean and 95 % interval over the
seeds (Student's t), and how much more it is with the text, seed by seed. {rows:,} adverts; a fifth
is asked, with the shares of the classes, and adverts with the same description are on one side.
Both programs read the same files, splits and features of the text: {sizes}, made by an encoder that
learns nothing from the table. Drivetrain is `tabular_learner` with its defaults, LightGBM its
regressor with its defaults and pandas categories, the features behind them.

Both predict the speed as a number; the answers to the rows that are asked are cut so that each
class has its share of the training rows. On a part of the training rows that was kept away for the
choice, this did as well as predicting classes and cutting their expected value, and better than
taking the likeliest class."""

Kappas = dict[str, dict[str, list[float]]]
Classes = NDArray[np.int64]


def compare(workshop: Workshop) -> list[Section]:
    """Train ours in one process, LightGBM once a seed and encoder."""
    material = table_material(workshop, "petfinder")
    folder = material.folder
    run = workshop.run_ours("table_text.py", material.plan, str(workshop.seeds), folder)
    sizes = {line.event["name"]: line.event["size"] for line in run.events("event", "encoder")}
    encoders = [NO_TEXT, *sizes]
    kappas: Kappas = {program: {name: [] for name in encoders} for program in (OURS, TREES)}
    for seed in range(1, workshop.seeds + 1):
        for name in encoders:
            kappas[OURS][name].append(_kappa(material, f"ours-{name}-{seed}.npy", seed))
            text = None if name == NO_TEXT else folder / f"{name}.npy"
            file = folder / f"trees-{name}-{seed}.npy"
            train_trees(workshop, material, seed=seed, answers=file, text=text, as_number=True)
            kappas[TREES][name].append(_kappa(material, file.name, seed))
    told = ", ".join(f"{NAMES[name]} ({size:,} numbers)" for name, size in sizes.items())
    return [
        Section(
            name="petfinder",
            title=f"A table with free text, {workshop.seeds} seeds",
            columns=("program", "kappa", "more by the text", "bar", "more than LightGBM"),
            rows=_rows(kappas),
            notes=NOTES.format(sizes=told, **material.facts),
            samples=kappas,
        )
    ]


def _kappa(material: TableMaterial, file: str, seed: int) -> float:
    answers = np.load(material.folder / file)
    return kappa(material.asked(seed), cut(answers, material.trained(seed)))


def kappa(truth: Classes, answered: Classes) -> float:
    """Quadratic weighted kappa.

    Example:
        >>> kappa(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 2]))
        1.0
    """
    return float(cohen_kappa_score(truth, answered, weights="quadratic"))


def cut(answers: NDArray[np.float64], trained: Classes) -> Classes:
    """Classes from numbers, each with the share that it has in training.

    Example:
        >>> cut(np.array([0.3, 0.1, 2.0, 0.2]), np.array([0, 0, 1, 1])).tolist()
        [1, 0, 1, 0]
    """
    shares = np.cumsum(np.bincount(trained))[:-1] / len(trained)
    places: Classes = np.digitize(answers, np.quantile(answers, shares))
    return places


def _rows(kappas: Kappas) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for program, found in kappas.items():
        for name, values in found.items():
            more = "" if name == NO_TEXT else apart(values, found[NO_TEXT])
            bar = "> 0" if program == OURS and name == "hashed" else ""
            against = apart(values, kappas[TREES][name]) if program == OURS else ""
            rows.append((f"{program}, {NAMES[name]}", spread(values, "{:.4f}"), more, bar, against))
    return rows
