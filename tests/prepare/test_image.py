"""Photos of every kind become upright RGB at one size, or are refused with a reason."""

from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFilter, features
from pydantic import ValidationError

from drivetrain.errors import (
    InputError,
    InputTooLargeError,
    InputTooSmallError,
    UnreadableInputError,
)
from drivetrain.prepare.image import (
    ImageArray,
    ImagePreparation,
    ImageSource,
    centre_box,
    rgb,
    upright_photo,
)

WIDE, HIGH = 24, 16
ORIENTATION = 0x0112
SIZE = (12, 16)


def noise(high: int, wide: int, seed: int = 0) -> ImageArray:
    return np.random.default_rng(seed).integers(0, 256, (high, wide, 3), dtype=np.uint8)


def smooth(high: int, wide: int, seed: int = 0) -> ImageArray:
    """Noise without the fine detail that JPEG takes away."""
    coarse = Image.fromarray(noise(4, 6, seed))
    return np.asarray(coarse.resize((wide, high), Image.Resampling.BICUBIC))


def encoded(photo: Image.Image | ImageArray, form: str, **settings: Any) -> bytes:
    image = photo if isinstance(photo, Image.Image) else Image.fromarray(photo)
    file = io.BytesIO()
    image.save(file, form, **settings)
    return file.getvalue()


def exactly(high: int, wide: int, **settings: Any) -> ImagePreparation:
    """A preparation that leaves a photo of this size as it is."""
    return ImagePreparation(size=(high, wide), method="squish", **settings)


def prepared(source: ImageSource, high: int = HIGH, wide: int = WIDE) -> NDArray[np.int64]:
    return exactly(high, wide)(source).astype(np.int64)


def png_chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


