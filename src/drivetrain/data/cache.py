"""Photos that were decoded once: prepared arrays on the disk, read through a memory map.

Every array is a file of its own. Its name follows from the photo's content and from the
preparation, so that a changed photo or setting is another file and nothing is ever stale. A file
is written beside its place and renamed into it: other processes see all of it or none, and a
process that is killed leaves at most a file that nobody reads. The first read of a file in a
process checks it against its own checksum.
"""

from __future__ import annotations

import hashlib
import math
import mmap
import os
import shutil
import struct
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from drivetrain.data.cache_folder import cache_folder
from drivetrain.data.looks.look import Stamp, content_hash, stamp_of
from drivetrain.prepare import image

LIMIT = 10 * 2**30
SPARE = 2**30
"""So much of the disk stays free, whatever the limit."""
PORTION = 2**29
"""After so many bytes a process looks again at what others have written."""

AN_HOUR = 3600.0

MAGIC = b"DTARRAY1"
HEADER = struct.Struct("<8sIIIIQ")
"""Magic, the shape's three numbers, the checksum of the pixels, and how many bytes they are."""

Pixels = NDArray[np.uint8]


class Prepares(Protocol):
    """What makes arrays, and says with which settings."""

    def __call__(self, source: Any) -> Pixels:
        """One input as uint8 [H, W, C]."""
        ...

    def model_dump_json(self) -> str:
        """The settings."""
        ...

    def __hash__(self) -> int: ...


class PreparesUpright(Prepares, Protocol):
    """What makes arrays in two steps: decode large enough, and fit."""

    def enough(self, width: int, height: int) -> tuple[int, int]:
        """The smallest decoded width and height that suffice, from the upright ones."""
        ...

    def fit(self, photo: Image.Image) -> Pixels:
        """The array of an upright photo that was decoded large enough."""
        ...


