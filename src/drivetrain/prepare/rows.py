"""Rows as they are sent: one JSON object, a list of them, or CSV with a header."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from itertools import islice
from typing import Any

from drivetrain.errors import InputTooLargeError, UnreadableInputError
from drivetrain.prepare.group import Unpacked
from drivetrain.prepare.values import shown

MEDIA_TYPES = ("application/json", "text/csv")
DELIMITERS = (",", ";", "\t", "|")
EXTRA = "\0extra"
"""The key of what a CSV's row holds beyond its header's columns."""

SHAPE = 'Send {"column": value, ...}, a list of those, or CSV with a header.'


def parse_row(content: bytes | bytearray | str) -> Mapping[str, Any]:
    """One row out of JSON.

    Example:
        >>> parse_row('{"age": 39}')
        {'age': 39}

    Raises:
        UnreadableInputError: It is no JSON, no object, or says a column twice.
    """
    row = _json(content)
    if not isinstance(row, dict):
        raise UnreadableInputError(
            f"A row is an object with a value for each column, and this is {shown(row)}.",
            hint=SHAPE,
        )
    return row


def unpack_rows(content: bytes, media_type: str, *, most: int | None = None) -> Unpacked:
    """The rows in a message; where its type says nothing, its first letter decides.

    Arguments:
        content: The message.
        media_type: Its content type.
        most: With more rows than this it is refused, and no more of them are read.

    Raises:
        UnreadableInputError: It holds no rows.
        InputTooLargeError: It holds too many.
    """
    if media_type == "text/csv" or (
        media_type != "application/json" and content.lstrip()[:1] not in (b"{", b"[")
    ):
        return Unpacked(_csv(content, most), several=True)
    found = _json(content)
    if isinstance(found, list):
        if most is not None and len(found) > most:
            raise _too_many(most)
        return Unpacked(found, several=True)
    return Unpacked([found])


def _json(content: bytes | bytearray | str) -> Any:
    try:
        text = content if isinstance(content, str) else bytes(content).decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise UnreadableInputError("The rows are no text in UTF-8.", hint=SHAPE) from None
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, UnreadableInputError):
            raise
        raise UnreadableInputError(f"This is no JSON: {problem}.", hint=SHAPE) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableInputError(
            f"{twice}: this column is given twice in one row.", hint="Send each column once."
        )
    return made


def _csv(content: bytes, most: int | None) -> list[dict[str, Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableInputError(
            "The file is no text in UTF-8.", hint="Save it as CSV UTF-8."
        ) from None
    header, _, _ = text.partition("\n")
    delimiter = max(DELIMITERS, key=header.count)
    try:
        reader = csv.DictReader(
            io.StringIO(text, newline=""), delimiter=delimiter, restkey=EXTRA, strict=True
        )
        header_names = enumerate(reader.fieldnames or (), 1)
        names = [name.strip() or f"column {place}" for place, name in header_names]
        reader.fieldnames = names
        _check_header(names)
        rows = [_row(row) for row in islice(reader, None if most is None else most + 1)]
    except csv.Error as problem:
        raise UnreadableInputError(
            f"The file is no CSV that can be read: {problem}.", hint=SHAPE
        ) from None
    if most is not None and len(rows) > most:
        raise _too_many(most)
    return rows


def _too_many(most: int) -> InputTooLargeError:
    return InputTooLargeError(
        f"There are more than {most:,} rows, and one message may hold that many.",
        hint="Send them in parts, or answer them with: drivetrain predict",
    )


def _check_header(names: list[str]) -> None:
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise UnreadableInputError(
            f"{twice[0]}: this column is there twice.", hint="Keep one of the two."
        )
    if not names:
        raise UnreadableInputError("The file holds nothing.", hint=SHAPE)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose last columns are not there has not got them, rather than nothing in them."""
    return {name: value for name, value in row.items() if value is not None}