def png(width: int, height: int, depth: int, colour: int, pixels: bytes) -> bytes:
    """A PNG written by hand, for what Pillow reads but does not write."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", pixels)
        + png_chunk(b"IEND", b"")
    )


# ---- upright -------------------------------------------------------------------------------

# How a camera stores an upright photo, by the table of the EXIF 2.3 standard, section 4.6.4 A:
# which edge of the scene the first stored row and the first stored column show.
STORED: dict[int, Callable[[ImageArray], ImageArray]] = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.transpose(1, 0, 2),
    6: lambda upright: upright.transpose(1, 0, 2)[::-1],
    7: lambda upright: upright.transpose(1, 0, 2)[::-1, ::-1],
    8: lambda upright: upright.transpose(1, 0, 2)[:, ::-1],
}
LOSSLESS: dict[str, dict[str, Any]] = {"PNG": {}, "WEBP": {"lossless": True}, "TIFF": {}}
ORIENTED = [*LOSSLESS.items(), ("TIFF", {"compression": "tiff_lzw"})]


def oriented(upright: ImageArray, orientation: int, form: str, **settings: Any) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = np.ascontiguousarray(STORED[orientation](upright))
    return encoded(stored, form, exif=exif, **settings)


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize(("form", "settings"), ORIENTED)
def test_every_orientation_gives_the_same_upright_pixels(
    orientation: int, form: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    upright = noise(HIGH, WIDE)
    content = oriented(upright, orientation, form, **settings)
    path = tmp_path / "photo"
    path.write_bytes(content)
    for source in (content, path, str(path)):
        np.testing.assert_array_equal(prepared(source), upright)


@pytest.mark.parametrize("orientation", STORED)
def test_every_orientation_of_a_jpeg_is_upright_at_every_scale_of_decoding(
    orientation: int,
) -> None:
    upright = smooth(160, 240)
    content = oriented(upright, orientation, "JPEG", quality=100, subsampling=0)
    for scale in (1, 2, 4, 8):
        size = (160 // scale, 240 // scale)
        expected = np.asarray(
            Image.fromarray(upright).resize(size[::-1], Image.Resampling.BILINEAR), np.int64
        )
        # JPEG at quality 100 rounds each channel by a level or two; another turn would differ
        # by tens of levels.
        assert np.abs(prepared(content, *size) - expected).mean() < 2


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_pillow_image_is_turned_by_the_orientation_that_it_carries(
    orientation: int, form: str
) -> None:
    upright = noise(HIGH, WIDE)
    with Image.open(io.BytesIO(oriented(upright, orientation, form))) as photo:
        np.testing.assert_array_equal(prepared(photo), upright)


def test_the_crop_is_taken_after_the_photo_is_upright() -> None:
    upright = np.zeros((HIGH, WIDE, 3), np.uint8)
    upright[:, :8] = 255
    left_third_gone = ImagePreparation(size=(8, 8), crop_fraction=0.5)
    for orientation in STORED:
        cropped = left_third_gone(oriented(upright, orientation, "PNG"))
        assert cropped.max() == 0


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    upright = noise(HIGH, WIDE)
    np.testing.assert_array_equal(prepared(encoded(upright, "PNG", exif=exif)), upright)


DAMAGED_EXIF = (
    b"Exif\x00\x00",
    b"Exif\x00\x00MM",
    b"Exif\x00\x00MM\x00*\xff\xff\xff\xff",
    b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x05\x01\x12\x00\x03\x00\x00",
    b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x02\x00\x00\x00\x02six\x00",
    b"Exif\x00\x00neither order",
)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("exif", DAMAGED_EXIF)
def test_a_damaged_exif_block_does_not_matter(exif: bytes, form: str) -> None:
    photo = smooth(HIGH, WIDE)
    np.testing.assert_array_equal(
        prepared(encoded(photo, form, exif=exif)), prepared(encoded(photo, form))
    )


@given(st.binary(max_size=60))
def test_no_exif_block_at_all_keeps_a_photo_from_being_read(garbage: bytes) -> None:
    content = encoded(smooth(HIGH, WIDE), "JPEG", exif=b"Exif\x00\x00" + garbage)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert prepared(content).shape == (HIGH, WIDE, 3)


# ---- modes ---------------------------------------------------------------------------------


def assert_all(pixels: NDArray[np.int64], colour: tuple[int, int, int], within: int = 0) -> None:
    assert np.abs(pixels - np.array(colour)).max() <= within


def test_grey_becomes_three_equal_channels() -> None:
    grey = noise(HIGH, WIDE)[..., 0]
    expected = np.stack([grey] * 3, axis=-1)
    np.testing.assert_array_equal(prepared(grey), expected)
    np.testing.assert_array_equal(prepared(encoded(grey, "PNG")), expected)


@pytest.mark.parametrize(
    ("ink", "colour"),
    [((0, 255, 255, 0), (255, 0, 0)), ((0, 0, 0, 0), (255,) * 3), ((0, 0, 0, 255), (0,) * 3)],
)
def test_a_cmyk_jpeg_shows_its_colours_and_not_their_negative(
    ink: tuple[int, ...], colour: tuple[int, int, int]
) -> None:
    content = encoded(Image.new("CMYK", (WIDE, HIGH), ink), "JPEG", quality=95)
    assert_all(prepared(content), colour, within=3)  # JPEG rounds


@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_transparency_lies_over_white(form: str) -> None:
    settings = LOSSLESS[form] | ({"exact": True} if form == "WEBP" else {})
    for alpha, colour in ((0, (255,) * 3), (255, (200, 0, 0)), (51, (244, 204, 204))):
        content = encoded(Image.new("RGBA", (WIDE, HIGH), (200, 0, 0, alpha)), form, **settings)
        assert_all(prepared(content), colour, within=1)  # 200·0.2 + 255·0.8 = 244


def test_grey_with_transparency_lies_over_white() -> None:
    for alpha, value in ((0, 255), (255, 40), (51, 212)):
        content = encoded(Image.new("LA", (WIDE, HIGH), (40, alpha)), "PNG")
        assert_all(prepared(content), (value,) * 3, within=1)  # 40·0.2 + 255·0.8 = 212


def two_colour_palette() -> Image.Image:
    """Left half red, right half blue, as positions in a palette."""
    photo = Image.new("P", (WIDE, HIGH), 0)
    photo.putpalette([200, 0, 0, 0, 0, 100])
    photo.paste(1, (WIDE // 2, 0, WIDE, HIGH))
    return photo


def test_a_palette_is_looked_up() -> None:
    pixels = prepared(encoded(two_colour_palette(), "PNG"))
    assert_all(pixels[:, : WIDE // 2], (200, 0, 0))
    assert_all(pixels[:, WIDE // 2 :], (0, 0, 100))


@pytest.mark.parametrize(("form", "transparency"), [("PNG", 1), ("GIF", 1), ("PNG", b"\xff\x00")])
def test_a_transparent_entry_of_a_palette_lies_over_white(
    form: str, transparency: int | bytes
) -> None:
    pixels = prepared(encoded(two_colour_palette(), form, transparency=transparency))
    assert_all(pixels[:, : WIDE // 2], (200, 0, 0))
    assert_all(pixels[:, WIDE // 2 :], (255, 255, 255))


@pytest.mark.parametrize(("mode", "colour"), [("RGB", (10, 20, 30)), ("L", 10), ("1", 0)])
def test_a_transparent_colour_of_a_png_lies_over_white(mode: str, colour: Any) -> None:
    content = encoded(Image.new(mode, (WIDE, HIGH), colour), "PNG", transparency=colour)
    assert_all(prepared(content), (255, 255, 255))


def test_one_bit_becomes_black_and_white() -> None:
    photo = Image.new("1", (WIDE, HIGH), 0)
    photo.paste(1, (0, 0, WIDE // 2, HIGH))
    pixels = prepared(encoded(photo, "PNG"))
    assert_all(pixels[:, : WIDE // 2], (255, 255, 255))
    assert_all(pixels[:, WIDE // 2 :], (0, 0, 0))


@pytest.mark.parametrize(
    ("value", "shown"), [(0x0000, 0), (0x00FF, 0), (0x8000, 128), (0xFFFF, 255)]
)
def test_sixteen_bit_grey_is_scaled_to_eight(value: int, shown: int) -> None:
    grey = np.full((HIGH, WIDE), value, np.uint16)
    big_endian = Image.frombytes("I;16B", (WIDE, HIGH), grey.astype(">u2").tobytes())
    for source in (encoded(Image.fromarray(grey), "PNG"), encoded(big_endian, "TIFF"), big_endian):
        assert_all(prepared(source), (shown,) * 3)


def test_sixteen_bit_colour_is_scaled_to_eight() -> None:
    row = b"\x00" + struct.pack(">HHH", 0x8000, 0xFFFF, 0x00FF) * WIDE
    content = png(WIDE, HIGH, 16, 2, zlib.compress(row * HIGH))
    assert_all(prepared(content), (128, 255, 0))


@pytest.mark.parametrize("mode", ["I", "F"])
def test_values_without_a_defined_white_are_refused(mode: str) -> None:
    photo = Image.new(mode, (WIDE, HIGH), 7)
    for source in (photo, encoded(photo, "TIFF")):
        with pytest.raises(UnreadableInputError, match=r"32-bit values.*8 or 16 bits"):
            prepared(source)


@pytest.mark.parametrize("mode", ["YCbCr", "HSV", "LAB"])
def test_other_colour_spaces_become_rgb(mode: str) -> None:
    photo = Image.fromarray(smooth(HIGH, WIDE)).convert(mode)
    np.testing.assert_array_equal(prepared(photo), np.asarray(photo.convert("RGB"), np.int64))


# ---- formats -------------------------------------------------------------------------------


@pytest.mark.parametrize(("form", "settings"), [("BMP", {}), *LOSSLESS.items()])
def test_lossless_formats_arrive_exactly(form: str, settings: dict[str, Any]) -> None:
    photo = noise(HIGH, WIDE)
    np.testing.assert_array_equal(prepared(encoded(photo, form, **settings)), photo)


@pytest.mark.parametrize("form", ["JPEG", "WEBP", "AVIF", "MPO"])
def test_lossy_formats_arrive_closely(form: str) -> None:
    if form == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    photo = smooth(64, 96)
    # A few levels of 256 at quality 95; a wrong colour order or shape would be tens of levels.
    content = encoded(photo, form, quality=95)
    assert np.abs(prepared(content, 64, 96) - photo).mean() < 4


@pytest.mark.parametrize(
    ("form", "settings"),
    [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {}), ("MPO", {})],
)
def test_of_several_frames_the_first_counts(form: str, settings: dict[str, Any]) -> None:
    frames = [Image.new("RGB", (WIDE, HIGH), colour) for colour in ("red", "blue", "lime")]
    content = encoded(frames[0], form, save_all=True, append_images=frames[1:], **settings)
    with Image.open(io.BytesIO(content)) as photo:
        assert getattr(photo, "n_frames", 1) == 3
    assert_all(prepared(content), (255, 0, 0), within=2)  # MPO holds JPEGs, which round


@pytest.mark.parametrize("form", ["PPM", "ICO", "TGA", "PDF", "EPS"])
def test_formats_that_are_not_named_are_refused_even_where_pillow_knows_them(form: str) -> None:
    content = encoded(noise(HIGH, WIDE), form)
    with pytest.raises(UnreadableInputError, match=r"cannot|not a picture.*JPEG, PNG, WebP"):
        prepared(content)


def test_the_suffix_of_a_file_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "really-a-png.jpg"
    path.write_bytes(encoded(noise(HIGH, WIDE), "PNG"))
    np.testing.assert_array_equal(prepared(path), noise(HIGH, WIDE))


@pytest.mark.parametrize(
    "name", ["a b.png", 'it\'s "quoted".png', "🐻 bär.png", "-rf.png", "%20;$x.png"]
)
def test_any_file_name_works_and_is_named_in_errors(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(noise(HIGH, WIDE), "PNG"))
    np.testing.assert_array_equal(prepared(path), noise(HIGH, WIDE))
    path.write_bytes(b"no picture")
    with pytest.raises(UnreadableInputError) as caught:
        prepared(path)
    assert str(path) in caught.value.message


# ---- geometry ------------------------------------------------------------------------------


def stripes() -> ImageArray:
    """40 wide, 20 high: ten columns red, twenty green, ten blue."""
    photo = np.zeros((20, 40, 3), np.uint8)
    photo[:, :10, 0] = photo[:, 10:30, 1] = photo[:, 30:, 2] = 255
    return photo


def test_crop_keeps_the_middle_of_the_longer_side() -> None:
    square = ImagePreparation(size=(20, 20))
    assert_all(square(stripes()).astype(np.int64), (0, 255, 0))
    standing = stripes().transpose(1, 0, 2)
    assert_all(square(np.ascontiguousarray(standing)).astype(np.int64), (0, 255, 0))


def test_crop_of_another_proportion_keeps_the_middle_of_the_other_side() -> None:
    wide_strip = ImagePreparation(size=(5, 40))(noise(20, 40))
    expected = (
        Image.fromarray(noise(20, 40))
        .crop((0, 7, 40, 13))
        .resize((40, 5), Image.Resampling.BILINEAR, box=(0, 0.5, 40, 5.5))
    )
    np.testing.assert_array_equal(wide_strip, np.asarray(expected))


def test_crop_fraction_keeps_that_share_of_the_side() -> None:
    photo = noise(40, 40)
    half = ImagePreparation(size=(20, 20), crop_fraction=0.5)(photo)
    np.testing.assert_array_equal(half, photo[10:30, 10:30])


def test_squish_keeps_everything_and_changes_the_proportions() -> None:
    narrow = ImagePreparation(size=(20, 8), method="squish")(stripes()).astype(np.int64)
    assert_all(narrow[:, :1], (255, 0, 0))
    assert_all(narrow[:, 3:5], (0, 255, 0))
    assert_all(narrow[:, 7:], (0, 0, 255))


def test_pad_with_zeros_fits_the_whole_photo_between_black() -> None:
    photo = noise(20, 40)
    padded = ImagePreparation(size=(40, 40), method="pad")(photo)
    np.testing.assert_array_equal(padded[10:30], photo)
    assert padded[:10].max() == padded[30:].max() == 0


def test_pad_with_the_border_repeats_the_edge() -> None:
    photo = noise(20, 40)
    padded = ImagePreparation(size=(40, 40), method="pad", pad_mode="border")(photo)
    np.testing.assert_array_equal(padded[10:30], photo)
    np.testing.assert_array_equal(padded[:10], np.repeat(photo[:1], 10, axis=0))
    np.testing.assert_array_equal(padded[30:], np.repeat(photo[-1:], 10, axis=0))


def test_pad_with_a_reflection_mirrors_at_the_edge() -> None:
    photo = noise(40, 20)
    padded = ImagePreparation(size=(40, 40), method="pad", pad_mode="reflection")(photo)
    np.testing.assert_array_equal(padded[:, 10:30], photo)
    np.testing.assert_array_equal(padded[:, :10], photo[:, 10:0:-1])
    np.testing.assert_array_equal(padded[:, 30:], photo[:, 18:8:-1])


@pytest.mark.parametrize("pad_mode", ["zeros", "border", "reflection"])
def test_padding_of_an_odd_width_puts_the_extra_pixel_last(pad_mode: str) -> None:
    photo = noise(20, 15)
    padded = ImagePreparation.model_validate(
        {"size": (20, 20), "method": "pad", "pad_mode": pad_mode}
    )(photo)
    np.testing.assert_array_equal(padded[:, 2:17], photo)


@given(
    high=st.integers(1, 60),
    wide=st.integers(1, 60),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    method=st.sampled_from(["crop", "pad", "squish"]),
    pad_mode=st.sampled_from(["zeros", "border", "reflection"]),
    crop_fraction=st.floats(0.01, 1.0),
    grey=st.booleans(),
)
def test_every_size_comes_out_as_asked_and_one_colour_stays_one_colour(
    high: int,
    wide: int,
    size: tuple[int, int],
    method: str,
    pad_mode: str,
    crop_fraction: float,
    grey: bool,
) -> None:
    settings = {"size": size, "method": method, "pad_mode": pad_mode, "min_side": 1}
    prepare = ImagePreparation.model_validate(settings | {"crop_fraction": crop_fraction})
    photo = np.full((high, wide) if grey else (high, wide, 3), 77, np.uint8)
    pixels = prepare(photo)
    assert pixels.shape == prepare.array_shape == (*size, 3)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    allowed = {0, 77} if method == "pad" and pad_mode == "zeros" else {77}
    assert set(np.unique(pixels).tolist()) <= allowed


@given(st.floats(1, 1e4), st.floats(1, 1e4), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_centre_box_lies_inside_and_in_the_middle(
    width: float, height: float, across: float, down: float
) -> None:
    left, top, right, bottom = centre_box(width, height, width * across, height * down)
    assert 0 <= left <= right <= width
    assert 0 <= top <= bottom <= height
    assert (left + right) / 2 == pytest.approx(width / 2)
    assert (top + bottom) / 2 == pytest.approx(height / 2)


# ---- decoding at a smaller scale -----------------------------------------------------------


def decoded_size(content: bytes, enough: tuple[int, int]) -> tuple[int, int]:
    """The upright width and height that a photo is decoded to where ``enough`` is asked for."""
    seen: list[tuple[int, int]] = []

    def fit(photo: Image.Image) -> ImageArray:
        seen.append(photo.size)
        return rgb(photo)

    upright_photo(content, fit, enough=lambda *_: enough, max_pixels=10**8, min_side=1)
    return seen[0]


@pytest.mark.parametrize("form", ["JPEG", "MPO"])
def test_a_large_jpeg_is_decoded_at_the_nearest_eighth_above(form: str) -> None:
    content = encoded(smooth(480, 640), form)
    assert decoded_size(content, (640, 480)) == (640, 480)
    assert decoded_size(content, (321, 10)) == (640, 480)
    assert decoded_size(content, (320, 240)) == (320, 240)
    assert decoded_size(content, (80, 60)) == decoded_size(content, (1, 1)) == (80, 60)


@pytest.mark.parametrize("orientation", STORED)
def test_the_scale_of_decoding_is_chosen_by_the_upright_sides(orientation: int) -> None:
    content = oriented(smooth(480, 640), orientation, "JPEG")
    assert decoded_size(content, (640, 1)) == (640, 480)
    assert decoded_size(content, (160, 120)) == (160, 120)


def test_decoding_at_a_smaller_scale_looks_like_decoding_all_of_it() -> None:
    photo = Image.fromarray(smooth(1200, 1600) // 2 + noise(1200, 1600) // 4)
    content = encoded(photo.filter(ImageFilter.GaussianBlur(1)), "JPEG", quality=95)
    prepare = ImagePreparation(size=(128, 128))
    with Image.open(io.BytesIO(content)) as opened:
        in_full = prepare(opened.copy()).astype(np.int64)  # a copy is no JPEG: nothing is skipped
    difference = np.abs(prepare(content).astype(np.int64) - in_full).mean()
    # Both average the same pixels with other weights, the DCT's box and the bilinear triangle:
    # the noise leaves a level or so, while a shift by one decoded pixel is several levels.
    assert 0 < difference < 1.5


@given(
    size=st.tuples(st.integers(8, 48), st.integers(8, 48)),
    photo=st.tuples(st.integers(40, 400), st.integers(40, 400)),
    orientation=st.sampled_from(sorted(STORED)),
    method=st.sampled_from(["crop", "pad", "squish"]),
    crop_fraction=st.floats(0.3, 1.0),
)
def test_no_photo_is_decoded_smaller_than_the_result_shows_it(
    size: tuple[int, int],
    photo: tuple[int, int],
    orientation: int,
    method: str,
    crop_fraction: float,
) -> None:
    fraction = crop_fraction if method == "crop" else 1.0
    prepare = ImagePreparation.model_validate(
        {"size": size, "method": method, "crop_fraction": fraction}
    )
    content = oriented(np.zeros((*photo, 3), np.uint8), orientation, "JPEG")
    high, wide = photo
    seen_wide, seen_high = decoded_size(content, prepare.enough(wide, high))
    ratios = size[0] / high, size[1] / wide
    needed = {
        "squish": ratios,
        "crop": (max(ratios) / fraction,) * 2,
        "pad": (min(ratios),) * 2,
    }[method]
    assert seen_high >= min(high, needed[0] * high - 1e-6)
    assert seen_wide >= min(wide, needed[1] * wide - 1e-6)


# ---- refusals ------------------------------------------------------------------------------


def test_a_truncated_jpeg_is_broken() -> None:
    content = encoded(noise(200, 200), "JPEG")
    with pytest.raises(UnreadableInputError, match=r"is a broken picture: .*truncated"):
        prepared(content[: len(content) // 2])


@pytest.mark.parametrize("content", [b"", b"hello, world\n" * 50, b"\xff\xd8\xff", b"GIF89a"])
def test_bytes_that_are_no_picture_are_refused(content: bytes) -> None:
    with pytest.raises(UnreadableInputError, match="picture"):
        prepared(content)


def test_a_missing_path_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"gone\.jpg does not exist\. Check the path"):
        prepared(tmp_path / "gone.jpg")
    with pytest.raises(UnreadableInputError, match="is a folder"):
        prepared(str(tmp_path))


def test_a_file_that_may_not_be_read_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "loop.jpg"
    path.symlink_to(path)  # the system refuses to open it, whoever asks
    with pytest.raises(UnreadableInputError, match=r"loop\.jpg"):
        prepared(path)


def test_too_few_pixels_are_refused_with_both_sizes() -> None:
    with pytest.raises(InputTooSmallError, match=r"1 × 1 pixels, .* allowed is 8"):
        prepared(encoded(noise(1, 1), "PNG"))
    with pytest.raises(InputTooSmallError, match="9 × 7"):
        prepared(encoded(noise(7, 9), "PNG"))
    assert prepared(encoded(noise(8, 8), "PNG")).shape == (HIGH, WIDE, 3)


def test_an_empty_array_is_too_small() -> None:
    with pytest.raises(InputTooSmallError, match="0 × 0"):
        prepared(np.zeros((0, 0, 3), np.uint8))


def test_the_largest_photo_allowed_has_exactly_max_pixels() -> None:
    content = encoded(noise(20, 30), "PNG")
    assert exactly(20, 30, max_pixels=600)(content).shape == (20, 30, 3)
    with pytest.raises(InputTooLargeError, match=r"30 × 20 pixels: more than the limit"):
        exactly(20, 30, max_pixels=599)(content)


def black_png(side: int) -> bytes:
    """A square PNG of one bit a pixel, whole and honest, in a few hundred kilobytes."""
    squeeze = zlib.compressobj(1)
    row = bytes(1 + -(-side // 8))
    pixels = b"".join([squeeze.compress(row * 1000) for _ in range(side // 1000)])
    return png(side, side, 1, 0, pixels + squeeze.flush())


REFUSE = """
import resource, sys
from drivetrain.errors import InputTooLargeError
from drivetrain.prepare.image import ImagePreparation
prepare = ImagePreparation(size=(32, 32))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
try:
    prepare(sys.argv[1])
