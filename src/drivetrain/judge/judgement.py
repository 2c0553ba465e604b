"""All that a bundle knows beyond its network, applied to what the network says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from drivetrain.judge.calibration import Calibration, Logits
from drivetrain.judge.decision import DecisionRule
from drivetrain.judge.domain import DomainTest, Embeddings
from drivetrain.schema import Predictions, Vocab

PLAIN = Calibration()
ABOVE = 0.5
"""A class of several holds where its probability is above this."""

DIGITS = 6
"""Digits of a number that tell something: more are the noise of single precision."""


class Judgement(Protocol):
    """From a network's outputs and embeddings to predictions, for one kind of target each."""

    @property
    def domain(self) -> DomainTest | None:
        """The test for inputs that are not like the training data; None where there is none."""
        ...

    def __call__(self, outputs: Logits, embeddings: Embeddings) -> Predictions:
        """A prediction for each row of outputs float32 [N, C] and embeddings float32 [N, D]."""
        ...


@dataclass(frozen=True, kw_only=True)
class ClassJudgement:
    """Judges where the answer is one class: probabilities, verdict and decision.

    Example:
        >>> judge = ClassJudgement(vocab=Vocab(("black", "teddy")))
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

    def __call__(self, outputs: Logits, embeddings: Embeddings) -> Predictions:
        """See :class:`Judgement`."""
        probabilities = self.calibration.probabilities(outputs)
        verdicts = _verdicts(self.domain, embeddings)
        decisions = None
        if self.decision is not None:
            decisions = self.decision.decide(probabilities, verdicts.get("in_domain"))
        places = probabilities.argmax(axis=1)
        classes = self.vocab.classes
        return Predictions(
            vocab=self.vocab,
            labels=[classes[place] for place in places.tolist()],
            indices=places,
            probabilities=probabilities,
            decisions=decisions,
            **verdicts,
        )


@dataclass(frozen=True, kw_only=True)
class SeveralJudgement:
    """Judges where any number of classes may hold at once.

    Example:
        >>> judge = SeveralJudgement(vocab=Vocab(("cat", "dog")))
        >>> judge(np.array([[3, 2]], np.float32), np.zeros((1, 4), np.float32))[0].label
        'cat; dog'

    Arguments:
        vocab: The classes.
        domain: The test for inputs that are not like the training data; None where there is none.
    """

    vocab: Vocab
    domain: DomainTest | None = None

    def __call__(self, outputs: Logits, embeddings: Embeddings) -> Predictions:
        """See :class:`Judgement`."""
        probabilities = (1.0 / (1.0 + np.exp(-outputs.astype(np.float64)))).astype(np.float32)
        labels = [
            "; ".join(name for name, holds in zip(self.vocab, row, strict=True) if holds)
            for row in probabilities > ABOVE
        ]
        return Predictions(
            vocab=self.vocab,
            labels=labels,
            probabilities=probabilities,
            **_verdicts(self.domain, embeddings),
        )


@dataclass(frozen=True, kw_only=True)
class NumbersJudgement:
    """Judges where numbers are predicted: each with the interval that it lies in.

    The interval reaches as far to both sides as the wanted share of held-out items lay from their
    predictions (split conformal prediction: Papadopoulos et al. 2002, Inductive Confidence
    Machines for Regression).

    Example:
        >>> judge = NumbersJudgement(names=("price",), half_widths=(2.0,))
        >>> answer = judge(np.array([[10]], np.float32), np.zeros((1, 4), np.float32))[0]
        >>> answer.values, answer.intervals
        ({'price': 10.0}, {'price': (8.0, 12.0)})

    Arguments:
        names: What the numbers are called.
        half_widths: How far each interval reaches; None where it is not known.
        domain: The test for inputs that are not like the training data; None where there is none.
    """

    names: tuple[str, ...]
    half_widths: tuple[float, ...] | None = None
    domain: DomainTest | None = None

    def __call__(self, outputs: Logits, embeddings: Embeddings) -> Predictions:
        """See :class:`Judgement`."""
        values = outputs.astype(np.float64)
        labels = [", ".join(f"{each:.{DIGITS}g}" for each in row) for row in values.tolist()]
        return Predictions(
            vocab=self.names,
            labels=labels,
            values=values,
            half_widths=self.half_widths,
            **_verdicts(self.domain, embeddings),
        )


def joined(parts: list[Predictions]) -> Predictions:
    """Predictions of one judgement that were made in parts, as one.

    Arguments:
        parts: One or more.
    """
    if len(parts) == 1:
        return parts[0]

    def together(name: str) -> NDArray[Any] | None:
        each = [getattr(part, name) for part in parts]
        return None if each[0] is None else np.concatenate(each)

    decisions = None
    if parts[0].decisions is not None:
        decisions = [one for part in parts for one in part.decisions or ()]
    return replace(
        parts[0],
        labels=[label for part in parts for label in part.labels],
        decisions=decisions,
        indices=together("indices"),
        probabilities=together("probabilities"),
        in_domain=together("in_domain"),
        domain_scores=together("domain_scores"),
        values=together("values"),
    )


def _verdicts(domain: DomainTest | None, embeddings: Embeddings) -> dict[str, Any]:
    if domain is None:
        return {}
    scores = domain.scores(embeddings)
    return {"in_domain": scores <= 1.0, "domain_scores": scores}
