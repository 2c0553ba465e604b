"""The whole way from a table to a bundle in one call: what ``drivetrain train`` does with one."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drivetrain.bundle.reader import Bundle
from drivetrain.data import RandomSplitter
from drivetrain.errors import DataError
from drivetrain.export.bundle import check_costs, check_writable
from drivetrain.learn.blocks import CategoryBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.metrics import R2Score, RocAucBinary
from drivetrain.learn.tabular.dataloaders import TabularDataLoaders
from drivetrain.learn.tabular.defaults import epochs_for
from drivetrain.learn.tabular.frames import as_frame
from drivetrain.learn.tabular.kinds import Kind, TableLook, look_at_table
from drivetrain.learn.tabular.learner import tabular_learner
from drivetrain.learn.tabular.tabular_pandas import TabularPandas
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse
from drivetrain.prepare.values import is_gap
from drivetrain.project import PROJECT_FILE, Project

VALID_SHARE = 0.2
FEW = 30
"""Validation rows below which a figure may be anything."""

KINDS: tuple[tuple[Kind, str], ...] = (
    ("category", "words"),
    ("number", "numbers"),
    ("date", "dates"),
    ("text", "texts"),
)
TOLD = ("error_rate", "accuracy", "roc_auc_score", "rmse", "mae", "r2_score", "valid_loss")


def train_table(
    data: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    target: str | Sequence[str],
    split_by: str | None = None,
    epochs: int | None = None,
    seed: int = 42,
    resume: bool = False,
    project: Project | str | os.PathLike[str] | None = None,
    false_reject: float | None = None,
) -> dict[str, Any]:
    """Train on a CSV file and write a bundle.

    Columns are taken for words, numbers, dates or texts by what they hold; what is taken for what,
    and what to mind, is told first. Rows without a target are left out.

    Arguments:
        data: The file.
        out: The bundle to write.
        target: The column to predict, or several.
        split_by: A column whose largest fifth validates, such as a date: the way to judge a model
            that is to predict the future. A random fifth validates when left out.
        epochs: How often training goes over the rows.
        seed: What the split and the order follow from.
        resume: Go on where a training with the same settings was cut off.
        project: What the model is for and what its actions cost: a ``drivetrain.toml``.
        false_reject: The share of rows like the training data that may be called foreign.

    Returns:
        ``{"bundle", "seconds", "valid": {"n", ...}}``, the metrics among the latter, and what was
        ``skipped``: row to reason.

    Raises:
        DrivetrainError: Anything from a file that is no table to a path that cannot be written.
    """
    started = time.monotonic()
    declared = Project.of(project, false_reject=false_reject)
    check_writable(out)
    targets = [target] if isinstance(target, str) else list(target)
    frame, skipped = _with_target(as_frame(Path(data)), targets)
    look = look_at_table(frame, targets)
    table = TabularPandas(
        frame,
        cat_names=look.names("category"),
        cont_names=look.names("number"),
        date_names=look.names("date"),
        text_names=look.names("text"),
        y_names=targets,
        y_block=_block(look, frame, targets),
        splits=_split(frame, split_by, seed),
    )
    named = project if isinstance(project, str | os.PathLike) else PROJECT_FILE
    check_costs(declared, table.kind, name=os.fspath(named))
    dls = table.dataloaders(seed=seed)
    learn = tabular_learner(dls, metrics=_metrics(dls), seed=seed)
    for line in told(look, dls, skipped):
        learn.reporter.say(line)
    learn.fit_one_cycle(epochs or epochs_for(len(dls.train.items)), resume=resume)
    learn.reporter.say("writing the bundle and checking it against the learner ...")
    bundle = learn.export(out, project=declared)
    row = {name: value for name, value in learn.recorder[-1].items() if math.isfinite(value)}
    if dls.kind.name == "numbers" and dls.c > 1:
        row |= Bundle.open(bundle).manifest.training.metrics
    return {
        "bundle": str(Path(bundle)),
        "seconds": round(time.monotonic() - started, 2),
        "valid": {"n": len(dls.valid.items)}
        | {name: value for name, value in row.items() if name.partition(" ")[0] in TOLD},
        "skipped": skipped,
    }


def told(look: TableLook, dls: TabularDataLoaders, skipped: dict[str, str]) -> list[str]:
    """What the table was taken for, in lines."""
    lines = [f"{words}: {', '.join(names)}" for kind, words in KINDS if (names := look.names(kind))]
    lines += [f"{one.name}: {finding.what}" for one in look.columns for finding in one.findings]
    if len(dls.valid.items) < FEW:
        lines.append(f"only {len(dls.valid.items)} rows validate: their figures say little")
    if dls.kind.name == "numbers" and dls.c > 1:
        lines.append(f"{', '.join(dls.kind.outputs)} are learned as numbers together")
    if skipped:
        lines.append(f"{len(skipped):,} rows have no target and are left out")
    train, valid = len(dls.train.items), len(dls.valid.items)
    what = ", ".join(dls.kind.outputs) if dls.kind.size < 8 else f"{dls.kind.size} classes"
    return [
        *lines,
        f"{train + valid:,} rows ({what}): {train:,} to train on, {valid:,} to validate on",
    ]


def _with_target(
    frame: pd.DataFrame, targets: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    missing = [name for name in targets if name not in frame.columns]
    if missing:
        raise DataError(
            f"The table has no column {missing[0]!r} to predict.",
            hint=f"Its columns are: {', '.join(map(str, frame.columns))}.",
        )
    lacking = np.zeros(len(frame), bool)
    for name in targets:
        lacking |= np.array([is_gap(value) for value in frame[name].to_numpy().tolist()])
    skipped = {f"row {row}": f"no {' or '.join(targets)}" for row in frame.index[lacking]}
    return frame[~lacking], skipped


def _block(look: TableLook, frame: pd.DataFrame, targets: Sequence[str]) -> Any:
    if len(targets) == 1:
        return CategoryBlock() if look.task == "category" else RegressionBlock()
    if all(set(frame[name].unique()) <= {0, 1} for name in targets):
        return MultiCategoryBlock(encoded=True, vocab=list(targets))
    return RegressionBlock()


def _split(frame: pd.DataFrame, split_by: str | None, seed: int) -> Any:
    if split_by is None:
        return RandomSplitter(valid_pct=VALID_SHARE, seed=seed)
    if split_by not in frame.columns:
        raise DataError(
            f"The table has no column {split_by!r} to split by.",
            hint=f"Its columns are: {', '.join(map(str, frame.columns))}.",
        )
    order = np.argsort(frame[split_by].to_numpy(), kind="stable")
    kept = len(order) - max(1, round(len(order) * VALID_SHARE))
    return sorted(order[:kept].tolist()), sorted(order[kept:].tolist())


def _metrics(dls: TabularDataLoaders) -> list[Any]:
    if dls.kind.name == "numbers":
        return [rmse, mae, R2Score()] if dls.c == 1 else []
    if dls.kind.name == "categories":
        return [accuracy_multi]
    return [error_rate, accuracy, *([RocAucBinary()] if dls.c == 2 else [])]
