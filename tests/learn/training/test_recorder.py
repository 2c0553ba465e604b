"""The record of trainings, and its pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import tiny_learner

from drivetrain.errors import ConfigError
from drivetrain.learn.learner import Learner
from drivetrain.learn.training.recorder import Recorder

pytestmark = pytest.mark.usefixtures("one_torch_thread")

BATCHES = 4  # 27 photos, 8 a batch


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def learn(colours: Path) -> Learner[Any]:
    """Trained twice."""
    made = tiny_learner(colours)
    made.fit_one_cycle(3, 0.02)
    made.fit(2, 0.001)
    return made


def test_losses_rates_and_ends_go_through_all_trainings(learn: Learner[Any]) -> None:
    recorder = learn.recorder
    assert recorder.ends == [BATCHES * epoch for epoch in range(1, 6)]
    assert len(recorder.losses) == len(recorder.lrs) == 5 * BATCHES
    for row, end in zip(recorder, recorder.ends, strict=True):
        mean = np.mean(recorder.losses[end - BATCHES : end])
        assert row["train_loss"] == pytest.approx(float(mean))


def test_the_best_row_is_the_one_with_the_smallest_validation_loss() -> None:
    recorder = Recorder([{"valid_loss": 0.5}, {"valid_loss": 0.2}, {"valid_loss": 0.4}])
    assert recorder.best == {"valid_loss": 0.2}


def test_rates_are_those_of_the_schedule(learn: Learner[Any]) -> None:
    lrs = learn.recorder.lrs
    assert max(lrs) == pytest.approx(0.02)
    assert lrs.index(max(lrs)) == BATCHES * 3 // 4  # a quarter of three epochs goes up
    assert lrs[3 * BATCHES :] == [0.001] * 2 * BATCHES


def test_the_losses_of_batches_and_validations_are_drawn(learn: Learner[Any]) -> None:
    recorder = learn.recorder
    faint, smooth, valid = learn.recorder.plot_loss(skip_start=2).axes[0].lines
    assert (
        np.asarray(faint.get_xdata()).tolist()
        == np.asarray(smooth.get_xdata()).tolist()
        == list(range(3, 21))
    )
    assert np.asarray(faint.get_ydata()).tolist() == recorder.losses[2:]
    assert np.asarray(valid.get_xdata()).tolist() == recorder.ends
    assert np.asarray(valid.get_ydata()).tolist() == [row["valid_loss"] for row in recorder]
    assert len(recorder.plot_loss(with_valid=False).axes[0].lines) == 2


def test_the_rate_of_every_batch_is_drawn(learn: Learner[Any]) -> None:
    (line,) = learn.recorder.plot_sched().axes[0].lines
    assert np.asarray(line.get_ydata()).tolist() == learn.recorder.lrs


def test_a_frozen_training_is_drawn_too(colours: Path) -> None:
    learn = tiny_learner(colours)
    learn.freeze()
    learn.fit_one_cycle(1)
    valid = learn.recorder.plot_loss().axes[0].lines[-1]
    assert (
        np.asarray(valid.get_xdata()).tolist()
        == [len(learn.recorder.losses)]
        == [learn.head_passes * BATCHES]
    )


def test_a_state_goes_through_json(learn: Learner[Any]) -> None:
    other = Recorder([{"train_loss": 9.0, "seconds": 1.0}])
    other.load_state(json.loads(json.dumps(learn.recorder.state())))
    assert other == learn.recorder
    assert other.state() == learn.recorder.state()


def test_values_are_the_rows_without_seconds(learn: Learner[Any]) -> None:
    first = learn.recorder[0]
    expected = [first["train_loss"], first["valid_loss"], first["error_rate"]]
    assert learn.recorder.values[0] == expected


@pytest.mark.parametrize("draw", ["plot_loss", "plot_sched"])
def test_nothing_to_draw_is_told(draw: str) -> None:
    with pytest.raises(ConfigError, match="Nothing was trained yet"):
        getattr(Recorder(), draw)()
