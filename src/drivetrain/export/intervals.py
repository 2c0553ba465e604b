"""How far predicted numbers lie from the truth: intervals that hold it as often as they say."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import IntervalRecord

COVERAGE = 0.9
"""The share of new items whose truth an interval is to hold."""


def scales_of(targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """The standard deviation of each target, 1 for a constant one, float64 [K]."""
    spread = targets.astype(np.float64).std(axis=0)
    return np.where(spread > 0, spread, 1.0)


def fit_intervals(
    outputs: NDArray[np.float32], targets: NDArray[np.float32], *, coverage: float = COVERAGE
) -> IntervalRecord:
    """The half width that holds the wanted share of held-out truths, for each number.

    Of N distances the one of rank ceil((N + 1) coverage) is taken (split conformal prediction:
    Papadopoulos et al. 2002); of too few the largest, which holds less, and that is recorded.

    Arguments:
        outputs: What was predicted for items that the network was not trained on, [N, K].
        targets: The truth, [N, K].
        coverage: The share to hold.
    """
    distances = np.sort(np.abs(outputs.astype(np.float64) - targets), axis=0)
    count = len(distances)
    rank = math.ceil((count + 1) * coverage)
    return IntervalRecord(
        coverage=coverage if rank <= count else count / (count + 1),
        half_widths=tuple(distances[min(rank, count) - 1].tolist()),
        scales=tuple(scales_of(targets).tolist()),
        items=count,
    )
