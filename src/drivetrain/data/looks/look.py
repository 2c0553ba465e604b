"""Looking at photos: what one full decode of each shows, and whether it can be read at all."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from drivetrain.data.looks.exif import exif_of
from drivetrain.data.looks.index import LookIndex
from drivetrain.data.looks.record import GREY_SIDE, Look, signature_of
from drivetrain.errors import ConfigError, InputError
from drivetrain.prepare.image import (
    ImageArray,
    ImagePreparation,
    ImageSource,
    name_of,
    rgb,
    upright_photo,
)
from drivetrain.threads import leave

__all__ = ["Look", "LookIndex", "look_at", "look_at_all"]

IN_FLIGHT = 128
READ_WHOLE = 128 * 2**20
LIMITS = ImagePreparation(size=(GREY_SIDE, GREY_SIDE))
ENOUGH = (2 * GREY_SIDE, 2 * GREY_SIDE)
SIDEWAYS = (5, 6, 7, 8)
TOO_LITTLE_MEMORY = "takes more memory than there is."


Stamp = tuple[int, int, int]
"""What shows that a file is still the same: see :func:`stamp_of`."""


def stamp_of(status: os.stat_result) -> Stamp:
    """Size in bytes, time of change of the content, and time of any change at all.

    The last one cannot be set back as the second can.
    """
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


class Keeper(Protocol):
    """Keeps an array of each photo that is decoded anyway, so that it is decoded once."""

    def wants(self, content: str) -> bool:
        """Whether the array of a photo with this content is missing."""
        ...

    def enough(self, width: int, height: int) -> tuple[int, int]:
        """From the upright width and height to those that it needs at least."""
        ...

    def keep(
        self, source: ImageSource, stamp: Stamp | None, content: str, upright: Image.Image
    ) -> None:
        """Make the array of the upright photo and keep it."""
        ...


def look_at(source: ImageSource) -> Look:
    """Decode one photo fully and say what it shows; what is wrong with it is a part of that.

    The limits are those of :class:`ImagePreparation`, with the same words. A JPEG is decoded at
    a small scale, which reads all of it: one that was cut short is found out.

    Example:
        >>> look_at(np.zeros((30, 40), np.uint8)).width
        40
        >>> look_at(b"no picture").problem
        'is not a picture that can be read.'

    Arguments:
        source: A path, an encoded file's bytes, a Pillow image or an array.
    """
    with _without_pillows_warnings():
        return _look_at(source)


def look_at_all(
    sources: Sequence[ImageSource],
    *,
    index: LookIndex | None = None,
    workers: int | None = None,
    keepers: Sequence[Keeper] | None = None,
) -> Iterator[Look]:
    """Look at many photos, in order; threads decode ahead, and memory stays bounded.

    Example:
        >>> photos = [np.full((20, 20), grey, np.uint8) for grey in (0, 255)]
        >>> [look.mode for look in look_at_all(photos)]
        ['L', 'L']

    Arguments:
        sources: Paths, encoded files' bytes, Pillow images or arrays.
        index: Remembers looks between runs: a photo known by its content is read and hashed,
            and not decoded. It stays open.
        workers: The number of threads; one for each processor when None.
        keepers: One for each photo, which keeps what the photo is needed for next.

    Raises:
        ConfigError: ``workers`` is below 1.
    """
    if workers is not None and workers < 1:
        raise ConfigError(f"workers is {workers}, and at least one is needed.")
    return _look_at_all(sources, index, keepers, workers or os.cpu_count() or 1)


def _look_at_all(
    sources: Sequence[ImageSource],
    index: LookIndex | None,
    keepers: Sequence[Keeper] | None,
    workers: int,
) -> Iterator[Look]:
    """All of a batch is decoded before its first look is given.

    So nothing is decoded while the caller runs, and Pillow's warnings can be kept off without
    touching the caller's: filters of warnings belong to the process, not to a thread.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="look")
    try:
        for start in range(0, len(sources), IN_FLIGHT):
            places = range(start, min(start + IN_FLIGHT, len(sources)))
            batch = [(sources[at], keepers[at] if keepers else None) for at in places]
            with _without_pillows_warnings():
                looks = list(pool.map(lambda given: _look_at(given[0], index, given[1]), batch))
            if index is not None:
                index.remember(looks)
            yield from looks
    finally:
        leave(pool)
        if index is not None:
            index.flush()


@contextmanager
def _without_pillows_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _look_at(
    source: ImageSource, index: LookIndex | None = None, keeper: Keeper | None = None
) -> Look:
    try:
        found = _Found(source)
    except MemoryError:
        return Look(content="", problem=TOO_LITTLE_MEMORY)
    except Exception:  # a Pillow image may be decoded here
        return Look(content="", problem=_why_unreadable(source))
    known = index.get(found.content) if index is not None and found.content else None
    return known or found.look(keeper)


