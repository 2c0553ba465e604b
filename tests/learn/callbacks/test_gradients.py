"""Gathered gradients equal those of one large batch, and are cut as one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from fake import ITEMS, FakeLearner
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks import Callback, GradientAccumulation, GradientClip

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class Steps(Callback):
    """Notes the gradient of every step, and the items since the one before."""

    order = 99

    def __init__(self) -> None:
        self.items: list[list[int]] = [[]]
        self.gradients: list[Tensor] = []
        self.losses: list[float] = []

    def after_backward(self, learn: Any) -> None:
        self.items[-1] += learn.batch.positions
        self.losses.append(float(learn.loss))
        if not learn.skip_step:
            self.items.append([])
            self.gradients.append(flat_gradient(learn.model))


def flat_gradient(model: nn.Module) -> Tensor:
    found = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
    return torch.cat(found).clone()


def linear() -> nn.Module:
    model = nn.Linear(3, 1)
    nn.init.constant_(model.weight, 0.5)
    nn.init.zeros_(model.bias)
    return model


def learner(*cbs: Callback, bs: int) -> FakeLearner:
    return FakeLearner(cbs, model=linear(), bs=bs, optimizer=torch.optim.SGD, lr=0.01)


def gradient_of_one_batch(model: nn.Module, learn: FakeLearner, items: list[int]) -> Tensor:
    model.zero_grad()
    functional.mse_loss(model(learn.x[items]), learn.y[items]).backward()  # type: ignore[no-untyped-call]
    return flat_gradient(model)


@pytest.mark.parametrize(
    ("bs", "n_acc", "items_a_step"),
    [
        (5, 10, [10, 10]),  # whole batches
        (6, 18, [18, 2]),  # the last batch of the epoch steps by itself
        (6, 20, [20]),  # a smaller batch at the end
        (8, 100, [20]),  # never enough but at the end of the epoch
        (6, 7, [12, 8]),  # more than asked for
        (6, 1, [6, 6, 6, 2]),  # nothing to gather
    ],
)
def test_the_gradient_is_that_of_one_batch_of_all_items(
    bs: int, n_acc: int, items_a_step: list[int]
) -> None:
    steps = Steps()
    learn = learner(GradientAccumulation(n_acc), steps, bs=bs)
    learn.fit(1)
    assert [len(items) for items in steps.items[:-1]] == items_a_step
    assert steps.items[-1] == []
    model = linear()
    for step, (items, gradient) in enumerate(zip(steps.items, steps.gradients, strict=False)):
        expected = gradient_of_one_batch(model, learn, items)
        torch.testing.assert_close(gradient, expected)
        share = sum(items_a_step[:step]) + items_a_step[step]
        rate = 0.01 * (1 - ((share - 1) // bs) / -(-ITEMS // bs))
        with torch.no_grad():
            for weight in model.parameters():
                assert weight.grad is not None
                weight.sub_(rate * weight.grad)
    for ours, theirs in zip(learn.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_the_loss_that_is_recorded_stays_that_of_the_batch() -> None:
    steps, plain = Steps(), Steps()
    learner(GradientAccumulation(100), steps, bs=5).fit(1)
    learn = learner(plain, bs=5)
    learn.lr = 0.0
    learn.fit(1)
    assert steps.losses == plain.losses


class PutOff(Callback):
    """Puts off every step of the first epoch."""

    def after_backward(self, learn: Any) -> None:
        learn.skip_step = learn.epoch == 0


def test_a_step_that_another_callback_put_off_is_gathered_too() -> None:
    steps = Steps()
    learn = learner(PutOff(), GradientAccumulation(5), steps, bs=5)
    learn.fit(2)
    assert [len(items) for items in steps.items[:-1]] == [25, 5, 5, 5]
    expected = gradient_of_one_batch(linear(), learn, steps.items[0])
    torch.testing.assert_close(steps.gradients[0], expected)


class FailOnce(Callback):
    """Fails in the second batch of the first training."""

    batches = 0

    def after_batch(self, learn: Any) -> None:  # noqa: ARG002
        self.batches += 1
        if self.batches == 2:
            raise RuntimeError("no more")


def test_what_a_training_that_failed_had_gathered_is_forgotten() -> None:
    steps = Steps()
    learn = learner(GradientAccumulation(20), FailOnce(), steps, bs=5)
    with pytest.raises(RuntimeError):
        learn.fit(1)
    steps.items[:] = [[]]
    learn.fit(1)
    assert [len(items) for items in steps.items[:-1]] == [20]
    expected = gradient_of_one_batch(linear(), learn, steps.items[0])
    torch.testing.assert_close(steps.gradients[0], expected)


class LoseMemory(Callback):
    """What the learner does when memory runs out in the second batch: it begins the batch anew."""

    batches = 0

    def after_loss(self, learn: Any) -> None:
        self.batches += 1
        if self.batches == 2:
            learn.parts = 2
            learn.optimizer.zero_grad()


def test_the_mean_is_over_the_items_that_are_left_when_memory_ran_out() -> None:
    steps = Steps()
    learn = learner(LoseMemory(), GradientAccumulation(20), steps, bs=5)
    learn.fit(1)
    expected = gradient_of_one_batch(linear(), learn, steps.items[0][5:])
    torch.testing.assert_close(steps.gradients[0], expected)


def test_a_long_gradient_is_cut_to_length_and_keeps_its_direction() -> None:
    plain, cut = Steps(), Steps()
    learner(plain, bs=ITEMS).fit(1)
    learner(GradientClip(0.5), cut, bs=ITEMS).fit(1)
    length = plain.gradients[0].norm()
    assert length > 0.6
    torch.testing.assert_close(cut.gradients[0], plain.gradients[0] * (0.5 / length))


def test_a_short_gradient_stays_as_it_is() -> None:
    plain, cut = Steps(), Steps()
    learner(plain, bs=ITEMS).fit(1)
    learner(GradientClip(1000.0), cut, bs=ITEMS).fit(1)
    assert torch.equal(cut.gradients[0], plain.gradients[0])


@pytest.mark.parametrize("clip_first", [True, False])
def test_the_gathered_gradient_is_cut_once(clip_first: bool) -> None:
    plain, cut = Steps(), Steps()
    learner(GradientAccumulation(ITEMS), plain, bs=5).fit(1)
    both = [GradientAccumulation(ITEMS), GradientClip(0.5)]
    learner(*both[:: -1 if clip_first else 1], cut, bs=5).fit(1)
    expected = plain.gradients[0] * (0.5 / plain.gradients[0].norm())
    torch.testing.assert_close(cut.gradients[0], expected)


def test_the_largest_number_can_be_what_is_cut() -> None:
    cut = Steps()
    learner(GradientClip(0.25, norm_type=float("inf")), cut, bs=ITEMS).fit(1)
    assert float(cut.gradients[0].abs().max()) == pytest.approx(0.25, rel=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GradientAccumulation(0), "n_acc is 0"),
        (lambda: GradientClip(0.0), "max_norm is 0.0"),
        (lambda: GradientClip(float("nan")), "max_norm is nan"),
        (lambda: GradientClip(1.0, -1.0), "norm_type is -1.0"),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()
