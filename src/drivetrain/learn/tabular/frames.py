"""A table of any library as a data frame of pandas, column by column."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from drivetrain.errors import DataError, MissingExtraError
from drivetrain.learn.tabular.csv_file import read_csv
from drivetrain.prepare.values import shown

__all__ = ["as_frame", "read_csv"]

TAKES = (
    "Give a data frame (pandas, polars, pyarrow), a list of dictionaries, a dictionary of columns, "
    "or the path of a CSV file."
)


def as_frame(table: Any, *, name: str = "the table") -> pd.DataFrame:
    """A table as a data frame of pandas.

    Example:
        >>> as_frame([{"age": 39, "city": "Bern"}, {"age": 50}]).to_dict("list")
        {'age': [39, 50], 'city': ['Bern', nan]}

    Arguments:
        table: A data frame of pandas, which is given back as it is, or of polars, pyarrow or
            another library; a list of dictionaries; a dictionary of columns; the path of a CSV
            file, which :func:`read_csv` reads.
        name: What the table is called in messages.

    Raises:
        DataError: It is no table, holds no rows or no columns, or two of its columns have one name.
        MissingExtraError: Another library's table needs pyarrow to be read.
    """
    frame = _frame(table, name)
    if isinstance(frame.columns, pd.MultiIndex):
        raise DataError(
            f"{name} has a name in several levels for each column, such as {frame.columns[0]!r}.",
            hint="Join the levels: frame.columns = ['.'.join(each) for each in frame.columns].",
        )
    names = [str(each) for each in frame.columns]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise DataError(
            f"{name} has more than one column called {shown(twice[0])}.",
            hint="Rename one of them.",
        )
    if not names or not len(frame):
        raise DataError(
            f"{name} holds {len(frame)} rows and {len(names)} columns.",
            hint="There is nothing to learn from; check where it comes from.",
        )
    if any(not isinstance(each, str) for each in frame.columns):
        frame = frame.set_axis(names, axis=1)
    return frame


def _frame(table: Any, name: str) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, str | os.PathLike):
        return read_csv(table)
    if isinstance(table, Mapping):
        return _of_columns({str(key): values for key, values in table.items()}, name)
    if isinstance(table, Sequence) and not isinstance(table, bytes):
        if not all(isinstance(row, Mapping) for row in table):
            odd = next(row for row in table if not isinstance(row, Mapping))
            raise DataError(f"{name} holds {shown(odd)}, which is no row.", hint=TAKES)
        return pd.DataFrame(list(table))
    for take in (_by_columns, _by_to_pandas, _by_interchange, _by_arrow):
        frame = take(table, name)
        if frame is not None:
            return frame
    raise DataError(f"{name} is no table, it is {shown(table)}.", hint=TAKES)


def _of_columns(columns: Mapping[str, Any], name: str) -> pd.DataFrame:
    try:
        return pd.DataFrame(dict(columns))
    except ValueError as problem:
        lengths = {
            key: len(values) for key, values in columns.items() if hasattr(values, "__len__")
        }
        raise DataError(
            f"{name} is no table: {problem}. The columns' lengths: {lengths}.",
            hint="Give each column a value for every row.",
        ) from None


def _by_columns(table: Any, name: str) -> pd.DataFrame | None:
    """Through each column's values: polars, and what has its columns by name."""
    names = getattr(table, "columns", None)
    if names is None or callable(names) or not hasattr(table, "__getitem__"):
        return None
    names = list(names)
    if not all(isinstance(each, str) for each in names):
        return None
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise DataError(
            f"{name} has more than one column called {shown(twice[0])}.", hint="Rename one of them."
        )
    found = {each: _values(table[each]) for each in names}
    if any(values is None for values in found.values()):
        return None
    return _of_columns(found, name)


def _values(column: Any) -> Any:
    """A column's values: as an array where it has one, otherwise as a list."""
    for way in ("to_numpy", "to_list", "to_pylist", "tolist"):
        take: Callable[[], Any] | None = getattr(column, way, None)
        if take is None:
            continue
        try:
            values = take()
        except ImportError:  # polars needs pyarrow for some of its types
            continue
        if isinstance(values, np.ndarray) and values.ndim > 1:
            return list(values)
        return values
    return None


def _by_to_pandas(table: Any, name: str) -> pd.DataFrame | None:  # noqa: ARG001
    take = getattr(table, "to_pandas", None)
    try:
        found = take() if take is not None else None
    except ImportError:
        return None
    return found if isinstance(found, pd.DataFrame) else None


def _by_interchange(table: Any, name: str) -> pd.DataFrame | None:  # noqa: ARG001
    if not hasattr(table, "__dataframe__"):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas prefers Arrow, which takes another library
        try:
            return pd.api.interchange.from_dataframe(table)
        except (AttributeError, ImportError):
            return None


def _by_arrow(table: Any, name: str) -> pd.DataFrame | None:
    if not hasattr(table, "__arrow_c_stream__"):
        return None
    try:
        pyarrow = importlib.import_module("pyarrow")
    except ImportError:
        raise MissingExtraError(
            f"{name} comes as an Arrow stream ({type(table).__name__}), and pyarrow is needed to "
            "read it.",
            hint="Run: pip install pyarrow; or give the table as a data frame of pandas.",
        ) from None
    found = pyarrow.table(table).to_pandas()
    return found if isinstance(found, pd.DataFrame) else None
