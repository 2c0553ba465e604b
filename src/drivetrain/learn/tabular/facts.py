"""What a column holds, counted once: its different values, its gaps, what they can be read as."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivetrain.learn.tabular.csv_file import is_coded
from drivetrain.prepare.values import (
    NUMBER,
    BadValueError,
    date_of,
    is_gap,
    number_of,
    shown,
    word_of,
)

Holds = Literal["numbers", "truths", "dates", "words", "nothing", "objects"]

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
OTHER_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](\d{4}|\d{2})( .*)?")
EPOCH = datetime(1970, 1, 1)
MOSTLY = 0.8
"""From this share of a column's rows on, what is no number (or date) is told by name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """A column's values, counted.

    Arguments:
        name: The column's name.
        holds: What all of its values can be read as.
        codes: Which of ``words`` each row holds, int64 [N]; -1 is a gap.
        words: The different values as words, in the order in which they come.
        counts: How many rows hold each, int64 [len(words)].
        numbers: Numbers, dates as seconds since 1970, truths as 1 and 0; float64 [N], NaN for gaps.
            None of words.
        infinite: How many rows hold an infinite number.
        odd: Of a column that is mostly numbers or dates, the values that are none, with the rows
            that they stand in.
        mostly: What it mostly is where ``odd`` has something.
        coded: Whether there are digits that begin with a zero.
    """

    name: str
    holds: Holds
    codes: NDArray[np.int64]
    words: list[str]
    counts: NDArray[np.int64]
    numbers: NDArray[np.float64] | None = None
    infinite: int = 0
    odd: tuple[tuple[str, int], ...] = ()
    mostly: Literal["", "numbers", "dates"] = ""
    coded: bool = False

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.codes)

    @property
    def known(self) -> int:
        """How many of them hold something."""
        return int(self.counts.sum())

    @property
    def gaps(self) -> int:
        """How many hold nothing."""
        return self.rows - self.known

    @property
    def distinct(self) -> int:
        """How many different values there are."""
        return len(self.words)

    @property
    def whole(self) -> bool:
        """Whether it holds whole numbers only."""
        if self.holds != "numbers" or self.numbers is None or self.infinite:
            return False
        known = self.numbers[self.codes >= 0]
        return bool((known == np.round(known)).all())

    @property
    def commonest(self) -> list[tuple[str, int]]:
        """The values, those of most rows first."""
        order = np.argsort(-self.counts, kind="stable")
        return [(self.words[place], int(self.counts[place])) for place in order.tolist()]


def facts_of(series: pd.Series[Any]) -> Facts:
    """What a column of a data frame holds.

    Example:
        >>> facts = facts_of(pd.Series(["3", " 4", None, "3"], name="rooms"))
        >>> facts.holds, facts.words, facts.gaps
        ('numbers', ['3', '4'], 1)
    """
    name, kind = str(series.name), series.dtype.kind
    if isinstance(series.dtype, pd.CategoricalDtype):
        return _of_objects(name, series.to_numpy(object))
    if kind == "M":
        return _of_dates(name, series)
    if kind in "iuf":
        return _of_numbers(name, series.to_numpy(np.float64, na_value=np.nan))
    return _of_objects(name, series.to_numpy(object))


def _of_numbers(name: str, numbers: NDArray[np.float64]) -> Facts:
    codes, different = pd.factorize(numbers)
    return Facts(
        name=name,
        holds="numbers" if len(different) else "nothing",
        codes=codes.astype(np.int64),
        words=[_number_word(number) for number in different.tolist()],
        counts=_counts(codes, len(different)),
        numbers=numbers,
        infinite=int(np.isinf(numbers).sum()),
    )


def _of_dates(name: str, series: pd.Series[Any]) -> Facts:
    moments = series.dt.tz_convert("UTC").dt.tz_localize(None) if series.dt.tz else series
    exact = moments.to_numpy("datetime64[us]")
    codes, different = pd.factorize(exact)
    return Facts(
        name=name,
        holds="dates" if len(different) else "nothing",
        codes=codes.astype(np.int64),
        words=[_date_word(str(each)) for each in different.astype("datetime64[s]")],
        counts=_counts(codes, len(different)),
        numbers=np.where(np.isnat(exact), np.nan, exact.astype(np.int64) / 1e6),
    )


def _of_objects(name: str, values: NDArray[Any]) -> Facts:
    try:
        first, different = pd.factorize(values)
        words = [None if is_gap(value) else word_of(value) for value in different.tolist()]
    except (TypeError, BadValueError):
        known = ~pd.isna(values)
        codes = np.where(known, np.cumsum(known) - 1, -1).astype(np.int64)
        samples = [shown(value) for value in values[known]]
        return Facts(
            name=name,
            holds="objects",
            codes=codes,
            words=samples,
            counts=np.ones(len(samples), int),
        )
    again, names = pd.factorize(np.array([*words, None], object))
    codes = again.astype(np.int64)[first]  # a gap is -1, and leads to the None at the end
    counts = _counts(codes, len(names))
    listed: list[str] = names.tolist()
    if not listed:
        return Facts(name=name, holds="nothing", codes=codes, words=[], counts=counts)
    facts = Facts(name=name, holds="words", codes=codes, words=listed, counts=counts)
    if all(isinstance(value, bool | np.bool_) or is_gap(value) for value in different.tolist()):
        numbers = _spread([float(word == "True") for word in listed], codes)
        return _as(facts, holds="truths", numbers=numbers)
    return _read(facts)


def _read(facts: Facts) -> Facts:
    """Words that are all numbers or dates, as such."""
    numbers, dates = [_number(word) for word in facts.words], [math.nan] * facts.distinct
    if any(map(is_coded, facts.words)):
        return _as(facts, coded=True)
    if all(map(math.isnan, numbers)):
        dates = [_date(word) for word in facts.words]
    for holds, found in (("numbers", numbers), ("dates", dates)):
        bad = np.isnan(found)
        if not bad.any():
            return _as(facts, holds=holds, numbers=_spread(found, facts.codes))
        rows = int(facts.counts[bad].sum())
        if rows <= (1 - MOSTLY) * facts.known:
            odd = sorted(
                ((facts.words[at], int(facts.counts[at])) for at in np.flatnonzero(bad).tolist()),
                key=lambda each: -each[1],
            )
            return _as(facts, odd=tuple(odd), mostly=holds)
    return facts


def _as(facts: Facts, **changes: Any) -> Facts:
    return Facts(**(vars(facts) | changes))


def _number(word: str) -> float:
    if not NUMBER.fullmatch(word):
        return math.nan
    try:
        return number_of(word)
    except BadValueError:
        return math.nan


def _date(word: str) -> float:
    if not ISO_DATE.fullmatch(word):
        return math.nan
    try:
        when = date_of(word)
    except BadValueError:
        return math.nan
    return math.nan if when is None else (when - EPOCH).total_seconds()


def _spread(values: list[float], codes: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.array([*values, math.nan])[codes]


def _counts(codes: NDArray[Any], different: int) -> NDArray[np.int64]:
    return np.bincount(codes[codes >= 0], minlength=different).astype(np.int64)


def _number_word(number: float) -> str:
    return word_of(number) if math.isfinite(number) else str(number)


def _date_word(word: str) -> str:
    return word.removesuffix("T00:00:00")
