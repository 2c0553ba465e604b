"""Curves of a training and of a learning rate test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from drivetrain.interpret.curves import draw_losses, draw_lr_find, draw_rates, smoothed

RATES = np.logspace(-4, 0, 5).tolist()
LOSSES = [1.1, 0.9, 0.5, 0.6, 90.0]
CURVE = [1.0, 0.9, 0.5, 0.7, 80.0]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def test_a_test_of_rates_is_drawn_over_a_logarithmic_axis() -> None:
    axes = draw_lr_find(RATES, LOSSES, CURVE, {}).axes[0]
    raw, smooth = axes.lines
    assert (np.asarray(raw.get_xdata()).tolist(), np.asarray(raw.get_ydata()).tolist()) == (
        RATES,
        LOSSES,
    )
    assert (np.asarray(smooth.get_xdata()).tolist(), np.asarray(smooth.get_ydata()).tolist()) == (
        RATES,
        CURVE,
    )
    assert axes.get_xscale() == "log"
    assert axes.get_legend() is None


def test_every_suggestion_is_marked_where_it_was_read_off_and_named() -> None:
    suggestions = {"steep": (0.001, (0.001, 0.9)), "minimum": (0.001, (0.01, 0.5))}
    axes = draw_lr_find(RATES, LOSSES, CURVE, suggestions).axes[0]
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["steep 1.0e-03", "minimum 1.0e-03"]
    points = [line for line in axes.lines if line.get_marker() == "o"]
    found = [
        (float(np.asarray(line.get_xdata())[0]), float(np.asarray(line.get_ydata())[0]))
        for line in points
    ]
    assert found == [(0.001, 0.9), (0.01, 0.5)]
    upright = [
        float(np.asarray(line.get_xdata())[0])
        for line in axes.lines
        if line.get_linestyle() == "--"
    ]
    assert upright == [0.001, 0.001]
    assert points[0].get_color() != points[1].get_color()


def test_where_the_loss_runs_away_does_not_flatten_the_rest() -> None:
    low, high = draw_lr_find(RATES, LOSSES, CURVE, {}).axes[0].get_ylim()
    assert low < min(CURVE)
    assert CURVE[0] < high < 3 * CURVE[0]


@pytest.mark.parametrize("losses", [[1.0], [0.0, 0.0], [0.5, 0.5, 0.5], [-1.0, -2.0]])
def test_short_and_flat_tests_of_rates_are_drawn(losses: list[float], tmp_path: Path) -> None:
    suggestions = {"valley": (RATES[0], (RATES[0], losses[0]))}
    figure = draw_lr_find(RATES[: len(losses)], losses, losses, suggestions)
    figure.savefig(tmp_path / "drawn.png")
    low, high = figure.axes[0].get_ylim()
    assert low < min(losses) <= max(losses) < high


def test_a_short_training_is_drawn_whole() -> None:
    axes = draw_losses([3.0, 2.0, 1.0], [1.5], [3], skip_start=5).axes[0]
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [1, 2, 3]
    assert np.asarray(axes.lines[2].get_ydata()).tolist() == [1.5]


@pytest.mark.parametrize("count", [40, 4000])
def test_the_mean_follows_a_fall_within_a_tenth_of_the_training(count: int) -> None:
    losses = [1.0] * (count // 2) + [0.0] * (count // 2)
    smooth = draw_losses(losses, [], []).axes[0].lines[1]
    places = [count // 2 + count // 10, len(losses)]
    drawn = dict(zip(np.asarray(smooth.get_xdata()), np.asarray(smooth.get_ydata()), strict=True))
    assert all(drawn[place] < 0.15 for place in places)


def test_validations_within_what_is_skipped_are_left_out() -> None:
    axes = draw_losses([1.0] * 20, [5.0, 1.0], [4, 20], skip_start=5).axes[0]
    assert np.asarray(axes.lines[2].get_xdata()).tolist() == [20]


def test_rates_are_drawn_by_batch() -> None:
    (line,) = draw_rates([0.1, 0.2]).axes[0].lines
    assert (np.asarray(line.get_xdata()).tolist(), np.asarray(line.get_ydata()).tolist()) == (
        [1, 2],
        [0.1, 0.2],
    )


def test_smoothing_keeps_a_level_and_has_no_bias_at_its_start() -> None:
    assert smoothed([2.0] * 50) == pytest.approx([2.0] * 50)
    assert smoothed([4.0, 0.0])[1] == pytest.approx(0.98 * 4 / 1.98)
    assert smoothed([]) == []
