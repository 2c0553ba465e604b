"""Random erasing: boxes of noise within the shares and proportions that were asked for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.erasing import RandomErasing

pytestmark = pytest.mark.usefixtures("one_torch_thread")

UNTOUCHED = 2.0  # no noise has this value


def erased(count: int = 200, side: int = 40, seed: int = 0, **settings: Any) -> Tensor:
    """Which pixels are erased, bool [N, H, W]."""
    x = torch.full((count, 3, side, side), UNTOUCHED)
    y = RandomErasing(**settings)(x, torch.Generator().manual_seed(seed))
    changed = y != UNTOUCHED
    assert torch.equal(changed.any(1), changed.all(1))  # all channels together
    return changed[:, 0]


def box(mask: Tensor) -> tuple[int, int]:
    """Height and width of the smallest box around what is erased."""
    return int(mask.any(1).sum()), int(mask.any(0).sum())


def test_about_a_share_p_of_the_pictures_loses_a_part() -> None:
    touched = erased(400, sl=0.1, p=0.25).flatten(1).any(1)
    assert 66 <= int(touched.sum()) <= 134  # 100 ± 4 standard deviations of 8.7
    assert not erased(p=0.0).any()
    assert erased(p=1.0, sl=0.1).flatten(1).any(1).all()


@given(
    shares=st.tuples(st.floats(0.02, 0.6), st.floats(0.02, 0.6)).map(sorted),
    min_aspect=st.floats(0.5, 1.0),
    seed=st.integers(0, 10**6),
)
def test_a_box_has_the_area_and_the_proportion_asked_for(
    shares: list[float], min_aspect: float, seed: int
) -> None:
    low, high = shares
    side = 60
    masks = erased(8, side, seed, p=1.0, sl=low, sh=high, min_aspect=min_aspect)
    for mask in masks:
        tall, wide = box(mask)
        assert int(mask.sum()) == tall * wide  # one whole box
        rounded = (tall + wide) / 2 + 0.25  # half a pixel on each side
        cut = max(tall, wide) == side
        assert cut or int(mask.sum()) >= low * side**2 - rounded
        assert int(mask.sum()) <= high * side**2 + rounded
        if not cut:
            assert (tall + 0.5) / (wide - 0.5) >= min_aspect
            assert (wide + 0.5) / (tall - 0.5) >= min_aspect


def test_boxes_reach_every_place() -> None:
    seen = erased(400, 12, p=1.0, sl=0.05, sh=0.2).float().mean(0)
    assert seen.min() > 0
    assert seen[6, 6] > seen[0, 0]  # a box seldom lies in the very corner


def test_a_box_that_does_not_fit_is_cut_to_the_picture() -> None:
    for mask in erased(20, 10, p=1.0, sl=1.0, sh=1.0, min_aspect=0.1):
        tall, wide = box(mask)
        assert 10 in (tall, wide)


def test_several_boxes_share_the_area() -> None:
    masks = erased(300, p=1.0, sl=0.3, sh=0.3, max_count=4)
    assert masks.float().mean((1, 2)).max() <= 0.3 + 0.05  # each of four is rounded
    filled = [int(mask.sum()) == box(mask)[0] * box(mask)[1] for mask in masks]
    assert 45 <= sum(filled) <= 120  # a quarter has one box, some others lie in one another


def test_noise_lies_between_black_and_white_and_fills_the_range() -> None:
    x = torch.full((4, 3, 40, 40), 0.5)
    y = RandomErasing(p=1.0, sl=0.3)(x, torch.Generator().manual_seed(0))
    noise = y[y != 0.5]
    assert 0.0 <= noise.min() < 0.05
    assert 0.95 < noise.max() <= 1.0
    assert noise.mean() == pytest.approx(0.5, abs=0.03)


def test_the_generator_alone_decides_and_the_batch_is_left_alone() -> None:
    x = torch.full((6, 3, 20, 20), 0.5)
    erase = RandomErasing(max_count=2)
    before = torch.random.get_rng_state()
    first = erase(x, torch.Generator().manual_seed(1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(first, erase(x, torch.Generator().manual_seed(1)))
    assert not torch.equal(first, erase(x, torch.Generator().manual_seed(2)))
    assert (x == 0.5).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"p": 1.5}, r"p is 1\.5, and it lies between 0 and 1"),
        ({"sl": -0.1}, r"from sl=-0\.1 to sh=0\.3"),
        ({"sl": 0.5}, r"from sl=0\.5 to sh=0\.3.*0 <= sl <= sh <= 1"),
        ({"sh": 1.2}, r"to sh=1\.2"),
        ({"min_aspect": 0.0}, r"min_aspect is 0\.0"),
        ({"max_count": 0}, r"max_count is 0, and it is at least 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        RandomErasing(**settings)
