"""A figure that is no share, and how far it can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NINETY_FIVE = 1.96
"""The normal quantile of an interval of 95 %."""


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure, with the interval that holds the true one with 95 % confidence.

    Arguments:
        value: What was measured.
        low: The lower end of the interval; None where it is not known.
        high: The upper end of it.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def around(
        cls, value: float, error: float, *, least: float = -math.inf, most: float = math.inf
    ) -> Estimate:
        """A figure with its standard error.

        Arguments:
            value: The figure.
            error: Its standard error.
            least: Below this it cannot lie.
            most: Above this it cannot lie.
        """
        reach = NINETY_FIVE * error
        if not math.isfinite(reach):
            return cls(value=value)
        return cls(value=value, low=max(least, value - reach), high=min(most, value + reach))

    def as_dict(self) -> dict[str, Any]:
        """The figure for programs."""
        return {"value": self.value, "low": self.low, "high": self.high}


def standard_error(values: NDArray[np.float64]) -> float:
    """How far the mean of some values lies from that of all such; NaN of fewer than two.

    Example:
        >>> round(standard_error(np.array([1.0, 2.0, 3.0])), 4)
        0.5774
    """
    if len(values) < 2:
        return math.nan
    return float(values.std(ddof=1) / math.sqrt(len(values)))


def area_under_curve(value: float, first: int, second: int) -> Estimate:
    """The area under a ROC curve with its interval (Hanley and McNeil 1982, equation 1).

    Example:
        >>> area = area_under_curve(0.9, 50, 50)
        >>> round(area.low, 3), round(area.high, 3)
        (0.837, 0.963)

    Arguments:
        value: The area, 0 to 1.
        first: How many items of the one class there were.
        second: How many of the other.
    """
    if not (first and second):
        return Estimate(value=value)
    both_first, both_second = value / (2.0 - value), 2.0 * value**2 / (1.0 + value)
    spread = (
        value * (1.0 - value)
        + (second - 1) * (both_first - value**2)
        + (first - 1) * (both_second - value**2)
    )
    error = math.sqrt(max(0.0, spread) / (first * second))
    return Estimate.around(value, error, least=0.0, most=1.0)
