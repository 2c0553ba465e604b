"""Metrics of a classifier, in numpy, for both worlds.

All take predicted and true class positions as int arrays [N]. An empty set has no metric: NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[Any]
"""Numbers [N, K], or zeros and ones [N, C]."""

Indices = NDArray[np.int64]
"""int64 [N]: positions in a vocabulary."""


def accuracy(predicted: Indices, actual: Indices) -> float:
    """The share of right answers, 0 to 1.

    Example:
        >>> accuracy(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
        0.75
    """
    return float(np.mean(predicted == actual)) if len(actual) else math.nan


def error_rate(predicted: Indices, actual: Indices) -> float:
    """The share of wrong answers, 0 to 1.

    Example:
        >>> error_rate(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 0]))
        0.25
    """
    return 1.0 - accuracy(predicted, actual)


def accuracy_multi(predicted: Numbers, actual: Numbers) -> float:
    """The share of right yes-or-no answers of a model that gives any number of classes, 0 to 1.

    Example:
        >>> accuracy_multi(np.array([[0, 1], [1, 1]]), np.array([[0, 1], [0, 1]]))
        0.75

    Arguments:
        predicted: Zeros and ones [N, C].
        actual: Likewise.
    """
    return float(np.mean(predicted == actual)) if len(actual) else math.nan


def mae(predicted: Numbers, actual: Numbers) -> float:
    """The mean absolute error of predicted numbers.

    Example:
        >>> mae(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
        1.0
    """
    return float(np.mean(np.abs(predicted - actual))) if len(actual) else math.nan


def rmse(predicted: Numbers, actual: Numbers) -> float:
    """The root of the mean squared error of predicted numbers.

    Example:
        >>> rmse(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]])) == 2**0.5
        True
    """
    return float(np.sqrt(np.mean((predicted - actual) ** 2))) if len(actual) else math.nan


def confusion_matrix(predicted: Indices, actual: Indices, num_classes: int) -> NDArray[np.int64]:
    """Counts, int64 [C, C]: the row is the true class, the column the predicted one.

    Example:
        >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    cells = np.bincount(actual * num_classes + predicted, minlength=num_classes**2)
    return cells.reshape(num_classes, num_classes).astype(np.int64)


def balanced_accuracy(predicted: Indices, actual: Indices, num_classes: int) -> float:
    """The mean over the classes that occur of the share found: a rare class counts as much.

    Example:
        >>> balanced_accuracy(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]), 2)
        0.5
    """
    matrix = confusion_matrix(predicted, actual, num_classes)
    totals = matrix.sum(axis=1)
    seen = totals > 0
    return float(np.mean(matrix.diagonal()[seen] / totals[seen])) if seen.any() else math.nan


def wilson_interval(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """The interval that holds the true share with 95 % confidence (Wilson 1927, score interval).

    Example:
        >>> low, high = wilson_interval(0.9, 100)
        >>> round(low, 3), round(high, 3)
        (0.826, 0.945)

    Arguments:
        share: The share observed, 0 to 1.
        count: The number of cases it was observed on.
        z: The normal quantile; 1.96 is 95 %.
    """
    if count == 0:
        return 0.0, 1.0
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * math.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    return max(0.0, centre - half), min(1.0, centre + half)
