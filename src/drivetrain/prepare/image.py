"""Photos: from a file, from bytes or from memory to uint8 [H, W, 3], upright, RGB, at one size."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)
from pydantic import BaseModel, ConfigDict, Field

from drivetrain.errors import (
    InputError,
    InputTooLargeError,
    InputTooSmallError,
    UnreadableInputError,
)
from drivetrain.prepare.group import Group, Remarks, Unpacked
from drivetrain.prepare.reading import read_in_groups

ImageSource = str | os.PathLike[str] | bytes | Image.Image | NDArray[np.generic]
"""A path, an encoded file's bytes, a Pillow image, or an array (uint8 [H, W] or [H, W, 3 or 4])."""

ImageArray = NDArray[np.uint8]
"""uint8 [H, W, 3], RGB, upright."""

DECODERS = (
    AvifImagePlugin.AvifImageFile,
    BmpImagePlugin.BmpImageFile,
    GifImagePlugin.GifImageFile,
    JpegImagePlugin.JpegImageFile,
    MpoImagePlugin.MpoImageFile,
    PngImagePlugin.PngImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
)
"""Named one by one: Pillow would load all its plugins on first use, and threads meet there."""

FORMATS = tuple(decoder.format for decoder in DECODERS if decoder.format in Image.OPEN)
MEDIA_TYPES = (
    "image/jpeg",
    "image/jpg",
    "image/png",
    "image/webp",
    "image/gif",
    "image/bmp",
    "image/tiff",
    "image/avif",
)
ORIENTATION_TAG = 0x0112
TURN_OF_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = frozenset(TURN_OF_ORIENTATION[orientation] for orientation in (5, 6, 7, 8))
WHITE = (255, 255, 255)
AT_ONCE = 8
"""Photos a run of the network: more do not fit a processor's cache and are slower each."""

LARGEST_SAMPLE, SAMPLE_SIDE = 256 * 1024, 512
"""Bytes of a photo that travels as it is, and the longer side of a larger one that does not."""

Side = Annotated[int, Field(ge=1, le=8192)]


class ImagePreparation(BaseModel):
    """The deterministic way of every photo into a model.

    A photo is decoded at the smallest scale that suffices, turned upright by its EXIF
    orientation, brought to RGB (transparency over white, 16 bits scaled to 8) and to ``size``.

    Example:
        >>> prepare = ImagePreparation(size=(4, 4), method="squish")
        >>> prepare(np.zeros((10, 20), np.uint8)).shape
        (4, 4, 3)

    Arguments:
        size: Height and width of the result in pixels.
        method: ``crop`` fills the size from the centre, ``pad`` fits the whole photo and fills
            the rest, ``squish`` changes its proportions.
        crop_fraction: With ``crop``, the share of the largest possible crop's side that is
            kept; 0.875 is what evaluation after ``RandomResizedCrop`` uses.
        pad_mode: What ``pad`` fills with: ``zeros``, the ``border`` repeated, or a
            ``reflection``.
        max_pixels: A photo with more pixels than this is refused by its header.
        min_side: A photo with a shorter side than this is refused.

    Raises:
        UnreadableInputError: Not a picture, a broken one, or a mode without a defined range.
        InputTooLargeError: More pixels than ``max_pixels``.
        InputTooSmallError: A side below ``min_side``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    media_types: ClassVar[tuple[str, ...]] = MEDIA_TYPES
    array_type: ClassVar[np.dtype[Any]] = np.dtype(np.uint8)
    noun: ClassVar[tuple[str, str]] = ("photo", "photos")
    fields: ClassVar[list[dict[str, Any]]] = []
    members: ClassVar[dict[str, bytes]] = {}
    at_once: ClassVar[int] = AT_ONCE

    kind: Literal["image"] = "image"
    size: tuple[Side, Side]
    method: Literal["crop", "pad", "squish"] = "crop"
    crop_fraction: float = Field(default=1.0, gt=0.0, le=1.0)
    pad_mode: Literal["zeros", "border", "reflection"] = "zeros"
    max_pixels: int = Field(default=100_000_000, ge=1)
    min_side: int = Field(default=8, ge=1)

    @property
    def array_shape(self) -> tuple[int, int, int]:
        """Height, width and 3: the shape of one prepared photo."""
        return (*self.size, 3)

    def __call__(self, source: ImageSource) -> ImageArray:
        """Prepare one photo: uint8 [H, W, 3] at ``size``."""
        return upright_photo(
            source,
            self.fit,
            enough=self.enough,
            max_pixels=self.max_pixels,
            min_side=self.min_side,
        )

    def with_members(self, members: Mapping[str, bytes]) -> ImagePreparation:  # noqa: ARG002
        """The same: photos need nothing of a bundle beside the settings."""
        return self

    def remarks(self, source: ImageSource) -> Remarks:  # noqa: ARG002
        """None."""
        return ()

    def groups(self, inputs: Iterable[ImageSource], *, threads: int) -> Iterator[Group]:
        """Many photos, read ahead on threads: see :func:`read_in_groups`."""
        return read_in_groups(self, inputs, size=AT_ONCE, threads=threads)

    def unpack(
        self,
        content: bytes,
        media_type: str,  # noqa: ARG002
        *,
        most: int | None = None,  # noqa: ARG002
    ) -> Unpacked:
        """The one photo."""
        return Unpacked([content])

    def packed(self, source: ImageSource) -> bytes:
        """A photo as bytes: a file's own, or a smaller JPEG of a large one."""
        content = Path(source).read_bytes() if isinstance(source, str | os.PathLike) else source
        if isinstance(content, bytes) and len(content) <= LARGEST_SAMPLE:
            return content
        photo = _open(content, "The picture")
        orientation = photo.getexif().get(ORIENTATION_TAG)
        small = photo.convert("RGB")
        small.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
        file = io.BytesIO()
        exif = small.getexif()
        exif.clear()
        if orientation:
            exif[ORIENTATION_TAG] = orientation
        small.save(file, "JPEG", quality=90, exif=exif)
        return file.getvalue()

    def enough(self, width: int, height: int) -> tuple[int, int]:
        """The smallest decoded width and height that lose nothing at the final size."""
        high, wide = self.size
        if self.method == "squish":
            return wide, high
        shrink = min if self.method == "pad" else max
        scale = shrink(wide / width, high / height) / self.crop_fraction
        return math.ceil(width * scale), math.ceil(height * scale)

    def fit(self, photo: Image.Image) -> ImageArray:
        """An upright photo, decoded large enough, at the final size."""
        return rgb(self._resized(photo))

    def _resized(self, photo: Image.Image) -> Image.Image:
        high, wide = self.size
        if self.method == "crop":
            return photo.resize(
                (wide, high), Image.Resampling.BILINEAR, box=self._centre_box(*photo.size)
            )
        if self.method == "squish":
            return photo.resize((wide, high), Image.Resampling.BILINEAR)
        scale = min(wide / photo.width, high / photo.height)
        inner = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
        return _pad(photo.resize(inner, Image.Resampling.BILINEAR), (wide, high), self.pad_mode)

    def _centre_box(self, width: int, height: int) -> tuple[float, float, float, float]:
        high, wide = self.size
        scale = min(width / wide, height / high) * self.crop_fraction
        return centre_box(width, height, wide * scale, high * scale)


