"""The action of least expected cost, asking a person among them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.judge.decision import ASK, DecisionRule, best_without_model, decision_curve

RULE = DecisionRule(
    actions=("alarm", "log"), costs=np.array([[0.0, 20.0], [500.0, 0.0]]), ask=2.0, unit="euro"
)


def shares(*of_the_first: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.array([[share, 1 - share] for share in of_the_first], np.float32)


def test_each_input_gets_the_action_that_costs_least() -> None:
    # alarm costs 20 × (1 - p), log costs 500 × p, asking 2: the borders are 0.004 and 0.9
    assert RULE.decide(shares(0.0, 0.003, 0.005, 0.5, 0.89, 0.91, 1.0)) == [
        "log", "log", ASK, ASK, ASK, "alarm", "alarm",
    ]  # fmt: skip


def test_what_is_foreign_goes_to_a_person_however_sure_the_answer() -> None:
    foreign = np.array([True, False])
    assert RULE.decide(shares(1.0, 1.0), foreign) == ["alarm", ASK]


def test_where_nobody_can_be_asked_the_cheapest_action_is_taken() -> None:
    alone = DecisionRule(actions=RULE.actions, costs=RULE.costs)
    assert alone.decide(shares(0.03, 0.05), np.array([False, False])) == ["log", "alarm"]


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=20), st.floats(0, 100))
def test_no_other_choice_is_expected_to_cost_less(first: list[float], price: float) -> None:
    rule = DecisionRule(actions=RULE.actions, costs=RULE.costs, ask=price)
    x = shares(*first)
    expected = np.concatenate([rule.expected_costs(x), np.full((len(x), 1), price)], axis=1)
    taken = expected[np.arange(len(x)), rule.choose(x)]
    assert (taken <= expected.min(axis=1) + 1e-9).all()


def test_the_curve_counts_what_known_truths_would_have_cost() -> None:
    x, truth = shares(1.0, 0.5, 0.0, 0.0), np.array([0, 1, 1, 0])
    points = {point.ask: point for point in decision_curve(RULE, x, truth)}
    own = points[2.0]
    # alarm on a real one: 0; asked: 2; log on a false one: 0; log on a real one: 500
    assert own.asked == 0.25
    assert own.cost == pytest.approx((0 + 2 + 0 + 500) / 4)
    free = points[0.0]
    assert free.asked == 0.25  # the sure ones cost nothing either way and stay
    dearest = points[max(points)]
    assert dearest.asked == 0.0
    assert dearest.cost == pytest.approx((0 + 20 + 0 + 500) / 4)


def test_along_the_curve_fewer_are_asked() -> None:
    random = np.random.default_rng(0)
    x = shares(*random.uniform(size=200))
    curve = decision_curve(RULE, x, random.integers(0, 2, 200))
    asked = [point.asked for point in curve]
    assert asked == sorted(asked, reverse=True)
    assert [point.ask for point in curve] == sorted(point.ask for point in curve)


def test_foreign_inputs_are_asked_at_every_price() -> None:
    x = shares(1.0, 1.0)
    curve = decision_curve(RULE, x, np.array([0, 0]), np.array([True, False]))
    assert {point.asked for point in curve} == {0.5}


def test_the_best_action_without_a_model() -> None:
    assert best_without_model(RULE, np.array([1, 1, 1])) == ("log", 0.0)
    assert best_without_model(RULE, np.array([0, 1])) == (ASK, 2.0)
    alone = DecisionRule(actions=RULE.actions, costs=RULE.costs)
    assert best_without_model(alone, np.array([0, 1])) == ("alarm", 10.0)


def test_one_input_may_come_without_its_axis() -> None:
    assert RULE.decide(np.array([1.0, 0.0], np.float32)) == ["alarm"]
