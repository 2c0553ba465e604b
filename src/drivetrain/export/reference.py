"""Fitting the in-domain test: the clouds of the training data, and the border around them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import DomainRecord, Source
from drivetrain.judge.domain import DomainTest, Embeddings, directions
from drivetrain.metrics import Indices

FOLDS = 10
FEWEST = 20
"""With fewer items than this there is no test: a border of 5 % means one item of twenty."""

AXES = 64
ITEMS_AN_AXIS = 5
MOST_CENTRES = 200
"""With more classes than this all have one centre, so that the test stays small."""

SHORT = 256
"""Longer embeddings are kept in half precision, so that the test stays small; in short ones the
clouds may be narrower than half precision can tell."""

SURPRISING = 0.01
"""A share of validation items beyond the border that is rarer than this by chance means that the
network knows its training items too well for their folds to tell."""


def fit_domain(
    embeddings: Embeddings,
    targets: Indices,
    valid: Embeddings,
    *,
    member: str,
    false_reject: float,
    seed: int = 0,
) -> tuple[DomainTest, DomainRecord] | None:
    """The test for a network, and how its border was found; None on too few items.

    The border is such that ``false_reject`` of items that the test has not seen lie beyond it:
    training items, each scored by the clouds of the other folds. Where that border rejects
    surprisingly many validation items, because the network was trained on those very pixels, the
    validation items decide.

    Arguments:
        embeddings: Of training items, float32 [N, D].
        targets: Their true positions, int64 [N].
        valid: Embeddings of validation items, float32 [M, D].
        member: The member that will hold the clouds.
        false_reject: The share of like items that may be rejected.
        seed: What the folds follow from.
    """
    if len(embeddings) < FEWEST:
        return None
    from threadpoolctl import threadpool_limits

    x = directions(embeddings).astype(np.float32)
    with threadpool_limits(1, user_api="blas"):  # more would only wait for each other
        held_out = _held_out(x, targets, seed)
        test = _clouds(x, targets)
        seen = test.distances(valid)
    border, share = _border(held_out, false_reject)
    source: Source = "training folds"
    rejected = int((seen > border).sum())
    if _is_surprising(rejected, len(seen), share):
        (border, share), source = _border(seen, false_reject), "validation"
    test = replace(test, border=border)
    record = DomainRecord(
        member=member,
        border=border,
        rest=test.rest,
        false_reject=share,
        reference=len(x),
        held_out=len(seen) if source == "validation" else len(x),
        held_out_from=source,
        rejected_valid=float((seen > border).mean()) if len(seen) else 0.0,
    )
    return test, record


def _held_out(x: Embeddings, targets: Indices, seed: int) -> NDArray[np.float64]:
    """The distance of each item to the clouds of the folds that it is not in."""
    fold_of = _folds(targets, seed)
    distances = np.empty(len(x), np.float64)
    for number in np.unique(fold_of):
        held = fold_of == number
        distances[held] = _clouds(x[~held], targets[~held]).distances(x[held])
    return distances


def _clouds(x: Embeddings, targets: Indices) -> DomainTest:
    """The centres and the common shape, as they are stored."""
    from sklearn.utils.extmath import randomized_svd

    present = np.unique(targets)
    one = len(present) > MOST_CENTRES
    centres = np.stack(
        [x.mean(axis=0)] if one else [x[targets == place].mean(axis=0) for place in present]
    )
    around = x - (centres[0] if one else centres[np.searchsorted(present, targets)])
    count = max(1, min(AXES, len(x) // ITEMS_AN_AXIS, x.shape[1] - 1))
    _, lengths, axes = randomized_svd(around, count, random_state=0)
    along = lengths.astype(np.float64) ** 2 / len(x)
    whole = float(np.square(around, dtype=np.float64).sum() / len(x))
    rest = max(whole - along.sum(), 1e-9) / (x.shape[1] - count)
    kind = np.float16 if x.shape[1] > SHORT else np.float32
    return DomainTest(
        centres=centres.astype(kind),
        axes=axes.astype(kind),
        variances=(along + rest).astype(np.float32),
        rest=rest,
        border=1.0,
    )


def _border(distances: NDArray[np.float64], false_reject: float) -> tuple[float, float]:
    """A distance, and the share of new items that lies beyond it on average.

    It is the quantile of split conformal prediction (Papadopoulos et al. 2002). Of few items the
    farthest is the border, and one in so many and one more is the least share that it can hold.
    """
    count = len(distances)
    rank = math.ceil((count + 1) * (1.0 - false_reject))
    border = float(np.sort(distances)[min(rank, count) - 1])
    return max(border, 1e-6), false_reject if rank <= count else 1.0 / (count + 1)


def _is_surprising(rejected: int, count: int, false_reject: float) -> bool:
    from scipy.stats import binomtest

    if not count:
        return False
    tested = binomtest(rejected, count, false_reject, alternative="greater")
    return bool(tested.pvalue < SURPRISING)


def _folds(targets: Indices, seed: int) -> NDArray[np.int64]:
    """A fold for each item, every class spread over all of them."""
    random = np.random.default_rng(seed)
    folds = np.empty(len(targets), np.int64)
    for place in np.unique(targets):
        members = random.permutation(np.flatnonzero(targets == place))
        folds[members] = (np.arange(len(members)) + place) % FOLDS
    return folds
