"""The lesson's two helpers for tables: parts of a date as columns, and numbers apart from words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from drivetrain.errors import DataError
from drivetrain.learn.tabular.inference import MAX_CARD

PARTS = (
    "Year", "Month", "Week", "Day", "Dayofweek", "Dayofyear", "Is_month_end", "Is_month_start",
    "Is_quarter_end", "Is_quarter_start", "Is_year_end", "Is_year_start",
)  # fmt: skip
TIMES = ("Hour", "Minute", "Second")


def cont_cat_split(
    df: pd.DataFrame, max_card: int = MAX_CARD, dep_var: str | Sequence[str] | None = None
) -> tuple[list[str], list[str]]:
    """The names of a table's columns of numbers, and of its columns of categories.

    By types alone, as the lesson does: floats, and whole numbers of more than ``max_card``
    different values, are numbers; all else is a category. ``look_at_table`` looks at the values
    too: it finds dates, texts, identifiers and what leaks.

    Example:
        >>> frame = pd.DataFrame({"age": [39.5, 50.0], "sex": ["m", "f"], "paid": [0, 1]})
        >>> cont_cat_split(frame, dep_var="paid")
        (['age'], ['sex'])

    Arguments:
        df: The table.
        max_card: How many different whole numbers may be categories; a gap counts as one.
        dep_var: What is to be predicted, which belongs to neither.
    """
    targets = (dep_var,) if isinstance(dep_var, str) else tuple(dep_var or ())
    cont_names: list[str] = []
    cat_names: list[str] = []
    for name in df.columns:
        if name in targets:
            continue
        is_number = pd.api.types.is_float_dtype(df[name].dtype) or (
            pd.api.types.is_integer_dtype(df[name].dtype)
            and df[name].nunique(dropna=False) > max_card
        )
        (cont_names if is_number else cat_names).append(name)
    return cont_names, cat_names


def add_datepart(
    df: pd.DataFrame,
    field_name: str,
    prefix: str | None = None,
    drop: bool = True,
    time: bool = False,
) -> pd.DataFrame:
    """Put the parts of a date into columns of their own; the table is changed and given back.

    There is a better way: leave the column as it is. A date column is taken apart by the
    preparation itself, in production too, where a row then comes with its date. Columns that were
    added here have to be added by whoever asks for a prediction.

    Example:
        >>> frame = add_datepart(pd.DataFrame({"saledate": ["2013-01-31"]}), "saledate")
        >>> frame[["saleYear", "saleDayofweek", "saleElapsed"]].to_dict("list")
        {'saleYear': [2013], 'saleDayofweek': [3], 'saleElapsed': [1359590400.0]}

    Arguments:
        df: The table.
        field_name: The column of dates, or of texts that pandas reads as such.
        prefix: What the columns' names begin with; by default the column's without "date".
        drop: Whether to take the column away.
        time: Whether to add hour, minute and second.

    Raises:
        DataError: There is no such column, or it holds something else than dates.
    """
    if field_name not in df.columns:
        raise DataError(
            f"The table has no column {field_name!r}.",
            hint=f"Its columns are: {', '.join(map(str, df.columns))}.",
        )
    if not pd.api.types.is_datetime64_any_dtype(df[field_name].dtype):
        try:
            df[field_name] = pd.to_datetime(df[field_name])
        except (ValueError, TypeError) as problem:
            raise DataError(
                f"{field_name} holds something that is no date: {problem}.",
                hint="Mend it, or read it with pandas.to_datetime(..., errors='coerce').",
            ) from None
    dates = df[field_name]
    start = re.sub("[Dd]ate$", "", field_name) if prefix is None else prefix
    for part in PARTS + (TIMES if time else ()):
        df[start + part] = _part(dates, part)
    seconds = dates.to_numpy("datetime64[s]").astype(np.int64)
    df[start + "Elapsed"] = np.where(dates.notna(), seconds, np.nan)
    if drop:
        del df[field_name]
    return df


def _part(dates: pd.Series[pd.Timestamp], part: str) -> pd.Series[Any]:
    if part == "Week":  # that of ISO 8601, in the type of the other parts
        return dates.dt.isocalendar().week.astype(dates.dt.day.dtype)
    found: pd.Series[Any] = getattr(dates.dt, part.lower().replace("dayof", "day_of_"))
    return found
