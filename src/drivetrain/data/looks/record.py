"""The record of one look at a photo, and the signature in it that duplicates are found by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivetrain.prepare.image import ImageArray

GREY_SIDE = 48
COLOUR_SIDE = 4
SIGNATURE_BYTES = GREY_SIDE**2 + 2 * COLOUR_SIDE**2
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What one full decode of a photo shows; it follows from the photo's content alone.

    Example:
        >>> Look(content="", problem="does not exist.").format is None
        True

    Arguments:
        content: The hash of the file's bytes (BLAKE2b, 128 bits, in hexadecimal), of the pixels
            and their shape for a photo in memory; empty when nothing could be read.
        size: The number of bytes, 0 for a photo in memory.
        format: Pillow's name of the format by content; None for no picture or one in memory.
        width: Of the upright photo in pixels; 0 when unknown.
        height: Of the upright photo in pixels; 0 when unknown.
        mode: Pillow's mode as stored, such as ``RGB``, ``CMYK``, ``I;16``; empty when unknown.
        orientation: As in EXIF, 1 to 8; 1 when absent.
        taken: When it was taken, as ``2021-07-03T12:00:05``; empty when absent.
        camera: Its maker and model; empty when absent.
        problem: Why it cannot be read, as a sentence that goes on after the photo's name; empty
            when it can.
        signature: What duplicates are found by (see :func:`signature_of`); empty when the photo
            cannot be read.
    """

    content: str
    size: int = 0
    format: str | None = None
    width: int = 0
    height: int = 0
    mode: str = ""
    orientation: int = 1
    taken: str = ""
    camera: str = ""
    problem: str = ""
    signature: bytes = b""


def signature_of(thumbnail: ImageArray) -> bytes:
    """The grey values of a small picture, and its colours more coarsely.

    Example:
        >>> len(signature_of(np.zeros((48, 48, 3), np.uint8))) == SIGNATURE_BYTES
        True

    Arguments:
        thumbnail: uint8 [48, 48, 3], the whole photo whatever its proportions were.

    Returns:
        48 × 48 bytes of grey, then 4 × 4 bytes each of how blue and how red it is (as in JPEG).
    """
    pixels = thumbnail.astype(np.float32)
    grey = pixels @ LUMA
    cell = GREY_SIDE // COLOUR_SIDE
    cells = np.stack([0.564 * (pixels[..., 2] - grey), 0.713 * (pixels[..., 0] - grey)])
    colours = cells.reshape(2, COLOUR_SIDE, cell, COLOUR_SIDE, cell).mean(axis=(2, 4)) + 128
    return _bytes(grey) + _bytes(colours)


def _bytes(values: NDArray[np.float32]) -> bytes:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8).tobytes()
