"""Metrics where the target is numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar

from drivetrain.learn.metrics.check import Measured
from drivetrain.learn.metrics.protocol import Values
from drivetrain.learn.metrics.score import Score, can_be_measured, sklearn_metrics


def mse(predicted: Values, actual: Values) -> float:
    """The mean squared error of predicted numbers: sklearn's ``mean_squared_error``.

    Example:
        >>> import numpy as np
        >>> mse(np.array([[1.0], [2.0]]), np.array([[1.0], [4.0]]))
        2.0
    """
    if not can_be_measured(predicted, actual):
        return math.nan
    return float(sklearn_metrics("mse").mean_squared_error(actual, predicted))


vars(mse).update(measures="numbers")


@dataclass(frozen=True)
class R2Score(Score):
    """How much of the variance of numbers is predicted, up to 1: sklearn's ``r2_score``.

    The mean over the columns; NaN for a single item. Where a column of the truth never varies,
    1 for a perfect prediction and else 0.

    Example:
        >>> import numpy as np
        >>> R2Score()(np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [3.0]]))
        1.0
    """

    name: str = field(default="r2_score", kw_only=True)
    measures: ClassVar[Measured] = "numbers"
    instead: ClassVar[dict[Measured, str]] = {"one": "accuracy", "several": "accuracy_multi"}

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        return sklearn.r2_score(actual, answers)
