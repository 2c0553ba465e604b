"""A bundle's evidence as the card needs it: probabilities before and after the calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drivetrain.bundle.reader import Bundle
from drivetrain.judge.calibration import softmax
from drivetrain.judge.decision import InDomain
from drivetrain.judge.domain import Scores
from drivetrain.metrics import Indices
from drivetrain.schema import Probabilities


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedItems:
    """What a bundle says of its validation items.

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
        evidence = bundle.evidence
        if evidence is None or not len(evidence.targets):
            return None
        with np.errstate(all="ignore"):
            logits = evidence.logits.astype(np.float32)
            plain = softmax(logits)
            calibrated = bundle.judgement.calibration.probabilities(logits)
        if not (np.isfinite(plain).all() and np.isfinite(calibrated).all()):
            return None
        scores = evidence.domain_scores if bundle.judgement.domain is not None else None
        return cls(plain=plain, calibrated=calibrated, actual=evidence.targets, scores=scores)
