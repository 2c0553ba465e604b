"""Fitting a calibration on items whose true probabilities are known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from drivetrain.export.calibrate import FEWEST, fit_calibration, temperature, vector
from drivetrain.judge.calibration import Logits, softmax
from drivetrain.judge.reliability import expected_calibration_error
from drivetrain.metrics import Indices


def drawn(count: int, classes: int = 3, seed: int = 0) -> tuple[Logits, Indices]:
    """Logits whose soft-max is the truth: labels are drawn from it."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 2, (count, classes)).astype(np.float32)
    targets = np.array([random.choice(classes, p=row / row.sum()) for row in exact(logits)])
    return logits, targets


def exact(logits: Logits) -> NDArray[np.float64]:
    return softmax(logits).astype(np.float64)


@pytest.mark.parametrize("sharper", [0.25, 3.0])
def test_a_wrong_temperature_is_found_and_undone(sharper: float) -> None:
    logits, targets = drawn(3000)
    record = fit_calibration(logits * np.float32(sharper), targets)
    assert record.settings.method == "temperature"
    assert record.settings.factor[0] == pytest.approx(1 / sharper, rel=0.1)
    assert record.before is not None
    assert record.after is not None
    assert record.after.ece < 0.03 < record.before.ece
    assert record.after.brier < record.before.brier
    assert record.after.log_loss < record.before.log_loss


def test_classes_that_are_overrated_need_shifts_of_their_own() -> None:
    logits, targets = drawn(3000)
    shift = np.array([2.0, 0.0, -1.0], np.float32)
    record = fit_calibration(logits + shift, targets)
    assert record.settings.method == "vector"
    found = np.array(record.settings.shift)
    np.testing.assert_allclose(found - found.mean(), shift.mean() - shift, atol=0.3)


def test_what_is_right_already_is_left_alone() -> None:
    record = fit_calibration(*drawn(2000))
    assert record.settings.method == "none"
    assert record.before == record.after
    assert set(record.tried) == {"none", "temperature", "vector"}


def test_not_one_error_is_no_reason_for_certainty() -> None:
    targets = np.arange(40) % 2
    logits = (np.eye(2)[targets] * 4).astype(np.float32)
    sharpened = temperature(logits, targets).probabilities(logits)
    assert 0.98 < sharpened.max() < 0.999
    assert vector(logits, targets).probabilities(logits).max() < 0.999


def test_on_few_items_nothing_is_fitted() -> None:
    logits, targets = drawn(FEWEST - 1)
    record = fit_calibration(logits * 9, targets)
    assert (record.settings.method, record.after) == ("none", None)
    assert record.before is not None
    empty = fit_calibration(logits[:1], targets[:1])
    assert empty.settings.method == "none"


def test_it_is_judged_on_items_that_it_was_not_fitted_on() -> None:
    """Labels at random: a fit that saw them would look better than it is."""
    random = np.random.default_rng(3)
    logits = random.normal(0, 3, (60, 3)).astype(np.float32)
    targets = random.integers(0, 3, 60)
    record = fit_calibration(logits, targets)
    assert record.after is not None
    seen = record.settings.probabilities(logits)
    assert record.after.log_loss > -np.log(seen[np.arange(60), targets]).mean()


def test_the_same_items_give_the_same_calibration() -> None:
    logits, targets = drawn(300)
    assert fit_calibration(logits * 3, targets) == fit_calibration(logits * 3, targets)


def test_what_is_gained_is_gained_on_new_items() -> None:
    logits, targets = drawn(400, seed=1)
    record = fit_calibration(logits * 3, targets)
    new, truth = drawn(4000, seed=2)
    before = expected_calibration_error(softmax(new * 3), truth)
    after = expected_calibration_error(record.settings.probabilities(new * 3), truth)
    assert after < 0.04 < before
