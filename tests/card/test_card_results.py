"""The results: every number against one worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from cards import GOLDEN, LOGITS, TARGETS, bundle_of

from drivetrain.bundle import Bundle
from drivetrain.card.results import Results
from drivetrain.card.share import Share
from drivetrain.metrics import wilson_interval

CONFUSION = [[8, 2, 0], [1, 30, 9], [0, 0, 0]]


def with_confusion(told: dict[str, Any]) -> None:
    told["training"]["confusion"] = CONFUSION


def test_a_share_has_the_wilson_interval() -> None:
    share = Share.counted(9, 10)
    assert share is not None
    # (9 + z²/2) / (10 + z²) ± z / (10 + z²) · sqrt(9 · 1 / 10 + z² / 4), z = 1.96
    assert (share.value, share.of) == (0.9, 10)
    assert share.low == pytest.approx(0.5958, abs=1e-4)
    assert share.high == pytest.approx(0.9821, abs=1e-4)
    assert Share.counted(0, 0) is None


def test_metrics_come_from_the_confusion_matrix() -> None:
    results = Results.of(bundle_of(edit=with_confusion))
    assert results.items == 50
    assert results.metrics["accuracy"].value == 38 / 50
    assert results.metrics["error_rate"] == Share.counted(12, 50)
    assert next(iter(results.metrics)) == "error_rate"
    assert results.guess == ("green", 1 - 40 / 50)


def test_a_rare_class_counts_as_much_in_the_balanced_accuracy() -> None:
    balanced = Results.of(bundle_of(edit=with_confusion)).metrics["balanced_accuracy"]
    low_blue, high_blue = wilson_interval(0.8, 10)
    low_green, high_green = wilson_interval(0.75, 40)
    assert balanced.value == pytest.approx((0.8 + 0.75) / 2)  # red does not occur
    assert balanced.low == pytest.approx(
        balanced.value - math.sqrt((0.8 - low_blue) ** 2 + (0.75 - low_green) ** 2) / 2
    )
    assert balanced.high == pytest.approx(
        balanced.value + math.sqrt((high_blue - 0.8) ** 2 + (high_green - 0.75) ** 2) / 2
    )


def test_each_class_has_its_recall_and_its_precision() -> None:
    blue, green, red = Results.of(bundle_of(edit=with_confusion)).classes
    assert (blue.found, blue.right) == (Share.counted(8, 10), Share.counted(8, 9))
    assert (green.found, green.right) == (Share.counted(30, 40), Share.counted(30, 32))
    assert (red.found, red.right) == (None, Share.counted(0, 9))
    assert blue.items == 40


def test_mistakes_are_told_the_most_frequent_first() -> None:
    found = Results.of(bundle_of(edit=with_confusion)).mistakes
    assert found == [(9, "green", "red"), (2, "blue", "green"), (1, "green", "blue")]


@pytest.mark.parametrize(
    "matrix", [[], [[1, 2]], [[1, 2, 3]] * 2, [[-1, 0, 0]] * 3, [[10**30, 0, 0]] * 3, [[0] * 3] * 3]
)
def test_a_matrix_that_cannot_be_is_counted_again(matrix: list[list[int]]) -> None:
    def spoil(told: dict[str, Any]) -> None:
        told["training"]["confusion"] = matrix

    results = Results.of(bundle_of(logits=LOGITS, targets=TARGETS, edit=spoil))
    assert results.confusion == ((1, 0, 0), (1, 1, 0), (0, 0, 1))
    without = Results.of(bundle_of(edit=spoil))
    assert without.confusion is None
    assert without.metrics["accuracy"] == Share.observed(1.0, 30)
    assert [one.found for one in without.classes] == [None] * 3


def test_no_items_are_no_results() -> None:
    def empty(told: dict[str, Any]) -> None:
        told["training"] = {"train_items": 0, "valid_items": 0}

    nothing = np.empty((0, 3), np.float32)
    results = Results.of(bundle_of(logits=nothing, targets=[], edit=empty))
    assert (results.items, results.metrics, results.confusion) == (0, {}, None)


def test_the_first_format_has_results() -> None:
    results = Results.of(Bundle.open(GOLDEN))
    assert results.metrics["error_rate"] == Share.counted(0, 30)
    assert results.metrics["error_rate"].high == pytest.approx(1.96**2 / (30 + 1.96**2))
