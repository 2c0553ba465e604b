"""Time and memory over the number of photos, drawn: ``growth_plot.py SERIES TARGET``.

SERIES is a JSON object with the lists ``photos``, ``seconds`` and ``megabytes``. A process of its
own draws it, because the benchmark's own stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

MEASURED, EXPECTED, INK, FAINT = "#1f5fa8", "#9a9a9a", "#222222", "#dddddd"


def draw(series: dict[str, list[float]]) -> Figure:
    """Two panels: seconds to a trained model, and peak memory."""
    photos = series["photos"]
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    _panel(left, photos, series["seconds"], "seconds from start to model", below=True)
    _panel(right, photos, series["megabytes"], "peak memory, MB", below=False)
    slope, start = np.polyfit(photos[:2], series["seconds"][:2], 1)
    reach = np.array([0, photos[-1]])
    _expected(left, reach, start + slope * reach, "as the first two sizes begin", "upper left")
    _expected(right, reach, np.full(2, series["megabytes"][0]), "the first size", "lower right")
    return figure


def _panel(
    axes: Any, photos: Sequence[float], values: Sequence[float], title: str, *, below: bool
) -> None:
    axes.plot(photos, values, "o-", color=MEASURED, markersize=7, zorder=3, label="measured")
    place = (
        {"xytext": (9, -6), "ha": "left", "va": "center"}
        if below
        else {"xytext": (0, 9), "ha": "center"}
    )
    for x, y in zip(photos, values, strict=True):
        axes.annotate(f"{y:,.0f}", (x, y), textcoords="offset points", color=INK, **place)
    axes.set_title(title, loc="left", color=INK)
    axes.set_xlabel("photos", color=INK)
    axes.set_xticks(photos, [f"{count:,}" for count in photos])
    axes.set_xlim(0, photos[-1] * 1.12)
    axes.set_ylim(0, max(values) * 1.2)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=FAINT)
    axes.spines[["top", "right"]].set_visible(False)


def _expected(axes: Any, x: Any, y: Any, label: str, corner: str) -> None:
    axes.plot(x, y, "--", color=EXPECTED, zorder=2, label=label)
    axes.legend(frameon=False, loc=corner)


def main() -> None:
    """Draw into the target."""
    series, target = json.loads(sys.argv[1]), Path(sys.argv[2])
    mpl.rcParams |= {"svg.hashsalt": "drivetrain", "font.size": 10}
    draw(series).savefig(target, metadata={"Date": None} if target.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
