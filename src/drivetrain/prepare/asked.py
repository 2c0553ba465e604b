"""What is asked, as rows and columns, out of whatever it came as; and why it is refused."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from drivetrain.errors import UnreadableInputError
from drivetrain.prepare.columns import Problems, Values
from drivetrain.prepare.rows import EXTRA, parse_row
from drivetrain.prepare.values import MISSING, BadValueError, shown

Row = Mapping[str, Any]

MOST_TOLD = 5
"""Columns that one message names."""


def as_row(source: Any) -> Row:
    """One row as a mapping: a dictionary, a named tuple, a pandas row, JSON, or a CSV's row.

    Raises:
        UnreadableInputError: It is none.
    """
    if isinstance(source, Mapping):
        return source
    if isinstance(source, bytes | bytearray | str):
        return parse_row(source)
    if hasattr(source, "_asdict"):
        fields: Row = source._asdict()
        return fields
    if hasattr(source, "to_dict") and hasattr(source, "index"):
        series: Row = source.to_dict()
        return series
    raise UnreadableInputError(
        f"A row is an object with a value for each column, and this is {shown(source)}.",
        hint='Send it as {"column": value, ...}.',
    )


def columns_of(table: Any) -> dict[str, Values] | None:
    """A table column by column: a data frame of pandas, polars or another library, or a mapping.

    None for what is no table.

    Raises:
        UnreadableInputError: Two columns have one name.
    """
    if isinstance(table, Mapping):
        return dict(table)
    if not hasattr(table, "columns") or not hasattr(table, "shape"):
        return None
    names = [str(name) for name in table.columns]
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableInputError(f"Two columns are called {twice!r}.", hint="Rename one of them.")
    return {str(name): table[name].to_numpy() for name in table.columns}


def count_of(columns: Mapping[str, Values]) -> int:
    """How many rows some columns hold.

    Raises:
        UnreadableInputError: They are of different lengths.
    """
    lengths = {name: len(each) for name, each in columns.items()}
    if len(set(lengths.values())) > 1:
        raise UnreadableInputError(
            f"The columns are of different lengths: {lengths}.",
            hint="Give each column a value for every row.",
        )
    return next(iter(lengths.values()), 0)


def checked(row: Row) -> Row:
    """A row as it is; one that has more values than there are columns is refused.

    Raises:
        UnreadableInputError: It has.
    """
    if EXTRA not in row:
        return row
    raise UnreadableInputError(
        f"The row has {len(row[EXTRA])} more values than there are columns.",
        hint="Put a text that holds the delimiter into quotes.",
    )


def without_missing(values: Values, name: str, problems: Problems, others: Sequence[str]) -> Values:
    """Values with nothing in the place of those that a row lacks, which are told."""
    if isinstance(values, np.ndarray):
        return values
    lacking = {place for place, value in enumerate(values) if value is MISSING}
    if not lacking:
        return values
    near = difflib.get_close_matches(name, others, 1)
    meant = f" Is it meant by {near[0]!r}?" if near else ""
    hint = f"Send every column; one that holds nothing as null.{meant}"
    problems |= dict.fromkeys(lacking, BadValueError("a value", MISSING, hint))
    return [None if place in lacking else value for place, value in enumerate(values)]


def refusal(problems: Sequence[BadValueError]) -> UnreadableInputError:
    """All that is wrong with a row in one error, which names each column."""
    more = len(problems) - MOST_TOLD
    words = "; ".join(map(str, problems[:MOST_TOLD]))
    hints = dict.fromkeys(problem.hint for problem in problems if problem.hint)
    return UnreadableInputError(
        f"{words}{f'; and {more} more columns' if more > 0 else ''}.",
        hint=" ".join(hints) or "Send the values as training had them.",
    )
