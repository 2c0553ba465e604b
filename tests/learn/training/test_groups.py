"""Groups of weights freeze together and have the learning rates that they were given."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import tiny_classifier, tiny_learner
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.normalize import Normalize, normalized
from drivetrain.learn.training.groups import parameter_groups, rates

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class Plain(nn.Module):
    """Three layers, none of them called body or head."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.first = nn.Conv2d(3, 4, 3)
            self.second = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4))
            self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.second(self.first(x).relu()).relu().mean(dim=(2, 3))
        answers: Tensor = self.last(seen)
        return answers


def thirds(model: nn.Module) -> list[Any]:
    assert isinstance(model, Plain)
    return [model.first, model.second, list(model.last.parameters())]


def three_groups(colours: Path, **settings: Any) -> Learner[Any]:
    learn = Learner(tiny_learner(colours).dls, Plain(), splitter=thirds, **settings)
    learn.reporter.quiet = True
    return learn


class Noting(Callback):
    """Notes the rate and the momentum of every group before each step."""

    def __init__(self) -> None:
        self.lrs: list[list[float]] = []
        self.momentums: list[float] = []

    def after_loss(self, learn: Learner[Any]) -> None:
        groups = learn.optimizer.param_groups
        self.lrs.append([group["lr"] for group in groups])
        momentum = groups[-1].get("momentum")
        self.momentums.append(groups[-1]["betas"][0] if momentum is None else momentum)


# ---- rates ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lr", "count", "expected"),
    [
        (0.1, 3, [0.1, 0.1, 0.1]),
        (1, 2, [1.0, 1.0]),
        (slice(1e-4, 1e-2), 3, [1e-4, 1e-3, 1e-2]),
        (slice(1e-4, 1e-2), 2, [1e-4, 1e-2]),
        (slice(1e-4, 1e-2), 1, [1e-2]),
        (slice(1e-2), 3, [1e-3, 1e-3, 1e-2]),
        (slice(1e-2), 1, [1e-2]),
        ([1e-4, 1e-2], 2, [1e-4, 1e-2]),
        ((0.3,), 1, [0.3]),
    ],
)
def test_a_rate_for_each_group(lr: Any, count: int, expected: list[float]) -> None:
    assert rates(lr, count) == pytest.approx(expected, rel=1e-12)


@given(st.floats(1e-9, 1.0), st.floats(1e-9, 1.0), st.integers(2, 9))
def test_a_slice_goes_from_the_first_to_the_last_by_equal_factors(
    first: float, last: float, count: int
) -> None:
    several = rates(slice(first, last), count)
    assert several[0] == pytest.approx(first, rel=1e-5)
    assert several[-1] == last
    factors = [after / before for before, after in pairwise(several)]
    assert factors == pytest.approx([factors[0]] * len(factors), rel=1e-4)


@pytest.mark.parametrize(
    ("lr", "words"),
    [
        ([0.1, 0.2], "2 learning rates, and the model has 3 groups"),
        ([], "0 learning rates"),
        (0.0, "has to be above 0"),
        (-1e-3, "has to be above 0"),
        (float("nan"), "has to be above 0"),
        (float("inf"), "has to be above 0"),
        (slice(0.0, 1e-2), "learning rate"),
        (slice(-1e-4, 1e-2), "learning rate"),
        (slice(1e-4, 0.0), "has to be above 0"),
    ],
)
def test_rates_that_cannot_be_are_refused_before_anything_is_trained(
    lr: Any, words: str, colours: Path
) -> None:
    learn = three_groups(colours)
    with pytest.raises(ConfigError, match=words):
        learn.fit_one_cycle(1, lr)
    assert not learn.recorder.losses


# ---- groups -----------------------------------------------------------------------------------


def test_a_classifier_has_a_body_and_a_head_and_any_other_model_one_group() -> None:
    model = tiny_classifier()
    groups = parameter_groups(model)
    assert [len(group) for group in groups] == [
        len(list(part.parameters())) for part in (model.body, model.head)
    ]
    (group,) = parameter_groups(Plain())
    assert len(group) == len(list(Plain().parameters()))