def centre_box(
    width: float, height: float, inner_width: float, inner_height: float
) -> tuple[float, float, float, float]:
    """The left, top, right and bottom of a box in the middle of a larger one.

    Example:
        >>> centre_box(10.0, 8.0, 4.0, 8.0)
        (3.0, 0.0, 7.0, 8.0)
    """
    left, top = max(0.0, (width - inner_width) / 2), max(0.0, (height - inner_height) / 2)
    return left, top, min(width, left + inner_width), min(height, top + inner_height)


def upright_photo(
    source: ImageSource,
    fit: Callable[[Image.Image], ImageArray],
    *,
    enough: Callable[[int, int], tuple[int, int]],
    max_pixels: int,
    min_side: int,
    opened: Callable[[Image.Image], None] | None = None,
) -> ImageArray:
    """Decode a photo, turn it upright, and let ``fit`` make an array of it.

    Arguments:
        source: A path, bytes, a Pillow image or an array.
        fit: Makes the array of the upright photo, whose mode is ``RGB`` or ``L``.
        enough: From the upright width and height to those that ``fit`` needs at least; a JPEG
            is decoded at the nearest eighth above.
        max_pixels: The limit that is checked on the header, before anything is decoded.
        min_side: The shortest side allowed.
        opened: Is shown the photo as its header describes it, before its size is checked and
            before anything is decoded; it may keep it until ``fit`` returns.

    Returns:
        uint8 [H, W, 3].
    """
    name = name_of(source)
    if isinstance(source, Image.Image):
        _check_size(source, name, max_pixels=max_pixels, min_side=min_side)
    try:
        with _open(source, name) as photo:
            if opened is not None:
                opened(photo)
            _check_size(photo, name, max_pixels=max_pixels, min_side=min_side)
            if photo.format in ("JPEG", "MPO"):
                _decode_small(photo, enough, sideways=_turn_of(photo) in SIDEWAYS)
            colours = _grey_or_rgb(photo, name)
            turn = _turn_of(photo)  # asked once loaded: Pillow turns a TIFF while it loads it
            upright = colours if turn is None else colours.transpose(turn)
            return fit(upright)
    except InputError:
        raise
    except Image.DecompressionBombError:
        raise _too_large(name, "far", max_pixels) from None
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as broken:  # decoders raise whatever their library raises
        raise UnreadableInputError(
            f"{name} is a broken picture: {_reason(broken)}.",
            hint="Save it again from its original, or leave it out.",
        ) from broken


def rgb(photo: Image.Image) -> ImageArray:
    """The pixels of a Pillow image, uint8 [H, W, 3].

    Example:
        >>> rgb(Image.new("L", (4, 2))).shape
        (2, 4, 3)
    """
    return np.asarray(photo.convert("RGB"))


