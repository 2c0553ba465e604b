"""What a photo's EXIF says: how it is turned, when it was taken, and with what."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime

from PIL import Image

from drivetrain.prepare.image import ORIENTATION_TAG

EXIF_FOLDER = 0x8769
TAKEN, DIGITIZED = 0x9003, 0x9004
MAKE, MODEL = 0x010F, 0x0110
TIME_FORMAT = "%Y:%m:%d %H:%M:%S"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exif:
    """What EXIF says about a photo, with a default for what it does not.

    Example:
        >>> Exif().orientation
        1

    Arguments:
        orientation: 1 to 8.
        taken: When the photo was taken or scanned, as ``2021-07-03T12:00:05``; not when it was
            edited.
        camera: Maker and model.
    """

    orientation: int = 1
    taken: str = ""
    camera: str = ""


def exif_of(photo: Image.Image) -> Exif:
    """Read a photo's EXIF; what is damaged or odd counts as absent.

    Example:
        >>> exif_of(Image.new("L", (8, 8))).taken
        ''
    """
    found = Exif()
    with contextlib.suppress(Exception):  # EXIF is written by every camera in its own way
        exif = photo.getexif()
        stored = exif.get(ORIENTATION_TAG)
        if isinstance(stored, int) and 1 <= stored <= 8:
            found = replace(found, orientation=stored)
        found = replace(found, camera=_camera(_text(exif.get(MAKE)), _text(exif.get(MODEL))))
        times = exif.get_ifd(EXIF_FOLDER) if EXIF_FOLDER in exif else {}
        found = replace(found, taken=_iso(times.get(TAKEN)) or _iso(times.get(DIGITIZED)))
    return found


def _iso(stored: object) -> str:
    if not (text := _text(stored)):
        return ""
    try:
        return datetime.strptime(text, TIME_FORMAT).isoformat()
    except ValueError:
        return ""


def _camera(make: str, model: str) -> str:
    """``Canon`` and ``Canon EOS 5D`` are one name, not two."""
    return model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()


def _text(stored: object) -> str:
    return " ".join(stored.replace("\0", " ").split()) if isinstance(stored, str) else ""
