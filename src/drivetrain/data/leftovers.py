"""What lies in a folder of photos and was left out, or lies where no photo is expected."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drivetrain.data.items import IMAGE_SUFFIXES, is_left_out
from drivetrain.data.sides import sides_of

LISTED = 1000
"""How many hidden and how many foreign files are named; all of them are counted."""

PICTURE_STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")


@dataclass(frozen=True, kw_only=True)
class Leftovers:
    """What a folder holds beside the photos that are looked at; names are relative to it.

    Arguments:
        hidden: Files and folders whose name begins with a dot, the first ones.
        hidden_count: How many there are; what lies in a hidden folder is not counted.
        foreign: Files without a picture's suffix, the first ones.
        foreign_count: How many there are.
        foreign_suffixes: How many there are of each suffix.
        disguised: Foreign files that begin as a picture does.
        dangling: Pictures by their suffix that are no files: links that lead nowhere, devices.
        empty: Folders that hold no photo.
        beside: Photos that lie beside the class folders.
        sides: How many photos lie in each folder that is named as the side of a split.
    """

    hidden: tuple[str, ...] = ()
    hidden_count: int = 0
    foreign: tuple[str, ...] = ()
    foreign_count: int = 0
    foreign_suffixes: dict[str, int] = field(default_factory=dict)
    disguised: tuple[str, ...] = ()
    dangling: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    sides: dict[str, int] = field(default_factory=dict)


def find_leftovers(root: str | os.PathLike[str], items: Sequence[Path]) -> Leftovers:
    """Walk a folder as ``get_image_files`` does, and note what that leaves out.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "notes.txt").write_text("no photo")
        ...     find_leftovers(folder, []).foreign
        ('notes.txt',)

    Arguments:
        root: The folder.
        items: The photos that were found in it.
    """
    top = Path(root)
    hidden, foreign, dangling, disguised = _First(), _First(), [], []
    suffixes: Counter[str] = Counter()
    with_photos = {top} | {parent for item in items for parent in item.parents}
    empty: list[str] = []
    for folder, folders, names in _walk(top):
        place = folder.relative_to(top)
        if folder not in with_photos and folder.parent in with_photos:
            empty.append(place.as_posix())
        for name in sorted(folders):
            if is_left_out(name):
                hidden.add((place / name).as_posix() + "/")
        for name in sorted(names):
            shown, suffix = (place / name).as_posix(), os.path.splitext(name)[1].lower()
            if name.startswith("."):
                hidden.add(shown)
            elif suffix not in IMAGE_SUFFIXES:
                suffixes[suffix] += 1
                foreign.add(shown)
                if foreign.count <= LISTED and _begins_as_a_picture(folder / name):
                    disguised.append(shown)
            elif not (folder / name).is_file():
                dangling.append(shown)
    return Leftovers(
        hidden=tuple(hidden.names),
        hidden_count=hidden.count,
        foreign=tuple(foreign.names),
        foreign_count=foreign.count,
        foreign_suffixes=dict(suffixes.most_common()),
        disguised=tuple(disguised),
        dangling=tuple(dangling),
        empty=tuple(sorted(empty)),
        beside=_beside(top, items),
        sides=dict(Counter(side for side in sides_of(top, items) or [] if side)),
    )


class _First:
    """Counts names and keeps the first ones."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.count = 0

    def add(self, name: str) -> None:
        self.count += 1
        if self.count <= LISTED:
            self.names.append(name)


def _walk(top: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Each visible folder once, links followed; its hidden folders are named and not entered."""
    walked: set[str] = set()
    for folder, folders, names in os.walk(top, followlinks=True):
        real = os.path.realpath(folder)
        if real in walked:
            folders[:] = []
            continue
        walked.add(real)
        yield Path(folder), list(folders), names
        folders[:] = sorted(name for name in folders if not is_left_out(name))


def _beside(top: Path, items: Sequence[Path]) -> tuple[str, ...]:
    beside = [item for item in items if item.parent == top]
    return tuple(item.name for item in beside) if len(beside) < len(items) else ()


def _begins_as_a_picture(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        with file.open("rb") as opened:
            start = opened.read(16)
    except OSError:
        return False
    return start.startswith(PICTURE_STARTS) or (start[:4], start[8:12]) == (b"RIFF", b"WEBP")
