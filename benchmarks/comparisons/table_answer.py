"""Answers of a table's model: one row, and 100,000 at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.table_material import TableMaterial, table_material
from benchmarks.table_programs import train_ours, train_peer
from benchmarks.workshop import Workshop

TABLES = ("adult", "flights")
PASSES = 2
ONE, MANY = 0.5, 20.0
USUAL, LARGE = 64, 4096
LESSON, OURS = "fastai's network", "default network"

ONE_NOTES = """\
`Predictor.predict(row)` for 2,000 rows as dictionaries, one at a time in a warm process: from the
row to calibrated probabilities and the verdict whether the model knows such rows; the median over
{rounds} processes, and what 99 of 100 rows stay below."""

MANY_NOTES = f"""\
Seconds for 100,000 rows out of one data frame, median of {{rounds}} processes a side in turns with
{PASSES} passes each, after a pass that does not count. Drivetrain is
`Predictor.predict_all(frame)`: preparation, network, calibration and verdict. fastai loads its
export and takes `dls.test_dl(frame)`, which prepares, and `get_preds`, without bar and logging; it
gives plain probabilities. The ratios are against *{LESSON}* and the *{OURS}*: with the preparation
on fastai's side, and below without it, although Drivetrain prepares in both. fastai's batches are
of {USUAL} rows by default; those of {LARGE:,} are there for who knows to ask for them, and the bar
is not theirs. adult has fewer rows, so some come several times; flights are all different."""


def compare(workshop: Workshop) -> list[Section]:
    """Train each model once, then ask in turns."""
    ones: list[Sequence[str]] = []
    many: list[Sequence[str]] = []
    samples = {}
    for name in TABLES:
        material = table_material(workshop, name)
        measured = _measure(workshop, material)
        ones += [_one_row(name, network, measured) for network in (LESSON, OURS)]
        many += _many_rows(name, measured)
        samples[name] = {key: figures for key, figures in measured.items() if key != "ms"}
    rounds = workshop.repeats
    return [
        Section(
            name="table_one",
            title="One row to its answer, warm",
            columns=("table: model", "median", "99 %", "bar"),
            rows=ones,
            notes=ONE_NOTES.format(rounds=rounds),
        ),
        Section(
            name="table_many",
            title="100,000 rows to their answers",
            columns=("table: fastai", "fastai", LESSON, "ratio", OURS, "ratio", "bar"),
            rows=many,
            notes=MANY_NOTES.format(rounds=rounds),
            samples=samples,
        ),
    ]


def _measure(workshop: Workshop, material: TableMaterial) -> dict[str, Any]:
    export, bundles = _trained(workshop, material)
    rows = material.folder / "many.csv"
    measured: dict[str, Any] = {"fastai": [], LESSON: [], OURS: [], "ms": {LESSON: [], OURS: []}}
    asked = ("answer", "--export", export, "--rows", rows, "--passes", str(PASSES))
    for _ in range(workshop.repeats):
        peer = workshop.run_peer("fastai_table.py", *asked)
        measured["fastai"] += [line.event for line in peer.events("event", "many")]
        for network, bundle in bundles.items():
            own = workshop.run_ours("table_answer.py", bundle, rows, str(PASSES))
            measured["ms"][network] += own.events("event", "one")[0].event["ms"]
            measured[network] += [line.event["seconds"] for line in own.events("event", "many")]
    return measured


def _trained(workshop: Workshop, material: TableMaterial) -> tuple[Path, dict[str, Path]]:
    folder = material.folder
    export, lesson, ours = (folder / name for name in ("export.pkl", "lesson.bundle", "own.bundle"))
    if not export.exists():
        train_peer(workshop, material, epochs=1, export=export)
    if not lesson.exists():
        train_ours(workshop, material, epochs=1, lesson=True, bundle=lesson)
    if not ours.exists():
        train_ours(workshop, material, epochs=1, bundle=ours)
    return export, {LESSON: lesson, OURS: ours}


def _one_row(name: str, network: str, measured: dict[str, Any]) -> tuple[str, ...]:
    spent = sorted(measured["ms"][network])
    late = spent[int(len(spent) * 0.99)]
    bar = f"≤ {ONE} ms"
    return f"{name}: {network}", figure(median(spent), "ms"), figure(late, "ms"), bar


def _many_rows(name: str, measured: dict[str, Any]) -> list[tuple[str, ...]]:
    own = {network: median(measured[network]) for network in (LESSON, OURS)}
    rows = []
    for size in (USUAL, LARGE):
        passes = [one for one in measured["fastai"] if one["bs"] == size]
        answered = median(one["answered"] for one in passes)
        whole = median(one["prepared"] + one["answered"] for one in passes)
        for what, spent in (("test_dl and get_preds", whole), ("get_preds alone", answered)):
            bar = f"≥ {MANY:.0f} ×" if size == USUAL else ""
            cells = [
                cell
                for network in (LESSON, OURS)
                for cell in (figure(own[network], "s"), ratio(spent, own[network]))
            ]
            rows.append((f"{name}: {what}, bs={size}", figure(spent, "s"), *cells, bar))
    return rows
