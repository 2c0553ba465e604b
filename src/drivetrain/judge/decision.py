"""From probabilities to the action that costs least, asking a person among them.

An action's expected cost is the sum over the truths of their probability times what the action
costs then; the action of least expected cost is taken (Elkan 2001, The Foundations of
Cost-Sensitive Learning, section 1). To ask a person costs the same whatever the truth: it is worth
it where the model is in doubt (Chow 1970, On Optimum Recognition Error and Reject Tradeoff).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drivetrain.metrics import Indices
from drivetrain.schema import Probabilities

ASK = "ask a person"
CURVE_POINTS = 41

InDomain = NDArray[np.bool_]
"""bool [N]: whether inputs are like what the model was trained on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DecisionRule:
    """What each action costs for each truth, and what it costs to ask a person.

    Example:
        >>> rule = DecisionRule(
        ...     actions=("alarm", "log"), costs=np.array([[0.0, 20.0], [500.0, 0.0]]), ask=2.0
        ... )
        >>> rule.decide(np.array([[0.99, 0.01], [0.01, 0.99], [0.0, 1.0]], np.float32))
        ['alarm', 'ask a person', 'log']

    Arguments:
        actions: Their names.
        costs: What each costs for each truth, [A, C], in the order of the vocabulary.
        ask: What it costs to ask a person; None where nobody can be asked.
        unit: What is counted: euros, minutes, points.
    """

    actions: tuple[str, ...]
    costs: NDArray[np.float64]
    ask: float | None = None
    unit: str = ""

    def decide(self, probabilities: Probabilities, in_domain: InDomain | None = None) -> list[str]:
        """The action for each input.

        What is not like the training data goes to a person where one can be asked, whatever its
        probabilities say: they mean nothing there.

        Arguments:
            probabilities: Calibrated, float32 [N, C], or [C] of one input.
            in_domain: The verdicts; None where there are none.
        """
        names = (*self.actions, ASK)
        probabilities = np.atleast_2d(probabilities)
        return [names[place] for place in self.choose(probabilities, in_domain)]

    def choose(self, probabilities: Probabilities, in_domain: InDomain | None = None) -> Indices:
        """The position of each input's action, int64 [N]; to ask comes after all of them."""
        expected = self.expected_costs(probabilities)
        cheapest: Indices = expected.argmin(axis=1)
        if self.ask is None:
            return cheapest
        asks = expected.min(axis=1) > self.ask
        if in_domain is not None:
            asks |= ~in_domain
        return np.where(asks, len(self.actions), cheapest)

    def expected_costs(self, probabilities: Probabilities) -> NDArray[np.float64]:
        """What each action costs on average, float64 [N, A]."""
        each = probabilities.astype(np.float64)[:, None, :] * self.costs
        expected: NDArray[np.float64] = each.sum(axis=2)
        return expected

    def costs_of(self, choices: Indices, actual: Indices) -> NDArray[np.float64]:
        """What choices cost when the truth is known, float64 [N]."""
        ask = np.full((1, self.costs.shape[1]), np.nan if self.ask is None else self.ask)
        return np.concatenate([self.costs, ask])[choices, actual]


@dataclass(frozen=True)
class CurvePoint:
    """What would happen at one price of asking.

    Arguments:
        ask: The price of asking a person.
        asked: The share of inputs that would go to a person.
        cost: The mean cost of an input, asking included.
    """

    ask: float
    asked: float
    cost: float


def decision_curve(
    rule: DecisionRule,
    probabilities: Probabilities,
    actual: Indices,
    in_domain: InDomain | None = None,
) -> tuple[CurvePoint, ...]:
    """The share that is asked and the mean cost, over prices of asking, on known truths.

    Arguments:
        rule: The actions and their costs; its own price of asking is one of the points.
        probabilities: Calibrated, float32 [N, C].
        actual: The true positions, int64 [N].
        in_domain: The verdicts; None where there are none.
    """
    points = []
    for price in _prices(rule, probabilities):
        priced = replace(rule, ask=float(price))
        choices = priced.choose(probabilities, in_domain)
        points.append(
            CurvePoint(
                ask=float(price),
                asked=float((choices == len(rule.actions)).mean()),
                cost=float(priced.costs_of(choices, actual).mean()),
            )
        )
    return tuple(points)


def best_without_model(rule: DecisionRule, actual: Indices) -> tuple[str, float]:
    """The one action that costs least when it is taken always, and its mean cost."""
    means = {
        name: float(row[actual].mean()) for name, row in zip(rule.actions, rule.costs, strict=True)
    }
    if rule.ask is not None:
        means[ASK] = rule.ask
    name = min(means, key=lambda one: means[one])
    return name, means[name]


def _prices(rule: DecisionRule, probabilities: Probabilities) -> NDArray[np.float64]:
    """From nothing to where nobody is asked for doubt any more, and the rule's own."""
    dearest = float(rule.expected_costs(probabilities).min(axis=1).max())
    highest = max(dearest * 1.05, 2.0 * (rule.ask or 0.0), 1e-9)
    own = [] if rule.ask is None else [rule.ask]
    return np.unique([*np.linspace(0.0, highest, CURVE_POINTS), *own])
