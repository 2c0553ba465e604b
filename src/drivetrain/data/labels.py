"""Reading an item's label off the item. Label functions serve training and never leave it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from drivetrain.data.rows import cell, describe, empty_cell, is_missing
from drivetrain.errors import ConfigError, DataError


def parent_label(path: str | os.PathLike[str]) -> str:
    """The name of the folder that an item lies in.

    Example:
        >>> parent_label("bears/grizzly/001.jpg")
        'grizzly'
    """
    return as_path(path, "parent_label").parent.name


@dataclass(frozen=True)
class RegexLabeller:
    r"""The label is what the first group of a pattern finds in the item.

    Paths are searched with ``/`` between their parts on every system.

    Example:
        >>> RegexLabeller(r"([^/]+)_\d+\.jpg$")("pets/great_pyrenees_17.jpg")
        'great_pyrenees'

    Arguments:
        pat: The regular expression, with a group in parentheses around the label.
        match: Whether the pattern has to start where the item starts.

    Raises:
        ConfigError: The pattern is no regular expression or has no group.
        DataError: The pattern finds nothing in an item.
    """

    pat: str | re.Pattern[str]
    match: bool = False

    def __post_init__(self) -> None:
        try:
            pattern = re.compile(self.pat)
        except (re.error, TypeError) as problem:
            raise ConfigError(
                f"{self.pat!r} is no regular expression: {problem}.",
                hint=r"Write it as a raw string, such as r'(.+)_\d+\.jpg$'.",
            ) from problem
        if not pattern.groups:
            raise ConfigError(
                f"The pattern {pattern.pattern!r} has no group.",
                hint="Put parentheses around the part that is the label.",
            )
        object.__setattr__(self, "pat", pattern)

    def __call__(self, item: Any) -> str:
        """The label of an item: a path or a text."""
        pattern = re.compile(self.pat)
        text = item.as_posix() if isinstance(item, PurePath) else str(item).replace(os.sep, "/")
        found = pattern.match(text) if self.match else pattern.search(text)
        if found is None or found.group(1) is None:
            where = "at the start of" if self.match else "in"
            raise DataError(
                f"The pattern {pattern.pattern!r} finds no label {where} {text!r}.",
                hint="Change the pattern so that it fits every item, or leave this item out.",
            )
        return found.group(1)


@dataclass(frozen=True)
class ColReader:
    """The value of a row in one column, or the values in several, as a list.

    Example:
        >>> row = {"name": "a", "tags": "cat dog"}
        >>> ColReader("name", pref="train/", suff=".jpg")(row)
        'train/a.jpg'
        >>> ColReader("tags", label_delim=" ")(row)
        ['cat', 'dog']

    Arguments:
        cols: The column's name or position, or a list of them. A row is one of a pandas table, a
            named tuple, or a dictionary.
        pref: What stands before each value; a ``Path`` is joined with ``/``.
        suff: What stands after each value.
        label_delim: What separates the labels of one value; an empty value has none.

    Raises:
        ConfigError: ``label_delim`` together with ``pref`` or ``suff``.
        DataError: A row lacks the column or has nothing in it.
    """

    cols: str | int | Sequence[str | int]
    pref: str | os.PathLike[str] = ""
    suff: str = ""
    label_delim: str | None = None

    def __post_init__(self) -> None:
        if self.label_delim == "":
            raise ConfigError("label_delim is empty.", hint="Give what separates the labels.")
        if self.label_delim is not None and (self._prefix() or self.suff):
            raise ConfigError(
                "ColReader was given label_delim together with pref or suff.",
                hint="Labels are split, file names get pref and suff: make one reader for each.",
            )

    def __call__(self, row: Any) -> Any:
        """The value of a row, or the list of its values."""
        if isinstance(self.cols, str | int):
            return self._value(row, self.cols)
        values = [self._value(row, column) for column in self.cols]
        return values[0] if len(values) == 1 else values

    def _value(self, row: Any, column: str | int) -> Any:
        value = cell(row, column)
        if is_missing(value):
            raise empty_cell(column, describe(row))
        if self.label_delim is not None:
            parts = map(str.strip, str(value).split(self.label_delim))
            return [label for label in parts if label]
        prefix = self._prefix()
        if isinstance(self.pref, PurePath) and os.path.isabs(str(value)):
            prefix = ""
        return f"{prefix}{value}{self.suff}" if prefix or self.suff else value

    def _prefix(self) -> str:
        if isinstance(self.pref, str):
            return self.pref
        return f"{Path(self.pref).as_posix().rstrip('/')}/"


def using_attr(f: Callable[[Any], Any], attr: str) -> Callable[[Any], Any]:
    r"""A label function that is given an attribute of the item in place of the item.

    Example:
        >>> using_attr(RegexLabeller(r"^(.+)_\d+"), "name")(Path("pets/beagle_7.jpg"))
        'beagle'

    Arguments:
        f: The label function.
        attr: The attribute, such as ``name`` of a path.

    Raises:
        DataError: An item has no such attribute.
    """

    def label_of(item: Any) -> Any:
        if not hasattr(item, attr):
            raise DataError(
                f"{item!r} ({type(item).__name__}) has no attribute {attr!r}.",
                hint="using_attr(..., 'name') works on paths; on texts call the function itself.",
            )
        return f(getattr(item, attr))

    return label_of


def as_path(item: Any, who: str) -> Path:
    """The item as a path; ``who`` expects one."""
    try:
        return Path(item)
    except TypeError as problem:
        raise DataError(
            f"{who} was given {item!r} ({type(item).__name__}), and expects a path.",
            hint="Read the label of another kind of item with ColReader or a function.",
        ) from problem
