"""How far probabilities can be taken at their word, measured on items whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivetrain.metrics import Indices
from drivetrain.schema import Probabilities

BINS = 15
SMALLEST = 1e-12


@dataclass(frozen=True)
class Bin:
    """The answers whose confidence lies between two bounds.

    Arguments:
        low: The lower bound of the confidence, not part of the bin.
        high: The upper bound, part of it.
        count: How many answers.
        confidence: Their mean confidence.
        accuracy: The share of them that is right.
    """

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability_bins(
    probabilities: Probabilities, actual: Indices, bins: int = BINS
) -> tuple[Bin, ...]:
    """The bins of equal width that hold any answer: what a reliability diagram shows.

    Example:
        >>> sure = np.array([[0.9, 0.1], [0.9, 0.1]], np.float32)
        >>> [(b.count, b.accuracy) for b in reliability_bins(sure, np.array([0, 1]))]
        [(2, 0.5)]

    Arguments:
        probabilities: float32 [N, C].
        actual: The true positions, int64 [N].
        bins: How many bins 0 to 1 is cut into.
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == actual
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    found = []
    for number in range(bins):
        inside = place == number
        if inside.any():
            found.append(
                Bin(
                    low=number / bins,
                    high=(number + 1) / bins,
                    count=int(inside.sum()),
                    confidence=float(confidence[inside].mean()),
                    accuracy=float(right[inside].mean()),
                )
            )
    return tuple(found)


def expected_calibration_error(
    probabilities: Probabilities, actual: Indices, bins: int = BINS
) -> float:
    """The mean distance of confidence and accuracy over the bins (Guo et al. 2017, equation 3).

    Even perfect probabilities measure above zero on few items: with 100 answers that are right in
    80 % of all cases, by about 0.06.

    Example:
        >>> sure = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
        >>> expected_calibration_error(sure, np.array([0, 1]))
        0.5
    """
    found = reliability_bins(probabilities, actual, bins)
    gaps = [one.count * abs(one.confidence - one.accuracy) for one in found]
    return float(sum(gaps) / len(actual)) if len(actual) else float("nan")


def brier_score(probabilities: Probabilities, actual: Indices) -> float:
    """The mean squared distance from the truth, 0 to 2 (Brier 1950).

    Example:
        >>> brier_score(np.array([[1.0, 0.0]], np.float32), np.array([1]))
        2.0
    """
    truth = np.eye(probabilities.shape[1])[actual]
    return float(np.mean(np.sum((probabilities - truth) ** 2, axis=1)))


def log_losses(probabilities: Probabilities, actual: Indices) -> NDArray[np.float64]:
    """The negative logarithm of the probability that each truth was given, in nats, float64 [N].

    Example:
        >>> log_losses(np.array([[0.5, 0.5]], np.float32), np.array([1])).round(3).tolist()
        [0.693]
    """
    given = probabilities[np.arange(len(actual)), actual].astype(np.float64)
    losses: NDArray[np.float64] = -np.log(np.maximum(given, SMALLEST))
    return losses
