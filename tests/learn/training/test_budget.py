"""A plan never takes more than the time that is left, and the best model is what stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import colour_block, tiny_classifier, tiny_learner
from hypothesis import example, given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.callbacks.averages import EMACallback
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.training import budget
from drivetrain.learn.training.budget import Clock, fine_tune_within
from drivetrain.learn.training.time_plan import (
    MARGIN,
    MOST_EPOCHS,
    MOST_VIEWS,
    SMALLER,
    Speeds,
    TimePlan,
    plan_for,
    seconds_of,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

# ---- seconds ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_budget", "seconds"),
    [
        ("60s", 60.0),
        ("60", 60.0),
        (60, 60.0),
        (1.5, 1.5),
        ("1.5 min", 90.0),
        (" 2M ", 120.0),
        ("90 sec", 90.0),
        ("1h", 3600.0),
    ],
)
def test_a_budget_in_words_or_numbers_is_seconds(given_budget: Any, seconds: float) -> None:
    assert seconds_of(given_budget) == seconds


@pytest.mark.parametrize(
    "given_budget", ["", "soon", "5 days", "-5s", -5, 0, "0s", "inf", float("nan"), "1:30", "5s 3s"]
)
def test_what_is_no_time_is_refused(given_budget: Any, colours: Path) -> None:
    with pytest.raises(ConfigError, match="which is no time") as refused:
        seconds_of(given_budget)
    assert '"5min"' in str(refused.value.hint)
    with pytest.raises(ConfigError, match="which is no time"):
        tiny_learner(colours).fine_tune(budget=given_budget)


# ---- plans ------------------------------------------------------------------------------------

positive = st.floats(0.001, 1000.0)
speeds_drawn = st.builds(Speeds, frozen=positive, step=positive, answer=positive)
seconds_drawn = st.floats(-1000.0, 1_000_000.0)
counts = st.integers(1, 500)


def cost(plan: TimePlan, speeds: Speeds, steps: int, answers: int) -> float:
    epoch = steps * speeds.step * plan.scale**2 + answers * speeds.answer
    return plan.epochs * epoch + plan.views * speeds.frozen


@given(seconds_drawn, speeds_drawn, counts, counts, st.booleans())
@example(-100.0, Speeds(frozen=1.0, step=1.0, answer=1.0), 2, 1, True)  # measuring took it all
def test_a_plan_fits_into_the_time_and_says_what_it_takes(
    seconds: float, speeds: Speeds, steps: int, answers: int, varies: bool
) -> None:
    plan = plan_for(seconds, speeds, steps=steps, answers=answers, varies=varies)
    assert plan.seconds == pytest.approx(cost(plan, speeds, steps, answers))
    assert plan.seconds <= max(0.0, seconds) * MARGIN * (1 + 1e-9)
    assert 0 <= plan.epochs <= MOST_EPOCHS
    assert 0 <= plan.views <= MOST_VIEWS
    assert not (plan.epochs and plan.views)
    assert varies or not plan.views


@given(seconds_drawn, speeds_drawn, counts, counts)
def test_smaller_pictures_are_for_when_not_one_full_epoch_fits(
    seconds: float, speeds: Speeds, steps: int, answers: int
) -> None:
    plan = plan_for(seconds, speeds, steps=steps, answers=answers, varies=True)
    full = cost(TimePlan(epochs=1), speeds, steps, answers)
    smaller = cost(TimePlan(epochs=1, scale=SMALLER), speeds, steps, answers)
    usable = seconds * MARGIN
    assert plan.scale == (SMALLER if smaller <= usable < full else 1.0)
    assert bool(plan.epochs) == (smaller <= usable)
    if usable < smaller:
        assert plan.views == min(MOST_VIEWS, int(max(0.0, usable) / speeds.frozen))


@given(seconds_drawn, st.floats(0.0, 10_000.0), speeds_drawn, counts, counts, st.booleans())
def test_more_time_never_means_less_training(
    seconds: float, more: float, speeds: Speeds, steps: int, answers: int, varies: bool
) -> None:
    def size(left: float) -> tuple[int, float, int]:
        plan = plan_for(left, speeds, steps=steps, answers=answers, varies=varies)
        return plan.epochs, plan.scale, plan.views if not plan.epochs else MOST_VIEWS

    before, after = size(seconds), size(seconds + more)
    assert after[0] >= before[0]
    assert after[2] >= before[2]
    assert not before[0] or after[1] >= before[1]


def test_a_plan_is_told_in_words() -> None:
    assert "3 epochs of the whole model at 224 × 200" in TimePlan(epochs=3).words((224, 200))
    assert "1 epoch of the whole model at 160 × 160" in TimePlan(epochs=1, scale=SMALLER).words(
        (224, 224)
    )
    assert "2 further frozen views" in TimePlan(views=2).words((224, 224))
    assert "frozen part is all" in TimePlan().words((224, 224))


# ---- training within a time -------------------------------------------------------------------


class PlantedTime:
    """A clock that moves when it is told to, and a little whenever it is read."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def perf_counter(self) -> float:
        self.now += 0.5  # so that a step and an answer are measured at half a second each
        return self.now


