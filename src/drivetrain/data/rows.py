"""One value out of one row of a table, whatever kind of row it is."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from drivetrain.errors import DataError


def cell(row: Any, column: str | int) -> Any:
    """The value of a row in a column.

    Example:
        >>> cell({"name": "a.jpg", "label": "cat"}, "label")
        'cat'

    Arguments:
        row: A row of a pandas table, a named tuple, a dictionary or an object with attributes;
            a plain sequence has positions only.
        column: The column's name, or its position from 0.

    Raises:
        DataError: There is no such column, or the item is no row.
    """
    names, values = _columns(row)
    return values[_position(column, names, describe(row))]


def column_values(rows: Any, column: str | int) -> list[Any]:
    """The values of a column, of a pandas table or of rows as :func:`cell` takes them.

    Raises:
        DataError: There is no such column, or a row has nothing in it.
    """
    is_table = hasattr(rows, "iloc") and hasattr(rows, "columns")
    if is_table:
        values = list(rows.iloc[:, _position(column, list(rows.columns), "the table")])
    else:
        values = [cell(row, column) for row in rows]
    for position, value in enumerate(values):
        if is_missing(value):
            named = f"row {rows.index[position]}" if is_table else describe(rows[position])
            raise empty_cell(column, named)
    return values


def empty_cell(column: str | int, where: str) -> DataError:
    """The error of a row that has nothing in a column."""
    return DataError(
        f"The column {column!r} is empty in {where}.",
        hint="Fill it in, or leave the row out; '' stands for an item without labels.",
    )


def is_missing(value: object) -> bool:
    """Whether a table has nothing there: None, NaN, or pandas' own words for that."""
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def describe(row: Any) -> str:
    """A row in a few words: its name in the table when it has one."""
    if _is_series(row):
        return f"row {row.name}"
    text = repr(row)
    return f"row {text if len(text) <= 120 else text[:117] + '...'}"


def _columns(row: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """The names and the values of a row's columns."""
    if _is_series(row):
        return list(row.index), row.iloc
    if isinstance(row, Mapping):
        return list(row), list(row.values())
    if isinstance(row, tuple) and hasattr(row, "_fields"):
        return list(row._fields), row
    if isinstance(row, Sequence | np.ndarray) and not isinstance(row, str | bytes):
        return range(len(row)), list(row)
    attributes = getattr(row, "__dict__", None)
    if attributes:
        return list(attributes), list(attributes.values())
    raise DataError(
        f"{row!r} is no row of a table ({type(row).__name__}).",
        hint="The items have to be rows: give a table as the source, or read the label off a path "
        "with parent_label or RegexLabeller.",
    )


def _position(column: str | int, names: Sequence[Any], where: str) -> int:
    """Where a column stands."""
    found = [position for position, name in enumerate(names) if name == column]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            f"{len(found)} columns are called {column!r} in {where}.",
            hint="Rename all but one, or give the column's position.",
        )
    if isinstance(column, int) and -len(names) <= column < len(names):
        return column
    raise DataError(f"There is no column {column!r} in {where}.", hint=_others(column, names))


def _is_series(row: Any) -> bool:
    return hasattr(row, "iloc") and hasattr(row, "index") and hasattr(row, "name")


def _others(column: str | int, names: Sequence[Any]) -> str:
    """What the column may have been meant to be, and which there are."""
    texts = [str(name) for name in names]
    lowered = {text.lower(): text for text in texts}
    close = difflib.get_close_matches(str(column).lower(), lowered, n=1)
    meant = f"Did you mean {lowered[close[0]]!r}? " if close else ""
    return f"{meant}The columns are {', '.join(texts)}."
