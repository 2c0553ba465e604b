"""Lighting: the moves of logits, by formula, and how many pictures they reach."""

from __future__ import annotations

import pytest
import torch

from drivetrain.learn.draws import Draws
from drivetrain.learn.lighting import NEARLY_BLACK, brightnesses, contrasts, relight_

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def draws(count: int) -> Draws:
    random = torch.Generator().manual_seed(0)
    return Draws(count, torch.device("cpu"), random, numbers=2)


def test_brightness_is_added_to_the_logits_and_contrast_multiplies_them() -> None:
    x = torch.tensor([0.2, 0.5, 0.9]).repeat(2, 3, 1, 1)
    expected = [
        [1 / (1 + ((1 - p) / p) ** gain * 2.718281828 ** (-shift * gain)) for p in (0.2, 0.5, 0.9)]
        for shift, gain in ((0.3, 1.5), (-0.2, 0.8))
    ]
    lit = relight_(x, torch.tensor([0.3, -0.2]), torch.tensor([1.5, 0.8]))
    assert lit is x  # in place
    torch.testing.assert_close(lit[:, 0, 0], torch.tensor(expected))


def test_nothing_drawn_moves_black_and_white_by_less_than_a_step_of_a_photo() -> None:
    x = torch.tensor([0.0, 0.3, 1.0]).repeat(1, 3, 1, 1)
    lit = relight_(x.clone(), torch.zeros(1), torch.ones(1))
    assert (lit - x).abs().max() <= NEARLY_BLACK + 1e-6 < 0.5 / 255
    assert lit[0, 0, 0, 1] == pytest.approx(0.3)


def test_moves_stay_within_their_limit_and_reach_their_share() -> None:
    shift = brightnesses(draws(1000), 0.4, 0.75)
    grey = torch.sigmoid(shift)
    assert 0.3 - 1e-6 <= grey.min() < 0.31
    assert 0.69 < grey.max() <= 0.7 + 1e-6
    gain = contrasts(draws(1000), 0.2, 0.75)
    assert 0.8 - 1e-6 <= gain.min() < 0.81
    assert 1.24 < gain.max() <= 1.25 + 1e-6
    for left_alone in (shift == 0, gain == 1):
        assert 0.2 < left_alone.float().mean() < 0.3  # 0.25 ± 4 standard errors of 0.0137
