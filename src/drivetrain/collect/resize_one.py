"""Bringing one photo to a size: upright, RGB or grey, never larger, whole or not at all."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from drivetrain.collect.names import write_beside
from drivetrain.collect.pictures import CHECK, picture_problem
from drivetrain.errors import ConfigError, InputError
from drivetrain.prepare.image import (
    FORMATS,
    ORIENTATION_TAG,
    SIDEWAYS,
    TURN_OF_ORIENTATION,
    ImageArray,
    name_of,
    rgb,
    upright_photo,
)

FORMAT_OF = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".png": "PNG", ".webp": "WEBP",
    ".gif": "GIF", ".bmp": "BMP", ".tif": "TIFF", ".tiff": "TIFF", ".avif": "AVIF",
}  # fmt: skip
MODE_OF_CHANNELS = {1: "L", 3: "RGB"}
WITH_EXIF = frozenset({"JPEG", "PNG", "WEBP", "AVIF"})
QUALITY = {"JPEG": 92, "WEBP": 92, "AVIF": 85}


@dataclass(frozen=True, kw_only=True)
class ResizeSettings:
    """How photos are brought to a size; the arguments of ``resize_images`` say what each is.

    Raises:
        ConfigError: One of them cannot work.
    """

    max_size: int | None = None
    n_channels: int = 3
    ext: str | None = None
    img_format: str | None = None
    resample: Image.Resampling = Image.Resampling.BILINEAR
    resume: bool = False
    save_options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.max_size is not None and self.max_size < CHECK.min_side:
            raise ConfigError(
                f"max_size is {self.max_size}, and it has to be at least {CHECK.min_side}."
            )
        if self.n_channels not in MODE_OF_CHANNELS:
            raise ConfigError(
                f"n_channels is {self.n_channels}, and it has to be 3 (RGB) or 1 (grey)."
            )
        if self.ext is not None and self.ext.lower() not in FORMAT_OF:
            raise ConfigError(
                f"ext is {self.ext!r}, and it has to be one of {', '.join(FORMAT_OF)}."
            )
        if self.img_format is not None and self.img_format.upper() not in FORMAT_OF.values():
            raise ConfigError(
                f"img_format is {self.img_format!r}, and it has to be one of "
                f"{', '.join(dict.fromkeys(FORMAT_OF.values()))}."
            )

    def format_for(self, target: Path) -> str:
        """Pillow's name of the format that a file is written in."""
        return (self.img_format or FORMAT_OF[target.suffix.lower()]).upper()

    def size_for(self, width: int, height: int) -> tuple[int, int]:
        """The width and height that a photo of these gets.

        Example:
            >>> ResizeSettings(max_size=400).size_for(4000, 3000)
            (400, 300)
        """
        longest = max(width, height)
        if self.max_size is None or longest <= self.max_size:
            return width, height
        scale = self.max_size / longest
        return max(1, round(width * scale)), max(1, round(height * scale))


@dataclass(frozen=True, kw_only=True)
class _Header:
    """What a file says of itself before it is decoded."""

    size: tuple[int, int]
    is_upright: bool
    mode: str
    format: str
    exif: bytes
    colours: bytes | None


def resize_problem(source: Path, target: Path, how: ResizeSettings) -> str:
    """Bring one photo to its size at ``target``; why that failed, to follow "it", or nothing."""
    try:
        header = _header_of(source)
    except Exception:  # decoders raise whatever their library raises
        return picture_problem(source) or "has a header that cannot be read"
    try:
        if _fits_already(header, target, how):
            return picture_problem(source) or _copy(source, target)
        photo = _decoded(source, header, how)
    except InputError as problem:
        return problem.message.removeprefix(f"{name_of(source)} ").rstrip(".")
    except OSError as problem:
        return f"cannot be copied to {target}: {problem.strerror or problem}"
    return _save(photo, header, target, how)


def _header_of(source: Path) -> _Header:
    with Image.open(source, formats=FORMATS) as photo:
        turn, exif = None, b""
        with suppress(Exception):  # EXIF is written by every camera in its own way
            tags = photo.getexif()
            turn = TURN_OF_ORIENTATION.get(tags.pop(ORIENTATION_TAG, 1))
            exif = tags.tobytes() if len(tags) and photo.format != "TIFF" else b""
        return _Header(
            size=photo.size[::-1] if turn in SIDEWAYS else photo.size,
            is_upright=turn is None,
            mode=photo.mode,
            format="JPEG" if photo.format == "MPO" else str(photo.format),
            exif=exif,
            colours=photo.info.get("icc_profile"),
        )


def _fits_already(header: _Header, target: Path, how: ResizeSettings) -> bool:
    return (
        header.is_upright
        and header.size == how.size_for(*header.size)
        and header.mode == MODE_OF_CHANNELS[how.n_channels]
        and header.format == how.format_for(target)
    )


def _decoded(source: Path, header: _Header, how: ResizeSettings) -> Image.Image:
    """The photo upright, at its size and with its channels."""
    size = how.size_for(*header.size)

    def fit(photo: Image.Image) -> ImageArray:
        return rgb(photo if photo.size == size else photo.resize(size, how.resample))

    pixels = upright_photo(
        source,
        fit,
        enough=how.size_for,
        max_pixels=CHECK.max_pixels,
        min_side=CHECK.min_side,
    )
    return Image.fromarray(pixels).convert(MODE_OF_CHANNELS[how.n_channels])


def _copy(source: Path, target: Path) -> str:
    if source == target or (target.exists() and source.samefile(target)):
        return ""
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = write_beside(target, source.read_bytes())
    shutil.copystat(source, beside)
    os.replace(beside, target)
    return ""


def _save(photo: Image.Image, header: _Header, target: Path, how: ResizeSettings) -> str:
    kind = how.format_for(target)
    options: dict[str, Any] = {}
    if kind in QUALITY:
        options["quality"] = QUALITY[kind]
    if kind in WITH_EXIF and header.exif:
        options["exif"] = header.exif
    if header.colours and how.n_channels == 3 and header.mode.startswith("RGB"):
        options["icc_profile"] = header.colours
    encoded = io.BytesIO()
    try:
        photo.save(encoded, kind, **options | dict(how.save_options))
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(write_beside(target, encoded.getvalue()), target)
    except Exception as problem:  # encoders raise whatever their library raises
        reason = str(problem).rstrip(".") or type(problem).__name__
        return f"cannot be written to {target} as {kind}: {reason}"
    return ""
