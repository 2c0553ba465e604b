"""The charts of predicted numbers: predicted against true, and how far off by prediction."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from drivetrain.card import svg, words
from drivetrain.card.markup import Markup, shown
from drivetrain.card.numbers import NumberResult

MOST_DOTS = 400
"""Items that are drawn one by one; more are counted in cells."""

CELLS = (44, 30)
"""Cells from left to right, and from the bottom to the top."""

FAINTEST = 0.14
REACH = '<span class="key reach">the interval</span>'
OUTER = 0.005
"""The share of items at each end that may lie beyond the picture, where cells are drawn."""

BORDER = 0.04
"""What is left free around the items, as a part of the picture."""

Column = NDArray[np.float64]


def fit_chart(result: NumberResult, noun: str, name: str) -> Markup:
    """What was predicted against what was true: dots, or cells that are darker for more items."""
    said, actual = result.said, result.actual
    bounds = _bounds(np.concatenate([said, actual]), cut=len(said) > MOST_DOTS)
    frame = svg.Frame(x=bounds, y=bounds)
    inside = [(bounds[0] <= one) & (one <= bounds[1]) for one in (said, actual)]
    beyond = int((~(inside[0] & inside[1])).sum())
    width = result.interval.half_width if result.interval else None

    def content() -> Iterator[str]:
        marks = _marks(bounds)
        yield svg.axes(frame, ("predicted", "true"), (marks, marks))
        yield from (
            _dots(frame, said, actual) if len(said) <= MOST_DOTS else _cells(frame, said, actual)
        )
        yield svg.path(frame, [(bounds[0], bounds[0]), (bounds[1], bounds[1])], "diagonal")
        if width is not None and width < bounds[1] - bounds[0]:
            low, high = bounds
            yield svg.path(frame, [(low, low + width), (high - width, high)], "reach")
            yield svg.path(frame, [(low + width, low), (high, high - width)], "reach")

    drawn = "A dot is one of them." if len(said) <= MOST_DOTS else "A darker cell holds more."
    edge = f" {beyond:,} beyond the picture are drawn at its edge." if beyond else ""
    half = float(np.median(np.abs(said - actual))) if len(said) else 0.0
    told = f"Half of {len(said):,} predictions lie within {words.figure(half)} of the truth."
    return svg.chart(
        f"{name}-fit",
        "Predicted and true",
        told,
        content(),
        caption=Markup(
            f"{len(said):,} validation {shown(noun)}. {drawn}{edge}"
            '<span class="keys"><span class="key diagonal">right</span>'
            f"{REACH if width is not None else ''}</span>"
        ),
    )


def errors_chart(result: NumberResult, name: str) -> Markup:
    """How far the truth lay above or below the predictions, for each part of them."""
    parts = result.parts
    width = result.interval.half_width if result.interval else 0.0
    ends = [error for part in parts for error in part.errors]
    bounds = _bounds(np.array([*ends, 0.0, width, -width]), cut=False)
    frame = svg.Frame(x=(0.0, float(len(parts))), y=bounds)
    borders = [part.low for part in parts] + [parts[-1].high]
    every = max(1, round(len(parts) / 3))
    along = [(float(at), mark(borders[at])) for at in range(0, len(borders), every)]

    def content() -> Iterator[str]:
        yield svg.axes(
            frame,
            (f"predicted, in {len(parts)} equal parts", "true − predicted"),
            (along, _marks(bounds)),
        )
        yield svg.path(frame, [(0.0, 0.0), (len(parts), 0.0)], "ideal")
        if result.interval:
            for level in (width, -width):
                yield svg.path(frame, [(0.0, level), (len(parts), level)], "reach")
        for place, part in enumerate(parts):
            middle = place + 0.5
            low, quarter, median, three, high = part.errors
            yield svg.path(frame, [(middle, low), (middle, high)], "whisker")
            yield svg.path(frame, [(middle, quarter), (middle, three)], "box")
            yield svg.dot(frame, (middle, median), 3.5, "dot declared")

    told = "; ".join(
        f"predicted {words.figure(part.low)} to {words.figure(part.high)}: median error "
        f"{words.figure(part.errors[2])}"
        for part in parts
    )
    return svg.chart(
        f"{name}-errors",
        "How far off, by what was predicted",
        f"{told}.",
        content(),
        caption=Markup(
            "A dot is the median, its bar holds half of the errors, its line nine tenths."
            + (f'<span class="keys">{REACH}</span>' if result.interval else "")
        ),
    )


def mark(number: float) -> str:
    """A number below an axis, short.

    Example:
        >>> mark(1_500_000.0), mark(25_000.0), mark(0.25)
        ('1.5M', '25k', '0.25')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size <= abs(number) < size * 1e4:
            return f"{number / (1e3 if letter == 'k' else size):.3g}{letter}"
    return words.figure(number) if abs(number) < 1e4 else f"{number:.1e}"


def _dots(frame: svg.Frame, said: Column, actual: Column) -> Iterator[str]:
    for point in zip(said.tolist(), actual.tolist(), strict=True):
        yield svg.dot(frame, point, 3.0, "dot few")


def _cells(frame: svg.Frame, said: Column, actual: Column) -> Iterator[str]:
    """A rectangle for each cell that holds any, its opacity by the root of how many."""
    low, high = frame.x
    across, up = CELLS
    columns, rows = (
        np.clip((each - low) / (high - low) * cells, 0, cells - 1).astype(np.int64)
        for each, cells in ((said, across), (actual, up))
    )
    counts = np.bincount(columns * up + rows, minlength=across * up)
    for cell in np.flatnonzero(counts).tolist():
        column, row = divmod(cell, up)
        left, bottom = low + (high - low) * column / across, low + (high - low) * row / up
        top = low + (high - low) * (row + 1) / up
        right = low + (high - low) * (column + 1) / across
        opacity = FAINTEST + (1.0 - FAINTEST) * float(counts[cell] / counts.max()) ** 0.5
        yield svg.cell(frame, ((left, bottom), (right, top)), opacity)


def _bounds(values: Column, *, cut: bool) -> tuple[float, float]:
    """From where to where a picture goes, never from a number to itself."""
    if not len(values):
        return 0.0, 1.0
    shares = (OUTER, 1.0 - OUTER) if cut else (0.0, 1.0)
    low, high = np.quantile(values, shares).tolist()
    room = max((high - low) * BORDER, max(abs(low), abs(high)) * 1e-6, 1e-12)
    return low - room, high + room


def _marks(bounds: tuple[float, float]) -> list[tuple[float, str]]:
    return [(number, mark(number)) for number in svg.ticks(*bounds, 4)]
