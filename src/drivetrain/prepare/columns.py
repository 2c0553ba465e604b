"""The columns of a table, each fitted to training rows: from values to numbers, the same for ever.

Every column gives some codes, some numbers, some flags or some text features; a value that it does
not take is a :class:`~drivetrain.prepare.values.BadValueError`, and one that training never saw is
a remark.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from drivetrain.prepare.values import (
    BadValueError,
    is_gap,
    number_of,
    numeral_of,
    shown,
    text_of,
    truth_of,
    word_of,
)

READ: dict[str, Callable[[Any], str]] = {
    "text": word_of,
    "number": numeral_of,
    "truth": truth_of,
}
"""How the words of a category are read, by what they were in training."""

GAP, UNSEEN = 0, 1
"""The codes of nothing and of what is rare or was never seen; the vocabulary follows. Where
training had no gaps, nothing was learned for one, and it counts as unseen."""

FIRST = 2
DOUBLE = 8
FARTHEST = 1e6
"""How many spreads from the median a number may be: beyond, it is taken as so far away."""

REMEMBERED, LONGEST_REMEMBERED = 100_000, 200
"""Known words whose code is kept at hand, and their letters; others are looked up anew."""

Finite = Annotated[float, Field(allow_inf_nan=False)]
Spread = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]
Values = Sequence[Any] | NDArray[Any]
Numbers = NDArray[np.float32]
Problems = dict[int, BadValueError]
"""What a column does not take, by the place of its row."""


class BaseColumn(BaseModel):
    """What every column gives; most give one kind of thing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str

    @property
    def code_rows(self) -> tuple[int, ...]:
        """For each code that it gives, how many different ones there are."""
        return ()

    @property
    def numbers(self) -> int:
        """How many numbers it gives."""
        return 0

    @property
    def flags(self) -> int:
        """How many flags it gives."""
        return 0

    def remark(self, value: Any) -> str | None:  # noqa: ARG002
        """What is worth knowing of a value that was taken; None where there is nothing."""
        return None


class CategoryColumn(BaseColumn):
    """One of several words.

    Example:
        >>> column = CategoryColumn(name="sex", vocab=("female", "male"))
        >>> column.codes(["male", " female", None, "other"], {}).tolist()
        [3, 2, 1, 1]

    Arguments:
        name: The column's name.
        of: What the words were in training: texts, numbers, or truths.
        vocab: The words that are told apart.
        rare: How many training rows held a word that is not among them.
        gaps: How many held nothing.
    """

    kind: Literal["category"] = "category"
    of: Literal["text", "number", "truth"] = "text"
    vocab: tuple[str, ...]
    rare: int = Field(default=0, ge=0)
    gaps: int = Field(default=0, ge=0)

    @property
    def code_rows(self) -> tuple[int, ...]:
        """A row for each word, and those of gaps and of the unseen."""
        return (FIRST + len(self.vocab),)

    def codes(self, values: Values, problems: Problems) -> NDArray[np.int64]:
        """The code of each value, int64 [N]; what it does not take is put into ``problems``."""
        listed = listed_of(values)
        memories, types = self._memories, set(map(type, listed))
        try:
            if len(types) == 1:
                known = map(memories[types.pop()].__getitem__, listed)
                return np.fromiter(known, np.int64, len(listed))
            return np.array([memories[type(value)][value] for value in listed], np.int64)
        except (BadValueError, TypeError):
            return self._codes_of_each(listed, problems)

    def _codes_of_each(self, values: Sequence[Any], problems: Problems) -> NDArray[np.int64]:
        found = np.full(len(values), UNSEEN, np.int64)
        for place, value in enumerate(values):
            try:
                found[place] = self._memories[type(value)][value]
            except BadValueError as problem:
                problems[place] = problem
            except TypeError:  # a list or an object has no code to remember
                problems[place] = BadValueError(self._expected, value)
        return found

    def remark(self, value: Any) -> str | None:
        """A word that training never saw, or a gap where it saw none."""
        code = self._memories[type(value)][value]
        if is_gap(value):
            told = "nothing was given, and training never saw that; it counts as unseen"
            return None if self.gaps else f"{self.name}: {told}"
        if code == UNSEEN:
            counted = "counts as one of the rare" if self.rare else "counts as unseen"
            return f"{self.name}: {shown(value)} was not among the training's words; it {counted}"
        return None

    @cached_property
    def _memories(self) -> defaultdict[type, _Memory]:
        return defaultdict(lambda: _Memory(self._code))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.vocab, FIRST)}

    @property
    def _expected(self) -> str:
        return {"text": "a word", "number": "a number", "truth": "true or false"}[self.of]

    def _code(self, value: Any) -> int:
        if is_gap(value):
            return GAP if self.gaps else UNSEEN
        return self._places.get(READ[self.of](value), UNSEEN)