def name_of(source: ImageSource) -> str:
    """How a message names a source: by its path, or by what it is.

    Example:
        >>> name_of(b"...")
        'The picture'
    """
    return os.fspath(source) if isinstance(source, str | os.PathLike) else "The picture"


def _open(source: ImageSource, name: str) -> Image.Image:
    if isinstance(source, Image.Image):
        return source.copy()
    if isinstance(source, np.ndarray):
        if source.dtype != np.uint8:
            raise UnreadableInputError(
                f"{name} is an array of {source.dtype}, and arrays are taken as uint8 only.",
                hint="Scale it to 0..255 and convert it with .astype('uint8').",
            )
        return Image.fromarray(source)
    if not isinstance(source, str | os.PathLike | bytes):
        raise UnreadableInputError(
            f"{name} is a {type(source).__name__}, which holds no picture that can be read.",
            hint="Give a path, a file's bytes, a Pillow image or a uint8 array.",
        )
    try:
        return Image.open(_stream(source), formats=FORMATS)
    except FileNotFoundError:
        raise UnreadableInputError(f"{name} does not exist.", hint="Check the path.") from None
    except IsADirectoryError:
        raise UnreadableInputError(
            f"{name} is a folder, and a picture is expected.", hint="Give the files in it."
        ) from None
    except PermissionError as problem:
        raise UnreadableInputError(
            f"{name} cannot be read: {problem.strerror}.", hint="Mend its permissions."
        ) from None
    except UnidentifiedImageError:
        raise UnreadableInputError(
            f"{name} is not a picture that can be read.",
            hint="JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF are read; convert it to one of them.",
        ) from None


def _stream(source: str | os.PathLike[str] | bytes) -> io.BytesIO | Path:
    return io.BytesIO(source) if isinstance(source, bytes) else Path(source)


def _check_size(photo: Image.Image, name: str, *, max_pixels: int, min_side: int) -> None:
    width, height = photo.size
    if width * height > max_pixels:
        raise _too_large(name, f"{width:,} × {height:,} pixels:", max_pixels)
    if min(width, height) < min_side:
        raise InputTooSmallError(
            f"{name} is {width} × {height} pixels, and the shortest side allowed is {min_side}.",
            hint="Use a larger photo.",
        )


def _too_large(name: str, how: str, max_pixels: int) -> InputTooLargeError:
    return InputTooLargeError(
        f"{name} is {how} more than the limit of {max_pixels / 1e6:,.0f} megapixels.",
        hint="Shrink it and try again.",
    )


def _turn_of(photo: Image.Image) -> Image.Transpose | None:
    """What brings the photo upright by its EXIF orientation; a damaged tag turns nothing."""
    try:
        return TURN_OF_ORIENTATION.get(photo.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # EXIF is written by every camera in its own way
        return None


def _decode_small(
    photo: Image.Image, enough: Callable[[int, int], tuple[int, int]], *, sideways: bool
) -> None:
    """Let the JPEG decoder leave out what the final size would not show (Pillow's draft mode)."""
    width, height = photo.size
    if sideways:
        high, wide = enough(height, width)
    else:
        wide, high = enough(width, height)
    photo.draft(None, (wide, high))


def _grey_or_rgb(photo: Image.Image, name: str) -> Image.Image:
    """The first frame as 8-bit ``L`` or ``RGB``; grey stays grey so that resizing costs a third."""
    photo.load()
    if photo.mode in ("L", "RGB"):
        return photo if photo.info.get("transparency") is None else _over_white(photo)
    if photo.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(photo, np.uint16) >> 8).astype(np.uint8))
    if photo.mode in ("I", "F"):
        raise UnreadableInputError(
            f"{name} holds 32-bit values, whose black and white are not defined.",
            hint="Save it with 8 or 16 bits a channel.",
        )
    if photo.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in photo.info:
        return _over_white(photo)
    return photo.convert("RGB")


def _over_white(photo: Image.Image) -> Image.Image:
    layered = photo.convert("RGBA")
    white = Image.new("RGBA", layered.size, (*WHITE, 255))
    return Image.alpha_composite(white, layered).convert("RGB")


def _pad(photo: Image.Image, size: tuple[int, int], mode: str) -> Image.Image:
    left, top = (size[0] - photo.width) // 2, (size[1] - photo.height) // 2
    if mode == "zeros":
        canvas = Image.new(photo.mode, size)
        canvas.paste(photo, (left, top))
        return canvas
    sides = [(top, size[1] - photo.height - top), (left, size[0] - photo.width - left)]
    pixels = np.asarray(photo)
    margins = sides + [(0, 0)] * (pixels.ndim - 2)
    if mode == "border" or min(pixels.shape[:2]) == 1:
        return Image.fromarray(np.pad(pixels, margins, mode="edge"))
    return Image.fromarray(np.pad(pixels, margins, mode="reflect"))


def _reason(problem: Exception) -> str:
    return str(problem).strip().rstrip(".") or type(problem).__name__
