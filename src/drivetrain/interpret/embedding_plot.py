"""The words of a column as a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from drivetrain.interpret.embedding_map import flattened, vectors_in
from drivetrain.interpret.gallery import INK
from drivetrain.interpret.table_plots import MUTED, as_share, short

if TYPE_CHECKING:
    import pandas as pd

SMALLEST, LARGEST = 12, 260
"""The areas of points, in square points."""

LABELS = 30
ROOM = 1.5
"""Pixels that two labels keep apart."""


def draw_embeddings(
    table: pd.DataFrame,
    column: str,
    answer: str,
    *,
    share: bool,
    labels: int = LABELS,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw what ``embeddings`` gave on its two main axes.

    Arguments:
        table: What it gave; words without training rows are left out.
        column: The column's name.
        answer: The class or number that colours tell the mean of.
        share: Whether that is a share.
        labels: The most frequent words that are written, as far as there is room.
        figsize: Width and height in inches.
    """
    seen = table[table["rows"] > 0]
    flat, shares = flattened(vectors_in(seen))
    rows = seen["rows"].to_numpy(np.float64)
    sizes = SMALLEST + (LARGEST - SMALLEST) * rows / rows.max()
    wide, high = np.ptp(flat, axis=0)
    height = 0.9 + np.clip(4.0 * high / wide if wide > 0 else 0.0, 1.8, 3.8)
    figure, axes = plt.subplots(figsize=figsize or (5.2, height), layout="constrained")
    points = axes.scatter(
        flat[:, 0], flat[:, 1], s=sizes, c=seen["mean"], cmap="viridis", alpha=0.85,
        edgecolors="white", linewidths=0.6,
    )  # fmt: skip
    axes.margins(0.12)
    axes.set_aspect("equal", adjustable="datalim")  # an axis of little spread shall look so
    axes.set_title(
        f"{short(column)}: {len(seen):,} words, larger where more frequent",
        loc="left", fontsize=10, parse_math=False,
    )  # fmt: skip
    axes.set_xlabel(f"first axis, {shares[0]:.0%} of the spread", color=MUTED)
    axes.set_ylabel(f"second axis, {shares[1]:.0%}", color=MUTED)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[["top", "right"]].set_visible(False)
    bar = figure.colorbar(points, ax=axes, shrink=0.7, pad=0.01)
    bar.outline.set_visible(False)
    bar.set_label("")
    bar.ax.set_title(
        f"{'share' if share else 'mean'} of\n{short(answer, 14)}",
        fontsize=8, color=MUTED, parse_math=False,
    )  # fmt: skip
    as_share(bar.ax.yaxis, share=share)
    figure.canvas.draw()
    figure.set_layout_engine("none")  # the labels are placed for this arrangement
    _label(axes, flat, sizes, seen["word"].tolist()[:labels])
    return figure


def _label(axes: Any, flat: Any, sizes: Any, words: list[str]) -> None:
    """Write words beside their points where they cover neither another word nor the edge.

    Words come most frequent first, so it is the rarer ones that are left out.
    """
    renderer = axes.figure.canvas.get_renderer()
    within, taken = axes.get_window_extent(renderer), []
    centres = axes.transData.transform(flat)
    dots = axes.figure.dpi / 72
    radii = np.sqrt(sizes / np.pi) * dots
    for centre, radius in zip(centres[: len(words)], radii, strict=False):
        inner = radius * 0.8
        taken.append(Bbox.from_extents(*(centre - inner), *(centre + inner)))
    for place, word in enumerate(words):
        away = radii[place] / dots + 1.5
        own = taken[place]
        for x, y, across, up in (
            (away, 0, "left", "center"),
            (-away, 0, "right", "center"),
            (0, away, "center", "bottom"),
            (0, -away, "center", "top"),
        ):
            text = axes.annotate(
                short(word, 20), flat[place], xytext=(x, y), textcoords="offset points",
                ha=across, va=up, fontsize=8, color=INK, parse_math=False,
            )  # fmt: skip
            box = text.get_window_extent(renderer).padded(ROOM)
            free = not any(box.overlaps(other) for other in taken if other is not own)
            inside = within.x0 <= box.x0 and box.x1 <= within.x1
            if free and inside and within.y0 <= box.y0 and box.y1 <= within.y1:
                taken.append(box)
                break
            text.remove()
