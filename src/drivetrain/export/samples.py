"""Validation items that travel with a bundle, so that any machine can prove itself on them."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from drivetrain.bundle.manifest import Sample
from drivetrain.prepare.image import ORIENTATION_TAG
from drivetrain.schema import Prediction

LARGEST_SAMPLE = 256 * 1024
SAMPLE_SIDE = 512


def sample_members(items: Sequence[Any]) -> dict[str, bytes]:
    """Some items as members of a bundle: a file's own bytes, or a smaller JPEG of a large one."""
    return {f"samples/{number}": _encoded(item) for number, item in enumerate(items)}


def sample_of(member: str, answer: Prediction) -> Sample:
    """A stored item with its answer."""
    return Sample(
        member=member,
        probabilities=tuple(float(value) for value in answer.probabilities),
        domain_score=answer.domain_score,
    )


def _encoded(item: Any) -> bytes:
    content = Path(item).read_bytes() if isinstance(item, str | os.PathLike) else item
    if isinstance(content, bytes) and len(content) <= LARGEST_SAMPLE:
        return content
    photo = Image.open(io.BytesIO(content)) if isinstance(content, bytes) else _as_photo(content)
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


def _as_photo(item: Any) -> Image.Image:
    return item if isinstance(item, Image.Image) else Image.fromarray(item)
