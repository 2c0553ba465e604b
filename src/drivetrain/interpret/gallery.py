"""Pictures in a grid, each with a line under it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from drivetrain.prepare.image import ImageArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INCHES_A_PICTURE = 2.3
INK, RIGHT, WRONG = "#1c2126", "#1a7f37", "#b42318"


def show_pictures(
    pictures: Sequence[ImageArray],
    titles: Sequence[str],
    *,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    colours: Sequence[str] | None = None,
) -> Figure:
    """Draw pictures in a grid.

    Arguments:
        pictures: uint8 [H, W, 3] each.
        titles: One line or more for each.
        nrows: Rows; chosen to be about square when left out.
        ncols: Columns; chosen likewise.
        figsize: Width and height in inches.
        colours: The colour of each title.
    """
    import matplotlib.pyplot as plt

    rows, columns = _grid(len(pictures), nrows, ncols)
    size = figsize or (columns * INCHES_A_PICTURE, rows * (INCHES_A_PICTURE + 0.35))
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for place in axes.flat:
        place.set_axis_off()
    shown = zip(axes.flat, pictures, titles, strict=False)
    for number, (place, picture, title) in enumerate(shown):
        place.imshow(picture)
        colour = colours[number] if colours else INK
        place.set_title(title, fontsize=9, color=colour, parse_math=False)  # "$" is no formula
    return figure


def _grid(count: int, nrows: int | None, ncols: int | None) -> tuple[int, int]:
    if nrows is None and ncols is None:
        nrows = max(1, math.floor(math.sqrt(count)))
    if nrows is None:
        nrows = math.ceil(count / (ncols or 1))
    return max(1, nrows), max(1, ncols or math.ceil(count / nrows))
