"""All that a bundle knows beyond its network, applied to what the network says."""

from __future__ import annotations

from dataclasses import dataclass

from drivetrain.judge.calibration import Calibration, Logits
from drivetrain.judge.decision import DecisionRule
from drivetrain.judge.domain import DomainTest, Embeddings
from drivetrain.schema import Prediction, Vocab

PLAIN = Calibration()


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """From logits and embeddings to predictions that carry probabilities, verdict and decision.

    Example:
        >>> import numpy as np
        >>> judge = Judgement(vocab=Vocab(("black", "teddy")))
        >>> judge(np.array([[0, 2]], np.float32), np.zeros((1, 4), np.float32))[0].label
        'teddy'

    Arguments:
        vocab: The classes.
        calibration: What turns logits into probabilities.
        domain: The test for inputs that are not like the training data; None where there is none.
        decision: The costs; None where the project declared none.
    """

    vocab: Vocab
    calibration: Calibration = PLAIN
    domain: DomainTest | None = None
    decision: DecisionRule | None = None

    def __call__(self, logits: Logits, embeddings: Embeddings) -> list[Prediction]:
        """A prediction for each row of logits float32 [N, C] and embeddings float32 [N, D]."""
        probabilities = self.calibration.probabilities(logits)
        scores = None if self.domain is None else self.domain.scores(embeddings)
        in_domain = None if scores is None else scores <= 1.0
        decisions = (
            None if self.decision is None else self.decision.decide(probabilities, in_domain)
        )
        places = probabilities.argmax(axis=1)
        return [
            Prediction(
                label=self.vocab[int(place)],
                index=int(place),
                probabilities=probabilities[row],
                vocab=self.vocab,
                in_domain=None if in_domain is None else bool(in_domain[row]),
                domain_score=None if scores is None else float(scores[row]),
                decision=None if decisions is None else decisions[row],
            )
            for row, place in enumerate(places)
        ]
