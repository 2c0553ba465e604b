"""Where on the curve of a learning rate test a good rate lies: four ways to say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
Point = tuple[float, float]
Suggestion = tuple[float, Point]
"""The rate, and the point of the curve (rate, loss) that it was read off."""

SuggestFunction = Callable[[Any, Any, int], Suggestion]
"""From rates, smoothed losses (float64 [N] each) and the number of batches asked for."""

INTO_THE_VALLEY = 2 / 3
WINDOW = 0.15
"""The width of the window that ``slide`` moves, as a share of the batches."""

LEVEL = 0.005
"""How much of the curve's height its slope may differ by between two points that are level."""


def valley(lrs: Curve, losses: Curve, num_it: int) -> Suggestion:  # noqa: ARG001
    """The rate two thirds into the longest stretch over which the loss falls.

    The stretch is a longest falling subsequence: batches in it at which the loss rises for a
    moment do not end it. The idea is that of the learning rate finder in Esri's ArcGIS API,
    which fastai made its default.

    Example:
        >>> rates, losses = np.array([1e-4, 1e-3, 1e-2, 1e-1]), np.array([4.0, 3.0, 2.0, 9.0])
        >>> valley(rates, losses, num_it=4)[0]
        0.001

    Arguments:
        lrs: The rates, rising, float64 [N].
        losses: The loss at each, float64 [N].
        num_it: Batches asked for.
    """
    lengths, starts = np.ones(len(losses), np.int64), np.arange(len(losses))
    for place in range(1, len(losses)):
        before = np.where(losses[:place] > losses[place], lengths[:place], 0)
        best = place - 1 - int(before[::-1].argmax())  # the last of several: no flat start
        if before[best]:
            lengths[place], starts[place] = before[best] + 1, starts[best]
    end = int(lengths.argmax())
    start = int(starts[end])
    return _at(lrs, losses, start + int((end - start) * INTO_THE_VALLEY))


def slide(lrs: Curve, losses: Curve, num_it: int) -> Suggestion:
    """The rate where the curve, seen from its end, has become level.

    A window slides from the end to the left until the slopes at both of its sides agree; its
    left side is the answer. It is the interval slide rule that A. Sodini described on fastai's
    forum (2019), with the slope measured against the height of the curve.

    Example:
        >>> rates = np.logspace(-4, 0, 9)
        >>> slide(rates, np.array([5.0, 5.0, 5.0, 5.0, 4.0, 3.0, 3.0, 5.0, 9.0]), num_it=9)[0] < 0.1
        True

    Arguments:
        lrs: The rates, rising, float64 [N].
        losses: The loss at each, float64 [N].
        num_it: Batches asked for.
    """
    if len(losses) < 2:
        return _at(lrs, losses, 0)
    slopes = np.gradient(losses) / (float(np.ptp(losses)) or 1.0)
    width = min(max(1, round(num_it * WINDOW)), len(losses) - 1)
    left = len(losses) - 1 - width
    while left > 0 and abs(slopes[left + width] - slopes[left]) > LEVEL:
        left -= 1
    return _at(lrs, losses, left)


def steep(lrs: Curve, losses: Curve, num_it: int) -> Suggestion:  # noqa: ARG001
    """The rate at which the loss falls the fastest on its way to the smallest.

    Smith 2017, "Cyclical learning rates", section 3.3, reads a range off the same curve.

    Example:
        >>> rates, losses = np.logspace(-3, 0, 4), np.array([3.0, 2.5, 1.0, 0.9])
        >>> round(steep(rates, losses, num_it=4)[0], 4)
        0.01

    Arguments:
        lrs: The rates, rising, float64 [N].
        losses: The loss at each, float64 [N].
        num_it: Batches asked for.
    """
    falling = int(losses.argmin()) + 1
    if falling < 2:
        return _at(lrs, losses, 0)
    slopes = np.gradient(losses[:falling], np.log(lrs[:falling]))
    return _at(lrs, losses, int(slopes.argmin()))


def minimum(lrs: Curve, losses: Curve, num_it: int) -> Suggestion:  # noqa: ARG001
    """A tenth of the rate with the smallest loss, as the lesson has it.

    Example:
        >>> rates, losses = np.array([0.01, 0.1, 1.0]), np.array([3.0, 1.0, 8.0])
        >>> minimum(rates, losses, num_it=3)
        (0.01, (0.1, 1.0))

    Arguments:
        lrs: The rates, rising, float64 [N].
        losses: The loss at each, float64 [N].
        num_it: Batches asked for.
    """
    rate, point = _at(lrs, losses, int(losses.argmin()))
    return rate / 10, point


def _at(lrs: Curve, losses: Curve, place: int) -> Suggestion:
    rate = float(lrs[place])
    return rate, (rate, float(losses[place]))
