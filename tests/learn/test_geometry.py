"""Places of pixels: each step by its matrix, and the one interpolation that follows them."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.learn.draws import Draws
from drivetrain.learn.geometry import (
    crops,
    identity,
    largest_box,
    rotations,
    sample,
    shrink,
    warps,
    zooms,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CLOSE = 1e-4  # places are computed in float32, exact to a ten-thousandth of a pixel
QUARTER = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])


def draws(count: int, seed: int = 0) -> Draws:
    random = torch.Generator().manual_seed(seed)
    return Draws(count, torch.device("cpu"), random, numbers=8)


def pictures(count: int = 4, high: int = 12, wide: int = 18) -> Tensor:
    return torch.rand(count, 3, high, wide, generator=torch.Generator().manual_seed(0))


def assert_close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, atol=CLOSE, rtol=0.0)


def test_reading_every_place_where_it_is_returns_the_batch() -> None:
    x = pictures()
    assert_close(sample(x, torch.eye(3).repeat(4, 1, 1)), x)


def test_a_rotation_by_ninety_degrees_is_exact() -> None:
    x = pictures(1, 9, 9)
    assert_close(sample(x, QUARTER), x.rot90(1, (2, 3)))


def test_rotations_stay_within_the_limit_and_keep_lengths() -> None:
    turned = rotations(draws(500), 20.0, 0.75, 1.0)
    angles = torch.rad2deg(torch.atan2(turned[:, 1, 0], turned[:, 0, 0]))
    assert 18 < angles.abs().max() <= 20
    assert 0.15 < (angles == 0).float().mean() < 0.35  # a quarter is left alone
    assert_close(turned @ turned.transpose(1, 2), torch.eye(3).repeat(500, 1, 1))


def test_a_rotation_of_a_wide_picture_does_not_shear_it() -> None:
    to_pixels = torch.diag(torch.tensor([2.0, 1.0, 1.0]))
    turned = to_pixels @ rotations(draws(50), 30.0, 1.0, 2.0) @ to_pixels.inverse()
    torch.testing.assert_close(turned @ turned.transpose(1, 2), identity(draws(50)))
    assert (turned[:, 0, 1].abs() > 0.1).any()


@given(st.floats(1.0, 3.0), st.integers(0, 10**6))
def test_a_zoom_in_never_looks_outside_the_picture(zoom: float, seed: int) -> None:
    places = zooms(draws(20, seed), (1.0, zoom), 1.0)
    for corner in ((-1.0, -1.0), (1.0, 1.0)):
        seen = places @ torch.tensor([*corner, 1.0])
        assert seen[:, :2].abs().max() <= 1 + 1e-5


@given(
    source=st.tuples(st.integers(1, 900), st.integers(1, 900)),
    result=st.tuples(st.integers(1, 900), st.integers(1, 900)),
    min_scale=st.floats(0.01, 1.0),
    seed=st.integers(0, 10**6),
)
def test_a_crop_lies_inside_and_has_the_proportion_asked_for(
    source: tuple[int, int], result: tuple[int, int], min_scale: float, seed: int
) -> None:
    box = largest_box(source, result)
    assert max(box) == 1.0
    assert source[0] * box[0] * result[1] == pytest.approx(source[1] * box[1] * result[0])
    places = crops(draws(20, seed), min_scale, box)
    for corner in ((-1.0, -1.0), (1.0, 1.0)):
        assert (places @ torch.tensor([*corner, 1.0]))[:, :2].abs().max() <= 1 + 1e-5
    shares = (places[:, 0, 0] * places[:, 1, 1]) / (box[0] * box[1])
    assert (shares >= min_scale - 1e-5).all()


def test_a_warp_keeps_straight_lines_straight_and_the_middle_in_its_place() -> None:
    places = warps(draws(30), 0.5, 1.0)
    assert_close(
        places @ torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, 0.0, 1.0]).repeat(30, 1)
    )
    line = torch.tensor([[-1.0, 0.5, 1.0], [0.0, 0.5, 1.0], [1.0, 0.5, 1.0]])
    seen = line @ places.transpose(1, 2)
    one, two, three = (seen[..., :2] / seen[..., 2:]).unbind(1)
    across, further = two - one, three - one
    assert (across[:, 0] * further[:, 1] - across[:, 1] * further[:, 0]).abs().max() < 1e-5
    assert (one - torch.tensor([-1.0, 0.5])).abs().max() > 0.1


def test_a_warp_reads_each_pixel_where_its_matrix_says() -> None:
    high, wide = 7, 5
    places = warps(draws(1), 0.5, 1.0)
    down, across = torch.meshgrid(torch.arange(15.0), torch.arange(11.0), indexing="ij")
    where = torch.stack([across, down])[None]  # linear, so that interpolation is exact
    read = sample(where, places, (high, wide))
    for row in range(high):
        for column in range(wide):
            place = torch.tensor([(2 * column + 1) / wide - 1, (2 * row + 1) / high - 1, 1.0])
            x, y, depth = places[0] @ place
            expected = torch.stack([(x / depth + 1) * 11 / 2 - 0.5, (y / depth + 1) * 15 / 2 - 0.5])
            if (expected >= 0).all() and expected[0] <= 10 and expected[1] <= 14:
                assert_close(read[0, :, row, column], expected)


def test_a_composition_reads_where_its_steps_one_after_the_other_would() -> None:
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 1, 4] = 1.0  # above the middle
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))[None]
    assert_close(sample(x, QUARTER @ mirror), sample(sample(x, QUARTER), mirror))


def test_outside_the_picture_its_border_is_mirrored() -> None:
    x = pictures(1, 8, 8)
    half_out = torch.eye(3)[None].clone()
    half_out[:, 0, 2] = 1.0  # half a picture to the right
    moved = sample(x, half_out)
    assert_close(moved[..., :4], x[..., 4:])
    assert_close(moved[..., 4:], x[..., 4:].flip(-1))


@pytest.mark.parametrize("factor", [2, 3, 5])
@pytest.mark.parametrize("size", [(30, 30), (31, 44)])
def test_shrinking_averages_squares(factor: int, size: tuple[int, int]) -> None:
    x = pictures(2, *size)
    small, _ = shrink(x, factor)
    torch.testing.assert_close(small, torch.nn.functional.avg_pool2d(x, factor))
    assert torch.equal(x, pictures(2, *size))


@pytest.mark.parametrize("factor", [2, 3])
def test_a_shrunken_picture_is_read_at_the_places_of_the_whole_one(factor: int) -> None:
    x = torch.arange(44.0).repeat(1, 1, 31, 1)
    small, places = shrink(x, factor)
    middle = torch.eye(3)[None] * torch.tensor([0.5, 0.5, 1.0])
    assert_close(sample(small, places @ middle, (6, 8)), sample(x, middle, (6, 8)))
