"""Augmentation: exact where it can be, random by its generator alone, one interpolation."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.augment import aug_transforms

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


def test_steps_are_composed_into_one_interpolation(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    grid_sample = torch.nn.functional.grid_sample

    def counted(*args: Any, **settings: Any) -> Tensor:
        calls.append(settings)
        return grid_sample(*args, **settings)

    monkeypatch.setattr("drivetrain.learn.geometry.functional.grid_sample", counted)
    (transform,) = aug_transforms(flip_vert=True, p_affine=1.0, size=5, min_scale=0.5)
    transform(pictures(), generator())
    assert len(calls) == 1


@given(
    seed=st.integers(0, 10**6),
    mult=st.floats(0.0, 4.9),
    max_zoom=st.floats(1.0, 2.0),
    flip_vert=st.booleans(),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    value=st.sampled_from([None, 0.0, 1.0]),
    mode=st.sampled_from(["bilinear", "nearest", "bicubic"]),
    pad_mode=st.sampled_from(["reflection", "border", "zeros"]),
    smaller=st.none() | st.tuples(st.integers(1, 9), st.integers(1, 30)),
    min_scale=st.floats(0.05, 1.0),
)
def test_values_stay_between_0_and_1(
    seed: int,
    mult: float,
    max_zoom: float,
    flip_vert: bool,
    size: tuple[int, int],
    value: float | None,
    mode: Any,
    pad_mode: Any,
    smaller: tuple[int, int] | None,
    min_scale: float,
) -> None:
    x = pictures(3, *size, seed=seed) if value is None else torch.full((3, 3, *size), value)
    (transform,) = aug_transforms(
        mult=mult,
        max_zoom=max_zoom,
        flip_vert=flip_vert,
        mode=mode,
        pad_mode=pad_mode,
        size=smaller,
        min_scale=min_scale,
    )
    y = transform(x, generator(seed))
    assert y.shape == (3, 3, *(smaller or size))
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
        ({"min_scale": 0.0}, r"min_scale is 0\.0, and it lies between 0 and 1"),
        ({"min_scale": 1.5}, r"min_scale is 1\.5"),
        ({"max_zoom": float("inf")}, r"zoom runs from 1\.0 to inf"),
        ({"size": 0}, r"size is \(0, 0\), and a side lies between 1 and 8192 pixels"),
        ({"size": (3, 4, 5)}, r"size is \(3, 4, 5\)"),
        ({"size": (2.5, 2)}, r"size is \(2\.5, 2\)"),
        ({"mode": "cubic"}, r"mode is 'cubic', and it is one of bilinear, nearest, bicubic"),
        ({"pad_mode": "mirror"}, r"pad_mode is 'mirror', and it is one of reflection, border"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        aug_transforms(**settings)


@pytest.mark.parametrize("flip", [{"do_flip": True}, {"do_flip": False}])
def test_flip_vert_turns_a_wide_picture_upside_down_and_never_by_a_quarter(
    flip: dict[str, bool],
) -> None:
    x = pictures(1, 6, 10).repeat(60, 1, 1, 1)
    turned = augment(x, flip_vert=True, **flip)
    mirrored = [x[0].flip(-1), x[0].flip(-1, -2)] if flip["do_flip"] else []
    symmetries = [x[0], x[0].flip(-2), *mirrored]
    seen = {
        number
        for picture in turned
        for number, symmetry in enumerate(symmetries)
        if is_close(picture, symmetry)
    }
    assert seen == set(range(len(symmetries)))
    assert all(any(is_close(picture, one) for one in symmetries) for picture in turned)


def place_maps(count: int, high: int, wide: int) -> Tensor:
    """Pictures whose pixels say where they are: x from 0 to 1, y from 0 to 1, and nothing."""
    down = (torch.arange(high) + 0.5) / high
    across = (torch.arange(wide) + 0.5) / wide
    x = torch.zeros(count, 3, high, wide)
    x[:, 0], x[:, 1] = across, down[:, None]
    return x


def test_a_crop_covers_min_scale_to_all_of_the_area_anywhere() -> None:
    cropped = augment(place_maps(300, 40, 40), size=40, min_scale=0.25)
    across = cropped[:, 0, 20, 30] - cropped[:, 0, 20, 10]  # half the box's width
    down = cropped[:, 1, 30, 20] - cropped[:, 1, 10, 20]
    torch.testing.assert_close(across, down, atol=1e-5, rtol=0.0)
    area = (2 * across) ** 2
    assert 0.25 - 1e-3 <= area.min() < 0.3
    assert 0.95 < area.max() <= 1 + 1e-3
    assert area.mean() == pytest.approx(0.625, abs=0.05)  # uniform; 4 standard errors of 0.0125
    assert cropped[:, :2].min() < 0.05
    assert cropped[:, :2].max() > 0.95


def test_a_crop_has_the_proportion_of_the_size_and_stays_inside() -> None:
    x = place_maps(100, 60, 30)
    cropped = augment(x, size=(10, 20), min_scale=0.5)
    assert cropped.shape == (100, 3, 10, 20)
    wide = (cropped[:, 0, 5, 15] - cropped[:, 0, 5, 5]) * 2 * 30
    high = (cropped[:, 1, 7, 5] - cropped[:, 1, 2, 5]) * 2 * 60
    torch.testing.assert_close(wide, 2 * high, atol=1e-2, rtol=0.0)
    assert (wide <= 30 + 1e-2).all()
    assert cropped[:, 0].diff(dim=-1).min() > 0  # nothing mirrored at an edge


def test_a_size_alone_shows_the_whole_of_a_picture_with_the_same_proportion() -> None:
    shown = augment(place_maps(5, 40, 60), size=(20, 30))
    torch.testing.assert_close(shown, place_maps(5, 20, 30), atol=CLOSE, rtol=0.0)


def test_the_size_can_be_read() -> None:
    sizes = [aug_transforms(size=size)[0] for size in (None, 128, (96, 64))]
    assert [getattr(one, "size", "none") for one in sizes] == [None, (128, 128), (96, 64)]


@pytest.mark.parametrize("factor", [2, 3])
def test_a_fine_pattern_turns_grey_where_pixels_would_be_skipped(factor: int) -> None:
    side = 12 * factor * 2
    checks = (torch.arange(side)[:, None] + torch.arange(side)) % 2
    grey = augment(checks.float().expand(2, 3, side, side), size=side // factor, min_scale=0.9)
    assert (grey - 0.5).abs().max() < 0.1


def test_a_reduction_keeps_the_scene_in_its_place() -> None:
    # 45 pixels make 22 squares of two: one row and one column are left out.
    shown = augment(place_maps(2, 45, 45), size=20)
    torch.testing.assert_close(
        shown[..., 1:-1, 1:-1], place_maps(2, 20, 20)[..., 1:-1, 1:-1], atol=CLOSE, rtol=0.0
    )


def test_nearest_takes_pixels_as_they_are() -> None:
    x = (pictures(4, 40, 40) > 0.5).float()
    (transform,) = aug_transforms(max_lighting=0.0, size=10, mode="nearest")
    assert set(transform(x, generator()).flatten().tolist()) == {0.0, 1.0}


def test_bicubic_interpolation_leaves_no_value_outside_the_range() -> None:
    x = (pictures(4, 12, 12) > 0.5).float()  # beside a step a cubic swings out
    y = augment(x, max_rotate=20.0, p_affine=1.0, mode="bicubic")
    assert y.min() == 0.0
    assert y.max() == 1.0
    assert not is_close(y, augment(x, max_rotate=20.0, p_affine=1.0))


def test_a_padding_of_zeros_is_black_and_one_of_the_border_repeats_it() -> None:
    x = torch.full((4, 3, 20, 20), 0.6)
    x[..., 1:-1, 1:-1] = 0.2
    settings: dict[str, Any] = {"min_zoom": 0.5, "max_zoom": 0.5, "p_affine": 1.0}
    black = augment(x, pad_mode="zeros", **settings)
    repeated = augment(x, pad_mode="border", **settings)
    corners = [(0, 0), (0, -1), (-1, 0), (-1, -1)]
    assert sum(int((black[:, :, i, j] == 0).sum()) for i, j in corners) >= 4 * 3 * 2
    assert all(bool((repeated[:, :, i, j] > 0.39).all()) for i, j in corners)
    assert repeated.min() >= 0.2 - CLOSE


def test_batch_changes_all_pictures_in_the_same_way() -> None:
    x = pictures(1).repeat(20, 1, 1, 1)
    (transform,) = aug_transforms(batch=True, min_scale=0.5)
    first = transform(x, generator(1))
    assert all(is_close(first[0], picture) for picture in first[1:])
    assert not is_close(first[0], transform(x, generator(2))[0])


@pytest.mark.parametrize("kept", [1, 7, 9, 20])
def test_a_picture_is_changed_the_same_whatever_follows_in_its_batch(kept: int) -> None:
    x = pictures(21, 14, 14)
    (transform,) = aug_transforms(flip_vert=True, min_scale=0.5, size=9)
    whole = transform(x, generator(4))
    part = transform(torch.cat([x[:kept], 1 - x[kept : kept + 1]]), generator(4))
    torch.testing.assert_close(part[:kept], whole[:kept], atol=1e-6, rtol=0.0)


def test_one_number_of_threads_gives_what_another_gives() -> None:
    x = pictures(16, 30, 30)
    (transform,) = aug_transforms(min_scale=0.5)
    alone = transform(x, generator(2))
    torch.set_num_threads(2)
    try:
        assert torch.equal(transform(x, generator(2)), alone)
    finally:
        torch.set_num_threads(1)


def test_the_order_of_memory_does_not_matter() -> None:
    x = pictures(3)
    (transform,) = aug_transforms()
    as_photos = x.to(memory_format=torch.channels_last)
    torch.testing.assert_close(transform(as_photos, generator()), transform(x, generator()))


def test_extra_transforms_come_last() -> None:
    def negative(x: Tensor, random: torch.Generator) -> Tensor:  # noqa: ARG001
        return 1 - x

    for extra in (negative, [negative]):
        transforms = aug_transforms(**OFF, xtra_tfms=extra)
        assert len(transforms) == 2
        assert transforms[1] is negative


def test_an_empty_batch_stays_empty() -> None:
    (transform,) = aug_transforms(size=5)
    assert transform(torch.zeros(0, 3, 9, 9), generator()).shape == (0, 3, 5, 5)


def test_every_lesson_name_is_taken() -> None:
    names = list(inspect.signature(aug_transforms).parameters)
    assert names == [
        *("mult", "do_flip", "flip_vert", "max_rotate", "min_zoom", "max_zoom", "max_lighting"),
        *("max_warp", "p_affine", "p_lighting", "xtra_tfms", "size", "mode", "pad_mode"),
        *("align_corners", "batch", "min_scale"),
    ]
