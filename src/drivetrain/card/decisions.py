"""What a bundle's decisions would have cost on validation items, at many prices of asking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from drivetrain.bundle.reader import Bundle
from drivetrain.card.evidence import Items, JudgedItems
from drivetrain.card.share import Share
from drivetrain.errors import ConfigError
from drivetrain.judge import ASK, DecisionRule
from drivetrain.judge.decision import CurvePoint, best_without_model, decision_curve
from drivetrain.project import Project

OTHER_ANSWERS = {"categories": "any number of classes at once", "numbers": "numbers"}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What happens on validation items under the declared costs.

    Arguments:
        items: How many there are.
        cost: The mean cost of an item with the model.
        taken: How often each action is taken; asking a person comes last.
        foreign: The share asked because it is unlike the training data; None where it is not
            asked for.
        one_action: The one action that costs least when it is taken always, without a model.
        one_action_cost: Its mean cost.
        curve: The share asked and the mean cost over prices of asking.
    """

    items: int
    cost: float
    taken: dict[str, Share]
    foreign: Share | None
    one_action: str
    one_action_cost: float
    curve: tuple[CurvePoint, ...]

    def without_it(self, ask: float | None) -> tuple[str, float]:
        """What costs least without a model, to ask always among it, and its mean cost."""
        if ask is not None and ask < self.one_action_cost:
            return ASK, ask
        return self.one_action, self.one_action_cost

    @property
    def asked(self) -> Share | None:
        """The share that goes to a person; None where nobody can be asked."""
        return self.taken.get(ASK)

    def as_dict(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {
            "items": self.items,
            "mean_cost": self.cost,
            "taken": {name: share.as_dict() for name, share in self.taken.items()},
            "asked_as_foreign": self.foreign and self.foreign.as_dict(),
            "best_single_action": {"action": self.one_action, "mean_cost": self.one_action_cost},
            "curve": [asdict(point) for point in self.curve],
        }


@dataclass(frozen=True, kw_only=True)
class Decisions:
    """The costs that were declared, and what they lead to.

    Arguments:
        rule: The actions and their costs.
        levers: What each action does, in a sentence.
        given: Whether the costs were given now, in place of those in the bundle.
        outcome: What happens on validation items; None without evidence.
    """

    rule: DecisionRule
    levers: dict[str, str]
    given: bool
    outcome: Outcome | None

    @classmethod
    def of(
        cls, bundle: Bundle, items: Items | None, project: Project | None = None
    ) -> Decisions | None:
        """The decisions of a bundle, under other costs when a project is given.

        Raises:
            ConfigError: The project's costs do not fit the bundle's classes, or it answers with
                something else than one class.
        """
        declared = project or bundle.manifest.project
        if bundle.manifest.target.kind != "category":
            if project is not None and project.costs.of:
                raise ConfigError(
                    f"Costs belong to one class out of several, and {bundle.name} answers with "
                    f"{OTHER_ANSWERS[bundle.manifest.target.kind]}.",
                    hint="Leave the costs out.",
                )
            return None
        rule = declared.decision_rule(bundle.vocab)
        if rule is None:
            return None
        return cls(
            rule=rule,
            levers=declared.levers,
            given=project is not None,
            outcome=_outcome(rule, items) if isinstance(items, JudgedItems) else None,
        )

    @property
    def rows(self) -> Iterator[tuple[str, str, list[float]]]:
        """Each action, what it does, and what it costs for each truth; asking comes last."""
        for name, costs in zip(self.rule.actions, self.rule.costs.tolist(), strict=True):
            yield name, self.levers.get(name, ""), costs
        if self.rule.ask is not None:
            yield ASK, "", [self.rule.ask] * self.rule.costs.shape[1]

    def as_dict(self) -> dict[str, Any]:
        """The decisions for programs."""
        return {
            "unit": self.rule.unit,
            "ask_a_person": self.rule.ask,
            "costs_given": self.given,
            "costs": {name: costs for name, _, costs in self.rows if name != ASK},
            "outcome": self.outcome and self.outcome.as_dict(),
        }


def _outcome(rule: DecisionRule, items: JudgedItems) -> Outcome:
    count = len(items.actual)
    choices = rule.choose(items.calibrated, items.in_domain)
    taken = np.bincount(choices, minlength=len(rule.actions) + 1).tolist()
    names = rule.actions if rule.ask is None else (*rule.actions, ASK)
    foreign = 0 if items.in_domain is None else int((~items.in_domain).sum())
    alone, alone_cost = best_without_model(replace(rule, ask=None), items.actual)
    return Outcome(
        items=count,
        cost=float(rule.costs_of(choices, items.actual).mean()),
        taken={
            name: Share.observed(times / count, count)
            for name, times in zip(names, taken, strict=False)
        },
        foreign=None if rule.ask is None else Share.observed(foreign / count, count),
        one_action=alone,
        one_action_cost=alone_cost,
        curve=decision_curve(rule, items.calibrated, items.actual, items.in_domain),
    )
