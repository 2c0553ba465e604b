"""Calibration, in-domain test and decisions: every number against one worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cards import COSTS, GOLDEN, LOGITS, SCORES, TARGETS, bundle_of, judged

from drivetrain.bundle import Bundle
from drivetrain.card.decisions import Decisions
from drivetrain.card.evidence import JudgedItems
from drivetrain.card.share import Share
from drivetrain.card.trust import CalibrationFigures, DomainFigures
from drivetrain.errors import ConfigError
from drivetrain.project import Project


def decisions_of(bundle: Bundle, project: Project | None = None) -> Decisions:
    found = Decisions.of(bundle, JudgedItems.of(bundle), project)
    assert found is not None
    return found


def halved(told: dict[str, Any]) -> None:
    told["calibration"] = {
        "settings": {"method": "temperature", "factor": [0.5], "shift": [0.0]},
        "items": 4,
    }


def test_reliability_is_measured_before_and_after_the_calibration() -> None:
    bundle = judged(edit=halved)
    figures = CalibrationFigures.of(bundle, JudgedItems.of(bundle))
    sure = [one.confidence for one in figures.before]
    assert sure == pytest.approx([0.5, 0.8, 0.9, 0.98], abs=1e-6)
    assert [one.accuracy for one in figures.before] == [0.0, 1.0, 1.0, 1.0]
    # at half the logits a probability p becomes its root over the sum of the roots
    roots = np.sqrt([0.98, 0.01, 0.01])
    assert figures.after[-1].confidence == pytest.approx(float(roots[0] / roots.sum()), abs=1e-6)


def test_scores_are_counted_in_tenths_of_the_border() -> None:
    bundle = judged()
    figures = DomainFigures.of(bundle, JudgedItems.of(bundle))
    assert figures is not None
    assert figures.counts == (0, 0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1)  # 1.0 lies within
    assert figures.rejected == Share.counted(1, 4)


def test_what_lies_far_out_is_in_the_last_step() -> None:
    bundle = judged(scores=np.array([0.0, 1e30, 7.0, -1.0], np.float32))
    figures = DomainFigures.of(bundle, JudgedItems.of(bundle))
    assert figures is not None
    assert len(figures.counts) == 30
    assert (figures.counts[0], figures.counts[-1]) == (2, 2)


def test_without_evidence_the_rejected_share_is_the_one_that_was_told() -> None:
    def forget(told: dict[str, Any]) -> None:
        told["evidence"] = None
        told["domain"]["rejected_valid"] = 0.1

    bundle = judged(edit=forget)
    figures = DomainFigures.of(bundle, JudgedItems.of(bundle))
    assert figures is not None
    assert figures.rejected == Share.observed(0.1, 30)
    assert figures.counts == ()


def test_the_outcome_of_four_items() -> None:
    outcome = decisions_of(judged()).outcome
    assert outcome is not None
    # left (0), asked in doubt (2), asked as unlike (2), asked in doubt (2)
    assert outcome.cost == (0 + 2 + 2 + 2) / 4
    assert {name: share.value for name, share in outcome.taken.items()} == {
        "left": 0.25, "right": 0.0, "ask a person": 0.75,
    }  # fmt: skip
    assert outcome.asked == Share.counted(3, 4)
    assert outcome.foreign == Share.counted(1, 4)
    assert (outcome.one_action, outcome.one_action_cost) == ("right", 20 / 4)


def test_the_curve_goes_from_asking_always_to_asking_about_what_is_unlike() -> None:
    decisions = decisions_of(judged())
    assert decisions.outcome is not None
    curve = decisions.outcome.curve
    assert (curve[0].asked, curve[0].cost) == (1.0, 0.0)
    assert curve[-1].asked == 0.25
    # left was wrong for the green one (10); the unlike one is asked
    assert curve[-1].cost == pytest.approx((0 + 10 + curve[-1].ask + 0) / 4)
    assert [point.cost for point in curve if point.ask == 2.0] == [decisions.outcome.cost]


def test_where_nobody_can_be_asked_nobody_is() -> None:
    bundle = judged(costs=COSTS.replace("ask_a_person = 2\n", ""))
    outcome = decisions_of(bundle).outcome
    assert outcome is not None
    assert (outcome.asked, outcome.foreign) == (None, None)
    assert list(outcome.taken) == ["left", "right"]
    assert outcome.cost == 10 / 4


def test_costs_given_now_replace_those_of_the_bundle() -> None:
    cheap = Project.from_toml(COSTS.replace("ask_a_person = 2", "ask_a_person = 4"))
    decisions = decisions_of(judged(), cheap)
    assert decisions.given
    assert decisions.outcome is not None
    assert decisions.outcome.asked == Share.counted(2, 4)  # the doubtful red is worth 3 coins
    assert not decisions_of(judged()).given


def test_costs_for_other_classes_are_refused() -> None:
    other = Project.from_toml(COSTS.replace("blue", "yellow"))
    with pytest.raises(ConfigError, match="yellow"):
        Decisions.of(judged(), None, other)


def test_costs_without_evidence_are_shown_without_an_outcome() -> None:
    project = Project.from_toml(COSTS)
    decisions = decisions_of(Bundle.open(GOLDEN), project)
    assert decisions.outcome is None
    assert [name for name, _, _ in decisions.rows] == ["left", "right", "ask a person"]


def test_no_costs_are_no_decisions() -> None:
    bundle = bundle_of(logits=LOGITS, targets=TARGETS, scores=SCORES)
    assert Decisions.of(bundle, JudgedItems.of(bundle)) is None


@pytest.mark.parametrize("logits", [np.empty((0, 3), np.float32)])
def test_evidence_that_says_nothing_is_none(logits: Any) -> None:
    def doubled(told: dict[str, Any]) -> None:
        told["calibration"] = {"settings": {"method": "temperature", "factor": [1e6]}}

    targets = TARGETS[: len(logits)]
    assert JudgedItems.of(bundle_of(logits=logits, targets=targets, edit=doubled)) is None