except InputTooLargeError as refused:
    print(peak() - before, refused)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource module")
@pytest.mark.parametrize(
    ("side", "message"),
    [
        (30_000, "is far more than the limit of 100 megapixels"),
        (11_000, "is 11,000 × 11,000 pixels: more than the limit of 100 megapixels"),
    ],
)
def test_a_decompression_bomb_is_refused_by_its_header(
    side: int, message: str, tmp_path: Path
) -> None:
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(black_png(side))
    done = subprocess.run(
        [sys.executable, "-c", REFUSE, str(bomb)], capture_output=True, text=True, check=True
    )
    growth, _, refused = done.stdout.partition(" ")
    kilobyte = 1024 if sys.platform == "darwin" else 1  # the unit differs
    assert message in refused
    assert int(growth) / kilobyte < 20_000  # its pixels alone are 121 or 900 megabytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint16, np.int64, np.bool_])
def test_arrays_of_another_dtype_are_refused_with_the_way_out(dtype: type[np.generic]) -> None:
    with pytest.raises(
        UnreadableInputError, match=rf"array of {np.dtype(dtype)}.*astype\('uint8'\)"
    ):
        prepared(np.zeros((HIGH, WIDE, 3), dtype))


def test_uint8_arrays_are_taken_as_grey_rgb_or_rgba() -> None:
    photo = noise(HIGH, WIDE)
    np.testing.assert_array_equal(prepared(photo), photo)
    np.testing.assert_array_equal(prepared(photo[:, ::-1]), photo[:, ::-1])
    clear = np.dstack([photo, np.zeros((HIGH, WIDE), np.uint8)])
    assert_all(prepared(clear), (255, 255, 255))


