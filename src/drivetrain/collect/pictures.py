"""What a file's content says: whether it is a picture that the preparation can read, and which."""

from __future__ import annotations

import io
import os
from pathlib import Path
from threading import BoundedSemaphore

from PIL import Image

from drivetrain.errors import InputError, UnreadableInputError
from drivetrain.prepare.image import FORMATS, ImagePreparation, name_of

SUFFIX_OF = {
    "JPEG": ".jpg",
    "MPO": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "GIF": ".gif",
    "BMP": ".bmp",
    "TIFF": ".tif",
    "AVIF": ".avif",
}
CHECK = ImagePreparation(size=(64, 64))
"""A full decode by the rules of training and serving, at a size that costs little."""

PAGES = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")

_decoding = BoundedSemaphore(min(4, os.cpu_count() or 1))


def picture_problem(source: Path | bytes) -> str:
    """Why a file or its bytes cannot be read as a picture, to follow "it"; empty when it can.

    Example:
        >>> picture_problem(b"<html><body>404</body></html>")
        'is an HTML page, not a picture'
    """
    try:
        with _decoding:
            CHECK(source)
    except InputError as problem:
        if isinstance(source, bytes) and (other := _other_kind(source)):
            return other
        return problem.message.removeprefix(f"{name_of(source)} ").rstrip(".")
    return ""


def suffix_of(data: bytes) -> str:
    """The suffix that fits a picture's bytes, whatever its name or its server says.

    Example:
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (8, 8)).save(file, "GIF")
        >>> suffix_of(file.getvalue())
        '.gif'

    Raises:
        UnreadableInputError: They are no picture.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            return SUFFIX_OF[str(picture.format)]
    except Exception as problem:  # decoders raise whatever their library raises
        raise UnreadableInputError("The picture's kind is not known.") from problem


def _other_kind(data: bytes) -> str:
    if not data:
        return "is empty"
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(PAGES):
        return "is an HTML page, not a picture"
    if b"<svg" in start:
        return "is an SVG drawing, which has no pixels of its own"
    if start.startswith((b"{", b"[")):
        return "is a text, not a picture"
    return ""
