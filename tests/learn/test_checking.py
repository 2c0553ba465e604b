"""The ingest report of a data block: its own items, labels and splitter."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest
from conftest import COLOURS, PHOTOS_A_CLASS, colour_block, write_colours

from drivetrain.data import ColReader, GrandparentSplitter, get_image_files, parent_label
from drivetrain.errors import DataError, OutputError
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import ImageBlock, MultiCategoryBlock


def test_the_report_is_printed_and_returned(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = colour_block().check(colours, split_test=False)
    assert report.classes == dict.fromkeys(COLOURS, PHOTOS_A_CLASS)
    assert report.leakage is not None
    assert report.leakage.valid == len(COLOURS) * PHOTOS_A_CLASS // 4
    assert report.split_test is None
    assert f"{len(COLOURS) * PHOTOS_A_CLASS} files" in capsys.readouterr().out


def test_a_split_that_was_given_is_judged_as_it_is(tmp_path: Path) -> None:
    write_colours(tmp_path / "pile" / "train")
    write_colours(tmp_path / "pile" / "valid", photos_a_class=4)
    block = DataBlock(get_items=get_image_files, get_y=parent_label, splitter=GrandparentSplitter())
    report = block.check(tmp_path / "pile", split_test=False)
    assert report.leakage is not None
    assert report.leakage.left == len(COLOURS) * 4  # the same noise, and so the same files
    assert "leakage" in [finding.kind for finding in report.findings]


def test_a_table_with_several_labels_is_looked_at_without_classes(colours: Path) -> None:
    table = pandas.DataFrame(
        {
            "name": [file.relative_to(colours).as_posix() for file in get_image_files(colours)],
            "tags": ["a b", "b", "c"] * PHOTOS_A_CLASS,
        }
    )
    block = DataBlock(
        blocks=(ImageBlock, MultiCategoryBlock),
        get_x=ColReader("name", pref=colours),
        get_y=ColReader("tags", label_delim=" "),
    )
    report = block.check(table)
    assert report.classes == {}
    assert report.readable == len(table)
    assert report.split_test is None


def test_the_split_test_and_the_page_are_there_when_asked_for(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "pile", photos_a_class=20)
    page = tmp_path / "report.html"
    report = colour_block().check(folder, html=page)
    assert report.split_test is not None
    assert report.split_test["warning"] == ""
    assert "split by file order" in page.read_text()


def test_a_page_that_cannot_be_written_is_told_before_anything_is_looked_at(
    colours: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        colour_block().check(colours, html=tmp_path / "nowhere" / "report.html")


def test_what_a_block_refuses_is_refused_here_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no photos"):
        colour_block().check(tmp_path)
