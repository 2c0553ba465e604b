"""The journal of downloads: only ever added to, and readable whatever happened to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.collect.journal import JOURNAL_NAME, Entry, Journal
from drivetrain.errors import OutputError

ENTRIES = [
    Entry(url=f"https://example.com/{n}", label=None if n else "é\n", status="saved", file="a")
    for n in range(3)
]


def write(folder: Path, *entries: Entry) -> bytes:
    with Journal(folder) as journal:
        for entry in entries:
            journal.add(entry)
    return journal.file.read_bytes()


def test_what_is_added_is_read_in_order(tmp_path: Path) -> None:
    write(tmp_path, *ENTRIES[:2])
    write(tmp_path, *ENTRIES[2:])
    assert Journal(tmp_path).read() == ENTRIES


def test_cut_at_any_byte_it_loses_the_last_line_only_and_takes_more(tmp_path: Path) -> None:
    whole = write(tmp_path, *ENTRIES[:2])
    start_of_last = whole.index(b"\n") + 1
    for cut in range(start_of_last, len(whole) - 1):
        (tmp_path / JOURNAL_NAME).write_bytes(whole[:cut])
        write(tmp_path, ENTRIES[2])
        assert Journal(tmp_path).read() == [ENTRIES[0], ENTRIES[2]]


@given(st.binary(max_size=200))
def test_no_bytes_upset_it(tmp_path_factory: pytest.TempPathFactory, junk: bytes) -> None:
    folder = tmp_path_factory.mktemp("journal")
    (folder / JOURNAL_NAME).write_bytes(junk)
    write(folder, ENTRIES[0])
    assert Journal(folder).read()[-1] == ENTRIES[0]


@pytest.mark.parametrize("line", ["3", "[]", '{"url": "x"}', '{"url": 3, "label": null, "x": 1}'])
def test_lines_of_another_kind_are_passed_over(line: str, tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).write_text(line + "\n")
    assert Journal(tmp_path).read() == []


def test_a_journal_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_NAME).mkdir()
    with pytest.raises(OutputError, match=r"\.downloads\.jsonl, the journal"), Journal(tmp_path):
        pass
