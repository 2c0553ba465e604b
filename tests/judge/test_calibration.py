"""From logits to probabilities that can be taken at their word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drivetrain.judge.calibration import Calibration, softmax
from drivetrain.judge.reliability import (
    brier_score,
    expected_calibration_error,
    log_losses,
    reliability_bins,
)


@given(
    logits=st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), min_size=1),
    factor=st.floats(0.01, 100),
)
def test_probabilities_sum_to_one_and_a_temperature_keeps_the_order(
    logits: list[list[float]], factor: float
) -> None:
    x = np.array(logits, np.float32)
    shares = Calibration(method="temperature", factor=(factor,)).probabilities(x)
    assert shares.dtype == np.float32
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-5)
    of_the_largest = shares[np.arange(len(x)), x.argmax(axis=1)]
    assert (of_the_largest >= shares.max(axis=1) - 1e-6).all()


def test_without_a_method_it_is_the_soft_max() -> None:
    x = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    np.testing.assert_allclose(Calibration().probabilities(x), softmax(x), rtol=1e-5)


def test_each_class_has_its_factor_and_shift() -> None:
    twofold = Calibration(method="vector", factor=(2.0, 1.0), shift=(0.0, 1.0))
    expected = softmax(np.array([[2.0, 4.0]], np.float32))
    np.testing.assert_allclose(twofold.probabilities(np.array([[1.0, 3.0]], np.float32)), expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"factor": (0.0,)},
        {"factor": (-1.0,)},
        {"factor": (float("inf"),)},
        {"factor": ()},
        {"method": "temperature", "factor": (1.0, 2.0)},
        {"method": "temperature", "shift": (1.0,)},
        {"factor": (2.0,)},
        {"method": "isotonic"},
        {"temperature": 2.0},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Calibration.model_validate(settings)


def test_bins_hold_every_answer_once_and_their_bounds_belong_below() -> None:
    confidence = np.array([0.5, 0.75, 0.76, 1.0], np.float32)
    shares = np.stack([confidence, 1 - confidence], axis=1)
    found = reliability_bins(shares, np.zeros(4, np.int64), bins=4)
    assert [(one.low, one.high, one.count) for one in found] == [
        (0.25, 0.5, 1), (0.5, 0.75, 1), (0.75, 1.0, 2),
    ]  # fmt: skip


def test_the_figures_of_known_answers() -> None:
    shares = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.3, 0.7]], np.float32)
    truth = np.array([0, 1, 1, 1])
    gaps = 0.5 * abs(0.9 - 0.5) + 0.5 * abs(0.7 - 1.0)
    assert expected_calibration_error(shares, truth) == pytest.approx(gaps, abs=1e-6)
    squares = (2 * 0.1**2 + 2 * 0.9**2 + 2 * 2 * 0.3**2) / 4
    assert brier_score(shares, truth) == pytest.approx(squares, abs=1e-6)
    assert log_losses(shares, truth) == pytest.approx(-np.log([0.9, 0.1, 0.7, 0.7]), abs=1e-6)


def test_answers_that_are_as_often_right_as_they_say_measure_near_zero() -> None:
    random = np.random.default_rng(1)
    confidence = random.uniform(0.5, 1.0, 20_000)
    right = random.uniform(size=20_000) < confidence
    shares = np.stack([confidence, 1 - confidence], axis=1).astype(np.float32)
    assert expected_calibration_error(shares, (~right).astype(np.int64)) < 0.02
    assert expected_calibration_error(shares, right.astype(np.int64)) > 0.3


def test_numbers_that_are_too_large_for_single_precision_are_borne() -> None:
    largest = Calibration(method="temperature", factor=(1e6,))
    shares = largest.probabilities(np.array([[3e38, -3e38, 0.0]], np.float32))
    assert shares.tolist() == [[1.0, 0.0, 0.0]]