def test_a_splitter_is_given_the_users_own_model_also_where_it_is_wrapped() -> None:
    wrapped = normalized(Plain(), Normalize.from_stats((0.5,) * 3, (0.5,) * 3))
    assert [len(group) for group in parameter_groups(wrapped, thirds)] == [2, 4, 2]


@pytest.mark.parametrize(
    ("splitter", "words"),
    [
        (lambda model: [model.first, model.second], "leaves out last.weight"),
        (lambda model: [model, model.last], "two groups"),
        (lambda model: [model.first, model.first, model.second, model.last], "two groups"),
    ],
)
def test_a_splitter_that_loses_or_doubles_a_parameter_is_refused(splitter: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parameter_groups(Plain(), splitter)


@pytest.mark.parametrize(
    ("first", "trained"),
    [
        (0, (True, True, True)),
        (1, (False, True, True)),
        (2, (False, False, True)),
        (-1, (False, False, True)),
        (-2, (False, True, True)),
        (-3, (True, True, True)),
    ],
)
def test_freeze_to_trains_that_group_and_those_after_it(
    first: int, trained: tuple[bool, ...], colours: Path
) -> None:
    learn = three_groups(colours)
    before = {name: each.clone() for name, each in learn.model.state_dict().items()}
    learn.freeze_to(first)
    learn.fit(1, 0.05)
    after = learn.model.state_dict()
    moved = {
        name.split(".")[0] for name, each in after.items() if not torch.equal(each, before[name])
    }
    assert moved == {
        name for name, trains in zip(("first", "second", "last"), trained, strict=True) if trains
    }
    learn.unfreeze()
    assert all(parameter.requires_grad for parameter in learn.model.parameters())


@pytest.mark.parametrize("number", [3, -4])
def test_a_group_that_is_not_there_is_refused(number: int, colours: Path) -> None:
    with pytest.raises(ConfigError, match="the model has 3"):
        three_groups(colours).freeze_to(number)


# ---- in training ------------------------------------------------------------------------------


def test_every_group_has_its_own_rate_in_every_step(colours: Path) -> None:
    learn, noting = three_groups(colours), Noting()
    learn.fit_one_cycle(2, slice(1e-4, 1e-2), cbs=noting)
    for first, second, last in noting.lrs:
        assert [second / first, last / second] == pytest.approx([10, 10], rel=1e-9)
    assert max(lrs[-1] for lrs in noting.lrs) == pytest.approx(1e-2, rel=0.1)


def test_frozen_groups_take_no_rate_from_the_others(colours: Path) -> None:
    learn, noting = three_groups(colours), Noting()
    learn.freeze_to(1)
    learn.fit(1, [0.1, 0.2, 0.3], cbs=noting)
    assert noting.lrs == [[0.2, 0.3]] * 4


def test_fit_keeps_one_rate_from_the_first_step_to_the_last(colours: Path) -> None:
    learn, noting = three_groups(colours), Noting()
    learn.fit(2, 0.03, cbs=noting)
    assert noting.lrs == [[0.03] * 3] * 8
    assert learn.recorder.lrs == [0.03] * 8


def test_momentum_cycles_with_any_optimizer_that_has_it(colours: Path) -> None:
    def momentums(opt_func: Any) -> list[float]:
        learn, noting = three_groups(colours, opt_func=opt_func), Noting()
        learn.fit_one_cycle(2, 1e-3, cbs=noting)
        assert learn.recorder[-1]["train_loss"] < learn.recorder.losses[0] * 2
        return noting.momentums

    def sgd(parameters: Any, **settings: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, momentum=0.9, **settings)

    assert momentums(sgd) == momentums(torch.optim.AdamW)
    assert min(momentums(sgd)) == pytest.approx(0.85, abs=0.01)
    assert set(momentums(torch.optim.SGD)) == {0}


def test_a_plain_module_is_trained_whole(colours: Path) -> None:
    learn = Learner(tiny_learner(colours).dls, Plain())
    learn.reporter.quiet = True
    learn.fit_one_cycle(6, 0.03)
    assert learn.recorder[-1]["valid_loss"] < learn.recorder[0]["valid_loss"]