@pytest.mark.parametrize("shape", [(16,), (16, 16, 5), (2, 16, 16, 3)])
def test_arrays_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError):
        prepared(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("nothing", [None, 3, object()])
def test_what_is_no_source_at_all_is_refused(nothing: Any) -> None:
    with pytest.raises(UnreadableInputError):
        prepared(nothing)


def test_a_pillow_image_is_left_as_it_was() -> None:
    photo = Image.fromarray(noise(HIGH, WIDE)).convert("RGBA")
    before = photo.tobytes()
    first = ImagePreparation(size=SIZE)(photo)
    np.testing.assert_array_equal(ImagePreparation(size=SIZE)(photo), first)
    assert (photo.mode, photo.size, photo.tobytes()) == ("RGBA", (WIDE, HIGH), before)


def test_an_opened_pillow_image_is_neither_shrunk_nor_closed() -> None:
    with Image.open(io.BytesIO(encoded(smooth(160, 240), "JPEG"))) as photo:
        first = ImagePreparation(size=SIZE)(photo)
        np.testing.assert_array_equal(ImagePreparation(size=SIZE)(photo), first)
        assert photo.size == (240, 160)
        assert np.asarray(photo).shape == (160, 240, 3)


def test_a_path_is_closed_again(tmp_path: Path) -> None:
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        pytest.skip("this system does not list open files")
    animated = encoded(
        Image.new("RGB", (WIDE, HIGH)),
        "GIF",
        save_all=True,
        append_images=[Image.new("RGB", (WIDE, HIGH), "red")],
    )
    for number, content in enumerate((encoded(noise(HIGH, WIDE), "PNG"), animated, animated[:40])):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(content)
        try:
            prepared(path)
        except InputError:
            assert number == 2
        still_open = [os.path.realpath(entry) for entry in folder.iterdir()]
        assert str(path) not in still_open


# ---- settings ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {"size": (0, 8)},
        {"size": (8, 8193)},
        {"size": (8,)},
        {"size": (8, 8), "method": "stretch"},
        {"size": (8, 8), "pad_mode": "mirror"},
        {"size": (8, 8), "crop_fraction": 0.0},
        {"size": (8, 8), "crop_fraction": 1.1},
        {"size": (8, 8), "max_pixels": 0},
        {"size": (8, 8), "min_side": 0},
        {"size": (8, 8), "colour": "bgr"},
    ],
)
def test_settings_that_cannot_work_are_refused_where_they_are_made(
    settings: dict[str, object],
) -> None:
    with pytest.raises(ValidationError):
        ImagePreparation.model_validate(settings)


