"""Single values of a table: what is a gap, what is a number, a date, a category or a text.

The same few functions read a value in training and in production, from a data frame, from JSON and
from CSV, where everything is text.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

GAPS = frozenset(
    [
        "",
        "na",
        "n/a",
        "#na",
        "#n/a",
        "<na>",
        "nan",
        "-nan",
        "none",
        "null",
        "nat",
        "1.#ind",
        "-1.#ind",
        "1.#qnan",
        "-1.#qnan",
    ]
)
"""Words that stand for nothing, in small letters: those that pandas reads so, in any case."""

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,4000}", re.ASCII)
COMMA = re.compile(r"[+-]?\d[\d.']*,\d+")
LONGEST_SHOWN = 60
TRUTHS = {"true": "True", "false": "False"}
NOTHING = "nothing"


MISSING = object()
"""What stands in a row's place where it has no such column."""


class BadValueError(ValueError):
    """A value that a column does not take.

    Arguments:
        expected: What the column takes.
        value: What was received.
        hint: What to do.
        column: The column's name.
    """

    def __init__(self, expected: str, value: object, hint: str = "", column: str = "") -> None:
        found = "there is no such column" if value is MISSING else f"received {shown(value)}"
        super().__init__(f"{column + ': ' if column else ''}expected {expected}, {found}")
        self.expected, self.value, self.hint = expected, value, hint

    def in_column(self, name: str) -> BadValueError:
        """The same, told of a column."""
        return BadValueError(self.expected, self.value, self.hint, name)


def is_gap(value: Any) -> bool:
    """Whether there is nothing: None, NaN, pandas' own words for it, or a text that says so.

    Example:
        >>> [is_gap(value) for value in (None, float("nan"), " NA ", "", 0, "none of them")]
        [True, True, True, True, False, False]
    """
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in GAPS
    if isinstance(value, float | np.floating):
        return math.isnan(value)
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return type(value).__name__ in ("NAType", "NaTType")


def number_of(value: Any) -> float:
    """A finite number, or NaN for a gap.

    Example:
        >>> number_of(" 3.5 "), number_of(2)
        (3.5, 2.0)

    Raises:
        BadValueError: It is no number, an infinite one, a truth, or has a comma for its point.
    """
    if is_gap(value):
        return math.nan
    if isinstance(value, bool | np.bool_):
        raise BadValueError("a number", value, "Send 1 or 0 if that is what it means.")
    if isinstance(value, str):
        text = value.strip()
        if not NUMBER.fullmatch(text):
            hint = "Write the decimal point as a point." if COMMA.fullmatch(text) else ""
            raise BadValueError("a number", value, hint)
        value = text
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise BadValueError("a number", value) from None
    if math.isinf(number):
        raise BadValueError("a finite number", value)
    return number


def word_of(value: Any) -> str:
    """A category's name out of any plain value: 1, 1.0 and "1" are the same one.

    Example:
        >>> word_of(" Private "), word_of(1.0), word_of(True)
        ('Private', '1', 'True')

    Raises:
        BadValueError: It is a list, an object, or bytes.
    """
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value if isinstance(value, float) else str(value))
        return str(int(number)) if number.is_integer() else repr(number)
    if isinstance(value, date | np.datetime64):
        return str(value)
    raise BadValueError("a word", value)


def numeral_of(value: Any) -> str:
    """The name of a number that is a category: 1, 1.0 and "1.0" are the same one.

    Whole numbers stay whole, however large; a single-precision number is read as it is written.

    Example:
        >>> numeral_of("01"), numeral_of(2.50), numeral_of(np.float32(0.1)), numeral_of(2**53 + 1)
        ('1', '2.5', '0.1', '9007199254740993')

    Raises:
        BadValueError: It is no number.
    """
    if isinstance(value, str) and WHOLE.fullmatch(value.strip()):
        return str(int(value))
    number = number_of(value)
    return word_of(number if isinstance(value, str) else value)


def truth_of(value: Any) -> str:
    """The name of a truth, however it is written.

    Example:
        >>> truth_of("TRUE"), truth_of(False)
        ('True', 'False')

    Raises:
        BadValueError: It is neither.
    """
    word = value.strip().lower() if isinstance(value, str) else word_of(value).lower()
    if word not in TRUTHS:
        raise BadValueError("true or false", value)
    return TRUTHS[word]


def date_of(value: Any) -> datetime | None:
    """A point in time, or None for a gap; one with a time zone is brought to UTC.

    Example:
        >>> date_of("2013-01-31T05:15")
        datetime.datetime(2013, 1, 31, 5, 15)

    Raises:
        BadValueError: It is no date, or a text in another form than ISO 8601: 3/4/2013 is two
            different days to two readers.
    """
    if is_gap(value):
        return None
    try:
        if isinstance(value, np.datetime64):
            value = value.astype("datetime64[us]").item()
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip())
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        if isinstance(value, datetime):
            return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    except (ValueError, OverflowError):
        raise _no_date(value) from None
    raise _no_date(value)


def text_of(value: Any) -> str:
    """A text; nothing for a gap.

    Raises:
        BadValueError: It is a list, an object, or bytes.
    """
    return "" if is_gap(value) else word_of(value)


def plain(value: Any) -> str | int | float | bool | None:
    """A value as JSON can hold it; a gap is None.

    Example:
        >>> plain(np.int64(3)), plain(float("nan")), plain(date(2013, 1, 31))
        (3, None, '2013-01-31')
    """
    if isinstance(value, str):
        return value
    if is_gap(value):
        return None
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64):
        value = value.item()
    if isinstance(value, bool | int | float):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)


def shown(value: object) -> str:
    """A value as messages show it, cut short.

    Example:
        >>> shown("a" * 100)[-3:]
        'aa…'
    """
    if value is None:
        return NOTHING
    try:
        text = repr(value.item() if isinstance(value, np.generic) else value)
    except RecursionError:
        text = f"a {type(value).__name__} that is nested too deep"
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _no_date(value: object) -> BadValueError:
    return BadValueError("a date", value, "Write it as 2013-01-31, or 2013-01-31T05:15.")
