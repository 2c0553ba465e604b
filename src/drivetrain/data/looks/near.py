"""Which pictures are nearly the same, also where all of them are alike at a glance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.looks.alignment import Aligned, align, detail, similarities
from drivetrain.data.looks.candidates import Floats, Greys, Places, candidates
from drivetrain.data.looks.record import COLOUR_SIDE, GREY_SIDE

LEAST_SIMILARITY = 0.94
LEAST_SIMILARITY_BEYOND_COMMON = 0.9
MOST_COLOUR_DIFFERENCE = 12
MOST_COLOUR_OF_GREY = 4

LARGE_GROUP = 25
MANY_ITEMS, MANY_SHARE = 50, 0.2
LARGEST_SHARE = 1 / 3
SAMPLED_PAIRS, COHERENT_SHARE, COHERENT_SIMILARITY = 64, 0.8, 0.99
SAMPLED_ITEMS = 1024
MOST_COMPONENTS, ITEMS_A_COMPONENT = 8, 16


class NearPairs(NamedTuple):
    """Pairs of pictures that are nearly the same.

    Arguments:
        first: int64 [P], positions.
        second: int64 [P], positions, each after its ``first``.
        similarity: float32 [P], between 0 and 1.
        too_alike: Whether so many hung together that pairs say nothing; then there are none.
    """

    first: Places
    second: Places
    similarity: Floats
    too_alike: bool


def near_pairs(signatures: NDArray[np.uint8]) -> NearPairs:
    """Find the pictures that show the same: saved anew, resized, or slightly cropped.

    Where a large group hangs together, or a large share of all items has a partner, a common
    structure is suspected (cells of solar panels, scans of one form): what they share, their mean
    and principal components, is taken out of the detail of these pairs, and they count only when
    the rest agrees. A group of which any two are the same, as the frames of a camera that stands
    still, needs no such proof. (Taking out what a collection has in common: H. Jégou and
    O. Chum, "Negative Evidences and Co-occurrences in Image Retrieval: the Benefit of PCA and
    Whitening", ECCV 2012.)

    Example:
        >>> signatures = np.random.default_rng(0).integers(100, 156, (3, 2336)).astype(np.uint8)
        >>> signatures[2] = signatures[0]
        >>> near_pairs(signatures).first
        array([0])

    Arguments:
        signatures: uint8 [N, 2336], see :func:`drivetrain.data.looks.record.signature_of`.
    """
    greys = signatures[:, : GREY_SIDE**2].reshape(-1, GREY_SIDE, GREY_SIDE)
    colours = signatures[:, GREY_SIDE**2 :].astype(np.int16)
    pairs = align(greys, *_of_one_colour(colours, *candidates(greys)))
    likeness = similarities(greys, pairs)
    pairs, likeness = _chosen(pairs, likeness, likeness >= LEAST_SIMILARITY)
    suspected = _suspected(greys, pairs)
    if suspected.any():
        members = np.flatnonzero(suspected)
        doubted = suspected[pairs.wholes]
        rest = similarities(greys, pairs[doubted], common_structure(greys[members]))
        holds = np.ones(len(likeness), np.bool_)
        holds[doubted] = rest >= LEAST_SIMILARITY_BEYOND_COMMON
        pairs, likeness = _chosen(pairs, likeness, holds)
    count = len(signatures)
    largest = max(np.bincount(group_of(count, pairs.wholes, pairs.parts)), default=0)
    if largest > max(LARGEST_SHARE * count, min(50, count / 2), 10):
        nothing = np.zeros(0, np.int64)
        return NearPairs(nothing, nothing, np.zeros(0, np.float32), too_alike=True)
    first, second = np.minimum(pairs.wholes, pairs.parts), np.maximum(pairs.wholes, pairs.parts)
    return NearPairs(first, second, likeness, too_alike=False)


def group_of(count: int, first: Places, second: Places) -> Places:
    """For each of ``count`` items the smallest position that it hangs together with.

    Example:
        >>> group_of(5, np.array([1, 3]), np.array([3, 4])).tolist()
        [0, 1, 2, 1, 1]
    """
    group = list(range(count))

    def root(item: int) -> int:
        while group[item] != item:
            group[item] = group[group[item]]
            item = group[item]
        return item

    for one, other in zip(first.tolist(), second.tolist(), strict=True):
        low, high = sorted((root(one), root(other)))
        group[high] = low
    return np.array([root(item) for item in range(count)], np.int64)


def common_structure(greys: Greys) -> Floats:
    """What the detail of many pictures has in common: their mean and principal components.

    Example:
        >>> greys = np.random.default_rng(0).integers(0, 256, (40, 48, 48)).astype(np.uint8)
        >>> common_structure(greys).shape
        (3, 2304)

    Arguments:
        greys: uint8 [N, 48, 48].

    Returns:
        float32 [C, 2304], orthonormal; one more than a component for every sixteen pictures, and
        nine at most.
    """
    step = -(-len(greys) // SAMPLED_ITEMS)
    details = detail(greys[::step].astype(np.float32)).reshape(-1, GREY_SIDE**2)
    components = min(MOST_COMPONENTS, len(details) // ITEMS_A_COMPONENT)
    mean = details.mean(axis=0, keepdims=True)
    centred = details - mean
    _, weights = np.linalg.eigh(centred @ centred.T)
    principal = weights[:, len(details) - components :].T @ centred
    basis, _ = np.linalg.qr(np.concatenate([mean, principal]).T)
    return np.ascontiguousarray(basis.T, np.float32)


def _chosen(pairs: Aligned, likeness: Floats, chosen: NDArray[np.bool_]) -> tuple[Aligned, Floats]:
    return pairs[chosen], likeness[chosen]


def _of_one_colour(
    colours: NDArray[np.int16], wholes: Places, parts: Places, windows: Places
) -> tuple[Places, Places, Places]:
    """Leave out pairs whose colours differ; a grey picture may be a copy of a coloured one."""
    middle = 128
    is_grey = np.abs(colours - middle).max(axis=1, initial=0) <= MOST_COLOUR_OF_GREY
    difference = np.abs(colours[wholes] - colours[parts]).sum(axis=1, dtype=np.int64)
    alike = difference <= MOST_COLOUR_DIFFERENCE * 2 * COLOUR_SIDE**2
    alike |= is_grey[wholes] | is_grey[parts]
    return wholes[alike], parts[alike], windows[alike]


def _suspected(greys: Greys, pairs: Aligned) -> NDArray[np.bool_]:
    """Bool [N]: the items whose pairs may rest on a common structure alone."""
    groups = group_of(len(greys), pairs.wholes, pairs.parts)
    size = np.bincount(groups, minlength=len(greys))[groups]
    paired = int((size > 1).sum())
    many = paired >= MANY_ITEMS and paired > MANY_SHARE * len(greys)
    suspected = size > (1 if many else LARGE_GROUP)
    for group in np.unique(groups[size > LARGE_GROUP]):
        members = np.flatnonzero(groups == group)
        if _is_coherent(greys, members):
            suspected[members] = False
    return suspected


def _is_coherent(greys: Greys, members: Places) -> bool:
    """Whether members that a chain may join over many others are copies of each other too."""
    sampled = np.linspace(0, len(members) - 1, min(len(members), SAMPLED_PAIRS)).astype(np.int64)
    first, second = members[sampled], members[(sampled + len(members) // 2) % len(members)]
    pairs = align(greys, first, second, np.zeros(len(first), np.int64))
    alike = similarities(greys, pairs, noise=0.0) >= COHERENT_SIMILARITY
    return int(alike.sum()) >= COHERENT_SHARE * len(first)
