"""The report in a terminal: 80 columns, no codes in a file, and names that do no harm."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from piles import write_faults, write_picture, write_pile

from drivetrain.data.report.ingest import IngestReport, inspect_folder
from drivetrain.data.report.text import print_report


def text_of(report: IngestReport, **options: bool) -> str:
    file = io.StringIO()
    print_report(report, file=file, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> IngestReport:
    return inspect_folder(write_faults(tmp_path_factory.mktemp("report") / "pile"))


def test_it_fits_into_80_columns_without_codes_and_blanks(faults: IngestReport) -> None:
    text = text_of(replace(faults, root="pile"))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "\x1b" not in text
    assert [line for line in lines if line != line.rstrip()] == []


def test_it_holds_the_figures_the_findings_and_what_to_do(faults: IngestReport) -> None:
    text = text_of(faults)
    flat = " ".join(text.split())
    assert "36 files, 34 of them photos that can be read, 3 classes" in flat
    assert "cannot be read 2 a/cut.jpg is a broken picture" in flat
    assert "same picture, two labels 1 a/01.jpg and b/wrong.jpg" in flat
    assert "near copies (pairs) 1 a/02.jpg and a/again.jpg" in flat
    for finding in faults.findings:
        assert f"{finding.severity} {finding.what} {finding.advice}".strip() in flat
    assert text.index("problem") < text.index("warning") < text.index("\nnote")
    command = f"drivetrain check {faults.root} --quarantine"
    assert text.splitlines()[-1] == f"To move 3 files away: {command}"
    assert "drivetrain check" not in text_of(faults, next_steps=False)


def test_a_name_cannot_move_the_cursor(tmp_path: Path) -> None:
    write_pile(tmp_path / "pile")
    try:
        write_picture(tmp_path / "pile" / "a\nb\x1b[31m" / "1.jpg", 99)
    except OSError:
        pytest.skip("no such names here")
    text = text_of(inspect_folder(tmp_path / "pile"))
    assert r"a\nb\x1b[31m" in text
    assert "\x1b" not in text


def test_names_in_brackets_are_names(tmp_path: Path) -> None:
    write_picture(tmp_path / "pile" / "[red]a[b] :smile:" / "1.jpg", 1)
    assert "[red]a[b] :smile:" in text_of(inspect_folder(tmp_path / "pile"))


def test_of_very_many_classes_the_largest_and_the_smallest_are_shown(
    faults: IngestReport,
) -> None:
    many = replace(faults, classes={f"class{n:03d}": 500 - n for n in range(100)})
    text = text_of(many)
    assert "class000" in text
    assert "class009" in text
    assert "class010" not in text
    assert "(80 between)" in text
    assert "class090" in text
    assert "class099" in text


def test_a_disk_without_letters_beyond_ascii_gets_none_for_bars(
    faults: IngestReport, tmp_path: Path
) -> None:
    with (tmp_path / "out.txt").open("w", encoding="ascii", errors="strict") as file:
        print_report(replace(faults, root="pile"), file=file)
    assert "####" in (tmp_path / "out.txt").read_text()


def test_the_split_test_is_shown_when_there_is_one(faults: IngestReport) -> None:
    test = {
        "random": 0.853,
        "blocked": [{"by": "file order", "accuracy": 0.6}],
        "warning": "A random split promises too much.",
    }
    text = text_of(replace(faults, split_test=test))
    assert "random split: 85.3% right\nsplit by file order: 60.0% right" in text
    assert "A random split promises too much." in text
    assert "frozen" not in text_of(faults)


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals here")
def test_in_a_terminal_it_has_colours(
    faults: IngestReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    leader, follower = os.openpty()
    with os.fdopen(leader, "rb", buffering=0) as screen, os.fdopen(follower, "w") as terminal:
        print_report(replace(faults, leakage=None, leftovers=None, classes={}), file=terminal)
        terminal.flush()
        shown = screen.read(1 << 16)
    assert b"\x1b[" in shown
