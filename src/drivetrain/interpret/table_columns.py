"""What stands where in a prepared row, and which values, words and slices a column has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import ConfigError
from drivetrain.prepare.columns import FIRST, CategoryColumn, NumberColumn, TextColumn
from drivetrain.prepare.dates import DateColumn
from drivetrain.prepare.table import Column, TablePreparation
from drivetrain.prepare.values import is_gap

if TYPE_CHECKING:
    import pandas as pd

NOTHING, UNSEEN_WORD = "#na#", "#unseen#"
"""What stands for a gap and for the rare or unseen words, as in ``TabularPandas.classes``."""


@dataclass(frozen=True)
class Part:
    """A column, or a part of a date, and where it stands in a prepared row.

    Arguments:
        column: What was fitted.
        places: Where its codes, numbers, flags and text features stand, in that order.
        of: The date that it is a part of.
    """

    column: Column
    places: tuple[int, ...]
    of: DateColumn | None = None

    @property
    def name(self) -> str:
        """What it is called."""
        return self.column.name

    @property
    def is_date(self) -> bool:
        """Whether its numbers are days since 1970."""
        return isinstance(self.column, DateColumn) or (
            self.of is not None and self.name.endswith(".Elapsed")
        )

    def words(self) -> list[str]:
        """The word of each code of a column of words."""
        assert isinstance(self.column, CategoryColumn)
        return [NOTHING, UNSEEN_WORD, *self.column.vocab]

    def numbers(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Its numbers as they were given, float64 [N], NaN for gaps.

        Of a date the days since 1970, of a text its letters.
        """
        if isinstance(self.column, TextColumn):
            given = frame[self.name].tolist()
            return np.array([np.nan if is_gap(one) else len(str(one)) for one in given], np.float64)
        whole = self.of or self.column
        values = frame[whole.name].to_numpy()
        if isinstance(whole, DateColumn):
            place = len(whole.parts) - 1 if self.of is None else whole.parts.index(self.column)
            return whole.read(values, {})[place]
        assert isinstance(whole, NumberColumn)
        return whole.read(values, {})


def parts_of(preparation: TablePreparation) -> dict[str, Part]:
    """Every column and every part of a date by name, with its places in a prepared row.

    Example:
        >>> age = NumberColumn(name="age", median=40, spread=10, low=17, high=90, gaps=3)
        >>> city = CategoryColumn(name="city", vocab=("Bern",))
        >>> parts = parts_of(TablePreparation(columns=(age, city)))
        >>> parts["age"].places, parts["city"].places
        ((1, 2), (0,))
    """
    code, number = 0, len(preparation.code_rows)
    flag, text = number + len(preparation.number_names), preparation.texts_from
    found: dict[str, Part] = {}
    for column in preparation.columns:
        taken: list[int] = []
        for part in column.parts if isinstance(column, DateColumn) else (column,):
            if isinstance(part, CategoryColumn):
                places, code = [code], code + 1
            elif isinstance(part, NumberColumn):
                places = [number, *range(flag, flag + part.flags)]
                number, flag = number + 1, flag + part.flags
            else:
                places, text = list(range(text, text + part.size)), text + part.size
            taken += places
            if isinstance(column, DateColumn):
                found[part.name] = Part(part, tuple(places), column)
        found[column.name] = Part(column, tuple(sorted(taken)))
    return found


def part_named(preparation: TablePreparation, name: str) -> Part:
    """A column, or a part of a date, by its name.

    Raises:
        ConfigError: There is none of that name.
    """
    parts = parts_of(preparation)
    if name not in parts:
        raise unknown("column", name, parts)
    return parts[name]


def unknown(what: str, name: object, known: Iterable[str]) -> ConfigError:
    """What to raise for a name that is none of those known."""
    listed = list(known)
    near = difflib.get_close_matches(str(name), listed, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(listed[:30])}."
    return ConfigError(f"The model knows no {what} {name!r}.", hint=hint)


@dataclass(frozen=True)
class Sliced:
    """The rows of a table by one column.

    Arguments:
        labels: The slices.
        codes: The slice of each row, int64 [N].
    """

    labels: tuple[str, ...]
    codes: NDArray[np.int64]


def sliced(part: Part, frame: pd.DataFrame, arrays: NDArray[np.float32], bins: int) -> Sliced:
    """The rows by word, or by quantile of a number, a date or a text's length.

    Arguments:
        part: The column.
        frame: The rows as they were given.
        arrays: The same prepared, float32 [N, F].
        bins: How many quantiles.
    """
    if isinstance(part.column, CategoryColumn):
        there, codes = np.unique(arrays[:, part.places[0]].astype(np.int64), return_inverse=True)
        words = part.words()
        return Sliced(tuple(words[code] for code in there), codes.astype(np.int64))
    numbers = part.numbers(frame)
    known = numbers[~np.isnan(numbers)]
    edges: NDArray[np.float64] = (
        np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1])) if len(known) else known
    )
    raw = np.where(np.isnan(numbers), -1, np.searchsorted(edges, numbers, side="left"))
    there, codes = np.unique(raw, return_inverse=True)
    labels = [
        NOTHING if bin_ < 0 else _range(part, numbers[raw == bin_]) for bin_ in there.tolist()
    ]
    return Sliced(tuple(labels), codes.astype(np.int64))


def shown_number(part: Part, number: float) -> str:
    """A number of a column in words."""
    if part.is_date:
        return str(np.datetime64("1970-01-01") + np.timedelta64(int(number), "D"))
    whole = float(number).is_integer() and abs(number) < 1e12
    return f"{number:.0f}" if whole else f"{number:.4g}"


def code_words(part: Part, codes: Sequence[Any]) -> list[str]:
    """The words of some codes."""
    words = part.words()
    return [words[int(code)] for code in codes]


def is_word(code: int) -> bool:
    """Whether a code is that of a word, not of a gap or of what is unseen."""
    return code >= FIRST


def _range(part: Part, numbers: NDArray[np.float64]) -> str:
    low, high = (shown_number(part, each) for each in (numbers.min(), numbers.max()))
    unit = " letters" if isinstance(part.column, TextColumn) else ""
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"
