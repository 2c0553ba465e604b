"""How far a mean over a few seeds can be trusted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

QUANTILES = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26)
"""Student's t at 97.5 % for 1 to 9 degrees of freedom."""


def half_width(values: Sequence[float]) -> float:
    """Half the width of the 95 % interval of a mean over 2 to 10 values (Student's t).

    Example:
        >>> round(half_width([1.0, 2.0, 3.0]), 2)
        2.48
    """
    quantile = QUANTILES[len(values) - 2]
    return quantile * statistics.stdev(values) / math.sqrt(len(values))
