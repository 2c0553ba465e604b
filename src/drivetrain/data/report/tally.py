"""Counting what looks show as they come by, without keeping the looks."""

from __future__ import annotations

import os
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.looks.look import Look
from drivetrain.data.sides import TRAINING_SIDES

TINY_SIDE = 64
HUGE_PIXELS = 40_000_000
EXTREMES = 12
CONTENT_BYTES = 16

FORMATS_OF_SUFFIX = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe"), ("JPEG", "MPO")),
    **dict.fromkeys((".tif", ".tiff"), ("TIFF",)),
    ".png": ("PNG",),
    ".webp": ("WEBP",),
    ".gif": ("GIF",),
    ".bmp": ("BMP", "DIB"),
    ".avif": ("AVIF",),
}
GREY, COLOUR = ("1", "L", "LA", "La", "I;16", "I;16L", "I;16B", "I;16N"), ("RGB", "RGBA", "RGBa")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A file that cannot be read; ``reason`` goes on after its name."""

    file: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SuffixLie:
    """A file whose content has another format than its suffix says."""

    file: str
    format: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Turned:
    """A photo that a note in the file turns or mirrors: its EXIF orientation, 2 to 8."""

    file: str
    orientation: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sized:
    """A photo and its size in pixels, upright."""

    file: str
    width: int
    height: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """The smallest, the middle and the largest of some numbers."""

    smallest: int
    median: int
    largest: int


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How large the readable photos are.

    Arguments:
        width: In pixels, upright.
        height: In pixels, upright.
        smallest: The smallest photos, at most 12, the smallest first.
        largest: The largest photos, at most 12, the largest first.
        tiny: Photos whose shorter side is below 64 pixels.
        huge: Photos of more than 40 megapixels.
    """

    width: Spread
    height: Spread
    smallest: tuple[Sized, ...]
    largest: tuple[Sized, ...]
    tiny: tuple[str, ...]
    huge: tuple[str, ...]


