"""Splits that are given with the data: by positions, folders, a list, a column or a function."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import index
from pathlib import Path
from typing import Any

import numpy as np

from drivetrain.data.labels import as_path
from drivetrain.data.rows import column_values
from drivetrain.data.splits.drawn import Split, sides
from drivetrain.errors import ConfigError, DataError, DrivetrainError

YES, NO = {"true", "1", "1.0"}, {"false", "0", "0.0"}
"""The texts of a column that says yes or no; numbers and booleans read the same."""


@dataclass(frozen=True)
class IndexSplitter:
    """Validate on the positions that you give.

    Example:
        >>> IndexSplitter([0, 2])(["a", "b", "c"])
        ([1], [0, 2])

    Raises:
        ConfigError: They are no positions.
        DataError: A position lies outside the items, or a side is left empty.
    """

    valid_idx: Iterable[int]

    def __post_init__(self) -> None:
        given = tuple(self.valid_idx)
        strange = [one for one in given if isinstance(one, bool) or not _is_whole(one)]
        if strange:
            raise ConfigError(
                f"IndexSplitter was given {strange[0]!r}, which is no position.",
                hint="Give whole numbers from 0; for a True or False an item, MaskSplitter.",
            )
        object.__setattr__(self, "valid_idx", tuple(map(index, given)))

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        chosen = set(self.valid_idx)
        outside = sorted(position for position in chosen if not 0 <= position < len(items))
        if outside:
            raise DataError(
                f"IndexSplitter was given position {outside[0]}, and there are {len(items)} items.",
                hint="Positions count from 0; they are those of all items, in their order.",
            )
        return _both_sides("IndexSplitter", len(items), chosen)


@dataclass(frozen=True)
class MaskSplitter:
    """Validate where a mask says so.

    Example:
        >>> MaskSplitter([False, True, False])("abc")
        ([0, 2], [1])

    Raises:
        ConfigError: The mask holds something else than True and False.
        DataError: The mask is not as long as the items, or leaves a side empty.
    """

    mask: Iterable[bool]

    def __post_init__(self) -> None:
        given: tuple[Any, ...] = tuple(self.mask)
        strange = [one for one in given if isinstance(one, str) or one not in (True, False)]
        if strange:
            raise ConfigError(
                f"MaskSplitter was given {strange[0]!r}, which is neither True nor False.",
                hint="Give True for an item that validates, else False.",
            )
        object.__setattr__(self, "mask", tuple(map(bool, given)))

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        mask = list(self.mask)
        if len(mask) != len(items):
            raise DataError(
                f"The mask has {len(mask)} values, and there are {len(items)} items.",
                hint="Give one value an item, in their order.",
            )
        return _both_sides("MaskSplitter", len(items), set(np.flatnonzero(mask).tolist()))


@dataclass(frozen=True)
class FuncSplitter:
    """Validate on the items for which a function says so.

    Example:
        >>> FuncSplitter(lambda name: name.startswith("v"))(["v1", "t1", "t2"])
        ([1, 2], [0])

    Arguments:
        func: From an item to whether it validates.

    Raises:
        DataError: The function fails, or leaves a side empty.
    """

    func: Callable[[Any], Any]

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        return _both_sides(
            "FuncSplitter",
            len(items),
            {position for position, item in enumerate(items) if self._validates(item)},
        )

    def _validates(self, item: Any) -> bool:
        try:
            return bool(self.func(item))
        except DrivetrainError:
            raise
        except Exception as problem:  # it may raise whatever it likes
            raise DataError(
                f"FuncSplitter's function failed on {item}: {type(problem).__name__}: {problem}",
                hint="It has to return True for an item that validates, else False.",
            ) from problem


@dataclass(frozen=True)
class GrandparentSplitter:
    """Split by the folder above the one that an item lies in: ``train/cat/1.jpg``.

    Items below other folders, such as ``test``, are on neither side.

    Example:
        >>> GrandparentSplitter(valid_name="val")(["train/cat/1.jpg", "val/cat/2.jpg"])
        ([0], [1])

    Arguments:
        train_name: The name of the folder that trains, or several.
        valid_name: The name of the folder that validates, or several.

    Raises:
        DataError: No item lies below one of them; the message names the folders there are.
    """

    train_name: str | Sequence[str] = "train"
    valid_name: str | Sequence[str] = "valid"

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        names = [as_path(item, "GrandparentSplitter").parent.parent.name for item in items]
        split = []
        for setting, given in (("train_name", self.train_name), ("valid_name", self.valid_name)):
            chosen = {given} if isinstance(given, str) else set(given)
            split.append([position for position, name in enumerate(names) if name in chosen])
            if not split[-1]:
                raise DataError(
                    f"No item lies two folders below {setting}={given!r}; there are "
                    f"{_some(names)}.",
                    hint="The folders are train/CLASS/photo; name yours, or give another splitter.",
                )
        return split[0], split[1]


@dataclass(frozen=True)
class FileSplitter:
    """Validate on the items that a text file lists, one a line.

    A line is a file's name, or the end of its path with ``/`` between the parts.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     listed = Path(folder) / "valid.txt"
        ...     _ = listed.write_text("b/1.jpg")
        ...     FileSplitter(listed)(["a/1.jpg", "b/1.jpg"])
        ([0], [1])

    Raises:
        DataError: The file cannot be read, or leaves a side empty.
    """

    fname: str | os.PathLike[str]

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        try:
            lines = Path(self.fname).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as problem:
            reason = getattr(problem, "strerror", None) or "it is no text in UTF-8"
            raise DataError(
                f"{self.fname}, which lists the items that validate, cannot be read: {reason}.",
                hint="Give a text file with one name a line.",
            ) from problem
        listed = {line.strip().replace("\\", "/") for line in lines} - {""}
        paths = [as_path(item, "FileSplitter").parts for item in items]
        valid = {
            position
            for position, parts in enumerate(paths)
            if any("/".join(parts[start:]) in listed for start in range(len(parts)))
        }
        return _both_sides(f"FileSplitter({os.fspath(self.fname)!r})", len(items), valid)


@dataclass(frozen=True)
class ColSplitter:
    """Validate on the rows that a column of the table marks.

    Example:
        >>> rows = [{"name": "a", "is_valid": False}, {"name": "b", "is_valid": True}]
        >>> ColSplitter()(rows)
        ([0], [1])

    Arguments:
        col: The column's name or position.
        on: The value, or list of values, that validates; None reads the column as yes or no.

    Raises:
        DataError: A row lacks the column or has nothing in it, the values are not yes or no, or
            a side is left empty.
    """

    col: str | int = "is_valid"
    on: Any = None

    def __call__(self, items: Any) -> Split:
        """The sorted positions of both sides; the items are a pandas table or rows."""
        values = column_values(items, self.col)
        if self.on is None:
            valid = {position for position, value in enumerate(values) if self._says_yes(value)}
        else:
            several = isinstance(self.on, list | tuple | set | frozenset)
            chosen = list(self.on) if several else [self.on]
            valid = {position for position, value in enumerate(values) if value in chosen}
        about = f"ColSplitter({self.col!r})" if self.on is None else f"{self.col!r} on {self.on!r}"
        return _both_sides(about, len(values), valid, f" The column holds {_some(values)}.")

    def _says_yes(self, value: Any) -> bool:
        text = str(value).strip().lower()
        if text not in YES | NO:
            raise DataError(
                f"The column {self.col!r} holds {value!r}, which is neither yes nor no.",
                hint=f"Give ColSplitter({self.col!r}, on={value!r}) if that is what validates.",
            )
        return text in YES


def _both_sides(who: str, count: int, valid: set[int], found: str = "") -> Split:
    """Both sides, neither of them empty."""
    if valid and len(valid) < count:
        return sides(count, valid)
    raise DataError(
        f"{who} leaves {count - len(valid)} items to train on and {len(valid)} to validate on."
        f"{found}",
        hint="Both sides need items: correct what it was given, or take RandomSplitter.",
    )


def _is_whole(one: object) -> bool:
    try:
        index(one)  # type: ignore[arg-type]
    except TypeError:
        return False
    return True


def _some(values: Iterable[Any], limit: int = 8) -> str:
    """The different values in a few words."""
    texts = list(dict.fromkeys(repr(str(value)) for value in values))
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + more if texts else "none"
