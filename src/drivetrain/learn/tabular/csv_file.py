"""A CSV file as a data frame, read by the same rules as rows that are sent in production."""

from __future__ import annotations

import codecs
import csv
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivetrain.errors import DataError
from drivetrain.prepare.rows import DELIMITERS
from drivetrain.prepare.values import COMMA, GAPS, NUMBER, TRUTHS, shown

AT_ONCE = 1000
MOST_LINES = 3
LARGEST_WHOLE = 2**53
"""Beyond, a float does not tell whole numbers apart; such numbers stay words."""

Codes = NDArray[np.int64]


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    r"""Read a CSV file as production reads rows, so that training sees the same values.

    The delimiter is found in the header (comma, semicolon, tab or bar), and what stands for nothing
    is told by ``drivetrain.prepare.values.GAPS`` in any case. A column is one of whole numbers, of
    numbers, of truths or of words without the blanks around them; numbers with a leading zero, such
    as postcodes, stay words, and dates do too. A column without a name is called "column 3" by its
    place.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp(), "people.csv")
        >>> _ = file.write_text("age;city\n39; Bern\nNA;n/a\n")
        >>> read_csv(file).to_dict("list")
        {'age': [39.0, nan], 'city': ['Bern', None]}

    Raises:
        DataError: The file cannot be read, is no UTF-8, holds no rows, has two columns of one name,
            rows of another length than its header, or numbers with a comma for their point.
    """
    file = Path(path)
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return _read(lines, str(file))
    except UnicodeDecodeError:
        raise _no_text(file) from None
    except csv.Error as problem:
        raise DataError(
            f"{file} is no CSV that can be read: {problem}.",
            hint="Put texts that hold the delimiter, a quote or a line break into quotes.",
        ) from None
    except OSError as problem:
        raise DataError(
            f"{file} cannot be read: {problem.strerror or problem}.", hint="Check the path."
        ) from None


def _read(lines: TextIO, file: str) -> pd.DataFrame:
    header = lines.readline()
    if not header.strip():
        raise DataError(f"{file} is empty.", hint="It needs a header, and a row below it.")
    lines.seek(0)
    rows = csv.reader(lines, delimiter=max(DELIMITERS, key=header.count), strict=True)
    names = _names(next(rows), file)
    words = [_Words() for _ in names]
    codes: list[list[Codes]] = [[] for _ in names]
    for part in _parts(rows, len(names), file):
        for place, column in enumerate(zip(*part, strict=True)):
            found = map(words[place].__getitem__, column)
            codes[place].append(np.fromiter(found, np.int64, len(column)))
    if not codes[0]:
        raise DataError(f"{file} has a header and no rows.", hint="Check how it was written.")
    commas: list[str] = []
    columns = {
        name: _column(name, list(each), np.concatenate(parts), commas)
        for name, each, parts in zip(names, words, codes, strict=True)
    }
    if commas:
        raise DataError(
            f"{file} has numbers with a comma: {'; '.join(commas)}.",
            hint="Write the decimal point as a point, and nothing between thousands. If they are "
            "words, read the file with pandas.read_csv(FILE, dtype=str) and give that table.",
        )
    return pd.DataFrame(columns)


class _Words(dict[str, int]):
    """Different words, numbered as they come."""

    def __missing__(self, word: str) -> int:
        code = self[word] = len(self)
        return code


def _names(header: list[str], file: str) -> list[str]:
    names = [name.strip() or f"column {place}" for place, name in enumerate(header, 1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{file} has more than one column called {shown(twice[0])}.", hint="Rename one of them."
        )
    return names


def _parts(rows: Any, width: int, file: str) -> Iterator[list[list[str]]]:
    """The rows, many at a time; blank lines are passed over.

    Raises:
        DataError: Some are shorter or longer than the header; told once all are read.
    """
    ragged: list[str] = []
    count, line = 0, rows.line_num
    while part := list(islice(rows, AT_ONCE)):
        if all(len(row) == width for row in part):
            yield part
        else:
            whole = [row for row in part if len(row) == width]
            odd = [row for row in part if row and len(row) != width]
            count += len(odd)
            if odd and not ragged:
                ragged = _where(part, line, width)
            if whole:
                yield whole
        line = rows.line_num
    if count:
        more = f" and {count - len(ragged)} more" if count > len(ragged) else ""
        raise DataError(
            f"{file} has a header of {width} columns, and rows of other lengths: "
            f"{', '.join(ragged)}{more}.",
            hint="Put a text that holds the delimiter into quotes, and give every row a value, or "
            "nothing, for each column.",
        )


def _where(part: list[list[str]], line: int, width: int) -> list[str]:
    """The lines of the first rows of another length; a quoted line break counts as a line."""
    told = []
    for row in part:
        line += 1
        if row and len(row) != width:
            told.append(f"line {line} has {len(row)}")
        line += sum(value.count("\n") for value in row)
    return told[:MOST_LINES]


def _column(name: str, words: list[str], codes: Codes, commas: list[str]) -> pd.Series[Any]:
    """A column out of its different words and where they stand."""
    stripped = [word.strip() for word in words]
    gaps = [word.lower() in GAPS for word in stripped]
    known = [word for word, gap in zip(stripped, gaps, strict=True) if not gap]
    if known and all(map(_is_number, known)):
        whole = not any(gaps) and all(word.lstrip("+-").isdigit() for word in known)
        numbers = [np.nan if gap else float(word) for word, gap in zip(stripped, gaps, strict=True)]
        return pd.Series(np.array(numbers, np.int64 if whole else np.float64)[codes])
    if known and {word.lower() for word in known} <= TRUTHS.keys():
        truths = [
            None if gap else w.lower() == "true" for w, gap in zip(stripped, gaps, strict=True)
        ]
        return pd.Series(np.array(truths, object if any(gaps) else bool)[codes])
    with_comma = [word for word in known if COMMA.fullmatch(word)]
    if with_comma and all(COMMA.fullmatch(word) or NUMBER.fullmatch(word) for word in known):
        commas.append(f"{name}, such as {shown(with_comma[0])}")
    kept = [None if gap else word for word, gap in zip(stripped, gaps, strict=True)]
    return pd.Series(np.array([*kept, None], object)[codes], dtype=object)


def _is_number(word: str) -> bool:
    """Whether a word is a finite number that says no more than its value."""
    if not NUMBER.fullmatch(word) or is_coded(word):
        return False
    return abs(float(word)) < LARGEST_WHOLE if word.lstrip("+-").isdigit() else _finite(word)


def is_coded(word: str) -> bool:
    """Whether digits are a name, not an amount: they begin with a zero.

    Example:
        >>> is_coded("01234"), is_coded("0.5"), is_coded("0")
        (True, False, False)
    """
    return word[:1] == "0" and word[1:].isdigit()


def _finite(word: str) -> bool:
    return bool(np.isfinite(float(word)))


def _no_text(file: Path) -> DataError:
    """The first line that is no UTF-8, and what to do."""
    with file.open("rb") as lines:
        wide = lines.peek(2)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        number = next((at for at, line in enumerate(lines, 1) if not _is_utf8(line)), 1)
    what = "is written in UTF-16" if wide else f"is no text in UTF-8 from line {number} on"
    return DataError(
        f"{file} {what}.",
        hint='Save it as "CSV UTF-8", or read it with '
        f'pandas.read_csv(FILE, encoding="{"utf-16" if wide else "cp1252"}") and give that table.',
    )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
