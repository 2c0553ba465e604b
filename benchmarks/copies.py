"""Many photos out of a few: copies that differ in one byte after the picture's end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path


def write_copies(
    photos: Sequence[Path], target: Path, times: int, label_of: Callable[[Path], str]
) -> Path:
    """Write every photo so many times into one folder a label, and return the folder.

    The bytes of all files differ, so that nothing can take one for another; what follows the end
    of a picture is not part of it, and all copies decode alike. What is there already stays.

    Arguments:
        photos: The files to copy.
        target: The folder to make.
        times: How often, up to 256.
        label_of: From a photo to the name of its folder.
    """
    for photo in photos:
        content = photo.read_bytes()
        folder = target / label_of(photo)
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(times):
            copy = folder / f"{photo.stem}-{number:03d}{photo.suffix}"
            if not copy.exists():
                copy.write_bytes(content + bytes([number]))
    return target
