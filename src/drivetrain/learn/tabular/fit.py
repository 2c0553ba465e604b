"""Fitting a preparation to the training rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivetrain.errors import DataError
from drivetrain.prepare.columns import (
    CategoryColumn,
    Problems,
    TextColumn,
    Values,
    fit_numbers,
    listed_of,
    read_each,
)
from drivetrain.prepare.dates import DateColumn
from drivetrain.prepare.table import Column, TablePreparation
from drivetrain.prepare.text import TextEncoder
from drivetrain.prepare.values import (
    BadValueError,
    date_of,
    is_gap,
    number_of,
    numeral_of,
    shown,
    truth_of,
    word_of,
)

MIN_COUNT = 10
"""A word of fewer training rows than this counts as rare: what a row of its own would learn from
fewer is mostly their noise, and the row of the unseen has to learn from something."""


@dataclass(frozen=True)
class ColumnNames:
    """Which columns of a table a model takes, by what they hold.

    Arguments:
        categories: Those of words.
        numbers: Those of numbers.
        dates: Those of points in time.
        texts: Those of free text.
    """

    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def __iter__(self) -> Any:
        return iter((*self.categories, *self.numbers, *self.dates, *self.texts))


def fit_preparation(
    frame: pd.DataFrame,
    names: ColumnNames,
    *,
    min_count: int = MIN_COUNT,
    flags: bool = True,
    encoder: TextEncoder | None = None,
) -> TablePreparation:
    """The preparation of a table, fitted to its training rows.

    Example:
        >>> frame = pd.DataFrame({"sex": ["f", "m"] * 10, "age": range(20)})
        >>> names = ColumnNames(categories=("sex",), numbers=("age",))
        >>> fit_preparation(frame, names)({"sex": "m", "age": None}).tolist()
        [3.0, 0.0]

    Arguments:
        frame: The training rows.
        names: The columns to take.
        min_count: Rows that a word needs to be told apart.
        flags: Whether a flag says where a number was missing.
        encoder: What makes numbers of texts; needed where there are some.

    Raises:
        DataError: A column is missing or holds what it does not take; the message names both.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(
            f"The table has no column {missing[0]!r}.",
            hint=f"Its columns are: {', '.join(map(str, frame.columns))}.",
        )
    makers: Mapping[str, Callable[[str, Values], Column]] = (
        dict.fromkeys(names.categories, lambda name, values: _category(name, values, min_count))
        | dict.fromkeys(
            names.numbers,
            lambda name, values: fit_numbers(name, _numbers(name, values), flagged=flags),
        )
        | dict.fromkeys(names.dates, _date)
        | dict.fromkeys(names.texts, lambda name, _: _text(name, encoder))
    )
    columns = tuple(make(name, frame[name].to_numpy()) for name, make in makers.items())
    made = TablePreparation(columns=columns)
    return made.with_encoders({encoder.name: encoder}) if encoder and names.texts else made


def _category(name: str, values: Values, min_count: int) -> CategoryColumn:
    known = [value for value in listed_of(values) if not is_gap(value)]
    kinds = {type(value) for value in known}
    of: Literal["text", "number", "truth"]
    if kinds <= {bool, np.bool_} and kinds:
        of, read = "truth", truth_of
    elif kinds and all(issubclass(kind, int | float | np.number) for kind in kinds):
        of, read = "number", numeral_of
    else:
        of, read = "text", word_of
    try:
        counts = Counter(map(read, known))
    except BadValueError as problem:
        raise _bad(name, problem) from None
    frequent = sorted(word for word, count in counts.items() if count >= min_count)
    vocab = frequent or sorted(counts)
    return CategoryColumn(
        name=name,
        of=of,
        vocab=tuple(sorted(vocab, key=_by_size) if of == "number" else vocab),
        rare=sum(counts.values()) - sum(counts[word] for word in vocab),
        gaps=len(values) - len(known),
    )


def _numbers(name: str, values: Values) -> NDArray[np.float64]:
    if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
        found = values.astype(np.float64)
        if np.isinf(found).any():
            row = int(np.flatnonzero(np.isinf(found))[0])
            raise _bad(name, BadValueError("a finite number", found[row]), row)
        return found
    problems: Problems = {}
    found = read_each(number_of, values, problems)
    for row, problem in problems.items():
        raise _bad(name, problem, row, len(problems))
    return found


def _date(name: str, values: Values) -> DateColumn:
    try:
        return DateColumn.fit(name, [date_of(value) for value in _moments(values)])
    except BadValueError as problem:
        raise _bad(name, problem) from None


def _moments(values: Values) -> list[Any]:
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return list(values.astype("datetime64[us]").tolist())
    return list(values)


def _text(name: str, encoder: TextEncoder | None) -> TextColumn:
    assert encoder is not None, "a text column comes with an encoder"
    return TextColumn(name=name, encoder=encoder.name, size=encoder.size)


def _by_size(word: str) -> float:
    return float(word)


def _bad(name: str, problem: BadValueError, row: int | None = None, count: int = 1) -> DataError:
    where = "" if row is None else f" in training row {row}"
    others = f" (and {count - 1} more)" if count > 1 else ""
    return DataError(
        f"{problem.in_column(name)}{where}{others}.",
        hint=problem.hint
        or f"Mend it, leave the column out, or take it as words: {shown(name)} in cat_names.",
    )
