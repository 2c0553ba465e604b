"""Small piles of photos for the tests of the ingest report: distinct pictures, and faults."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

SIDEWAYS = 6


def picture(seed: int, size: tuple[int, int] = (120, 90)) -> Image.Image:
    """A picture of soft patches that looks like no other; ``size`` is width and height."""
    patches = np.random.default_rng(seed).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    return Image.fromarray(patches).resize(size, Image.Resampling.BICUBIC)


def write_picture(path: Path, seed: int, **options: object) -> Path:
    """Save a picture, and make its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path, **options)  # type: ignore[arg-type]
    return path


def write_pile(root: Path, *, classes: int = 2, photos: int = 12) -> Path:
    """Class folders ``a``, ``b`` ... of photos in which nothing is wrong."""
    for label in range(classes):
        for number in range(photos):
            seed = 1000 * label + number
            write_picture(root / "abcdefgh"[label] / f"{number:02d}.jpg", seed, quality=92)
    return root


def write_faults(root: Path) -> Path:
    """A pile with one of everything that a report speaks of."""
    write_pile(root)
    a, b = root / "a", root / "b"
    (a / "copy.jpg").write_bytes((a / "00.jpg").read_bytes())
    (b / "wrong.jpg").write_bytes((a / "01.jpg").read_bytes())
    picture(2).resize((90, 68)).save(a / "again.jpg", quality=80)
    (a / "cut.jpg").write_bytes((a / "03.jpg").read_bytes()[:900])
    (b / "text.png").write_text("no picture")
    write_picture(b / "lies.jpg", 21, format="WEBP")
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    write_picture(b / "turned.jpg", 22, exif=exif)
    picture(23).convert("CMYK").save(b / "print.jpg")
    picture(24).convert("L").save(b / "grey.png")
    picture(25).convert("RGBA").save(b / "glass.png")
    picture(26, (40, 30)).save(b / "tiny.png")
    (root / "notes.txt").write_text("no photo")
    (root / ".hidden").mkdir()
    (root / ".hidden" / "x.jpg").write_bytes(b"x")
    write_picture(root / "beside.jpg", 27)
    (root / "empty").mkdir()
    return root
