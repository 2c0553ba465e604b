"""The in-domain test on clouds whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from drivetrain.judge.domain import DomainTest, directions


def clouds(axes: int = 2, rest: float = 0.02) -> DomainTest:
    random = np.random.default_rng(0)
    basis = np.linalg.qr(random.normal(size=(16, 16)))[0].T.astype(np.float32)
    return DomainTest(
        centres=directions(random.normal(size=(3, 16)).astype(np.float32)).astype(np.float32),
        axes=basis[:axes],
        variances=np.linspace(0.3, 0.2, axes, dtype=np.float32),
        rest=rest,
        border=7.0,
    )


def plain_distances(test: DomainTest, x: NDArray[np.float32]) -> NDArray[np.float64]:
    """The same by the book: with the whole covariance matrix, centre by centre."""
    axes, variances = test.axes.astype(np.float64), test.variances.astype(np.float64)
    covariance = np.eye(test.size) * test.rest + (axes.T * (variances - test.rest)) @ axes
    precise = np.linalg.inv(covariance)
    unit = x.astype(np.float64) / np.linalg.norm(x, axis=1, keepdims=True)
    each = []
    for centre in test.centres.astype(np.float64):
        off = unit - centre
        each.append(np.einsum("nd,de,ne->n", off, precise, off))
    nearest: NDArray[np.float64] = np.min(each, axis=0)
    return nearest


@pytest.mark.parametrize("axes", [1, 2, 9])
def test_distances_are_those_of_the_whole_covariance_matrix(axes: int) -> None:
    test = clouds(axes)
    x = np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32) * 7
    np.testing.assert_allclose(test.distances(x), plain_distances(test, x), rtol=1e-4)
    np.testing.assert_allclose(test.scores(x), plain_distances(test, x) / 7.0, rtol=1e-4)


def test_half_precision_changes_little() -> None:
    test = clouds(9)
    half = DomainTest(
        centres=test.centres.astype(np.float16),
        axes=test.axes.astype(np.float16),
        variances=test.variances,
        rest=test.rest,
        border=test.border,
    )
    x = np.random.default_rng(1).normal(size=(50, 16)).astype(np.float32)
    np.testing.assert_allclose(half.scores(x), test.scores(x), rtol=0.01)


def test_only_the_direction_of_an_embedding_counts() -> None:
    x = np.random.default_rng(2).normal(size=(5, 16)).astype(np.float32)
    np.testing.assert_allclose(clouds().scores(x), clouds().scores(x * 40), rtol=1e-4)


def test_an_embedding_of_nothing_has_a_score() -> None:
    assert np.isfinite(clouds().scores(np.zeros((1, 16), np.float32))).all()


def test_a_row_has_the_score_that_it_has_alone() -> None:
    x = np.random.default_rng(3).normal(size=(9, 16)).astype(np.float32)
    alone = [clouds().scores(row[None])[0] for row in x]
    np.testing.assert_allclose(clouds().scores(x), alone, rtol=1e-5)
