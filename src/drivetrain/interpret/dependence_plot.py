"""Partial dependence as pictures, with where the data is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib import dates as untyped_dates
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from drivetrain.interpret.curves import MARKS, TRAIN, TRAIN_FAINT
from drivetrain.interpret.table_answers import TableAnswers
from drivetrain.interpret.table_columns import part_named
from drivetrain.interpret.table_plots import MUTED, as_share, short
from drivetrain.prepare.columns import CategoryColumn

if TYPE_CHECKING:
    import pandas as pd

moments: Any = untyped_dates
PANEL = (3.3, 2.6)
COLOURS = (TRAIN, *MARKS)
MOST_WORDS, MOST_LINES, BINS = 10, 5, 30
RUG = 0.13
"""The share of a panel's height that the histogram takes."""


def draw_dependence(
    answered: TableAnswers,
    tables: dict[str, pd.DataFrame],
    answers: Sequence[str],
    *,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Draw a panel a column, all on one scale: the mean over rows and their quartiles.

    Arguments:
        answered: The rows that were asked about.
        tables: By column, what ``partial_dependence`` gave.
        answers: The classes or numbers to draw; the quartiles are drawn where it is one.
        ncols: Panels side by side.
        figsize: Width and height in inches.
        limits: The ends of the answers' scale; those of all panels when left out.
    """
    count = max(len(tables), 1)
    wide = ncols or min(3, count)
    high = -(-count // wide)
    size = figsize or (PANEL[0] * wide, PANEL[1] * high + 0.3)
    figure, grid = plt.subplots(high, wide, figsize=size, squeeze=False, layout="constrained")
    shown = [table[table["answer"].isin(list(answers))] for table in tables.values()]
    ends = limits or limits_of(tables, answers)
    share = answered.kind.name != "numbers"
    for axes in list(grid.flat)[len(shown) :]:
        axes.set_axis_off()
    for axes, name, table in zip(grid.flat, tables, shown, strict=False):
        part = part_named(answered.preparation, name)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(short(name, 34), loc="left", fontsize=10.5, parse_math=False)
        if isinstance(part.column, CategoryColumn):
            _draw_words(axes, table, answers, ends)
            as_share(axes.xaxis, share=share)
        else:
            _draw_numbers(axes, table, answers, part.numbers(answered.frame), dates=part.is_date)
            axes.set_ylim(ends[0] - RUG * 1.3 * (ends[1] - ends[0]), ends[1])
            as_share(axes.yaxis, share=share)
        axes.tick_params(labelsize=8.5, color=MUTED)
    if len(answers) > 1:
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(
            handles, [short(label) for label in labels], loc="outside lower left", frameon=False,
            ncols=MOST_LINES, fontsize=8.5,
        )  # fmt: skip
    what = "share" if share else "mean"
    of = f" of {short(answers[0])}" if len(answers) == 1 else ""
    band = ", with the quartiles over rows" if len(answers) == 1 and wide > 1 else ""
    figure.suptitle(
        f"answered {what}{of}{band}", x=0.01, ha="left", fontsize=9, color=MUTED, parse_math=False
    )
    return figure


def limits_of(tables: dict[str, pd.DataFrame], answers: Sequence[str]) -> tuple[float, float]:
    """The ends of a scale that holds the answers of all panels; see :func:`draw_dependence`."""
    names = ["mean", "low", "high"] if len(answers) == 1 else ["mean"]
    shown = [table[table["answer"].isin(list(answers))] for table in tables.values()]
    if not any(map(len, shown)):
        return 0.0, 1.0
    every = np.concatenate([table[names].to_numpy(np.float64).ravel() for table in shown])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    room = 0.06 * (high - low) or abs(low) * 0.1 or 0.1
    return low - room, high + room


def _draw_numbers(
    axes: Any, table: pd.DataFrame, answers: Sequence[str], numbers: Any, *, dates: bool
) -> None:
    known = table[table["value"].notna()]
    gaps = table[table["value"].isna()]
    for colour, name in zip(COLOURS, answers, strict=False):
        line = known[known["answer"] == name]
        x = np.asarray(
            moments.date2num(list(line["value"])) if dates else line["value"], np.float64
        )
        mark = "o" if len(x) <= 6 else None
        axes.plot(x, line["mean"], color=colour, linewidth=1.8, marker=mark, ms=4, label=name)
        if len(answers) == 1:
            axes.fill_between(x, line["low"], line["high"], color=colour, alpha=0.15, linewidth=0)
        for mean in gaps[gaps["answer"] == name]["mean"]:
            axes.axhline(mean, color=colour, linewidth=1, linestyle=(0, (2, 3)))
            if name != answers[0]:
                continue
            axes.annotate(
                "nothing given", (0.99, mean), xycoords=("axes fraction", "data"), ha="right",
                va="bottom", fontsize=7.5, color=colour,
            )  # fmt: skip
    if not len(known):
        return
    ends = (float(x.min()), float(x.max()))
    data = numbers[~np.isnan(numbers)]
    inside = data[(data >= ends[0]) & (data <= ends[1])]
    if ends[0] < ends[1] and len(inside):
        counts, edges = np.histogram(inside, min(BINS, max(2, len(np.unique(inside)))), ends)
        axes.bar(
            edges[:-1], counts / counts.max() * RUG, width=np.diff(edges) * 0.9, align="edge",
            color=TRAIN_FAINT, transform=axes.get_xaxis_transform(), zorder=0,
        )  # fmt: skip
    if dates:
        locator = moments.AutoDateLocator(minticks=2, maxticks=5)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(moments.ConciseDateFormatter(locator))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(4))


def _draw_words(
    axes: Any, table: pd.DataFrame, answers: Sequence[str], limits: tuple[float, float]
) -> None:
    first = table[table["answer"] == answers[0]]
    kept = first.nlargest(MOST_WORDS, "rows", keep="first").sort_values("mean")
    words = kept["value"].tolist()
    places = np.arange(len(words))
    for colour, name in zip(COLOURS, answers, strict=False):
        line = table[table["answer"] == name].set_index("value").loc[words]
        if len(answers) == 1:
            axes.hlines(places, line["low"], line["high"], color=TRAIN_FAINT, linewidth=5)
        axes.plot(line["mean"], places, "o", color=colour, ms=5, label=name)
    labels = [
        f"{short(str(word), 15)} ({rows:,})" for word, rows in zip(words, kept["rows"], strict=True)
    ]
    axes.set_yticks(places, labels, parse_math=False)
    axes.set_ylim(-0.7, max(len(words) - 0.3, 1.7))
    axes.set_xlim(*limits)
    if len(first) > len(words):
        axes.set_xlabel(f"{len(first) - len(words)} rarer words not drawn", fontsize=8, color=MUTED)
