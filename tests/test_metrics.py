"""Metrics, against values worked out by hand and against what must hold for all inputs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.metrics import (
    Indices,
    accuracy,
    balanced_accuracy,
    confusion_matrix,
    error_rate,
    wilson_interval,
)

CLASSES = 4
PAIRS = st.lists(
    st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=50
)
NOTHING: Indices = np.array([], dtype=np.int64)

# Ten answers: of class 0 it finds 3 of 4, of class 1 it finds 1 of 2, of class 2 it finds 4 of 4.
ACTUAL = np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2])
PREDICTED = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 2])


def test_accuracy_and_error_rate_are_the_shares_of_right_and_wrong_answers() -> None:
    assert accuracy(PREDICTED, ACTUAL) == 0.8
    assert error_rate(PREDICTED, ACTUAL) == pytest.approx(0.2)


def test_the_confusion_matrix_has_a_row_for_each_true_class() -> None:
    assert confusion_matrix(PREDICTED, ACTUAL, 3).tolist() == [[3, 1, 0], [0, 1, 1], [0, 0, 4]]


def test_the_confusion_matrix_shows_classes_that_never_occur() -> None:
    assert confusion_matrix(np.array([0]), np.array([0]), 3).tolist() == [
        [1, 0, 0],
        [0] * 3,
        [0] * 3,
    ]


def test_balanced_accuracy_is_the_mean_of_what_is_found_of_each_class() -> None:
    assert balanced_accuracy(PREDICTED, ACTUAL, 3) == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)


def test_balanced_accuracy_leaves_out_classes_that_never_occur() -> None:
    assert balanced_accuracy(PREDICTED, ACTUAL, 7) == balanced_accuracy(PREDICTED, ACTUAL, 3)


def test_an_empty_set_has_no_metric() -> None:
    assert math.isnan(accuracy(NOTHING, NOTHING))
    assert math.isnan(error_rate(NOTHING, NOTHING))
    assert math.isnan(balanced_accuracy(NOTHING, NOTHING, 2))
    assert confusion_matrix(NOTHING, NOTHING, 2).tolist() == [[0, 0], [0, 0]]


@given(PAIRS)
def test_all_metrics_read_the_same_confusion_matrix(pairs: list[tuple[int, int]]) -> None:
    predicted, actual = np.array(pairs).T
    matrix = confusion_matrix(predicted, actual, CLASSES)
    assert all(matrix[a, p] == pairs.count((p, a)) for p, a in pairs)
    assert matrix.sum() == len(pairs)
    assert accuracy(predicted, actual) == pytest.approx(matrix.trace() / len(pairs))
    assert accuracy(predicted, actual) + error_rate(predicted, actual) == pytest.approx(1.0)


@given(PAIRS, st.permutations(range(CLASSES)))
def test_metrics_do_not_depend_on_the_names_of_the_classes(
    pairs: list[tuple[int, int]], names: list[int]
) -> None:
    predicted, actual = np.array(pairs).T
    renamed = np.array(names)
    assert accuracy(renamed[predicted], renamed[actual]) == accuracy(predicted, actual)
    assert balanced_accuracy(renamed[predicted], renamed[actual], CLASSES) == pytest.approx(
        balanced_accuracy(predicted, actual, CLASSES)
    )


@given(st.lists(st.booleans(), min_size=1, max_size=10))
def test_balanced_accuracy_is_accuracy_where_every_class_is_as_frequent(found: list[bool]) -> None:
    actual = np.repeat([0, 1], len(found))
    predicted = np.where(np.concatenate([found, found[::-1]]), actual, 1 - actual)
    assert balanced_accuracy(predicted, actual, 2) == pytest.approx(accuracy(predicted, actual))


@pytest.mark.parametrize(
    ("successes", "count", "low", "high"),
    [
        # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I,
        # method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (0, 10, 0.0, 0.2775),
    ],
)
def test_the_wilson_interval_has_its_published_values(
    successes: int, count: int, low: float, high: float
) -> None:
    # Published with four digits: half a unit of the last one.
    assert wilson_interval(successes / count, count) == pytest.approx((low, high), abs=0.6e-4)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_wilson_interval_holds_the_share_and_mirrors_for_the_rest(
    case: tuple[int, int],
) -> None:
    successes, count = case
    share = successes / count
    low, high = wilson_interval(share, count)
    assert 0.0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1.0
    mirrored = wilson_interval(1 - share, count)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(st.floats(0.0, 1.0), st.integers(1, 1000))
def test_the_wilson_interval_shrinks_with_more_cases(share: float, count: int) -> None:
    low, high = wilson_interval(share, count)
    closer_low, closer_high = wilson_interval(share, count * 2)
    assert closer_high - closer_low < high - low


def test_no_cases_say_nothing_about_the_share() -> None:
    assert wilson_interval(0.0, 0) == (0.0, 1.0)
