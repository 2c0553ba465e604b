"""Rows a second of training on tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.measure import Run, median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.table_material import TableMaterial, table_material
from benchmarks.table_programs import PEER_BATCH, train_ours, train_peer
from benchmarks.workshop import Workshop

EPOCHS = {"adult": 2, "flights": 1}
SAME, DEFAULT = 4.0, 10.0
PEER, LESSON, OURS = "fastai", "Drivetrain, fastai's network and batches", "Drivetrain"
BARS = {PEER: 1.0, LESSON: SAME, OURS: DEFAULT}

NOTES = f"""\
Training rows a second in the training part of an epoch: drawing the order, batches, steps;
validation is left out on both sides. Medians over the epochs of {{repeats}} processes a program, in
turns: {", ".join(f"{epochs} epochs of {name}" for name, epochs in EPOCHS.items())}.
*Whole fit* is all of `fit_one_cycle`, with validation after every epoch on both sides and whatever
happens first; its ratio stands beside. *Imported* is from the start of a process to the end of its
imports, *prepared* from the data frame to the learner.

fastai has its defaults: batches of {PEER_BATCH}, `layers=[200, 100]`, its rule for the size of
embeddings, as many threads as torch takes. *{LESSON}* has the same layers, the same rule and
batches of {PEER_BATCH}, each word of training with a row of its own; *{OURS}* is the network, the
batches and the rare words by default. Both of Drivetrain's train in one thread. The weights beside
tell how alike the networks are: fastai makes a small embedding of each gap flag, Drivetrain has a
row for the unseen in every column of words. Each answer of the networks is measured in *AUC on
tables*."""


def compare(workshop: Workshop) -> list[Section]:
    """Train with each program in turns."""
    rows: list[Sequence[str]] = []
    samples = {}
    for name in EPOCHS:
        measured = _measure(workshop, table_material(workshop, name))
        theirs = _rates(measured[PEER])
        for program, bar in BARS.items():
            rows.append(_row(name, program, measured[program], theirs, bar))
        samples[name] = measured
    return [
        Section(
            name="table_speed",
            title="Training on tables",
            columns=(
                "table: program",
                "rows a second",
                "times fastai's",
                "bar",
                "whole fit",
                "times fastai's, whole",
                "imported",
                "prepared",
                "weights",
            ),
            rows=rows,
            notes=NOTES.format(repeats=workshop.repeats),
            samples=samples,
        )
    ]


def _measure(workshop: Workshop, material: TableMaterial) -> dict[str, list[dict[str, Any]]]:
    epochs = EPOCHS[material.name]
    programs: list[tuple[str, Callable[[], Run]]] = [
        (PEER, lambda: train_peer(workshop, material, epochs=epochs)),
        (LESSON, lambda: train_ours(workshop, material, epochs=epochs, lesson=True)),
        (OURS, lambda: train_ours(workshop, material, epochs=epochs)),
    ]
    measured: dict[str, list[dict[str, Any]]] = {name: [] for name in BARS}
    for _ in range(workshop.repeats):
        for program, train in programs:
            measured[program].append(_figures(train()))
        programs.reverse()
    return measured


def _figures(run: Run) -> dict[str, Any]:
    trained = run.events("event", "trained")[0].event
    return {
        "rates": [trained["rows"] / seconds for seconds in trained["training"]],
        "whole": trained["rows"] * len(trained["training"]) / trained["whole"],
        "imported": run.at("imported"),
        "prepared": run.at("prepared") - run.at("read"),
        "weights": run.events("event", "prepared")[0].event["weights"],
    }


def _rates(runs: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Rows a second of the training part and of the whole fit."""
    return median(rate for run in runs for rate in run["rates"]), median(_all(runs, "whole"))


def _all(runs: Sequence[dict[str, Any]], key: str) -> list[float]:
    return [run[key] for run in runs]


def _row(
    table: str,
    program: str,
    runs: Sequence[dict[str, Any]],
    theirs: tuple[float, float],
    bar: float,
) -> tuple[str, ...]:
    training, whole = _rates(runs)
    against = (ratio(training, theirs[0]), f"≥ {bar:.0f} ×") if bar > 1 else ("", "")
    return (
        f"{table}: {program}",
        f"{training:,.0f}",
        *against,
        f"{whole:,.0f}",
        ratio(whole, theirs[1]) if bar > 1 else "",
        figure(median(_all(runs, "imported")), "s"),
        figure(median(_all(runs, "prepared")), "s"),
        f"{runs[0]['weights']:,}",
    )
