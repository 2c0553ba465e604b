"""Dates as columns: a point in time by its parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from drivetrain.prepare.columns import (
    BaseColumn,
    CategoryColumn,
    NumberColumn,
    Problems,
    Values,
    fit_numbers,
)
from drivetrain.prepare.values import BadValueError, date_of

MONTHS, DAYS, HOURS = range(1, 13), range(1, 8), range(24)


class DateColumn(BaseColumn):
    """A point in time, by its parts: month, weekday and hour as codes, the rest as numbers.

    Example:
        >>> column = DateColumn.fit("sold", [datetime(2013, 1, 31), datetime(2014, 6, 1)])
        >>> [part.name for part in column.parts]
        ['sold.Month', 'sold.Dayofweek', 'sold.Day', 'sold.Dayofyear', 'sold.Elapsed']

    Arguments:
        name: The column's name.
        parts: The columns that it is made into.
    """

    kind: Literal["date"] = "date"
    parts: tuple[CategoryColumn | NumberColumn, ...]

    @classmethod
    def fit(cls, name: str, dates: Iterable[datetime | None]) -> DateColumn:
        """The parts of some training dates."""
        found = list(dates)
        known = [each for each in found if each is not None]
        timed = any(each.hour or each.minute for each in known)
        gaps = len(found) - len(known)
        parts: list[CategoryColumn | NumberColumn] = []
        for part, (_, words, only_timed) in PARTS.items():
            if only_timed and not timed:
                continue
            whole = f"{name}.{part}"
            if words is not None:
                vocab = tuple(map(str, words))
                parts.append(CategoryColumn(name=whole, of="number", vocab=vocab, gaps=gaps))
            else:
                values = np.array([PARTS[part][0](each) for each in known], np.float64)
                parts.append(fit_numbers(whole, values))
        return cls(name=name, parts=tuple(parts))

    @property
    def code_rows(self) -> tuple[int, ...]:
        """Those of its parts."""
        return tuple(rows for part in self.parts for rows in part.code_rows)

    @property
    def numbers(self) -> int:
        """Those of its parts."""
        return sum(part.numbers for part in self.parts)

    def read(self, values: Values, problems: Problems) -> list[NDArray[np.float64]]:
        """Each part of each value, float64 [N], NaN for gaps."""
        if isinstance(values, np.ndarray) and values.dtype.kind == "M":
            values = values.astype("datetime64[us]")
            dates = [None if each is None else date_of(each) for each in values.tolist()]
        else:
            dates = []
            for place, value in enumerate(values):
                try:
                    dates.append(date_of(value))
                except BadValueError as problem:
                    problems[place] = problem
                    dates.append(None)
        return [
            np.array([math.nan if each is None else take(each) for each in dates], np.float64)
            for take in (PARTS[part.name.rpartition(".")[2]][0] for part in self.parts)
        ]

    def remark(self, value: Any) -> str | None:
        """A date before or after all of training, or a gap where it had none."""
        when = date_of(value)
        last = self.parts[-1]
        if when is None:
            first = self.parts[0]
            return (
                None
                if first.gaps
                else f"{self.name}: nothing was given, and training never saw that"
            )
        if isinstance(last, NumberColumn) and not last.low <= _elapsed(when) <= last.high:
            return f"{self.name}: {when:%Y-%m-%d} lies outside the training's dates"
        return None


def _elapsed(when: datetime) -> float:
    return (when - datetime(1970, 1, 1)).total_seconds() / 86_400


PARTS: dict[str, tuple[Callable[[datetime], float], Iterable[int] | None, bool]] = {
    "Month": (lambda when: when.month, MONTHS, False),
    "Dayofweek": (lambda when: when.isoweekday(), DAYS, False),
    "Hour": (lambda when: when.hour, HOURS, True),
    "Day": (lambda when: when.day, None, False),
    "Dayofyear": (lambda when: when.timetuple().tm_yday, None, False),
    "Minute": (lambda when: when.hour * 60 + when.minute, None, True),
    "Elapsed": (_elapsed, None, False),
}
"""The parts of a date: how each is read, its words if it is a code, whether it takes a time."""