def test_settings_do_not_change_once_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        ImagePreparation(size=SIZE).method = "pad"


# ---- many threads, broken bytes ------------------------------------------------------------

AT_ONCE = """
import sys, threading
from drivetrain.prepare.image import ImagePreparation
prepare = ImagePreparation(size=(8, 8))
files = sys.argv[1:] * 6
gate, problems = threading.Barrier(len(files)), []
def decode(path):
    gate.wait()
    try:
        assert prepare(path).shape == (8, 8, 3)
    except BaseException as problem:
        problems.append(f"{path}: {problem!r}")
sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=decode, args=(path,)) for path in files]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(threads) - len(problems), *problems, sep="\\n")
"""


@pytest.fixture
def one_of_each(tmp_path: Path) -> list[str]:
    """A file of every format, of several frames where the format has them."""
    paths = []
    for form in ("MPO", "JPEG", "WEBP", "GIF", "PNG", "TIFF", "BMP", "AVIF"):
        if form == "AVIF" and not features.check("avif"):
            continue
        frames = [Image.fromarray(noise(HIGH, WIDE, seed)) for seed in range(2)]
        several = {} if form in ("JPEG", "BMP") else {"append_images": frames[1:], "save_all": True}
        (tmp_path / form).write_bytes(encoded(frames[0], form, **several))
        paths.append(str(tmp_path / form))
    return paths