def _why_unreadable(source: ImageSource) -> str:
    """What the preparation says about a file that does not open."""
    try:
        LIMITS(source)
    except InputError as problem:
        return _without_name(problem, source)
    except Exception as problem:
        return f"cannot be read: {problem}."
    return "could not be read at first, and then could."


def _without_name(problem: InputError, source: ImageSource) -> str:
    return problem.message.removeprefix(name_of(source)).lstrip()


class _Found:
    """A photo whose bytes were read and hashed, and what shows while it is decoded."""

    def __init__(self, source: ImageSource) -> None:
        self.original = source
        self.content, self.size, self.stamp, self.source = _read(source)
        self.of_file = isinstance(self.source, bytes | Path)
        self.photo: Image.Image | None = None
        self.seen = Look(content=self.content, size=self.size)

    def look(self, keeper: Keeper | None) -> Look:
        self.keeper = keeper if keeper is not None and keeper.wants(self.content) else None
        try:
            thumbnail = upright_photo(
                self.source,
                self._fit,
                enough=self._enough,
                max_pixels=LIMITS.max_pixels,
                min_side=LIMITS.min_side,
                opened=self._opened,
            )
        except InputError as problem:
            return replace(self.seen, problem=_without_name(problem, self.source))
        except MemoryError:
            return replace(self.seen, problem=TOO_LITTLE_MEMORY)
        return replace(self.seen, signature=signature_of(thumbnail))

    def _enough(self, width: int, height: int) -> tuple[int, int]:
        """What the look needs, or more where what is kept needs more.

        Where that needs less, it is left to be decoded by itself: it has to be the same array.
        """
        if self.keeper is not None:
            needed = self.keeper.enough(width, height)
            if needed[0] >= ENOUGH[0] and needed[1] >= ENOUGH[1]:
                return needed
            self.keeper = None
        return ENOUGH

    def _opened(self, photo: Image.Image) -> None:
        self.photo = photo
        self.seen = replace(
            self.seen,
            format=photo.format if self.of_file else None,
            width=photo.width,
            height=photo.height,
            mode=photo.mode,
        )
        if photo.format != "PNG" or "exif" in photo.info:  # Pillow decodes a PNG to look for it
            self._read_exif(photo)

    def _fit(self, upright: Image.Image) -> ImageArray:
        if self.photo is not None and self.photo.format == "PNG":
            self._read_exif(self.photo)
        if self.keeper is not None:
            self.keeper.keep(self.original, self.stamp, self.content, upright)
        side = (GREY_SIDE, GREY_SIDE)
        return rgb(upright.resize(side, Image.Resampling.BILINEAR, reducing_gap=3.0))

    def _read_exif(self, photo: Image.Image) -> None:
        exif = exif_of(photo)
        width, height = photo.size
        if exif.orientation in SIDEWAYS and photo.format != "TIFF":  # Pillow has turned a TIFF's
            width, height = height, width
        self.seen = replace(
            self.seen,
            width=width,
            height=height,
            orientation=exif.orientation,
            taken=exif.taken,
            camera=exif.camera,
        )


def _read(source: ImageSource) -> tuple[str, int, Stamp | None, ImageSource]:
    """The hash, the number of bytes, the file's stamp, and what to decode."""
    if isinstance(source, bytes):
        return content_hash(source), len(source), None, source
    if isinstance(source, str | os.PathLike):
        return _read_file(Path(source))
    return _hash_of_pixels(source), 0, None, source


def _read_file(path: Path) -> tuple[str, int, Stamp, bytes | Path]:
    """Bytes are read once, unless they would fill the memory."""
    with open(path, "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        stamp = stamp_of(status)
        if status.st_size > READ_WHOLE:
            return hashlib.file_digest(file, _blake).hexdigest(), status.st_size, stamp, path
        encoded = file.read()
    return content_hash(encoded), len(encoded), stamp, encoded


def _hash_of_pixels(photo: Image.Image | NDArray[np.generic]) -> str:
    """Of the pixels and of what gives them their meaning; empty for what holds no pixels."""
    if isinstance(photo, Image.Image):
        palette = photo.getpalette() if photo.mode in ("P", "PA") else None
        meaning = (photo.mode, photo.size, palette, photo.info.get("transparency"))
        return content_hash(photo.tobytes(), repr(meaning))
    if not isinstance(photo, np.ndarray) or photo.dtype.hasobject:
        return ""
    return content_hash(photo.tobytes(), f"{photo.dtype.str} {photo.shape}")


def content_hash(content: bytes, meaning: str = "") -> str:
    """What a photo is known by: blake2b of its bytes, 128 bits, in hexadecimal.

    Example:
        >>> content_hash(b"") == content_hash(b"", "")
        True

    Arguments:
        content: A file's bytes, or pixels.
        meaning: What gives pixels their meaning, such as their shape.
    """
    digest = _blake()
    digest.update(content)
    digest.update(meaning.encode())
    return digest.hexdigest()


def _blake() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=16)
