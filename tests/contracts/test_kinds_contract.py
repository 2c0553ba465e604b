"""Serving and the record know no kind of data: not one line of theirs names one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from conftest import REPOSITORY

SOURCES = REPOSITORY / "src" / "drivetrain"
ROOMS = ("serve", "store")
SUFFIXES = (".py", ".js", ".html", ".css")

FORBIDDEN = {
    "table", "tables", "tabular", "dataframe", "dataframes", "csv", "column", "columns", "row",
    "rows", "spreadsheet", "spreadsheets", "photo", "photos", "image", "images", "pixel", "pixels",
}  # fmt: skip
"""Words, also as parts of names such as ``TablePreparation`` or ``data_frame``."""

FORBIDDEN_PHRASES = ("data frame", "preparation kind")

ALLOWED = (
    # SQL has tables, columns and rows of its own: those of the record.
    ("store/*.py", r"\b(PredictionRow|rows?)\b"),
    ("store/schema.py", r"^from sqlalchemy import .*"),
    ("store/schema.py", r"\b(Table|Column)\("),
    ("store/schema.py", r"The tables as they stand"),
    ("store/migrations/versions/*.py", r"\b(op\.(create_table|add_column)|sa\.Column)\("),
    ("store/migrations/versions/*.py", r"Create the table of predictions"),
    ("store/database.py", r"database whose tables are of|change of a table|has_table\("),
    ("serve/answers.py", r"\bPredictionRow\b"),
    # What style sheets and browsers call their own things.
    ("serve/pages/*.css", r"\b(grid-template-columns|grid-column):"),
    ("serve/pages/*.css", r"\bflex-direction: (row|column);"),
    ("serve/pages/*.css", r"\btabular-nums\b"),
    ("serve/pages/form.css", r"^#several table \{"),
    ("serve/pages/several.js", r'create\("table"\)|scoped\("row",'),
    ("serve/pages/picture.js", r"new Image\(\)|\.imageSmoothingQuality|\.drawImage\("),
    # Media types are no kinds: what a camera gives is an image to whatever model takes it.
    ("serve/pages/index.html", r'accept="image/\*"|data:image/svg\+xml'),
    ("serve/pages/p*.js", r'"image/(jpeg)?"'),
    # Answers are downloaded as a file for other programs; nothing is read from one here.
    ("serve/pages/download.js", r"\b(CSV|csv|toCsv|spreadsheets)\b"),
)
"""Where a forbidden word may stand in which words, and nowhere else."""


def lines_that_name_a_kind(sources: Path) -> list[str]:
    """The lines of the rooms that name a kind of data, as ``FILE:LINE: WORDS``."""
    found = []
    for name, file in files(sources):
        allowed = re.compile("|".join(what for where, what in ALLOWED if fits(name, where)) or "^$")
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if words := words_of_kinds(allowed.sub("", line)):
                found.append(f"{name}:{number}: {', '.join(words)}")
    return found


def files(sources: Path) -> Iterator[tuple[str, Path]]:
    """The files of the rooms with their names."""
    for room in ROOMS:
        for file in sorted((sources / room).rglob("*")):
            if file.suffix in SUFFIXES:
                yield file.relative_to(sources).as_posix(), file


def fits(name: str, where: str) -> bool:
    """Whether a file's name fits a pattern; ``*`` stands for folders too."""
    return fnmatchcase(name, where)


def words_of_kinds(line: str) -> list[str]:
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", line)]
    text = " ".join(words)
    found = [word for word in words if word in FORBIDDEN]
    return found + [phrase for phrase in FORBIDDEN_PHRASES if phrase in text]


def test_no_line_names_a_kind() -> None:
    assert len(list(files(SOURCES))) > 20
    assert lines_that_name_a_kind(SOURCES) == []


@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("serve/app.py", 'if predictor.preparation.kind == "text": pass'),
        ("serve/app.py", "from drivetrain.prepare.table import parse"),
        ("serve/answers.py", "isinstance(preparation, TablePreparation)"),
        ("serve/answers.py", "# each row of the file"),
        ("serve/payloads.py", 'media_type == "text/csv"'),
        ("serve/payloads.py", 'HINT = "Try a smaller photo."'),
        ("serve/problems.py", "import drivetrain.prepare.image"),
        ("serve/request_body.py", "columns = data_frame.names"),
        ("serve/pages/page.js", 'if (model.kind === "image") start();'),
        ("serve/pages/form.js", "const dataFrame = [];"),
        ("serve/pages/show.js", "showPhoto(file);"),
        ("serve/pages/several.js", 'say("lead", "Each row is answered");'),
        ("serve/pages/index.html", "<p>Give it a photo.</p>"),
        ("serve/pages/style.css", "/* The table */"),
        ("store/predictions.py", "from drivetrain.prepare import ImagePreparation"),
        ("store/predictions.py", "    table: bytes"),
        ("store/schema.py", 'KINDS = ("image", "table")'),
    ],
)
def test_a_planted_line_makes_the_check_fail(tmp_path: Path, file: str, planted: str) -> None:
    for room in ROOMS:
        shutil.copytree(SOURCES / room, tmp_path / room)
    with (tmp_path / file).open("a") as opened:
        opened.write(f"\n{planted}\n")
    (found,) = lines_that_name_a_kind(tmp_path)
    assert found.startswith(f"{file}:")


@pytest.mark.parametrize(("where", "what"), ALLOWED)
def test_every_allowance_is_needed(where: str, what: str) -> None:
    contents = [file.read_text() for name, file in files(SOURCES) if fits(name, where)]
    assert any(re.search(what, line) for text in contents for line in text.splitlines())
