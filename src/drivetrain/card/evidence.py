"""A bundle's evidence as the card needs it, for each kind of target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.reader import Bundle
from drivetrain.judge import ClassJudgement
from drivetrain.judge.calibration import softmax
from drivetrain.judge.decision import InDomain
from drivetrain.judge.domain import Scores
from drivetrain.metrics import Indices
from drivetrain.schema import Probabilities


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedItems:
    """What a bundle that answers with one class says of its validation items.

    Arguments:
        plain: The soft-max of the logits, float32 [N, C].
        calibrated: The probabilities that it answers with, float32 [N, C].
        actual: The true positions, int64 [N].
        scores: The in-domain scores, float32 [N]; None without a test.
    """

    plain: Probabilities
    calibrated: Probabilities
    actual: Indices
    scores: Scores | None

    @property
    def in_domain(self) -> InDomain | None:
        """The verdicts, bool [N]; None without a test."""
        return None if self.scores is None else self.scores <= 1.0

    @classmethod
    def of(cls, bundle: Bundle) -> JudgedItems | None:
        """The items of a bundle's evidence; None where there are none that can be used."""
        evidence, judge = bundle.evidence, bundle.judgement
        if evidence is None or not len(evidence.targets) or not isinstance(judge, ClassJudgement):
            return None
        with np.errstate(all="ignore"):
            logits = evidence.outputs.astype(np.float32)
            plain = softmax(logits)
            calibrated = judge.calibration.probabilities(logits)
        if not (np.isfinite(plain).all() and np.isfinite(calibrated).all()):
            return None
        scores = evidence.domain_scores if judge.domain is not None else None
        return cls(plain=plain, calibrated=calibrated, actual=evidence.targets, scores=scores)


@dataclass(frozen=True, kw_only=True, eq=False)
class OutputItems:
    """What a network said of validation items of which each output has a truth of its own.

    Arguments:
        said: The outputs, float64 [N, K]: numbers, or the logits of classes of which several
            may hold.
        actual: The truth, float64 [N, K].
        scores: The in-domain scores, float32 [N]; None without a test.
    """

    said: NDArray[np.float64]
    actual: NDArray[np.float64]
    scores: Scores | None

    @classmethod
    def of(cls, bundle: Bundle) -> OutputItems | None:
        """The items of a bundle's evidence; None where there are none that can be used."""
        evidence = bundle.evidence
        if evidence is None or not len(evidence.targets) or evidence.targets.ndim == 1:
            return None
        said, actual = evidence.outputs.astype(np.float64), evidence.targets.astype(np.float64)
        scores = evidence.domain_scores if bundle.judgement.domain is not None else None
        return cls(said=said, actual=actual, scores=scores)

    @property
    def chances(self) -> NDArray[Any]:
        """The probability that each class holds, where the outputs are logits, [N, K]."""
        with np.errstate(over="ignore"):
            shares: NDArray[Any] = 1.0 / (1.0 + np.exp(-self.said))
        return shares


Items = JudgedItems | OutputItems


def items_of(bundle: Bundle) -> Items | None:
    """The items of a bundle's evidence, whatever it predicts; None where none can be used."""
    return JudgedItems.of(bundle) or OutputItems.of(bundle)
