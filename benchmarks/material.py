"""What both sides train on: a folder, which of its files validate, and who else judges."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from drivetrain.data import get_image_files, parent_label

VALID_PCT = 0.2


@dataclass(frozen=True, kw_only=True)
class Material:
    """A folder to train on.

    Arguments:
        name: What tables call it.
        folder: It holds one folder of photos a class.
        split: From a seed to a JSON list of the files that validate, as paths below ``folder``.
        judges: A JSON list of further files that have no part in training, with the class as the
            name of their folder.
    """

    name: str
    folder: Path
    split: Callable[[int], Path]
    judges: Path | None = None

    def digest(self, seed: int) -> str:
        """What tells this split of the folder from others."""
        names = sorted(json.loads(self.split(seed).read_text()))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]


def draw_originals(folder: Path, seed: int) -> list[str]:
    """The copies that validate where a folder holds several copies of each original.

    All copies of one original are on one side: of each class the same share of originals is
    drawn, at least one.

    Arguments:
        folder: Its files are named ``class/original-number.suffix``.
        seed: What the draw follows from.
    """
    originals: dict[str, dict[str, list[str]]] = {}
    for file in sorted(get_image_files(folder)):
        copies = originals.setdefault(parent_label(file), {})
        name = file.relative_to(folder).as_posix()
        copies.setdefault(file.stem.rpartition("-")[0], []).append(name)
    draw = random.Random(seed)
    valid: list[str] = []
    for _, copies in sorted(originals.items()):
        count = max(1, round(VALID_PCT * len(copies)))
        valid += [name for one in draw.sample(sorted(copies), count) for name in copies[one]]
    return valid
