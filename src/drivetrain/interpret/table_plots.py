"""How the interpretation of a table is drawn: importance, and answers beside the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from drivetrain.interpret.curves import TRAIN, TRAIN_FAINT, VALID
from drivetrain.interpret.gallery import INK

if TYPE_CHECKING:
    import pandas as pd

BAR = 0.27
"""Inches a bar."""

LONGEST = 24
MUTED = "#5c6570"


def draw_importance(
    table: pd.DataFrame, *, most: int = 20, figsize: tuple[float, float] | None = None
) -> Figure:
    """Draw what ``permutation_importance`` found: a bar a column, with its 95 % interval.

    Arguments:
        table: What it gave.
        most: The columns to draw, the most important first.
        figsize: Width and height in inches.
    """
    shown = table.head(most).iloc[::-1]
    figure, axes = plt.subplots(
        figsize=figsize or (4.4, 1.0 + BAR * len(shown)), layout="constrained"
    )
    places = np.arange(len(shown))
    sure = (shown["low"] > 0).to_numpy()
    axes.barh(places, shown["mean"], height=0.62, color=np.where(sure, TRAIN, TRAIN_FAINT))
    ends = np.abs(shown[["low", "high"]].to_numpy() - shown[["mean"]].to_numpy()).T
    axes.errorbar(shown["mean"], places, xerr=ends, fmt="none", ecolor=INK, elinewidth=1)
    axes.set_yticks(places, [short(name) for name in shown["column"]], parse_math=False)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.set_xlabel("growth of the loss when shuffled", color=MUTED)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    said = table.attrs.get("looked_at", "")
    left_out = len(table) - len(shown)
    more = f" · {left_out} less important columns not drawn" if left_out else ""
    axes.set_title(f"{said}{more}", loc="left", fontsize=8.5, color=MUTED)
    _bare(axes)
    axes.tick_params(axis="y", length=0)
    return figure


def draw_answers(answers: NDArray[Any], targets: NDArray[Any], name: str, looked_at: str) -> Figure:
    """Draw answered numbers against true ones.

    Arguments:
        answers: float [N].
        targets: float [N].
        name: What they are.
        looked_at: How many rows are drawn.
    """
    figure, axes = plt.subplots(figsize=(4.4, 4.2), layout="constrained")
    faint = float(np.clip(40 / np.sqrt(max(len(answers), 1)), 0.06, 0.7))
    axes.scatter(targets, answers, s=9, color=TRAIN, alpha=faint, linewidths=0)
    both = np.concatenate([answers, targets])
    ends = [float(both.min()), float(both.max())] if len(both) else [0.0, 1.0]
    axes.plot(ends, ends, color=VALID, linewidth=1)
    axes.set_xlabel(f"{name}, true", parse_math=False)
    axes.set_ylabel(f"{name}, answered", parse_math=False)
    axes.set_title(looked_at, loc="left", fontsize=8.5, color=MUTED)
    _bare(axes)
    return figure


def short(word: str, longest: int = LONGEST) -> str:
    """A word that fits beside a picture."""
    return word if len(word) <= longest else f"{word[: longest - 1]}…"


def as_share(axis: Any, *, share: bool) -> None:
    """Write an axis in per cent where it holds shares."""
    axis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    if share:
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))


def _bare(axes: Any) -> None:
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.grid(axis="x", color="#eceae4", linewidth=0.8)
    axes.set_axisbelow(True)