class NumberColumn(BaseColumn):
    """A number: its distance from the training's median, in units of the training's spread.

    Example:
        >>> column = NumberColumn(name="age", median=40.0, spread=10.0, low=17.0, high=90.0)
        >>> scaled(np.array([[45.0], [np.nan]]), [column]).tolist()
        [[0.5], [0.0]]

    Arguments:
        name: The column's name.
        median: What is taken off, and what stands in for a gap.
        spread: What is divided by.
        low: The smallest number of training.
        high: The largest.
        gaps: How many training rows held nothing.
        flagged: Whether a flag says where nothing was, if training had gaps.
        whole: Whether training held whole numbers only.
    """

    kind: Literal["number"] = "number"
    median: Finite
    spread: Spread
    low: Finite
    high: Finite
    gaps: int = Field(default=0, ge=0)
    flagged: bool = True
    whole: bool = False

    @property
    def numbers(self) -> int:
        """One."""
        return 1

    @property
    def flags(self) -> int:
        """One where training had gaps that are flagged."""
        return int(self.gaps > 0 and self.flagged)

    def read(self, values: Values, problems: Problems) -> NDArray[np.float64]:
        """Values as numbers, float64 [N], NaN for gaps; see :meth:`CategoryColumn.codes`."""
        if isinstance(values, np.ndarray) and values.dtype.kind in "iuf":
            found = values.astype(np.float64)
            for place in np.flatnonzero(np.isinf(found)).tolist():
                problems[place] = BadValueError("a finite number", float(found[place]))
            return found
        return read_each(number_of, values, problems)

    def remark(self, value: Any) -> str | None:
        """A number beyond all of training, or a gap where it had none."""
        number = number_of(value)
        if math.isnan(number):
            if self.gaps:
                return None
            return (
                f"{self.name}: nothing was given, and training never saw that; "
                f"the median {self.median:g} stands in"
            )
        if self.low <= number <= self.high:
            return None
        return f"{self.name}: {number:g} lies outside the training's {self.low:g} to {self.high:g}"


class TextColumn(BaseColumn):
    """Free text, by the numbers that a frozen encoder makes of it.

    Arguments:
        name: The column's name.
        encoder: The encoder's name.
        size: How many numbers it gives.
    """

    kind: Literal["text"] = "text"
    encoder: str
    size: int = Field(ge=1, le=100_000)

    def read(self, values: Values, problems: Problems) -> list[str]:
        """The texts; a gap is an empty one."""
        texts = []
        for place, value in enumerate(values):
            try:
                texts.append(text_of(value))
            except BadValueError as problem:
                problems[place] = BadValueError("a text", value, problem.hint)
                texts.append("")
        return texts


def fit_numbers(name: str, values: NDArray[np.float64], *, flagged: bool = True) -> NumberColumn:
    """A number column's median and spread.

    The spread is the distance of the quartiles over 1.35, as for a bell curve; where more than
    half of the values are the same, the standard deviation; of a constant, 1.

    Arguments:
        name: The column's name.
        values: Those of training, float64 [N], NaN for gaps.
        flagged: Whether a flag says where nothing was.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        known = np.zeros(1)
    low, median, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = (high - low) / 1.349
    if not spread > 0 or not math.isfinite(spread):
        spread = float(known.std())
    return NumberColumn(
        name=name,
        median=float(median),
        spread=float(spread) if spread > 0 and math.isfinite(spread) else 1.0,
        low=float(known.min()),
        high=float(known.max()),
        gaps=int(np.isnan(values).sum()),
        flagged=flagged,
        whole=bool((known == np.round(known)).all()),
    )


def listed_of(values: Values) -> Sequence[Any]:
    """Values one by one; those of less than double precision as they are written.

    Example:
        >>> listed_of(np.array([0.1], np.float32))
        [0.1]
    """
    if not isinstance(values, np.ndarray):
        return values
    if values.dtype.kind == "f" and values.dtype.itemsize < DOUBLE:
        return [float(str(value)) for value in values]
    listed: list[Any] = values.tolist()
    return listed


def scaled(values: NDArray[np.float64], columns: Sequence[NumberColumn]) -> Numbers:
    """Numbers as the network takes them, float32 [N, K].

    Arguments:
        values: float64 [N, K], NaN for gaps.
        columns: The column of each.
    """
    medians = np.array([column.median for column in columns])
    spreads = np.array([column.spread for column in columns])
    away = (values - medians) / spreads
    away[np.isnan(away)] = 0.0
    within: Numbers = np.minimum(np.maximum(away, -FARTHEST), FARTHEST).astype(np.float32)
    return within


def read_each(
    read: Callable[[Any], float], values: Values, problems: Problems
) -> NDArray[np.float64]:
    """One value after the other as numbers, float64 [N]; see :meth:`CategoryColumn.codes`."""
    found = np.full(len(values), np.nan)
    for place, value in enumerate(values):
        try:
            found[place] = read(value)
        except BadValueError as problem:
            problems[place] = problem
    return found


class _Memory(dict[Any, int]):
    """The code of each known word of one type: 1 and True are equal, and not alike."""

    def __init__(self, code: Callable[[Any], int]) -> None:
        super().__init__()
        self._code = code

    def __missing__(self, value: Any) -> int:
        code = self._code(value)
        short = not isinstance(value, str) or len(value) <= LONGEST_REMEMBERED
        if code >= FIRST and short and len(self) < REMEMBERED:
            self[value] = code
        return code
