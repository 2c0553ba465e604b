"""Augmentation: exact where it can be, random by its generator alone, one interpolation."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.augment import Augment, Draw, aug_transforms, sample

pytestmark = pytest.mark.usefixtures("one_torch_thread")

OFF: dict[str, Any] = {
    "do_flip": False,
    "max_rotate": 0.0,
    "max_zoom": 1.0,
    "max_lighting": 0.0,
    "max_warp": 0.0,
}
CLOSE = 1e-4  # places are computed in float32, exact to a ten-thousandth of a pixel


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 4, high: int = 12, wide: int = 18, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, high, wide, generator=generator(seed))


def augment(x: Tensor, seed: int = 0, **settings: Any) -> Tensor:
    (transform,) = aug_transforms(**(OFF | settings))
    return transform(x, generator(seed))


def is_close(x: Tensor, y: Tensor) -> bool:
    return bool(torch.allclose(x, y, atol=CLOSE, rtol=0.0))


def test_reading_every_place_where_it_is_returns_the_batch() -> None:
    x = pictures()
    torch.testing.assert_close(sample(x, torch.eye(3).repeat(4, 1, 1)), x, atol=CLOSE, rtol=0.0)


def test_with_everything_off_nothing_changes() -> None:
    x = pictures()
    torch.testing.assert_close(augment(x), x, atol=CLOSE, rtol=0.0)


def test_a_share_of_zero_turns_all_but_the_flips_off() -> None:
    x = pictures()
    (transform,) = aug_transforms(do_flip=False, p_affine=0.0, p_lighting=0.0)
    # Lighting clamps to a thousandth from black and white on its way through the logits.
    torch.testing.assert_close(transform(x, generator()), x, atol=1.1e-3, rtol=0.0)


def test_a_flip_mirrors_left_and_right_exactly_for_about_half_of_the_pictures() -> None:
    x = pictures(200, 6, 8)
    flipped = augment(x, do_flip=True)
    mirrored = [is_close(flipped[i], x[i].flip(-1)) for i in range(len(x))]
    left = [is_close(flipped[i], x[i]) for i in range(len(x))]
    assert all(one != other for one, other in zip(mirrored, left, strict=True))
    assert 70 <= sum(mirrored) <= 130  # 100 ± 4 standard deviations of 7


def test_flip_vert_gives_all_eight_symmetries_of_a_square_and_nothing_else() -> None:
    x = pictures(1, 9, 9).repeat(200, 1, 1, 1)
    turned = augment(x, do_flip=True, flip_vert=True)
    symmetries = [
        turn
        for quarter in range(4)
        for turn in (x[0].rot90(quarter, (1, 2)), x[0].rot90(quarter, (1, 2)).flip(-1))
    ]
    seen = [
        {number for number, symmetry in enumerate(symmetries) if is_close(picture, symmetry)}
        for picture in turned
    ]
    assert all(len(found) == 1 for found in seen)
    assert set.union(*seen) == set(range(8))


def test_a_rotation_by_ninety_degrees_is_exact() -> None:
    x = pictures(1, 9, 9)
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    torch.testing.assert_close(sample(x, quarter), x.rot90(1, (2, 3)), atol=CLOSE, rtol=0.0)


def test_rotations_stay_within_the_limit_and_keep_lengths() -> None:
    (transform,) = aug_transforms(max_rotate=10, mult=2)
    assert isinstance(transform, Augment)
    turns = transform._rotations(Draw(500, torch.device("cpu"), generator()))
    angles = torch.rad2deg(torch.atan2(turns[:, 1, 0], turns[:, 0, 0]))
    assert 18 < angles.abs().max() <= 20
    assert 0.15 < (angles == 0).float().mean() < 0.35  # a quarter is left alone
    torch.testing.assert_close(
        turns @ turns.transpose(1, 2), torch.eye(3).repeat(500, 1, 1), atol=CLOSE, rtol=0.0
    )


@given(st.floats(1.0, 3.0), st.integers(0, 10**6))
def test_a_zoom_in_never_looks_outside_the_picture(zoom: float, seed: int) -> None:
    (transform,) = aug_transforms(max_zoom=zoom, p_affine=1.0)
    assert isinstance(transform, Augment)
    places = transform._zooms(Draw(20, torch.device("cpu"), generator(seed)))
    for corner in ((-1.0, -1.0), (1.0, 1.0)):
        seen = places @ torch.tensor([*corner, 1.0])
        assert seen[:, :2].abs().max() <= 1 + 1e-5


def test_steps_are_composed_into_one_interpolation(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    grid_sample = torch.nn.functional.grid_sample

    def counted(*args: Any, **settings: Any) -> Tensor:
        calls.append(settings)
        return grid_sample(*args, **settings)

    monkeypatch.setattr("drivetrain.learn.augment.functional.grid_sample", counted)
    (transform,) = aug_transforms(flip_vert=True, p_affine=1.0)
    transform(pictures(), generator())
    assert len(calls) == 1


def test_a_composition_reads_where_its_steps_one_after_the_other_would() -> None:
    x = torch.zeros(1, 1, 9, 9)
    x[0, 0, 1, 4] = 1.0  # above the middle
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    mirror = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))[None]
    torch.testing.assert_close(
        sample(x, quarter @ mirror), sample(sample(x, quarter), mirror), atol=CLOSE, rtol=0.0
    )


def test_outside_the_picture_its_border_is_mirrored() -> None:
    x = pictures(1, 8, 8)
    half_out = torch.eye(3)[None].clone()
    half_out[:, 0, 2] = 1.0  # half a picture to the right
    moved = sample(x, half_out)
    torch.testing.assert_close(moved[..., :4], x[..., 4:], atol=CLOSE, rtol=0.0)
    torch.testing.assert_close(moved[..., 4:], x[..., 4:].flip(-1), atol=CLOSE, rtol=0.0)


@given(
    seed=st.integers(0, 10**6),
    mult=st.floats(0.0, 4.9),
    max_zoom=st.floats(1.0, 2.0),
    flip_vert=st.booleans(),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    value=st.sampled_from([None, 0.0, 1.0]),
)
def test_values_stay_between_0_and_1(
    seed: int,
    mult: float,
    max_zoom: float,
    flip_vert: bool,
    size: tuple[int, int],
    value: float | None,
) -> None:
    x = pictures(3, *size, seed=seed) if value is None else torch.full((3, 3, *size), value)
    (transform,) = aug_transforms(mult=mult, max_zoom=max_zoom, flip_vert=flip_vert)
    y = transform(x, generator(seed))
    assert y.shape == x.shape
    assert y.dtype == torch.float32
    assert ((y >= 0) & (y <= 1 + 1e-6)).all()  # fails for NaN too


def test_lighting_moves_every_pixel_the_same_way_and_keeps_their_order() -> None:
    ramp = torch.linspace(0.05, 0.95, 30).repeat(50, 3, 1, 1)
    lit = augment(ramp, max_lighting=0.5, p_lighting=1.0)
    assert (lit.diff(dim=-1) > 0).all()
    means = lit.mean(dim=(1, 2, 3))
    assert means.min() < 0.4
    assert means.max() > 0.6
    spreads = lit[..., -1] - lit[..., 0]
    assert spreads.min() < 0.8  # 0.9 as it was
    assert spreads.max() > 0.91


def test_the_generator_alone_decides() -> None:
    x = pictures()
    (transform,) = aug_transforms(flip_vert=True)
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = transform(x, generator(3))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert torch.equal(transform(x, generator(3)), first)
    assert not torch.equal(transform(x, generator(4)), first)


def test_every_picture_of_a_batch_is_augmented_in_its_own_way() -> None:
    x = pictures(1).repeat(8, 1, 1, 1)
    (transform,) = aug_transforms()
    augmented = transform(x, generator())
    assert len({tuple(picture.flatten().tolist()) for picture in augmented}) == 8


def test_the_batch_that_came_in_is_left_alone() -> None:
    x = pictures()
    before = x.clone()
    (transform,) = aug_transforms()
    transform(x, generator())
    assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"p_affine": 1.1}, r"p_affine is 1\.1, and it lies between 0 and 1"),
        ({"p_lighting": -0.1}, r"p_lighting is -0\.1"),
        ({"min_zoom": 0.0}, r"zoom runs from 0\.0 to 1\.1"),
        ({"min_zoom": 2.0}, r"zoom runs from 2\.0 to 1\.1"),
        ({"max_lighting": 0.5, "mult": 2}, r"max_lighting × mult is 1\.0.*below 1"),
        ({"max_warp": 0.5, "mult": 2, "max_lighting": 0.1}, r"max_warp × mult is 1\.0.*below 1"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        aug_transforms(**settings)


def test_a_rotation_of_a_wide_picture_does_not_shear_it() -> None:
    (transform,) = aug_transforms(max_rotate=30.0, p_affine=1.0)
    assert isinstance(transform, Augment)
    wide = Draw(50, torch.device("cpu"), generator(), proportion=2.0)
    to_pixels = torch.diag(torch.tensor([2.0, 1.0, 1.0]))
    turns = to_pixels @ transform._rotations(wide) @ to_pixels.inverse()
    torch.testing.assert_close(turns @ turns.transpose(1, 2), wide.identity())
    assert (turns[:, 0, 1].abs() > 0.1).any()