class Tally:
    """Counts looks as they come by: some hundred bytes a file.

    Arguments:
        items: What is looked at.
        labels: Their labels, or None.
        root: The folder that files are named relative to.
    """

    def __init__(
        self, items: Sequence[Any], labels: Sequence[Any] | None, root: Path | None
    ) -> None:
        self.items, self.root = items, root
        self.labels = labels
        self.widths, self.heights, self.bytes = array("i"), array("i"), 0
        self.contents = bytearray()
        self.formats: Counter[str] = Counter()
        self.modes: Counter[str] = Counter()
        self.classes: Counter[str] = Counter()
        self.modes_at: dict[str, array[int]] = {}
        self.unreadable: list[Unreadable] = []
        self.suffix_lies: list[SuffixLie] = []
        self.turned: list[Turned] = []

    def noting(self, looks: Iterable[Look]) -> Iterator[Look]:
        """Pass looks on, each of which is counted."""
        for at, look in enumerate(looks):
            self._note(at, look)
            yield look

    def name(self, at: int) -> str:
        """How the report names an item: its path below the root, or its position."""
        item = self.items[at]
        if not isinstance(item, str | os.PathLike):
            return f"item {at}"
        path = Path(item)
        if self.root is not None and path.is_relative_to(self.root):
            path = path.relative_to(self.root)
        return path.as_posix()

    def label(self, at: int) -> str:
        """The label of an item as a text."""
        return "" if self.labels is None else " + ".join(_texts(self.labels[at]))

    def results(self) -> dict[str, Any]:
        """What was counted, by the names that :class:`IngestReport` has for it."""
        return {
            "readable": self.formats.total(),
            "bytes": self.bytes,
            "classes": dict(sorted(self.classes.items())),
            "formats": dict(self.formats.most_common()),
            "modes": dict(self.modes.most_common()),
            "unreadable": tuple(self.unreadable),
            "suffix_lies": tuple(self.suffix_lies),
            "sizes": self._sizes(),
            "turned": tuple(self.turned),
            "odd_modes": self._odd_modes(),
            "surplus": tuple(self._surplus()),
        }

    def _note(self, at: int, look: Look) -> None:
        self.bytes += look.size
        self.widths.append(0 if look.problem else look.width)
        self.heights.append(0 if look.problem else look.height)
        self.contents += bytes.fromhex(look.content) if look.content else bytes(CONTENT_BYTES)
        if look.problem:
            self.unreadable.append(Unreadable(file=self.name(at), reason=look.problem))
            return
        self.formats[look.format or "in memory"] += 1
        self.modes[look.mode] += 1
        self.modes_at.setdefault(look.mode, array("q")).append(at)
        if self.labels is not None and not _is_measured(self.labels[at]):
            self.classes.update(_texts(self.labels[at]))
        if look.format and self._suffix_lies(at, look.format):
            self.suffix_lies.append(SuffixLie(file=self.name(at), format=look.format))
        if look.orientation != 1:
            self.turned.append(Turned(file=self.name(at), orientation=look.orientation))

    def _suffix_lies(self, at: int, found: str) -> bool:
        item = self.items[at]
        if not isinstance(item, str | os.PathLike):
            return False
        said = FORMATS_OF_SUFFIX.get(os.path.splitext(os.fspath(item))[1].lower())
        return said is not None and found not in said

    def _sizes(self) -> Sizes | None:
        wide, high = np.array(self.widths, np.int64), np.array(self.heights, np.int64)
        known = np.flatnonzero(wide)
        if not len(known):
            return None
        pixels = wide[known] * high[known]
        by_size = known[np.argsort(pixels, kind="stable")]
        tiny = known[np.minimum(wide, high)[known] < TINY_SIDE]
        return Sizes(
            width=_spread(wide[known]),
            height=_spread(high[known]),
            smallest=tuple(map(self._sized, by_size[:EXTREMES])),
            largest=tuple(map(self._sized, by_size[::-1][:EXTREMES])),
            tiny=tuple(map(self.name, tiny)),
            huge=tuple(map(self.name, known[pixels > HUGE_PIXELS])),
        )

    def _sized(self, at: int) -> Sized:
        return Sized(file=self.name(at), width=self.widths[at], height=self.heights[at])

    def _odd_modes(self) -> dict[str, tuple[str, ...]]:
        """Files by what is unusual about their mode; of grey and colour, the rarer."""
        odd: dict[str, list[int]] = {}
        grey = sum(self.modes[mode] for mode in GREY)
        colour = sum(self.modes[mode] for mode in COLOUR)
        rarer = GREY if grey <= colour else COLOUR
        mixed = "grey among colour" if grey <= colour else "colour among grey"
        for mode, places in self.modes_at.items():
            kinds = [kind for kind, modes in ODD.items() if mode in modes]
            if grey and colour and mode in rarer:
                kinds.append(mixed)
            for kind in kinds:
                odd.setdefault(kind, []).extend(places)
        return {kind: tuple(map(self.name, sorted(odd[kind]))) for kind in sorted(odd)}

    def _surplus(self) -> Iterator[str]:
        """Exact copies beside the one that stays, where all copies have one label."""
        rows = np.frombuffer(bytes(self.contents), np.dtype((np.void, CONTENT_BYTES)))
        readable = np.flatnonzero(np.array(self.widths, np.int64))
        if not len(readable):
            return
        order = readable[np.argsort(rows[readable], kind="stable")]
        starts = np.flatnonzero(np.r_[True, rows[order][1:] != rows[order][:-1]])
        sizes = np.diff(np.append(starts, len(order)))
        surplus: list[int] = []
        for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
            copies = order[start : start + size].tolist()
            if len({self.label(at) for at in copies}) == 1:
                stays = self._path(min(copies, key=self._rank_to_stay))
                others = {self._path(at): at for at in reversed(copies) if self._is_file(at)}
                surplus += [at for path, at in others.items() if path != stays]
        yield from map(self.name, sorted(surplus))

    def same_file(self, one: int, other: int) -> bool:
        """Whether two items are one file, listed twice."""
        return self._is_file(one) and self._is_file(other) and self._path(one) == self._path(other)

    def _path(self, at: int) -> str:
        return os.path.abspath(self.items[at]) if self._is_file(at) else f"item {at}"

    def _rank_to_stay(self, at: int) -> tuple[bool, bool, int]:
        """A file rather than a link to one, to validate on rather than to train on, the first."""
        item = self.items[at]
        is_link = self._is_file(at) and os.path.islink(item)
        return is_link, self.name(at).split("/")[0].lower() in TRAINING_SIDES, at

    def _is_file(self, at: int) -> bool:
        return isinstance(self.items[at], str | os.PathLike)


ODD = {
    "CMYK": ("CMYK",),
    "16-bit": ("I", "F", "I;16", "I;16L", "I;16B", "I;16N"),
    "black and white": ("1",),
    "palette": ("P", "PA"),
    "transparency": ("LA", "La", "PA", "RGBA", "RGBa"),
    "other colour spaces": ("LAB", "HSV", "YCbCr"),
}


def _texts(label: Any) -> list[str]:
    """A label, or the labels of an item that has several, as texts."""
    if isinstance(label, np.ndarray):
        label = label.tolist()
    if isinstance(label, list | tuple | set | frozenset):
        return sorted(map(str, label))
    return [str(label)]


def _is_measured(label: Any) -> bool:
    """Whether a label is a number with a fraction, or holds some: those name no classes."""
    if isinstance(label, list | tuple | set | frozenset | np.ndarray):
        return any(map(_is_measured, label))
    return isinstance(label, float | np.floating)


def _spread(values: NDArray[np.int64]) -> Spread:
    return Spread(
        smallest=int(values.min()), median=int(np.median(values)), largest=int(values.max())
    )
