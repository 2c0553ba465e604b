"""Lines for a terminal: a label with its text, and columns that stand below each other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from drivetrain.data.report.finding import printable

WIDTH = 88
LABEL = 14


def told(label: str, text: str) -> Iterable[str]:
    """A label and a text, which goes on below itself where it is long."""
    before = f"  {label:<{LABEL}}"
    lines = textwrap.wrap(printable(text), WIDTH - len(before), break_long_words=False)
    return [f"{before}{line}" if not number else f"{'':{len(before)}}{line}"
            for number, line in enumerate(lines or [""])]  # fmt: skip


def table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 2, left: int = 1
) -> list[str]:
    """Columns as wide as what stands in them, the first of them to the left, others to the right.

    Arguments:
        heads: What stands above each column.
        rows: A text for each column.
        indent: Spaces before each line.
        left: How many columns stand to the left.
    """
    whole = [[printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*whole, strict=True)]
    return [
        " " * indent
        + "  ".join(
            f"{cell:>{width}}" if place >= left else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in whole
    ]
