"""What a prediction carries beside its label."""

from __future__ import annotations

import numpy as np
import pytest

from drivetrain.judge import ASK, Calibration, ClassJudgement, DecisionRule, DomainTest
from drivetrain.schema import Vocab

VOCAB = Vocab(("black", "teddy"))
LOGITS = np.array([[4, 0], [0, 4]], np.float32)
SEEN = np.array([[1, 0, 0], [0, 0, 1]], np.float32)


def domain() -> DomainTest:
    return DomainTest(
        centres=np.array([[1, 0, 0]], np.float32),
        axes=np.array([[0, 1, 0]], np.float32),
        variances=np.array([0.5], np.float32),
        rest=0.1,
        border=5.0,
    )


def test_what_the_bundle_does_not_know_is_left_open() -> None:
    first = ClassJudgement(vocab=VOCAB)(LOGITS, SEEN)[0]
    assert (first.label, first.index) == ("black", 0)
    assert (first.in_domain, first.domain_score, first.decision) == (None, None, None)


def test_all_of_it_together() -> None:
    judge = ClassJudgement(
        vocab=VOCAB,
        calibration=Calibration(method="temperature", factor=(0.5,)),
        domain=domain(),
        decision=DecisionRule(
            actions=("alarm", "log"), costs=np.array([[0.0, 20.0], [500.0, 0.0]]), ask=4.0
        ),
    )
    near, far = judge(LOGITS, SEEN)
    assert near.confidence == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert (near.in_domain, near.domain_score, near.decision) == (True, 0.0, "alarm")
    assert far.label == "teddy"
    assert far.in_domain is False
    assert far.domain_score == pytest.approx(2 / 0.1 / 5.0)
    assert far.decision == ASK


def test_on_the_border_is_still_inside() -> None:
    test = domain()
    on = float(test.distances(np.array([[0, 1, 0]], np.float32))[0])
    border = DomainTest(
        centres=test.centres,
        axes=test.axes,
        variances=test.variances,
        rest=test.rest,
        border=on,
    )
    assert ClassJudgement(vocab=VOCAB, domain=border)(
        LOGITS[:1], np.array([[0, 1, 0]], np.float32)
    )[0].in_domain
