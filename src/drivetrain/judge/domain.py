"""Whether an input is like what the model was trained on.

A soft-max is sure of everything: it says which class is nearest, never that none is near. The
network's embedding knows better. Each class of the training data is a cloud of embeddings; all
clouds share one shape, and an input's distance is the Mahalanobis distance to the nearest of them
(Lee et al. 2018, A Simple Unified Framework for Detecting Out-of-Distribution Samples and
Adversarial Attacks, section 2.1). The shape is kept as the few directions in which the clouds are
long and one width for all others (Tipping and Bishop 1999, Probabilistic Principal Component
Analysis), so that it can be learned from few items and fits into some hundred kilobytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.float32]
"""float32 [N, D]: what a network sees in each input, before its head."""

BLOCK = 32
"""Rows that are multiplied at once."""

Scores = NDArray[np.float32]
"""float32 [N]: how far inputs are from the training data; 1 is the border."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DomainTest:
    """The clouds of the training data and the border around them.

    Example:
        >>> flat = np.eye(2, 4, dtype=np.float32)
        >>> test = DomainTest(
        ...     centres=flat, axes=flat[:1], variances=flat[0, :1] / 10, rest=0.01, border=9.0
        ... )
        >>> test.scores(np.array([[1, 0, 0, 0], [0, 0, 0, 5]], np.float32)) > 1
        array([False,  True])

    Arguments:
        centres: The mean embedding of each class at length 1, [K, D]; or of all classes, [1, D].
        axes: The directions in which the clouds are long, orthonormal, [A, D].
        variances: The variance along each of them, [A].
        rest: The variance along every other direction.
        border: The squared distance beyond which an input is not like the training data.
    """

    centres: NDArray[np.floating[Any]]
    axes: NDArray[np.floating[Any]]
    variances: NDArray[np.floating[Any]]
    rest: float
    border: float

    @property
    def size(self) -> int:
        """The length of an embedding, D."""
        return int(self.centres.shape[1])

    def scores(self, embeddings: Embeddings) -> Scores:
        """How far inputs are, in units of the border: above 1 they are not like the training data.

        Arguments:
            embeddings: float32 [N, D] of any length; only their direction counts.
        """
        return (self.distances(embeddings) / self.border).astype(np.float32)

    def distances(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """The squared Mahalanobis distance to the nearest cloud, float64 [N].

        In double precision: where clouds are narrow, it is a small difference of large numbers.
        """
        x = directions(embeddings)
        centres, axes, weights = self._parts
        lengths = np.square(x).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)
        products = times(x, np.concatenate([axes, centres]))
        along, centred = products[:, : len(axes)], times(centres, axes)
        squares = (np.square(along) * weights).sum(axis=1)[:, None]
        squares = squares + (np.square(centred) * weights).sum(axis=1)
        crossed = times(along, centred * weights)
        near = (lengths - 2.0 * products[:, len(axes) :]) / self.rest
        far = near - (squares - 2.0 * crossed)
        nearest: NDArray[np.float64] = np.maximum(far.min(axis=1), 0.0)
        return nearest

    @cached_property
    def _parts(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        weights = 1.0 / self.rest - 1.0 / self.variances.astype(np.float64)
        return self.centres.astype(np.float64), self.axes.astype(np.float64), weights


def times(x: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The products of rows with others, which do not depend on how many rows there are.

    A library for matrices adds up in another order for one row than for many, and the last digits
    differ; so it is given blocks of one size.

    Example:
        >>> times(np.eye(2), np.array([[1.0, 2.0]])).tolist()
        [[1.0], [2.0]]

    Arguments:
        x: float64 [N, D].
        others: float64 [M, D].

    Returns:
        float64 [N, M].
    """
    count, size = x.shape
    padded = x
    if count % BLOCK:
        padded = np.zeros((-(-count // BLOCK) * BLOCK, size))
        padded[:count] = x
    blocks = padded.reshape(-1, BLOCK, size) @ others.T
    products: NDArray[np.float64] = blocks.reshape(-1, len(others))[:count]
    return products


def directions(embeddings: Embeddings) -> NDArray[np.float64]:
    """Embeddings at length 1: how bright or sharp an input is moves their length alone.

    Example:
        >>> directions(np.array([[3, 4]], np.float32)).tolist()
        [[0.6, 0.8]]
    """
    x: NDArray[np.float64] = embeddings.astype(np.float64)
    x /= np.maximum(np.sqrt(np.square(x).sum(axis=1, keepdims=True)), 1e-12)
    return x
