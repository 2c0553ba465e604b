"""Whether two pictures show the same: one is laid over the other as well as it goes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.looks.candidates import (
    WINDOWS,
    Floats,
    Greys,
    Places,
    blurring,
    resampling,
)
from drivetrain.data.looks.record import GREY_SIDE

PAIRS_AT_ONCE = 128
LEVELS = ((12, 6, 0.6), (24, 3, 0.75), (48, 4, 0.93))
"""Side in pixels, steps, and the correlation below which a pair is given up."""

FINE, COARSE = 1.0, 3.0
LEAST_SCALE, MOST_SCALE, MOST_SHIFT = 0.8, 1.25, 0.15
LONGEST_STEP = 0.06
DAMPING = 1e-3
NOISE = 0.4


@dataclass(frozen=True)
class Aligned:
    """Pairs of pictures that fit each other, and how.

    Arguments:
        wholes: int64 [P], the picture of each pair that may hold the other.
        parts: int64 [P], the other one.
        scale: float32 [P, 2], how much of the whole's height and width the part shows.
        shift: float32 [P, 2], how far below and right of the whole's middle the part's middle is.
    """

    wholes: Places
    parts: Places
    scale: Floats
    shift: Floats

    def __getitem__(self, chosen: NDArray[np.generic] | slice) -> Aligned:
        return Aligned(
            self.wholes[chosen], self.parts[chosen], self.scale[chosen], self.shift[chosen]
        )


def align(greys: Greys, wholes: Places, parts: Places, windows: Places) -> Aligned:
    """The pairs of pictures of which one can be stretched and moved to fit the other.

    Height and width are stretched and moved each for itself, by Gauss-Newton steps from coarse
    to fine: the inverse compositional algorithm of S. Baker and I. Matthews, "Lucas-Kanade 20
    Years On", International Journal of Computer Vision 56, 2004, section 3.2, on pictures
    brought to one brightness and contrast.

    Example:
        >>> greys = np.random.default_rng(0).integers(0, 256, (2, 48, 48)).astype(np.uint8)
        >>> first, second, third = np.array([0, 0]), np.array([0, 1]), np.array([0, 0])
        >>> align(greys, first, second, third).parts
        array([0])

    Arguments:
        greys: uint8 [N, 48, 48].
        wholes: int64 [P], the picture of each pair that may hold the other.
        parts: int64 [P], the other one.
        windows: int64 [P], which of ``WINDOWS`` to begin with.
    """
    begin = WINDOWS[windows]
    scale, shift = begin[:, :, 1] - begin[:, :, 0], begin.mean(axis=2) - 0.5
    found = Aligned(wholes, parts, scale, shift)
    for level in LEVELS:
        chunks = [_fitting(greys, some, *level) for some in _in_chunks(found)]
        fits = np.concatenate([fit for fit, _ in chunks]) if chunks else np.zeros(0, np.bool_)
        if chunks:
            places = [chunk for _, chunk in chunks]
            scale = np.concatenate([place[0] for place in places])
            shift = np.concatenate([place[1] for place in places])
            found = Aligned(found.wholes, found.parts, scale, shift)[fits]
    return found


def similarities(
    greys: Greys, aligned: Aligned, common: Floats | None = None, noise: float = NOISE
) -> Floats:
    """How much of the fine detail of aligned pairs is the same.

    It is the correlation of a difference of two Gaussians: copies keep it, however they were
    saved, and pictures that are alike at a glance do not share it.

    Arguments:
        greys: uint8 [N, 48, 48].
        aligned: The pairs.
        common: float32 [C, 48 × 48], orthonormal; what is not to count, since many pictures
            share it (see :func:`common_structure`).
        noise: In grey levels; detail as faint as that does not correlate.

    Returns:
        float32 [P] between 0 and 1.
    """
    found = [np.zeros(0, np.float32)]
    for some in _in_chunks(aligned):
        moved, mask = _moved(_pictures(greys, some.wholes, GREY_SIDE), some.scale, some.shift)
        details = [detail(moved), detail(_pictures(greys, some.parts, GREY_SIDE))]
        if common is not None:
            flat = [one.reshape(len(one), -1) for one in details]
            details = [
                (one - one @ common.T @ common).reshape(-1, GREY_SIDE, GREY_SIDE) for one in flat
            ]
        found.append(np.clip(_correlation(details[0], details[1], mask, noise), 0, 1))
    return np.concatenate(found)


def detail(pictures: Floats) -> Floats:
    """The fine detail of float32 [N, 48, 48]: neither the grain nor the large shapes."""
    fine, coarse = blurring(FINE, GREY_SIDE), blurring(COARSE, GREY_SIDE)
    return fine @ pictures @ fine.T - coarse @ pictures @ coarse.T


def _in_chunks(aligned: Aligned) -> Iterator[Aligned]:
    for start in range(0, len(aligned.wholes), PAIRS_AT_ONCE):
        yield aligned[start : start + PAIRS_AT_ONCE]


def _pictures(greys: Greys, places: Places, size: int) -> Floats:
    pictures = greys[places].astype(np.float32)
    if size == GREY_SIDE:
        return pictures
    block = GREY_SIDE // size
    cells = np.kron(np.eye(size), np.full(block, 1 / block)).astype(np.float32)
    shrunk: Floats = cells @ pictures @ cells.T
    return shrunk


def _fitting(
    greys: Greys, pairs: Aligned, size: int, steps: int, least: float
) -> tuple[NDArray[np.bool_], tuple[Floats, Floats]]:
    """Which pairs fit at one size, and better scales and shifts."""
    whole, part = (_pictures(greys, places, size) for places in (pairs.wholes, pairs.parts))
    scale, shift = _fitted(whole, part, pairs.scale, pairs.shift, steps)
    moved, mask = _moved(whole, scale, shift)
    return _correlation(moved, part, mask) >= least, (scale, shift)


def _fitted(
    whole: Floats, part: Floats, scale: Floats, shift: Floats, steps: int
) -> tuple[Floats, Floats]:
    """Better scales and shifts, float32 [P, 2] for height and width, from those to begin with."""
    pairs, size = part.shape[:2]
    target = _normalised(part, np.ones_like(part))
    at = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    down, right = (slope * size for slope in np.gradient(target, axis=(1, 2)))
    slopes = np.stack([down * at[:, None], down, right * at, right], axis=1).reshape(pairs, 4, -1)
    slopes -= slopes.mean(axis=2, keepdims=True)
    square = slopes @ slopes.transpose(0, 2, 1)
    size_of_square = np.trace(square, axis1=1, axis2=2)[:, None, None] / 4
    square += (DAMPING * size_of_square + 1e-9) * np.eye(4, dtype=np.float32)
    for _ in range(steps):
        moved, mask = _moved(whole, scale, shift)
        error = (_normalised(moved, mask) - target) * mask
        step = np.linalg.solve(square, slopes @ error.reshape(pairs, -1, 1))[:, :, 0]
        step = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        scale = np.clip(scale / (1 + step[:, 0::2]), LEAST_SCALE, MOST_SCALE)
        shift = np.clip(shift - scale * step[:, 1::2], -MOST_SHIFT, MOST_SHIFT)
    return scale, shift


def _moved(whole: Floats, scale: Floats, shift: Floats) -> tuple[Floats, Floats]:
    """A stretched and moved picture, and 1 where it is one, 0 beyond its border."""
    size = whole.shape[1]
    starts, ends = shift + 0.5 - scale / 2, shift + 0.5 + scale / 2
    high, wide = (resampling(starts[:, side], ends[:, side], size) for side in (0, 1))
    middles = (np.arange(size, dtype=np.float32) + 0.5) / size
    places = starts[:, :, None] + scale[:, :, None] * middles
    inside = ((places >= 0) & (places <= 1)).astype(np.float32)
    return high @ whole @ wide.transpose(0, 2, 1), inside[:, 0, :, None] * inside[:, 1, None, :]


def _normalised(pictures: Floats, mask: Floats) -> Floats:
    weight = mask.sum(axis=(1, 2), keepdims=True)
    centred = (pictures - (pictures * mask).sum(axis=(1, 2), keepdims=True) / weight) * mask
    normalised: Floats = centred / np.sqrt((centred**2).sum(axis=(1, 2), keepdims=True) + 1e-6)
    return normalised


def _correlation(first: Floats, second: Floats, mask: Floats, noise: float = 0.0) -> Floats:
    """Float32 [P]; what is as faint as ``noise`` grey levels does not correlate."""
    weight = mask.sum(axis=(1, 2))
    one, other = (
        (values - ((values * mask).sum(axis=(1, 2)) / weight)[:, None, None]) * mask
        for values in (first, second)
    )
    lengths = np.sqrt((one**2).sum(axis=(1, 2)) * (other**2).sum(axis=(1, 2)))
    together: Floats = (one * other).sum(axis=(1, 2)) / (lengths + noise**2 * weight + 1e-6)
    return together
