"""Item transforms: one side ships, the other may be random."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivetrain.errors import ConfigError
from drivetrain.learn.transforms import (
    ItemTransform,
    PadMode,
    RandomResizedCrop,
    Resize,
    ResizeMethod,
    as_item_transform,
)
from drivetrain.prepare.image import ImageArray, ImagePreparation


def places(high: int, wide: int) -> ImageArray:
    """A photo whose red and green say where a pixel stands: its column and its row."""
    photo = np.zeros((high, wide, 3), np.uint8)
    photo[..., 0] = np.linspace(0, 255, wide).round()[None, :]
    photo[..., 1] = np.linspace(0, 255, high).round()[:, None]
    return photo


def trained(transform: ItemTransform, photo: Any, seed: int) -> ImageArray:
    """What training makes of a photo."""
    return transform.vary(transform.base(photo), np.random.default_rng(seed))


def span(channel: ImageArray) -> float:
    """The share of the photo's side that a channel of :func:`places` runs over."""
    return float(np.ptp(channel.astype(int))) / 255


def test_resize_ships_what_it_was_given() -> None:
    transform = Resize((12, 16), ResizeMethod.Pad, pad_mode=PadMode.Border)
    assert transform.preparation == ImagePreparation(size=(12, 16), method="pad", pad_mode="border")
    assert Resize(8).preparation.size == (8, 8)
    assert Resize(8).preparation.method == ResizeMethod.Crop == "crop"
    assert Resize(8, ResizeMethod.Squish).preparation.method == "squish"


def test_resize_trains_on_exactly_what_ships() -> None:
    transform, photo = Resize((12, 16)), places(40, 50)
    for seed in range(3):
        np.testing.assert_array_equal(trained(transform, photo, seed), transform.preparation(photo))


def test_a_random_crop_ships_the_centre() -> None:
    shipped = RandomResizedCrop((12, 16), min_scale=0.3).preparation
    assert shipped == ImagePreparation(size=(12, 16), method="crop", crop_fraction=0.875)


def test_a_random_crop_follows_from_its_random_numbers() -> None:
    transform, photo = RandomResizedCrop(16), places(60, 80)
    first, again, other = (trained(transform, photo, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@given(
    min_scale=st.floats(0.08, 1.0),
    widest=st.floats(1.0, 3.0),
    photo=st.tuples(st.integers(50, 120), st.integers(50, 120)),
    seed=st.integers(0, 1000),
)
def test_a_random_box_lies_in_the_photo_and_within_scale_and_ratio(
    min_scale: float, widest: float, photo: tuple[int, int], seed: int
) -> None:
    high, wide = photo
    transform = RandomResizedCrop(16, min_scale=min_scale, ratio=(1 / widest, widest))
    left, top, right, bottom = transform._random_box(wide, high, np.random.default_rng(seed))
    assert 0 <= left < right <= wide
    assert 0 <= top < bottom <= high
    across, down = right - left, bottom - top
    share = across * down / (wide * high)
    fallback = min(wide, high) ** 2 / (wide * high)
    assert min(min_scale, fallback) - 1e-6 <= share <= 1 + 1e-6
    assert 1 / widest - 1e-6 <= across / down <= widest + 1e-6


def test_a_random_box_that_cannot_fit_is_the_largest_square_in_the_centre() -> None:
    always_wide = RandomResizedCrop(16, min_scale=0.9, ratio=(4, 4))
    assert always_wide._random_box(50, 80, np.random.default_rng(0)) == (0, 15, 50, 65)


def test_random_crops_show_parts_and_reach_every_place() -> None:
    transform, photo = RandomResizedCrop(16, min_scale=0.1), places(60, 60)
    crops = [trained(transform, photo, seed) for seed in range(40)]
    spans = [span(crop[..., 0]) for crop in crops]
    assert min(spans) < 0.45  # a tenth of the area is a third of a side
    assert max(spans) > 0.85
    assert min(crop[..., 0].min() for crop in crops) < 25
    assert max(crop[..., 0].max() for crop in crops) > 230


def test_the_whole_area_at_the_photos_proportion_is_the_whole_photo() -> None:
    transform, photo = RandomResizedCrop((30, 30), min_scale=1.0, ratio=(1, 1)), places(30, 30)
    # What is kept for training has seven eighths of the sharpness; a box off by a pixel is 8.
    np.testing.assert_allclose(trained(transform, photo, 0).astype(int), photo, atol=1)


def test_random_crops_of_a_jpeg_decoded_small_show_what_crops_of_the_whole_would() -> None:
    photo = Image.fromarray(places(400, 600))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=95)
    transform = RandomResizedCrop(16, min_scale=0.5)
    for seed in range(8):
        small = trained(transform, file.getvalue(), seed)
        box = transform._random_box(600, 400, np.random.default_rng(seed))
        whole = np.asarray(photo.resize((16, 16), Image.Resampling.BILINEAR, box=box))
        # The random box follows from the decoded size by share, so both show the same place.
        difference = np.abs(small.astype(int) - whole.astype(int))
        assert (
            difference[..., :2].mean() < 4
        )  # JPEG and the eighth's rounding; a box off by a tenth is 25


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Resize(0), "size is 0, and a side is a whole number from 1 to 8192"),
        (lambda: Resize((8, 9000)), r"size is \(8, 9000\)"),
        (lambda: Resize(8, "stretch"), "method is 'stretch', and it is one of crop, pad, squish"),  # type: ignore[arg-type]
        (lambda: Resize(8, "pad", "mirror"), "pad_mode is 'mirror'.*zeros, border, reflection"),  # type: ignore[arg-type]
        (lambda: RandomResizedCrop(-1), "size is -1"),
        (lambda: RandomResizedCrop(8, min_scale=0), "min_scale is 0"),
        (lambda: RandomResizedCrop(8, min_scale=1.5), r"min_scale is 1\.5"),
        (lambda: RandomResizedCrop(8, ratio=(2, 1)), r"ratio is \(2, 1\)"),
        (lambda: RandomResizedCrop(8, ratio=(0, 1)), r"ratio is \(0, 1\)"),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_item_tfms_may_be_one_transform_a_list_of_one_or_left_out() -> None:
    transform = Resize(8)
    assert as_item_transform(transform) is transform
    assert as_item_transform([transform]) is transform
    assert as_item_transform(None).preparation.size == (224, 224)
    assert as_item_transform([]).preparation.size == (224, 224)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([Resize(8), RandomResizedCrop(8)], "item_tfms holds 2 transforms.*Keep one"),
        (Resize, "which is no item transform"),
        ([len], r"item_tfms holds <built-in function len>.*Use Resize\(224\)"),
        (224, "item_tfms holds 224, which is no item transform"),
    ],
)
def test_item_tfms_of_another_kind_are_refused(given: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        as_item_transform(given)
