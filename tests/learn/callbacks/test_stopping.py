"""Callbacks that watch a column: when they act, and that a resumed training acts alike."""

from __future__ import annotations

import math
from typing import Any

import pytest
from fake import FakeLearner, cut_and_resumed
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks import (
    EarlyStoppingCallback,
    ReduceLROnPlateau,
    TrackerCallback,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

NAN, INFINITE = float("nan"), float("inf")


def trained(callback: TrackerCallback, losses: list[float]) -> FakeLearner:
    learn = FakeLearner([callback], valid_losses=losses)
    learn.fit(len(losses))
    return learn


def values(learn: FakeLearner) -> str:
    """All that was measured; NaN is written as itself."""
    return repr(learn.recorder)


@pytest.mark.parametrize(
    ("monitor", "higher"),
    [
        ("valid_loss", False),
        ("error_rate", False),
        ("mae", False),
        ("rmse", False),
        ("accuracy", True),
        ("f1_score", True),
        ("roc_auc", True),
    ],
)
def test_the_name_of_a_column_says_what_is_better(monitor: str, higher: bool) -> None:
    assert TrackerCallback(monitor).higher_is_better is higher
    assert TrackerCallback(monitor, higher_is_better=not higher).higher_is_better is not higher


@pytest.mark.parametrize(
    ("losses", "best", "epoch"),
    [
        ([3.0, 1.0, 2.0], 1.0, 2),
        ([3.0, 3.0], 3.0, 1),
        ([NAN, 4.0, NAN, INFINITE], 4.0, 2),
        ([4.0, -INFINITE, 3.0], 3.0, 3),
        ([NAN, INFINITE], None, None),
    ],
)
def test_the_best_is_the_first_of_the_least_and_always_a_number(
    losses: list[float], best: float | None, epoch: int | None
) -> None:
    callback = TrackerCallback()
    trained(callback, losses)
    assert (callback.best, callback.best_epoch) == (best, epoch)


@given(st.lists(st.floats(-9, 9) | st.just(NAN), min_size=1, max_size=6))
def test_the_best_of_any_losses_is_their_extreme(losses: list[float]) -> None:
    numbers = [loss for loss in losses if not math.isnan(loss)]
    for higher, extreme in ((False, min), (True, max)):
        callback = TrackerCallback(higher_is_better=higher)
        learn: Any = FakeLearner([callback], valid_losses=losses)
        callback.before_fit(learn)
        for learn.epoch, loss in enumerate(losses):
            learn.recorder.append({"valid_loss": loss})
            callback.after_epoch(learn)
        assert callback.best == (extreme(numbers) if numbers else None)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_value_has_to_be_better_by_more_than_min_delta(sign: int) -> None:
    callback = TrackerCallback(min_delta=0.5, higher_is_better=sign < 0)
    trained(callback, [sign * loss for loss in (3.0, 2.5, 2.4, 2.0)])
    assert (callback.best, callback.best_epoch) == (sign * 2.4, 3)


def test_an_unknown_column_is_refused_with_the_columns_that_there_are() -> None:
    with pytest.raises(ConfigError, match=r"'valid_los'.* no such column") as refused:
        trained(EarlyStoppingCallback("valid_los"), [1.0, 1.0])
    assert "Did you mean 'valid_loss'? " in refused.value.hint
    assert "The columns are train_loss, valid_loss, seconds." in refused.value.hint


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 6), (3, 8)])
def test_training_stops_when_patience_is_over(patience: int, epochs: int) -> None:
    losses = [4.0, 3.0, 3.0, 2.0, 5.0, NAN, 1.0, 1.0]
    learn = trained(EarlyStoppingCallback(patience=patience), losses)
    assert len(learn.recorder) == epochs
    stopped = {
        1: ["Stopped after epoch 3 of 8: valid_loss was best in epoch 2 (3.0000)."],
        2: ["Stopped after epoch 6 of 8: valid_loss was best in epoch 4 (2.0000)."],
        3: [],
    }
    assert learn.reporter.lines == stopped[patience]


def test_a_loss_that_never_was_a_number_stops_training_too() -> None:
    learn = trained(EarlyStoppingCallback(patience=2), [NAN] * 5)
    assert learn.reporter.lines == ["Stopped after epoch 2 of 5: valid_loss was never a number."]


def test_the_next_training_begins_without_a_best_value() -> None:
    callback = EarlyStoppingCallback(patience=1)
    learn = FakeLearner([callback], valid_losses=[1.0, 2.0])
    learn.fit(1)
    learn.valid_losses = [7.0, 6.0]
    learn.fit(2)
    assert (callback.best, callback.best_epoch, len(learn.recorder)) == (6.0, 2, 3)
    assert callback.state() == {}


@pytest.mark.parametrize("load_first", [True, False])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_early_stopping_resumed_stops_where_it_would_have(cut: int, load_first: bool) -> None:
    def make() -> FakeLearner:
        cbs = [EarlyStoppingCallback(patience=3)]
        return FakeLearner(cbs, valid_losses=[1.0, 2.0, NAN, 1.0, 0.5, 0.4])

    whole = make()
    whole.fit(6)
    assert len(whole.recorder) == 4
    resumed = cut_and_resumed(make, epochs=6, cut=cut, load_first=load_first)
    assert values(resumed) == values(whole)
    assert resumed.reporter.lines == whole.reporter.lines


def highest_rates(learn: FakeLearner) -> list[float]:
    return [group["max_lr"] for group in learn.optimizer.param_groups]


def test_the_highest_rate_is_divided_when_patience_is_over_and_then_again() -> None:
    learn = trained(ReduceLROnPlateau(patience=2, factor=4), [1.0, 2.0, 2.0, 2.0, 0.9, 3.0])
    assert highest_rates(learn) == [0.1 / 4]
    learn = trained(ReduceLROnPlateau(patience=2, factor=4), [1.0, 2.0, 2.0, 2.0, 2.0, 3.0])
    assert highest_rates(learn) == [0.1 / 16]
    assert learn.reporter.lines[0] == (
        "Learning rate down to 0.025 after epoch 3: valid_loss was best in epoch 1 (1.0000)."
    )


@pytest.mark.parametrize(("min_lr", "rate"), [(0.05, 0.05), (0.3, 0.1)])
def test_no_rate_is_brought_below_min_lr_or_up_to_it(min_lr: float, rate: float) -> None:
    learn = trained(ReduceLROnPlateau(min_lr=min_lr), [1.0, 2.0, 3.0])
    assert highest_rates(learn) == [rate]
    assert len(learn.reporter.lines) == (rate < 0.1)


@pytest.mark.parametrize("load_first", [True, False])
@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_lowered_rates_stay_lowered_in_a_resumed_training(cut: int, load_first: bool) -> None:
    def make() -> FakeLearner:
        return FakeLearner([ReduceLROnPlateau(patience=2)], valid_losses=[1.0, 2, 2, 2, 2])

    whole = make()
    whole.fit(5)
    resumed = cut_and_resumed(make, epochs=5, cut=cut, load_first=load_first)
    assert highest_rates(resumed) == highest_rates(whole) == [pytest.approx(0.001)]
    assert values(resumed) == values(whole)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EarlyStoppingCallback(patience=0), "patience is 0"),
        (lambda: EarlyStoppingCallback(min_delta=-1.0), "min_delta is -1.0"),
        (lambda: ReduceLROnPlateau(patience=-1), "patience is -1"),
        (lambda: ReduceLROnPlateau(factor=1.0), "factor is 1.0"),
        (lambda: ReduceLROnPlateau(min_lr=-0.1), "min_lr is -0.1"),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