class Slow(Callback):
    """Every batch takes its seconds on the planted clock."""

    def __init__(self, clock: PlantedTime, frozen: float, whole: float) -> None:
        self.clock, self.frozen, self.whole = clock, frozen, whole
        self.frozen_batches = self.whole_batches = 0
        self.sizes: set[tuple[int, ...]] = set()

    def before_epoch(self, learn: Learner[Any]) -> None:
        if learn.frozen:
            self.clock.now += self.frozen

    def after_batch(self, learn: Learner[Any]) -> None:
        if learn.frozen:
            self.frozen_batches += 1
            return
        self.whole_batches += 1
        self.sizes.add(tuple(learn.batch.x.shape[2:]))
        self.clock.now += self.whole


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> PlantedTime:
    planted = PlantedTime()
    monkeypatch.setattr(budget, "time", planted)
    return planted


def saying(learn: Learner[Any]) -> list[str]:
    said: list[str] = []
    learn.reporter.say = said.append  # type: ignore[method-assign, assignment]
    return said


def test_the_plan_is_measured_told_and_carried_out(colours: Path, clock: PlantedTime) -> None:
    learn, slow = tiny_learner(colours), Slow(clock, frozen=3.0, whole=0.5)
    said = saying(learn)
    # 4 steps and 2 answers of half a second: 3 s an epoch; 14 s of 20 are left after measuring.
    learn.fine_tune(budget=20, cbs=slow)
    assert slow.whole_batches == 4 * 4
    assert any("budget 20 s: 1 frozen view took 3.0 s; then 4 epochs" in line for line in said)
    assert len(learn.recorder) == 1 + 4
    assert not learn.frozen


def test_epochs_is_the_most_that_is_taken(colours: Path, clock: PlantedTime) -> None:
    learn, slow = tiny_learner(colours), Slow(clock, frozen=3.0, whole=0.5)
    learn.fine_tune(2, budget=20, cbs=slow)
    assert slow.whole_batches == 2 * 4
    learn.fine_tune(0, budget=20, cbs=slow)
    assert slow.whole_batches == 2 * 4


def test_a_machine_that_turns_out_slower_is_stopped_in_time_for_validation(
    colours: Path, clock: PlantedTime
) -> None:
    learn, slow = tiny_learner(colours), Slow(clock, frozen=3.0, whole=2.5)
    started = clock.now
    learn.fine_tune(budget=20, cbs=slow)
    # One batch may begin before and end after the last moment for a validation.
    assert clock.now - started <= 20 + 2.5
    assert slow.whole_batches < 4 * 4
    assert learn.recorder.lrs[-1] < max(learn.recorder.lrs) / 2
    assert len(learn.recorder) >= 2


@pytest.mark.parametrize("frozen", [3.0, 19.5, 500.0])
def test_however_little_time_there_is_a_frozen_epoch_is_trained(
    frozen: float, colours: Path, clock: PlantedTime
) -> None:
    learn = tiny_learner(colours)
    said = saying(learn)
    learn.fine_tune(budget=4, cbs=Slow(clock, frozen=frozen, whole=100.0))
    assert len(learn.recorder) == 1
    assert any("all that fits" in line for line in said)


def test_smaller_pictures_are_trained_on_where_full_ones_do_not_fit(
    colours: Path, clock: PlantedTime
) -> None:
    learn, slow = tiny_learner(colours), Slow(clock, frozen=0.5, whole=0.1)
    # Nine tenths of the 2.9 s left after measuring: 3 s for a full epoch do not fit, 2.02 s do.
    learn.fine_tune(budget=6.4, cbs=slow)
    assert slow.sizes == {(22, 22)}
    assert slow.whole_batches == 4


def test_further_frozen_views_are_taken_where_they_vary_and_nothing_else_fits(
    colours: Path, clock: PlantedTime
) -> None:
    def frozen_epochs(*, augmented: bool) -> int:
        dls = colour_block().dataloaders(colours, bs=8, device="cpu")
        if augmented:
            dls.train.batch_transforms = aug_transforms()
        learn = Learner(dls, tiny_classifier())
        learn.reporter.quiet = True
        learn.fine_tune(budget=5, cbs=Slow(clock, frozen=0.5, whole=1.0))
        return len(learn.recorder)

    assert frozen_epochs(augmented=False) == 1
    assert frozen_epochs(augmented=True) == 1 + 2


