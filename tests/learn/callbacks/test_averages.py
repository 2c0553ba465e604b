"""The average of the weights: what it is, who judges it, and that resuming changes nothing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from fake import FakeLearner, cut_and_resumed, same, small_model, weights_of
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks import Callback, EMACallback, GradientAccumulation

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class Watch(Callback):
    """Notes the weights after every step, and those at the end of every epoch."""

    order = 99

    def __init__(self) -> None:
        self.steps: list[dict[str, Tensor]] = []
        self.epochs: list[dict[str, Tensor]] = []

    def after_step(self, learn: Any) -> None:
        self.steps.append(weights_of(learn.model))

    def after_epoch(self, learn: Any) -> None:
        self.epochs.append(weights_of(learn.model))


def average(steps: list[dict[str, Tensor]], decay: float) -> dict[str, Tensor]:
    """The definition, written out."""
    value = steps[0]
    for number, weights in enumerate(steps):
        kept = min(decay, number / (number + 9))
        value = {
            name: value[name] * kept + each * (1 - kept) if each.is_floating_point() else each
            for name, each in weights.items()
        }
    return value


def close(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    for name, value in one.items():
        torch.testing.assert_close(value, other[name])


@pytest.mark.parametrize("decay", [0.3, 0.999])
def test_the_model_ends_with_the_average_and_it_is_what_was_judged(decay: float) -> None:
    watch = Watch()
    learn = FakeLearner([EMACallback(decay), watch])
    learn.fit(3)
    assert len(watch.steps) == 12
    expected = average(watch.steps, decay)
    close(weights_of(learn.model), expected)
    close(learn.judged[-1], expected)
    close(learn.judged[0], average(watch.steps[:4], decay))
    assert not torch.allclose(expected["0.weight"], watch.steps[-1]["0.weight"])
    assert not torch.allclose(expected["1.running_var"], watch.steps[-1]["1.running_var"])


def test_training_goes_on_from_the_weights_as_they_were() -> None:
    watch, plain = Watch(), Watch()
    FakeLearner([EMACallback(0.5), watch]).fit(3)
    FakeLearner([plain]).fit(3)
    assert all(map(same, watch.steps, plain.steps))
    assert all(map(same, watch.epochs, plain.epochs))


def test_only_steps_that_were_taken_count() -> None:
    watch = Watch()
    learn = FakeLearner([GradientAccumulation(12), EMACallback(0.9), watch])
    learn.fit(2)
    assert len(watch.steps) == 4
    expected = average(watch.steps, 0.9)
    for name, weight in learn.model.named_parameters():
        torch.testing.assert_close(weight.detach(), expected[name])


def test_what_is_not_trained_and_what_is_counted_stays_exact() -> None:
    learn = FakeLearner([EMACallback(0.5)])
    learn.fit(2)
    weights = weights_of(learn.model)
    assert torch.equal(weights["0.bias"], weights_of(small_model())["0.bias"])
    assert int(weights["1.num_batches_tracked"]) == 8


@pytest.mark.parametrize("load_first", [True, False])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_resumed_training_gives_the_same_weights_bit_by_bit(cut: int, load_first: bool) -> None:
    def make() -> FakeLearner:
        return FakeLearner([EMACallback(0.9)])

    whole = make()
    whole.fit(3)
    resumed = cut_and_resumed(make, epochs=3, cut=cut, load_first=load_first)
    assert same(weights_of(resumed.model), weights_of(whole.model))
    assert resumed.recorder == whole.recorder


class FailAt(Callback):
    """Fails at a moment of the second epoch."""

    order = 100

    def __init__(self, moment: str) -> None:
        setattr(self, moment, self.fail)

    def fail(self, learn: Any) -> None:
        if learn.epoch == 1:
            raise RuntimeError("no more")


@pytest.mark.parametrize(
    ("moment", "steps"), [("before_batch", 4), ("before_validate", 8), ("after_epoch", 8)]
)
def test_a_training_that_failed_leaves_the_average_too(moment: str, steps: int) -> None:
    watch = Watch()
    learn = FakeLearner([EMACallback(0.9), watch, FailAt(moment)])
    with pytest.raises(RuntimeError):
        learn.fit(3)
    assert len(watch.steps) == steps
    expected = average(watch.steps, 0.9)
    for name, weight in learn.model.named_parameters():
        torch.testing.assert_close(weight.detach(), expected[name])


class Spoil(Callback):
    """Makes the weights NaN in a step, and brings the good ones back, as the learner does."""

    def after_step(self, learn: Any) -> None:
        if learn.epoch == 1:
            self.good = weights_of(learn.model)
            learn.model[0].weight.data.fill_(float("nan"))

    def after_batch(self, learn: Any) -> None:
        if learn.epoch == 1:
            learn.model.load_state_dict(self.good)
            raise RuntimeError("no number")


def test_an_average_that_is_no_number_is_not_left_in_the_model() -> None:
    spoil = Spoil()
    learn = FakeLearner([EMACallback(0.9), spoil])
    with pytest.raises(RuntimeError, match="no number"):
        learn.fit(3)
    assert same(weights_of(learn.model), spoil.good)


def test_the_next_training_begins_a_new_average() -> None:
    watch, callback = Watch(), EMACallback(0.9)
    learn = FakeLearner([callback, watch])
    learn.fit(1)
    assert callback.state() == {}
    learn.fit(1)
    close(weights_of(learn.model), average(watch.steps[4:], 0.9))


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.1, float("nan")])
def test_a_decay_out_of_range_is_refused(decay: float) -> None:
    with pytest.raises(ConfigError, match=f"decay is {decay}"):
        EMACallback(decay)
