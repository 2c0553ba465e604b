"""The list of addresses: from memory, from a text file or from a table, with labels or without."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from drivetrain.errors import CollectError, ConfigError

SEPARATORS = ",;\t"
TABLE_SUFFIXES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Address:
    """One address, and the class of the photo behind it when the list says so."""

    url: str
    label: str | None = None


def read_addresses(url_file: Any = None, urls: Iterable[str] | None = None) -> list[Address]:
    """The addresses of a list in memory, of a text file, or of a CSV file.

    A text file holds one address a line; blank lines and lines that start with ``#`` are left
    out. A CSV file (``.csv`` or ``.tsv``) holds them in its column ``url``, or in the only
    column with addresses in it; its column ``label``, if there is one, holds the classes.

    Example:
        >>> read_addresses(urls=["https://example.com/a.jpg"])
        [Address(url='https://example.com/a.jpg', label=None)]

    Arguments:
        url_file: A text file or a CSV file.
        urls: The addresses themselves; given both, they are what counts.

    Raises:
        ConfigError: Neither was given, or ``urls`` is one text.
        CollectError: The file cannot be read, or no column of it holds the addresses.
    """
    if isinstance(url_file, list | tuple):
        raise ConfigError(
            f"url_file is a list of {len(url_file)}, and a file is expected.",
            hint="Give a list as urls=[...].",
        )
    if urls is not None:
        if isinstance(urls, str | bytes | os.PathLike):
            raise ConfigError(
                f"urls is {urls!r}, and a list of addresses is expected.",
                hint="Give [url] for one address, or url_file=FILE for a file of them.",
            )
        return [Address(str(url).strip()) for url in urls]
    if url_file is None:
        raise ConfigError(
            "No addresses were given.", hint="Give urls=[...], or url_file= a text or CSV file."
        )
    file = Path(url_file)
    text = _text_of(file)
    if file.suffix.lower() in TABLE_SUFFIXES:
        return _from_table(file, text)
    lines = (line.strip() for line in text.splitlines())
    return [Address(line) for line in lines if line and not line.startswith("#")]


def is_address(text: str) -> bool:
    """Whether a text is an address that photos can be fetched from.

    Example:
        >>> is_address("https://example.com/a.jpg"), is_address("ftp://example.com/a.jpg")
        (True, False)
    """
    scheme, separator, rest = text.strip().partition("://")
    return bool(separator and rest) and scheme.lower() in ("http", "https")


def host_of(url: str) -> str:
    """The host of an address in lower case; empty when there is none.

    Example:
        >>> host_of("https://Example.com:8000/a.jpg")
        'example.com'
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CollectError(
            f"{file} is not text in UTF-8.", hint="Save the list of addresses as UTF-8."
        ) from None
    except OSError as problem:
        raise CollectError(
            f"{file}, the list of addresses, cannot be read: {problem.strerror}.",
            hint="Check the path.",
        ) from None


def _from_table(file: Path, text: str) -> list[Address]:
    first_line = text.partition("\n")[0]
    separator = max(SEPARATORS, key=first_line.count)
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as problem:
        raise CollectError(
            f"{file} is not a CSV file that can be read: {problem}.",
            hint="Save it as CSV with a header, in UTF-8.",
        ) from None
    lines = [[cell.strip() for cell in line] for line in lines if any(map(str.strip, line))]
    if not lines:
        return []
    header = [f"column {number}" for number in range(1, len(lines[0]) + 1)]
    if not any(map(is_address, lines[0])):
        header = [name.lower() for name in lines.pop(0)]
    where = _column_of_addresses(file, header, lines)
    label = header.index("label") if "label" in header else None
    return [
        Address(_cell(line, where), None if label is None else _cell(line, label)) for line in lines
    ]


def _column_of_addresses(file: Path, header: list[str], lines: list[list[str]]) -> int:
    if "url" in header:
        return header.index("url")
    columns = range(len(header))
    holding = [at for at in columns if any(is_address(_cell(line, at)) for line in lines)]
    if len(holding) == 1:
        return holding[0]
    how_many = "More than one of its columns holds" if holding else "None of its columns holds"
    raise CollectError(
        f"{file} has no column url. {how_many} addresses: {', '.join(header)}.",
        hint="Name the column of the addresses url.",
    )


def _cell(line: list[str], at: int) -> str:
    return line[at] if at < len(line) else ""
