"""Copies planted among photos: which a report on duplicates has to find."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from drivetrain.data import get_image_files, parent_label

EXACT, SAVED_ANEW, OTHER_LABEL = "exact copies", "saved anew", "under another label"
COUNTS = {EXACT: 30, SAVED_ANEW: 30, OTHER_LABEL: 5}
LEAST_SCALE = 0.5
MOST_CUT = 0.1
QUALITIES = (60, 95)


@dataclass(frozen=True, kw_only=True)
class Plant:
    """A copy and the photo that it was made of, named relative to their folder."""

    kind: str
    copy: str
    original: str


def plant_copies(folder: Path, seed: int) -> list[Plant]:
    """Plant 65 copies of as many photos into a folder that has one folder a class.

    Arguments:
        folder: It is changed.
        seed: Which photos, and how they are saved anew, follows from it.
    """
    draw = random.Random(seed)
    photos = get_image_files(folder)
    labels = sorted(set(map(parent_label, photos)))
    kinds = [kind for kind, count in COUNTS.items() for _ in range(count)]
    plants = []
    for number, (kind, photo) in enumerate(
        zip(kinds, draw.sample(photos, len(kinds)), strict=True)
    ):
        name = f"planted-{number:02d}"
        if kind == SAVED_ANEW:
            copy = photo.with_name(f"{name}.jpg")
            _save_anew(photo, copy, draw)
        else:
            label = parent_label(photo)
            if kind == OTHER_LABEL:
                label = draw.choice([other for other in labels if other != label])
            copy = folder / label / f"{name}{photo.suffix}"
            shutil.copyfile(photo, copy)
        names = (file.relative_to(folder).as_posix() for file in (copy, photo))
        plants.append(Plant(kind=kind, copy=next(names), original=next(names)))
    return plants


def count_found(plants: Sequence[Plant], groups: dict[str, int]) -> dict[str, int]:
    """How many copies of each kind are in one group with their original."""
    found = dict.fromkeys(COUNTS, 0)
    for plant in plants:
        found[plant.kind] += groups[plant.copy] == groups[plant.original]
    return found


def count_false(
    pairs: Sequence[tuple[str, str]], plants: Sequence[Plant], natural: dict[str, int]
) -> int:
    """How many pairs neither were planted nor follow from the pairs of the untouched photos."""
    original = {plant.copy: plant.original for plant in plants}
    return sum(len({natural[original.get(name, name)] for name in pair}) > 1 for pair in pairs)


def count_torn(plants: Sequence[Plant], valid: set[str]) -> int:
    """How many copies are on the other side of a split than their original."""
    return sum((plant.copy in valid) != (plant.original in valid) for plant in plants)


def _save_anew(photo: Path, copy: Path, draw: random.Random) -> None:
    """Crop each side by up to a tenth, shrink to no less than a half, save as JPEG."""
    with Image.open(photo) as opened:
        picture = ImageOps.exif_transpose(opened).convert("RGB")
    lengths = [length * (1 - draw.uniform(0, MOST_CUT)) for length in picture.size]
    starts = [
        draw.uniform(0, whole - length) for whole, length in zip(picture.size, lengths, strict=True)
    ]
    ends = [start + length for start, length in zip(starts, lengths, strict=True)]
    scale = draw.uniform(LEAST_SCALE, 1)
    width, height = (max(1, round(length * scale)) for length in lengths)
    box = (starts[0], starts[1], ends[0], ends[1])
    resized = picture.resize((width, height), Image.Resampling.LANCZOS, box=box)
    resized.save(copy, quality=draw.randint(*QUALITIES))
