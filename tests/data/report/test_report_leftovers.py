"""What a folder holds beside its photos is listed, counted, and never entered when hidden."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from piles import write_picture

from drivetrain.data.items import get_image_files
from drivetrain.data.leftovers import LISTED, Leftovers, find_leftovers
from drivetrain.data.sides import sides_of


def leftovers(root: Path) -> Leftovers:
    return find_leftovers(root, get_image_files(root))


def test_each_kind_is_told_apart(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "1.png", 0)
    write_picture(tmp_path / "beside.png", 1)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text("x")
    (tmp_path / "a" / ".DS_Store").write_bytes(b"")
    (tmp_path / "a" / "Notes.TXT").write_text("x")
    (tmp_path / "a" / "README").write_text("x")
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    write_picture(tmp_path / "a" / "2.png", 2).rename(tmp_path / "a" / "photo.jfif")
    found = leftovers(tmp_path)
    assert found == Leftovers(
        hidden=(".git/", "a/.DS_Store"),
        hidden_count=2,
        foreign=("a/Notes.TXT", "a/README", "a/photo.jfif"),
        foreign_count=3,
        foreign_suffixes={".txt": 1, "": 1, ".jfif": 1},
        disguised=("a/photo.jfif",),
        empty=("empty",),
        beside=("beside.png",),
    )


def test_links_that_lead_nowhere_are_named_and_rings_of_links_end(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "1.png", 0)
    try:
        (tmp_path / "a" / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
        (tmp_path / "a" / "ring").symlink_to(tmp_path)
    except OSError:
        pytest.skip("no links here")
    assert leftovers(tmp_path) == Leftovers(dangling=("a/gone.jpg",))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "1.png", 0)
    os.mkfifo(tmp_path / "a" / "pipe.jpg")
    os.mkfifo(tmp_path / "a" / "pipe")
    found = leftovers(tmp_path)
    assert (found.dangling, found.foreign, found.disguised) == (("a/pipe.jpg",), ("a/pipe",), ())


def test_very_many_are_counted_and_the_first_are_named(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", 0)
    for number in range(LISTED + 5):
        (tmp_path / f"{number:05d}.txt").write_bytes(b"")
    found = leftovers(tmp_path)
    assert found.foreign_count == LISTED + 5
    assert len(found.foreign) == LISTED
    assert found.foreign[-1] == f"{LISTED - 1:05d}.txt"


@pytest.mark.parametrize(
    ("places", "sides"),
    [
        (["train/a/1.jpg", "valid/a/2.jpg"], ["train", "valid"]),
        (["Train/a/1.jpg", "TEST/2.jpg", "other/3.jpg"], ["Train", "TEST", ""]),
        (["training/1.jpg", "val/2.jpg", "4.jpg"], ["training", "val", ""]),
        (["train/1.jpg", "tram/2.jpg"], None),  # toys, perhaps
        (["valid/1.jpg", "test/2.jpg"], None),
        (["a/train/1.jpg", "a/valid/2.jpg"], None),
        ([], None),
    ],
)
def test_folders_that_name_the_sides_of_a_split(places: list[str], sides: list[str] | None) -> None:
    assert sides_of("pile", [Path("pile") / place for place in places]) == sides
