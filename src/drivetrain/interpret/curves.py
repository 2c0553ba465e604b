"""What happened batch by batch, as curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

TRAIN, TRAIN_FAINT, VALID = "#1f5fa8", "#c9d3df", "#d1711f"
MARKS = (VALID, "#1a7f37", "#8a3ffc", "#b42318")
SHARE, LONGEST_MEMORY = 20, 50
"""The mean over a training's losses remembers a twentieth of its batches, and 50 at most."""

MARGIN = 1.5
"""What a logarithmic axis goes on by at both ends."""


def draw_losses(
    losses: Sequence[float], valid: Sequence[float], ends: Sequence[int], *, skip_start: int = 5
) -> Figure:
    """Draw the loss of every batch, smoothed, and of every validation.

    Arguments:
        losses: The loss of each batch.
        valid: The loss of each validation; none draws none.
        ends: How many batches had been trained on at each validation.
        skip_start: Batches to leave out at the start, where the loss is high.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    skip = skip_start if len(losses) > 2 * skip_start else 0
    batches = range(skip + 1, len(losses) + 1)
    axes.plot(batches, losses[skip:], color=TRAIN_FAINT, linewidth=1)
    beta = 1 - 1 / min(max(len(losses) / SHARE, 2), LONGEST_MEMORY)
    axes.plot(batches, smoothed(losses, beta)[skip:], color=TRAIN, label="train")
    shown = [(end, loss) for end, loss in zip(ends, valid, strict=False) if end > skip]
    if shown:
        axes.plot(*zip(*shown, strict=True), color=VALID, marker="o", markersize=4, label="valid")
    axes.set(xlabel="batches", ylabel="loss")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure


def draw_rates(rates: Sequence[float]) -> Figure:
    """Draw the learning rate of every batch."""
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    axes.plot(range(1, len(rates) + 1), rates, color=TRAIN)
    axes.set(xlabel="batches", ylabel="learning rate")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def draw_lr_find(
    rates: Sequence[float],
    losses: Sequence[float],
    curve: Sequence[float],
    suggestions: Mapping[str, tuple[float, tuple[float, float]]],
) -> Figure:
    """Draw the loss against the learning rate, with what was suggested.

    Arguments:
        rates: The rates that were tried, rising.
        losses: The loss of the batch at each.
        curve: The same, smoothed.
        suggestions: By name: the rate, and the point of the curve (rate, loss) it was read off.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    axes.set_xscale("log")
    axes.set_xlim(rates[0] / MARGIN, rates[-1] * MARGIN)
    axes.plot(rates, losses, color=TRAIN_FAINT, linewidth=1)
    axes.plot(rates, curve, color=TRAIN)
    marks = zip(suggestions.items(), cycle(MARKS))
    for (name, (rate, (at_rate, at_loss))), colour in marks:
        axes.axvline(rate, color=colour, linewidth=1, linestyle=(0, (4, 3)))
        label = f"{name} {rate:.1e}"
        axes.plot(at_rate, at_loss, "o", color=colour, markersize=6, label=label)
    axes.set_ylim(*_where_it_matters(curve))
    axes.set(xlabel="learning rate", ylabel="loss")
    axes.spines[["top", "right"]].set_visible(False)
    if suggestions:
        axes.legend(frameon=False)
    return figure


def _where_it_matters(curve: Sequence[float]) -> tuple[float, float]:
    """The loss from below its smallest to above its first: where it runs away says little."""
    low, first = min(curve), max(curve[: max(1, len(curve) // 4)])
    height = (first - low) or abs(low) or 1.0
    return low - 0.15 * height, first + 0.5 * height


def smoothed(losses: Sequence[float], beta: float = 0.98) -> list[float]:
    """An exponential mean without the bias of its start (Kingma, Ba 2015, section 3)."""
    mean, means = 0.0, []
    for count, loss in enumerate(losses, start=1):
        mean = beta * mean + (1 - beta) * loss
        means.append(mean / (1 - beta**count))
    return means
