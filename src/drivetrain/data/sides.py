"""Folders at the top of a data set that are its split: train, valid, test."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TRAINING_SIDES = frozenset({"train", "training"})
TEST_SIDES = frozenset({"test", "testing"})
OTHER_SIDES = TEST_SIDES | {"dev", "eval", "val", "valid", "validation"}


def sides_of(root: str | os.PathLike[str], items: Sequence[Path]) -> list[str] | None:
    """For each photo the folder at the top that names its side of a split, "" where none does.

    None when the folders at the top are not those of a split: one to train on, and another.

    Example:
        >>> sides_of("pets", [Path("pets/train/cat/1.jpg"), Path("pets/val/cat/2.jpg")])
        ['train', 'val']
        >>> sides_of("pets", [Path("pets/cat/1.jpg"), Path("pets/dog/2.jpg")]) is None
        True
    """
    depth = len(Path(root).parts)
    tops = [item.parts[depth] if len(item.parts) > depth + 1 else "" for item in items]
    sides = {top for top in set(tops) if top.lower() in TRAINING_SIDES | OTHER_SIDES}
    known = {side.lower() for side in sides}
    if not (known & TRAINING_SIDES and known & OTHER_SIDES):
        return None
    return [top if top in sides else "" for top in tops]


def trains(side: str) -> bool:
    """Whether the photos of a side are trained on.

    Example:
        >>> trains("Train"), trains("valid")
        (True, False)
    """
    return side.lower() in TRAINING_SIDES


@dataclass(frozen=True)
class BySide:
    """The split that folders at the top are: train, and what validates.

    A test folder is on neither side, unless there is no other folder to validate on.

    Example:
        >>> BySide(["train", "valid", "test", ""])("abcd")
        ([0], [1])
        >>> BySide(["train", "test"])("ab")
        ([0], [1])
    """

    sides: Sequence[str]

    def __call__(self, items: Sequence[Any]) -> tuple[list[int], list[int]]:
        """The positions of both sides."""
        train = [at for at in range(len(items)) if trains(self.sides[at])]
        others = {side.lower() for side in self.sides if side and not trains(side)}
        validating = others - TEST_SIDES or others
        valid = [at for at in range(len(items)) if self.sides[at].lower() in validating]
        return train, valid

    def __str__(self) -> str:
        return f"the folders {', '.join(sorted(filter(None, set(self.sides))))}"
