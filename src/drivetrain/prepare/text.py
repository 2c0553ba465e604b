"""Free text: from the texts of a column to float32 [N, size], by encoders that never learn."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import BundleCorruptError, BundleVersionError, ConfigError
from drivetrain.prepare.sentences import PROGRAM, WORDPIECES, Features, Sentences, several
from drivetrain.prepare.wordpiece import CharacterTable

__all__ = ["Features", "HashedWords", "Sentences", "TextEncoder", "encoder_from"]

Codes = NDArray[np.uint64]

TEXTS_AT_ONCE = 1024
NAME = re.compile(r"(hashed|sentences)(?:-([1-9]\d{0,5}))?")

BLOCKS_WITHOUT_SPACES = (  # of scripts that write no spaces between words
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # Chinese characters, here and below
    (0x4E00, 0x9FFF),
    (0x20000, 0x323AF),
)

MARKED = range(0x0E00, 0x1800)
"""Where marks follow their letter, and belong to its word."""


class TextEncoder(Protocol):
    """What makes numbers of texts; a row depends on its own text alone, to the last bit."""

    @property
    def name(self) -> str:
        """What :func:`encoder_from` makes the same encoder of."""
        ...

    @property
    def size(self) -> int:
        """How many numbers it makes of a text."""
        ...

    def __call__(self, texts: Sequence[str]) -> Features:
        """The texts as float32 [N, size]."""
        ...

    def members(self) -> dict[str, bytes]:
        """What a bundle has to hold for it, by path."""
        ...


def encoder_from(
    name: str, members: Mapping[str, bytes], *, threads: int | None = None
) -> TextEncoder:
    """The encoder with a name, out of a bundle's members.

    Example:
        >>> encoder_from("hashed-64", {})
        HashedWords(size=64)

    Arguments:
        name: ``hashed`` or ``sentences``; a number after a hyphen is the ``size`` of the one and
            the ``longest`` of the other.
        members: The members of the bundle by path, as :meth:`TextEncoder.members` gave them.
        threads: Texts that :class:`Sentences` works on at once; by default one a core.

    Raises:
        BundleVersionError: This version knows no such encoder.
        BundleCorruptError: A member is missing or cannot be used.
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise BundleVersionError(
            f"The bundle's texts are made into numbers by {name!r}, which is unknown here.",
            hint="Run: pip install --upgrade drivetrain",
        )
    kind, number = found.groups()
    if kind == "hashed":
        return HashedWords(int(number)) if number else HashedWords()
    if missing := [path for path in (PROGRAM, WORDPIECES) if path not in members]:
        raise BundleCorruptError(
            f"The bundle lacks {' and '.join(missing)}, which make its texts into numbers.",
            hint="Take a fresh copy of the bundle, or export it again.",
        )
    longest = {"longest": int(number)} if number else {}
    return Sentences(members[PROGRAM], members[WORDPIECES], threads=threads, **longest)


@dataclass(frozen=True)
class HashedWords:
    """Words and pairs of neighbouring words, hashed with a sign into a fixed number of buckets.

    Nothing is fitted and nothing is kept: Weinberger et al. 2009, "Feature hashing for large scale
    multitask learning", section 2. A word that comes ``n`` times weighs ``1 + log(n)``; a row has
    the length 1, and is zeros where there is no word. Case, width and ligatures make no
    difference, and in scripts without spaces each character is a word.

    Example:
        >>> rows = HashedWords(64)(["A playful cat", "a PLAYFUL cat!", ""])
        >>> rows.shape, bool((rows[0] == rows[1]).all()), float(rows[2].sum())
        ((3, 64), True, 0.0)

    Arguments:
        size: The number of buckets.

    Raises:
        ConfigError: ``size`` is below 1.
    """

    size: int = 256

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigError(
                f"Words cannot be hashed into {self.size} buckets.",
                hint="Give a size of 1 or more; 256 is usual.",
            )

    @property
    def name(self) -> str:
        """``hashed-`` and the size."""
        return f"hashed-{self.size}"

    def __call__(self, texts: Sequence[str]) -> Features:
        """The texts as float32 [N, size]."""
        texts = several(texts)
        parts = [
            self._some(texts[start : start + TEXTS_AT_ONCE])
            for start in range(0, len(texts), TEXTS_AT_ONCE)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.size), np.float32)

    def members(self) -> dict[str, bytes]:
        """Nothing: the name says it all."""
        return {}

    def _some(self, texts: Sequence[str]) -> Features:
        split = [_words(text) for text in texts]
        rows = np.repeat(np.arange(len(texts), dtype=np.uint64), [len(words) for words in split])
        codes = np.fromiter(
            (zlib.crc32(word.encode()) for word in chain.from_iterable(split)), np.uint64, len(rows)
        )
        together = rows[1:] == rows[:-1]
        pairs = _mixed(_mixed(codes[:-1]) + codes[1:])[together]
        hashes = np.concatenate([_mixed(codes), pairs])
        owners = np.concatenate([rows, rows[1:][together]])
        found, counts = np.unique(owners << 48 | hashes >> 16, return_counts=True)
        signs = np.where(found >> 47 & 1, 1.0, -1.0)
        places = (found >> 48) * self.size + (found & (1 << 47) - 1) % self.size
        sums = np.bincount(
            places.astype(np.int64),
            signs * (1.0 + np.log(counts)),
            minlength=len(texts) * self.size,
        ).reshape(len(texts), self.size)
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        return (sums / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def _words(text: str) -> list[str]:
    return unicodedata.normalize("NFKC", text).casefold().translate(_SPACED).split()


def _space(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "LN":
        alone = any(low <= ord(character) <= high for low, high in BLOCKS_WITHOUT_SPACES)
        if alone:
            return f" {character}" if ord(character) in MARKED else f" {character} "
        return character
    if category in ("So", "Cn"):  # emoji, those of the years to come among them
        return f" {character} "
    if category[0] == "M":
        return character
    return "" if category in ("Cf", "Cs") else " "


_SPACED = CharacterTable(_space)


def _mixed(codes: Codes) -> Codes:
    """Spread over 64 bits (the finalizer of Steele et al. 2014, SplitMix, section 5)."""
    spread: Codes = (codes + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
    spread = (spread ^ (spread >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return spread ^ (spread >> np.uint64(31))