@pytest.mark.parametrize("attempt", range(3))
def test_threads_may_decode_the_first_photos_of_a_process_at_once(
    attempt: int, one_of_each: list[str]
) -> None:
    files = one_of_each[attempt:] + one_of_each[:attempt]
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE, *files], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n", 1)[0] == str(len(files) * 6), done.stdout


LOADED_LATE = """
import sys
from drivetrain.prepare.image import ImagePreparation
prepare = ImagePreparation(size=(8, 8))
before = set(sys.modules)
for path in sys.argv[1:]:
    prepare(path)
print(*sorted(name for name in set(sys.modules) - before if name.endswith("Plugin")))
"""


def test_decoding_loads_no_plugin_that_it_reads_with_so_that_threads_cannot_meet_there(
    one_of_each: list[str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED_LATE, *one_of_each],
        capture_output=True,
        text=True,
        check=True,
    )
    # Pillow itself loads PPM beside those that are loaded already; it is never read here.
    assert set(done.stdout.split()) <= {"PIL.PpmImagePlugin"}


SMALL_FILES = {
    form: encoded(smooth(HIGH, WIDE), form)
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "MPO")
}


@pytest.mark.parametrize("form", SMALL_FILES)
@given(data=st.data())
def test_damaged_files_are_read_or_refused_and_nothing_else(form: str, data: st.DataObject) -> None:
    damaged = bytearray(SMALL_FILES[form])
    places = st.integers(0, len(damaged) - 1)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=8)):
        damaged[place] = value
    content = bytes(damaged[: data.draw(st.integers(1, len(damaged)))])
    # Refuses headers that a changed byte made large, so that every case is quick.
    prepare = ImagePreparation(size=SIZE, max_pixels=1_000_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pixels = prepare(content)
        except InputError:
            return
    assert pixels.shape == (*SIZE, 3)
    assert pixels.dtype == np.uint8


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\x00"]),
)
def test_random_bytes_are_refused_and_nothing_else(content: bytes, magic: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(InputError):
            ImagePreparation(size=SIZE, max_pixels=1_000_000)(magic + content)
