"""How a model's answers move with one column while all others stay as they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from drivetrain.errors import ConfigError
from drivetrain.interpret.table_answers import TableAnswers, rows_told
from drivetrain.interpret.table_columns import Part, code_words, part_named
from drivetrain.prepare.columns import CategoryColumn, TextColumn
from drivetrain.prepare.dates import DateColumn
from drivetrain.prepare.table import TablePreparation

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 1000
ENDS = 0.02
"""The share of values beyond the ends of a number's grid, on either side."""


def partial_dependence(
    answered: TableAnswers,
    column: str,
    points: int = 20,
    *,
    seed: int = 42,
    most_rows: int = MOST_ROWS,
) -> pd.DataFrame:
    """The mean answer over some rows, each given the same value of a column, value by value.

    Friedman 2001, "Greedy Function Approximation", section 8.2; the quartiles are those of the
    single rows' curves (Goldstein et al. 2015, "Peeking Inside the Black Box"). It says what the
    model does, not what the world does, and it asks about combinations that may not exist, such
    as a child with a pension: where columns hang together, trust its ends less.

    Arguments:
        answered: The rows and their answers.
        column: A column of words, numbers or dates, or a part of a date such as ``sold.Month``.
        points: Quantiles of a number or date, or the most frequent words, that are tried.
        seed: What the draw of rows follows from.
        most_rows: Rows that are asked about, drawn at random if there are more.

    Returns:
        For each value and each answer: ``value`` (NaN or ``#na#`` for nothing, where that
        occurred), ``answer``, ``mean``, ``low`` and ``high`` (the quartiles over rows), and
        ``rows``, those that hold the value or one nearest to it.

    Raises:
        ConfigError: There is no such column, it holds texts, or fewer than two points.
    """
    import pandas as pd

    part = part_named(answered.preparation, column)
    if isinstance(part.column, TextColumn):
        raise ConfigError(
            f"{column} holds texts, which cannot be put in a row.",
            hint="Ask permutation_importance how much they matter, and slices where they fail.",
        )
    if points < 2:
        raise ConfigError(f"points is {points}, and a curve takes at least two.")
    values, prepared, rows = _grid(part, answered, points)
    side = answered.sample(most_rows, seed)
    asked = side.arrays.clone()
    found: list[dict[str, Any]] = []
    for value, one, count in zip(values, prepared, rows, strict=True):
        asked[:, list(part.places)] = torch.from_numpy(one)
        answers, _ = side.ask(asked)
        low, high = np.quantile(answers, [0.25, 0.75], axis=0)
        for place, name in enumerate(answered.kind.outputs):
            row = {"value": value, "answer": name, "mean": float(answers[:, place].mean())}
            found.append(row | {"low": low[place], "high": high[place], "rows": count})
    made = pd.DataFrame(found)
    made.attrs["looked_at"] = rows_told(len(side), len(answered))
    return made


def _grid(
    part: Part, answered: TableAnswers, points: int
) -> tuple[list[Any], NDArray[np.float32], list[int]]:
    """The values to try, each prepared (float32 [P, places]), and the rows at each."""
    if isinstance(part.column, CategoryColumn):
        there = answered.arrays[:, part.places[0]].numpy().astype(np.int64)
        codes, counts = np.unique(there, return_counts=True)
        most = np.argsort(-counts, kind="stable")[:points]
        chosen = codes[most]
        prepared = chosen[:, None].astype(np.float32)
        return code_words(part, chosen.tolist()), prepared, counts[most].tolist()
    numbers = part.numbers(answered.frame)
    known = numbers[~np.isnan(numbers)]
    grid = np.unique(known)
    if len(grid) > points:
        shares = np.linspace(ENDS, 1 - ENDS, points)
        distinct, grid = grid, np.unique(np.quantile(known, shares, method="nearest"))
        if len(grid) < points / 2:  # most rows hold the same: look at what the others hold
            shares = np.linspace(ENDS, 1 - ENDS, points - len(grid))
            grid = np.union1d(grid, np.quantile(distinct, shares, method="nearest"))
    nearest = np.searchsorted((grid[1:] + grid[:-1]) / 2, known) if len(grid) else known
    rows = np.bincount(nearest.astype(np.int64), minlength=len(grid)).tolist()
    values: list[Any] = [_moment(day) for day in grid] if part.is_date else grid.tolist()
    given: list[Any] = values if isinstance(part.column, DateColumn) else grid.tolist()
    gaps = len(numbers) - len(known)
    if gaps and part.of is None:
        values, rows = [*values, None if part.is_date else np.nan], [*rows, gaps]
        given = [*given, None]
    alone = TablePreparation(columns=(part.column,))
    groups = list(alone.groups({part.name: given}))
    prepared = np.concatenate([group.arrays for group in groups])
    return values, prepared, rows


def _moment(days: float) -> datetime:
    return datetime(1970, 1, 1) + timedelta(days=float(days))
