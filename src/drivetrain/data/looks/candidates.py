"""Which pairs of many pictures may show the same one: a quick pass over all pairs."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.looks.record import GREY_SIDE

Greys = NDArray[np.uint8]
"""uint8 [N, 48, 48]: whole pictures in grey, whatever their proportions were."""

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.int64]

CELLS = 12
FINE, COARSE = 2.0, 6.0
INTERVALS = ((0.0, 0.95), (0.05, 1.0))
WINDOWS = np.array([((0.0, 1.0), (0.0, 1.0)), *product(INTERVALS, INTERVALS)], np.float32)
"""float32 [5, 2, 2]: parts of a picture, from where to where in its height and in its width."""

UNIT = 1000
LEAST_SIMILARITY = 0.75
MOST_CANDIDATES = 8
LEAST_DETAIL = 0.5
ITEMS_AT_ONCE = 512
PRODUCTS_AT_ONCE = 2**21
"""So many numbers of float32 are compared at once, however many items there are."""


def candidates(greys: Greys) -> tuple[Places, Places, Places]:
    """Pairs of pictures of which one may be the other, or a part of it.

    A picture is described by 12 × 12 cells of its middle detail (a difference of two Gaussians,
    so that neither its brightness nor its grain counts), and five windows of it are compared with
    every whole picture by a matrix product in blocks. Descriptions are whole numbers: their
    products are exact in float32, and so the same in blocks of any size on any machine.

    Example:
        >>> pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 48)).astype(np.uint8)
        >>> pictures[2] = pictures[0]
        >>> whole, part, window = candidates(pictures)
        >>> whole.tolist(), part.tolist(), window.tolist()
        ([0], [2], [0])

    Arguments:
        greys: uint8 [N, 48, 48].

    Returns:
        For each pair the position of the picture that may hold the other, the position of the
        other, and which of ``WINDOWS`` it is; sorted, each pair once, no more than eight for
        each picture that may hold others.
    """
    describing = [_describing(window) for window in WINDOWS]
    at_once = max(1, min(ITEMS_AT_ONCE, PRODUCTS_AT_ONCE // max(1, len(greys))))
    starts = range(0, len(greys), at_once)
    blocks = [greys[start : start + at_once] for start in starts]
    if not blocks:
        nothing = np.zeros(0, np.int64)
        return nothing, nothing, nothing
    wholes = np.concatenate([_described(block, describing[0]) for block in blocks])
    found = [
        _best_of([_described(block, one) for one in describing], start, wholes)
        for start, block in zip(starts, blocks, strict=True)
    ]
    return _each_pair_once(*(np.concatenate(column) for column in zip(*found, strict=True)))


def has_detail(greys: Greys) -> NDArray[np.bool_]:
    """Which pictures have detail that they can be told by, bool [N]: a blank scan has none.

    Example:
        >>> has_detail(np.zeros((1, 48, 48), np.uint8)).tolist()
        [False]
    """
    told = np.count_nonzero(_described(greys, _describing_the_whole()), axis=1)
    return np.array(told > 0, dtype=bool)


@cache
def _describing_the_whole() -> Floats:
    return _describing(WINDOWS[0])


def resampling(starts: Floats, ends: Floats, size: int) -> Floats:
    """Matrices that stretch a part of ``size`` values over all of them, linearly between values.

    Example:
        >>> resampling(np.float32([0.5]), np.float32([1.0]), 2) @ np.float32([0.0, 1.0])
        array([[0.75, 1.  ]], dtype=float32)

    Arguments:
        starts: float32 [P], where each part begins, in lengths of the whole.
        ends: float32 [P], where it ends.
        size: The number of values.

    Returns:
        float32 [P, size, size]; outside the whole its border is repeated.
    """
    middles = (np.arange(size, dtype=np.float32) + 0.5) / size
    places = (starts[:, None] + (ends - starts)[:, None] * middles) * size - 0.5
    places = np.clip(places, 0, size - 1)
    distance = np.abs(places[:, :, None] - np.arange(size, dtype=np.float32))
    weights: Floats = np.maximum(0, 1 - distance, dtype=np.float32)
    return weights


def blurring(sigma: float, size: int) -> Floats:
    """A matrix that blurs ``size`` values with a Gaussian; what lies outside does not count.

    Example:
        >>> bool(np.allclose(blurring(2.0, 6).sum(axis=1), 1))
        True
    """
    at = np.arange(size, dtype=np.float32)
    weights = np.exp(-((at[:, None] - at) ** 2) / (2 * sigma**2))
    kernel: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return kernel


def _describing(window: Floats) -> Floats:
    """Float32 [2304, 144]: from the pixels of a picture to the middle detail of a window of it."""
    cells = np.kron(np.eye(CELLS), np.full(GREY_SIDE // CELLS, CELLS / GREY_SIDE))
    high, wide = (resampling(window[side, :1], window[side, 1:], GREY_SIDE)[0] for side in (0, 1))
    fine, coarse = (
        np.kron(cells @ blur @ high, cells @ blur @ wide)
        for blur in (blurring(FINE, GREY_SIDE), blurring(COARSE, GREY_SIDE))
    )
    detail = (fine - coarse).T
    centred: Floats = (detail - detail.mean(axis=1, keepdims=True)).astype(np.float32)
    return centred


def _described(greys: Greys, describing: Floats) -> Floats:
    """Float32 [N, 144] of whole numbers, of length 1000 or, without any detail, 0."""
    descriptions = greys.reshape(len(greys), -1).astype(np.float32) @ describing
    length = np.sqrt((descriptions**2).sum(axis=1, keepdims=True))
    scale = np.where(length < LEAST_DETAIL * CELLS, 0, UNIT / np.maximum(length, 1e-6))
    return np.rint(descriptions * scale)


def _best_of(windows: list[Floats], start: int, wholes: Floats) -> list[Places]:
    """The best candidates of some pictures that may hold others.

    Arguments:
        windows: For each window, float32 [n, 144], the descriptions of these pictures.
        start: The position of the first of them.
        wholes: Float32 [N, 144], the descriptions of all whole pictures.

    Returns:
        Positions of those that may hold, of those that may be held, windows, and similarities.
    """
    likeness = windows[0] @ wholes.T
    found = np.empty_like(likeness)
    for window in windows[1:]:
        np.matmul(window, wholes.T, out=found)
        np.maximum(likeness, found, out=likeness)
    at = np.arange(len(likeness))
    likeness[at, start + at] = -1
    first, second = np.nonzero(likeness >= LEAST_SIMILARITY * UNIT**2)
    similarity = likeness[first, second].astype(np.int64)
    order = np.lexsort((second, -similarity, first))
    first = first[order]
    best = np.arange(len(first)) - np.searchsorted(first, first) < MOST_CANDIDATES
    first, second, similarity = first[best], second[order][best], similarity[order][best]
    each = [(window[first] * wholes[second]).sum(axis=1) for window in windows]
    return [first + start, second, np.argmax(each, axis=0), similarity]


def _each_pair_once(
    first: Places, second: Places, window: Places, similarity: Places
) -> tuple[Places, Places, Places]:
    low, high = np.minimum(first, second), np.maximum(first, second)
    order = np.lexsort((first, -similarity, high, low))
    low, high = low[order], high[order]
    is_new = np.ones(len(low), np.bool_)
    is_new[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    chosen = order[is_new]
    return first[chosen], second[chosen], window[chosen]
