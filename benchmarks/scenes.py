"""Many small photos out of a seed: no two are alike, and they cost what small photos cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 96
CLASSES = 10
GRIDS = ((4, 0.6), (12, 0.3), (32, 0.1))
"""Detail of three sizes: so many cells a side, with such a weight."""


def write_scenes(target: Path, count: int, seed: int = 0) -> Path:
    """Write so many JPEG files of 96 × 96 into one folder a class, and return the folder.

    The first files are the same whatever the count is.

    Arguments:
        target: The folder to make.
        count: How many.
        seed: What the pictures follow from.
    """
    for label in range(CLASSES):
        (target / f"class-{label}").mkdir(parents=True)
    for number in range(count):
        file = target / f"class-{number % CLASSES}" / f"{number:05d}.jpg"
        _scene(np.random.default_rng((seed, number))).save(file, quality=85)
    return target


def _scene(draw: np.random.Generator) -> Image.Image:
    total = np.zeros((SIDE, SIDE, 3), np.float32)
    for cells, weight in GRIDS:
        grid = Image.fromarray(draw.integers(0, 256, (cells, cells, 3), dtype=np.uint8))
        total += weight * np.asarray(grid.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return Image.fromarray(total.astype(np.uint8))