class PhotoCache:
    """Arrays by content and preparation; what cannot be kept is made each time.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> from drivetrain.prepare.image import ImagePreparation
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photo = Path(folder) / "photo.png"
        ...     Image.new("RGB", (40, 30), "teal").save(photo)
        ...     cache = PhotoCache(Path(folder) / "cache")
        ...     first = cache.read(photo, ImagePreparation(size=(8, 8)))
        ...     again = cache.read(photo, ImagePreparation(size=(8, 8)))
        >>> bool((first == again).all()), cache.hits
        (True, 1)

    Arguments:
        folder: Where the arrays are kept; None keeps nothing.
        limit: The most bytes that they may take. When it is reached, what no run of late has
            read goes first; what this run has read stays, and nothing more is added.
    """

    def __init__(self, folder: Path | None, limit: int = LIMIT) -> None:
        self.folder, self.limit = folder, limit
        self.hits = self.misses = 0
        self._known: dict[str, tuple[Stamp, str]] = {}
        self._checked: set[str] = set()
        self._room: int | None = None
        self._lock = threading.Lock()

    @classmethod
    def default(cls) -> PhotoCache:
        """The user's own cache; see :func:`~drivetrain.data.cache_folder.cache_folder`."""
        folder = cache_folder()
        return cls(None if folder is None else folder / "photos")

    def read(self, source: Any, preparation: Prepares) -> Pixels:
        """The prepared array of a source, uint8 [H, W, C], read-only when it was kept.

        Raises:
            InputError: The source cannot be read; that is never kept.
        """
        if not isinstance(source, str | os.PathLike | bytes):
            return preparation(source)
        content = None if self.folder is None else self.content(source)
        place = None if content is None else self._place(content, preparation)
        if content is None or place is None:
            return preparation(source)  # where the source is to blame, this says why
        kept = self._load(place)
        if kept is not None:
            self.hits += 1
            return kept
        return self.keep(source, content, preparation, preparation(source))

    def lacks(self, content: str, preparation: Prepares) -> bool:
        """Whether the array of some content could be kept and is not there."""
        place = self._place(content, preparation)
        return place is not None and not os.path.exists(place)

    def learn_of(self, source: Any, stamp: Stamp, content: str) -> None:
        """Take note of a file's content that someone else has read and hashed."""
        self._known[os.fspath(source)] = (stamp, content)

    def keep(self, source: Any, content: str, preparation: Prepares, pixels: Pixels) -> Pixels:
        """Write an array that was just made from a source with that content, and return it."""
        self.misses += 1
        place = self._place(content, preparation)
        if place is not None and self.content(source) == content:  # unchanged meanwhile
            self._save(place, pixels)
        return pixels

    def content(self, source: str | os.PathLike[str] | bytes) -> str | None:
        """The hash of a source's bytes; None when it cannot be read.

        A file is hashed again only when its size or its time of change is another.
        """
        if isinstance(source, bytes):
            return content_hash(source)
        name = os.fspath(source)
        try:
            stamp = stamp_of(os.stat(name))
            known = self._known.get(name)
            if known is not None and known[0] == stamp:
                return known[1]
            content = content_hash(Path(name).read_bytes())
        except OSError:
            return None
        self._known[name] = (stamp, content)
        return content

    # ---- files -------------------------------------------------------------------------------

    def _place(self, content: str, preparation: Prepares) -> str | None:
        key = preparation_key(preparation)
        if self.folder is None or key is None:
            return None
        return os.path.join(self.folder, key, content[:2], content)

    def _load(self, place: str) -> Pixels | None:
        try:
            with open(place, "rb") as file:
                content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError):  # not there, or empty
            return None
        first = place not in self._checked
        if not _is_whole(content, with_checksum=first):
            with suppress(OSError):
                os.unlink(place)
            return None
        if first:
            self._checked.add(place)
            with suppress(OSError):
                os.utime(place)  # read of late: goes last
        high, wide, colours = HEADER.unpack_from(content)[1:4]
        pixels = np.frombuffer(content, np.uint8, offset=HEADER.size)
        return pixels.reshape(high, wide, colours)

    def _save(self, place: str, pixels: Pixels) -> None:
        size = HEADER.size + pixels.nbytes
        if not self._reserve(size):
            return
        data = np.ascontiguousarray(pixels).data.cast("B")
        header = HEADER.pack(MAGIC, *pixels.shape, zlib.adler32(data), len(data))
        folder, name = os.path.split(place)
        beside = Path(folder, f".{name}.{os.getpid()}.{threading.get_ident()}")
        try:
            with _new_file(beside) as file:
                file.write(header)
                file.write(data)
            os.replace(beside, place)
            self._checked.add(place)
        except OSError:
            with suppress(OSError):
                beside.unlink()
            if not os.path.exists(place):
                self._room = 0  # a full disk, or no right to write: work without

    # ---- the limit ---------------------------------------------------------------------------

    def _reserve(self, size: int) -> bool:
        with self._lock:
            if self._room is None or 0 < self._room < size:
                self._room = self._make_room(size)
            if self._room < size:
                self._room = 0
                return False
            self._room -= size
            return True

    def _make_room(self, size: int) -> int:
        """The bytes that may still be written; other runs' files go, the oldest first."""
        assert self.folder is not None
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = sorted(_files(self.folder))
        taken = sum(size for _, size, _ in files)
        limit = min(self.limit, taken + _free(self.folder) - SPARE)
        for _, length, place in files:
            if taken + max(size, limit // 10) <= limit:
                break
            if str(place) not in self._checked and not _is_being_written(place):
                with suppress(OSError):
                    place.unlink()
                    taken -= length
        return min(PORTION, max(0, limit - taken))


@dataclass(frozen=True)
class WhileLooking:
    """Keeps prepared arrays of photos that are decoded to be looked at.

    Arguments:
        cache: Where they are kept.
        preparation: How they are made.
    """

    cache: PhotoCache
    preparation: PreparesUpright

    def wants(self, content: str) -> bool:
        """Whether the array of a photo with this content is missing."""
        return self.cache.lacks(content, self.preparation)

    def enough(self, width: int, height: int) -> tuple[int, int]:
        """What the preparation needs."""
        return self.preparation.enough(width, height)

    def keep(self, source: Any, stamp: Stamp | None, content: str, upright: Image.Image) -> None:
        """Make the array of the upright photo and keep it."""
        if not isinstance(source, str | os.PathLike | bytes):
            return
        if stamp is not None:
            self.cache.learn_of(source, stamp, content)
        self.cache.keep(source, content, self.preparation, self.preparation.fit(upright))


@cache
def preparation_key(preparation: Prepares) -> str | None:
    """The name of what a preparation makes: its settings, its code and the decoder's version.

    None for one whose settings or code cannot be told, as in a notebook: nothing of it is kept.
    """
    settings = getattr(preparation, "model_dump_json", None)
    own = getattr(sys.modules.get(type(preparation).__module__), "__file__", None)
    if settings is None or own is None:
        return None
    name = f"{type(preparation).__name__} {settings()} {PIL.__version__}"
    code = b"".join(Path(file).read_bytes() for file in (own, image.__file__))
    return hashlib.blake2b(name.encode() + code, digest_size=10).hexdigest()


def _is_being_written(place: Path) -> bool:
    """Whether another process may be at it: what a killed one left is older."""
    try:
        return place.name.startswith(".") and time.time() - place.stat().st_mtime < AN_HOUR
    except OSError:
        return False


def _new_file(path: Path) -> BinaryIO:
    try:
        return open(path, "wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return open(path, "wb")


def _is_whole(content: mmap.mmap, *, with_checksum: bool) -> bool:
    if len(content) < HEADER.size:
        return False
    magic, high, wide, colours, checksum, length = HEADER.unpack_from(content)
    if magic != MAGIC or length != math.prod((high, wide, colours)):
        return False
    if len(content) != HEADER.size + length:
        return False
    return not with_checksum or zlib.adler32(memoryview(content)[HEADER.size :]) == checksum


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Time of use, size and path of every file, those that a killed process left among them."""
    for parent, _, names in os.walk(folder):
        for name in names:
            place = Path(parent, name)
            with suppress(OSError):
                status = place.stat()
                yield status.st_mtime, status.st_size, place


def _free(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
