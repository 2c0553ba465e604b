"""How a column's values are spread, as a small picture needs it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivetrain.learn.tabular.facts import Facts

BARS, BINS = 8, 24
LONGEST = 28
BULK = 0.005
"""What a histogram gathers in its first and in its last bar, so that what lies far off does not
press the rest together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """How the values of a column are spread.

    Arguments:
        shape: ``bars`` of the commonest values, or a ``histogram`` of numbers, dates or lengths.
        counts: The rows in each bar, from left to right or from the top.
        labels: Of bars, the values; of a histogram, its ends and its median.
        others: Of bars, the rows of all further values.
        caption: What the histogram is of where it is not the values themselves.
    """

    shape: Literal["bars", "histogram"] = "bars"
    counts: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    others: int = 0
    caption: str = ""


NO_PICTURE = Picture()


def picture_of(facts: Facts, kind: str) -> Picture:
    """The picture of a column."""
    if not facts.known or facts.holds == "objects":
        return NO_PICTURE
    if kind == "text":
        lengths = np.array([len(word) for word in facts.words], np.float64)
        return _histogram(np.repeat(lengths, facts.counts), "numbers", "letters a text")
    numbers = facts.numbers if facts.holds in ("numbers", "dates") else None
    if numbers is not None and (kind != "category" or facts.distinct > BARS):
        return _histogram(numbers[np.isfinite(numbers)], facts.holds, "")
    shown = facts.commonest[:BARS]
    if numbers is not None:
        shown.sort(key=lambda each: float(each[0]))
    counts = tuple(count for _, count in shown)
    return Picture(
        counts=counts,
        labels=tuple(_short(word) for word, _ in shown),
        others=facts.known - sum(counts),
    )


def _histogram(numbers: NDArray[np.float64], holds: str, caption: str) -> Picture:
    if not len(numbers):
        return NO_PICTURE
    low, median, high = np.quantile(numbers, [BULK, 0.5, 1 - BULK])
    if not low < high:
        low, high = float(numbers.min()), float(numbers.max())
    whole = holds == "numbers" and bool((numbers == np.round(numbers)).all())
    if whole:  # bars of whole numbers: each its own, or equally many in each
        first, last = math.floor(low), math.ceil(high)
        step = 1 if last - first < 2 * BINS else math.ceil((last - first + 1) / BINS)
        edges = np.arange(first - 0.5, last + step, step)
    else:
        edges = np.linspace(low, high if high > low else low + 1.0, BINS + 1)
    counts, _ = np.histogram(np.clip(numbers, edges[0], edges[-1]), edges)
    ends = (float(numbers.min()), float(median), float(numbers.max()))
    return Picture(
        shape="histogram",
        counts=tuple(int(count) for count in counts),
        labels=tuple(_label(end, holds) for end in ends),
        caption=caption,
    )


def _label(number: float, holds: str) -> str:
    if holds == "dates":
        return datetime.fromtimestamp(number, UTC).strftime("%Y-%m-%d")
    if number == round(number) and abs(number) < 1e12:
        return f"{number:,.0f}"
    return f"{number:.4g}"


def _short(word: str) -> str:
    return word if len(word) <= LONGEST else f"{word[: LONGEST - 1]}…"