class Planned(Callback):
    """Plants the validation losses of the epochs, and notes the weights that were judged."""

    order = 75

    def __init__(self, losses: list[float]) -> None:
        self.losses, self.judged = losses, list[dict[str, Tensor]]()

    def before_validate(self, learn: Learner[Any]) -> None:
        self.judged.append({k: v.clone() for k, v in learn.model.state_dict().items()})

    def after_epoch(self, learn: Learner[Any]) -> None:
        learn.recorder[-1]["valid_loss"] = self.losses[len(self.judged) - 1]


def same(learn: Learner[Any], weights: dict[str, Tensor]) -> bool:
    return all(torch.equal(v, weights[k]) for k, v in learn.model.state_dict().items())


@pytest.mark.parametrize(
    ("losses", "best"),
    [
        ([0.9, 0.5, 0.3, 0.4, 0.6], 2),
        ([0.9, 0.5, 0.3, 0.4, 0.2], 4),
        ([0.1, 0.5, 0.3, 0.4, 0.6], 0),
        ([0.9, float("nan"), 0.5, float("nan"), float("nan")], 2),
    ],
)
@pytest.mark.parametrize("average", [False, True])
def test_the_model_of_the_smallest_validation_loss_is_what_stays(
    losses: list[float], best: int, average: bool, colours: Path, clock: PlantedTime
) -> None:
    learn, planned = tiny_learner(colours), Planned(losses)
    further: list[Callback] = [EMACallback(0.9)] if average else []
    learn.fine_tune(budget=20, cbs=[Slow(clock, 3.0, 0.5), planned, *further])
    assert len(planned.judged) == 5
    assert same(learn, planned.judged[best])


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_the_best_model_so_far_stays_when_training_is_cut_off(
    failure: type[BaseException], colours: Path, clock: PlantedTime
) -> None:
    class Failing(Callback):
        def after_batch(self, learn: Learner[Any]) -> None:
            if len(learn.recorder) == 3 and learn.is_last_batch:
                raise failure

    learn, planned = tiny_learner(colours), Planned([0.9, 0.5, 0.3])
    with pytest.raises(failure):
        learn.fine_tune(budget=20, cbs=[Slow(clock, 3.0, 0.5), planned, Failing()])
    assert same(learn, planned.judged[2])


def test_a_budget_cannot_be_resumed_and_says_so(colours: Path) -> None:
    learn = tiny_learner(colours)
    with pytest.raises(ConfigError, match="budget cannot be resumed"):
        learn.fine_tune(budget="60s", resume=True)
    assert not learn.recorder


@pytest.mark.usefixtures("clock")
def test_the_callers_random_numbers_and_the_models_weights_survive_measuring(
    colours: Path,
) -> None:
    learn = tiny_learner(colours)
    before = {key: value.clone() for key, value in learn.model.state_dict().items()}
    learn.freeze()
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    speeds = budget.measured(learn, 1.0)
    assert torch.equal(torch.rand(1), expected)
    assert same(learn, before)
    assert all(parameter.grad is None for parameter in learn.model.parameters())
    assert learn.frozen
    assert speeds == Speeds(frozen=1.0, step=0.5, answer=0.5)


def test_the_clock_counts_from_when_the_time_began(colours: Path, clock: PlantedTime) -> None:
    learn = tiny_learner(colours)
    plan = fine_tune_within(learn, 20, since=clock.now - 19.0, cbs=Slow(clock, 3.0, 0.5))
    assert plan == TimePlan()


def test_the_schedule_runs_by_steps_or_clock_whichever_is_further(clock: PlantedTime) -> None:
    applied: list[float] = []
    watch = Clock(clock.now + 10.0)
    noting: Any = type("Noting", (), {"apply": lambda _, __, done: applied.append(done)})()
    hurried: Callable[..., None] = budget.Hurried(noting, watch).apply
    hurried(None, 0.25)
    clock.now += 5.0
    hurried(None, 0.25)
    hurried(None, 0.75)
    clock.now += 50.0
    hurried(None, 0.8)
    assert applied == [0.25, 0.5, 0.75, 1.0]


def test_what_does_not_fit_into_the_time_is_left_out_of_the_frozen_part(colours: Path) -> None:
    learn = tiny_learner(colours)
    learn.freeze()
    learn.embed_until = 0.0
    learn.fit_one_cycle(1)
    assert learn.features is not None
    assert learn.features.cut_short
    assert len(learn.features.train.targets) == 2 * learn.dls.train.bs
    assert len(learn.features.valid.targets) == len(learn.dls.valid.items)
    learn.embed_until = None
    learn.fit_one_cycle(1)
    assert len(learn.features.train.targets) == len(learn.dls.train.items)
