"""Photos that are there twice: the same file, or the same picture saved in another way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from drivetrain.data.looks.candidates import has_detail
from drivetrain.data.looks.near import group_of, near_pairs
from drivetrain.data.looks.record import GREY_SIDE, SIGNATURE_BYTES, Look

LEAST_SIDE = 16


@dataclass(frozen=True, slots=True)
class Pair:
    """Two photos that show the same.

    Example:
        >>> Pair(first=0, second=3, exact=True, similarity=1.0).second
        3

    Arguments:
        first: The position of the one that comes first.
        second: The position of the other.
        exact: Whether the files are the same byte by byte.
        similarity: 1.0 for an exact pair; for a near one, the correlation of its fine detail.
    """

    first: int
    second: int
    exact: bool
    similarity: float


@dataclass(frozen=True)
class Duplicates:
    """The pairs among many photos.

    Example:
        >>> pair = Pair(first=0, second=2, exact=True, similarity=1.0)
        >>> Duplicates(pairs=[pair], count=4, too_alike=False).groups()
        [0, 1, 0, 3]

    Arguments:
        pairs: By position; the copies of a file are a chain of pairs.
        count: The number of photos.
        too_alike: Whether the photos are so much alike that near pairs say nothing, and only
            exact ones are given.
    """

    pairs: list[Pair]
    count: int
    too_alike: bool

    def groups(self) -> list[int]:
        """For each photo the smallest position that it hangs together with, or its own."""
        first = np.array([pair.first for pair in self.pairs], np.int64)
        second = np.array([pair.second for pair in self.pairs], np.int64)
        groups: list[int] = group_of(self.count, first, second).tolist()
        return groups


def find_duplicates(looks: Iterable[Look]) -> Duplicates:
    """Find the same file and the same picture: saved anew, resized, or cropped by a tenth.

    Every pair is tried by its middle detail; what may be a pair is laid over each other and has
    to agree in its fine detail and roughly in its colours. Mirrored and turned pictures, smooth
    ones without detail (a blank scan), and those with a side below 16 pixels count only when
    their files are the same. Photos that cannot be read have no pairs. The result depends on the
    photos and their order alone.

    How pairs are found and proved, and where that comes from, is told in ``candidates``,
    ``alignment`` and ``near``.

    Example:
        >>> from drivetrain.data.looks.look import look_at
        >>> pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 20)).astype(np.uint8)
        >>> looks = [look_at(pixels[number]) for number in (0, 1, 0, 2)]
        >>> find_duplicates(looks).groups()
        [0, 1, 0, 3]
    """
    last: dict[str, int] = {}
    last_of_signature: dict[bytes, int] = {}
    detailed: dict[bytes, bool] = {}
    pairs: list[Pair] = []
    positions: list[int] = []
    signatures = bytearray()
    count = 0
    for position, look in enumerate(looks):
        count += 1
        if not look.signature:
            continue
        key = blake2b(look.signature, digest_size=16).digest()
        if look.content in last:
            pairs.append(Pair(last[look.content], position, exact=True, similarity=1.0))
        elif min(look.width, look.height) >= LEAST_SIDE:
            if key in last_of_signature and key not in detailed:
                detailed[key] = _has_detail(look.signature)
            if detailed.get(key):
                pairs.append(Pair(last_of_signature[key], position, exact=False, similarity=1.0))
            else:
                positions.append(position)
                signatures += look.signature
            last_of_signature[key] = position
        last[look.content] = position
    found = near_pairs(np.frombuffer(signatures, np.uint8).reshape(-1, SIGNATURE_BYTES))
    for first, second, similarity in zip(
        found.first.tolist(), found.second.tolist(), found.similarity.tolist(), strict=True
    ):
        pairs.append(
            Pair(positions[first], positions[second], exact=False, similarity=round(similarity, 4))
        )
    pairs.sort(key=lambda pair: (pair.first, pair.second))
    return Duplicates(pairs=pairs, count=count, too_alike=found.too_alike)


def _has_detail(signature: bytes) -> bool:
    grey = np.frombuffer(signature, np.uint8)[: GREY_SIDE**2]
    return bool(has_detail(grey.reshape(1, GREY_SIDE, GREY_SIDE))[0])
