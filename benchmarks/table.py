"""Tables in Markdown that read well in a terminal too."""

from __future__ import annotations

import math
from collections.abc import Sequence


def as_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column stands to the left, the figures to the right.

    Example:
        >>> print(as_table(["what", "ratio"], [["speed", "2.5 ×"]]))
        | what  | ratio |
        | ----- | ----: |
        | speed | 2.5 × |
    """
    cells = [list(columns), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        _line([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in [cells[0], rule, *cells[1:]]
    )


def figure(value: float, unit: str = "") -> str:
    """A number with three digits that count, and its unit; infinity was never reached.

    Example:
        >>> figure(264.31, "s"), figure(7.6, "ms"), figure(0.5123, "s"), figure(math.inf, "s")
        ('264 s', '7.60 ms', '0.512 s', 'not reached')
    """
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "not reached"
    digits = 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:,.{max(0, digits)}f} {unit}".strip()


def ratio(larger: float, smaller: float) -> str:
    """How many times as large; a dash where a side was never reached.

    Example:
        >>> ratio(264.0, 17.0), ratio(math.inf, 17.0)
        ('15.5 ×', '–')
    """
    if not (math.isfinite(larger) and math.isfinite(smaller) and smaller):
        return "–"
    return f"{figure(larger / smaller)} ×"


def shares(values: Sequence[float]) -> str:
    """Shares as percentages, one after the other.

    Example:
        >>> shares([0.0241, 0.012])
        '2.4 %, 1.2 %'
    """
    return ", ".join(f"{value:.1%}".replace("%", " %") for value in values)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
