"""What a split does to copies: found, kept together where that can be, and named where not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from piles import picture, write_picture, write_pile

from drivetrain.data import IndexSplitter
from drivetrain.data.items import get_image_files
from drivetrain.data.looks.look import Look
from drivetrain.data.report.ingest import inspect_folder, inspect_items
from drivetrain.data.report.leakage import DuplicatePair
from drivetrain.errors import DataError


def named(pairs: tuple[DuplicatePair, ...]) -> set[tuple[str, str]]:
    return {(pair.first, pair.second) for pair in pairs}


def test_folders_that_are_a_split_are_taken_as_one_and_what_leaks_between_them_is_told(
    tmp_path: Path,
) -> None:
    root = tmp_path / "pile"
    write_pile(root / "train")
    for label, seed in (("a", 50), ("b", 51)):
        write_picture(root / "val" / label / "new.jpg", seed)
    (root / "val" / "a" / "seen.jpg").write_bytes((root / "train/a/05.jpg").read_bytes())
    picture(7).resize((96, 72)).save(root / "val" / "a" / "nearly seen.jpg")
    report = inspect_folder(root)
    assert report.classes == {"a": 15, "b": 13}
    assert report.leftovers is not None
    assert report.leftovers.sides == {"train": 24, "val": 4}
    leak = report.leakage
    assert leak is not None
    assert leak.split == "the folders train, val"
    assert (leak.train, leak.valid, leak.torn, leak.left) == (24, 4, 2, 2)
    assert named(leak.pairs) == {
        ("train/a/05.jpg", "val/a/seen.jpg"), ("train/a/07.jpg", "val/a/nearly seen.jpg"),
    }  # fmt: skip
    assert (report.findings[0].kind, report.findings[0].severity) == ("leakage", "problem")
    assert report.surplus == ("train/a/05.jpg",)  # what validates stays as it was published


def test_pairs_that_a_random_split_would_tear_are_kept_together(tmp_path: Path) -> None:
    root = write_pile(tmp_path / "pile", classes=1, photos=30)
    for number in range(20):
        (root / "a" / f"z{number}.jpg").write_bytes((root / "a" / f"{number:02d}.jpg").read_bytes())
    leak = inspect_folder(root).leakage
    assert leak is not None
    assert leak.torn > 0
    assert (leak.left, leak.pairs) == (0, ())
    assert leak.train + leak.valid == 50
    other = inspect_folder(root, seed=7).leakage
    assert other is not None
    assert other.torn != leak.torn or other.train != leak.train


def test_a_split_that_is_given_cannot_be_mended_and_its_pairs_are_named(tmp_path: Path) -> None:
    root = write_pile(tmp_path / "pile", classes=1)
    (root / "a" / "copy.jpg").write_bytes((root / "a" / "00.jpg").read_bytes())
    items = get_image_files(root)
    report = inspect_items(items, splitter=IndexSplitter([0]), root=root)
    leak = report.leakage
    assert leak is not None
    assert (leak.torn, leak.left) == (1, 1)
    assert named(leak.pairs) == {("a/00.jpg", "a/copy.jpg")}


def test_a_pile_of_one_picture_is_reported_and_not_refused(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / "pile" / f"{number}.png", 0)
    report = inspect_folder(tmp_path / "pile")
    assert report.leakage is not None
    assert "hang together" in report.leakage.problem
    assert report.surplus == ("1.png", "2.png")


def test_a_splitter_that_refuses_says_so_before_anything_is_looked_at(tmp_path: Path) -> None:
    items = [tmp_path / "nowhere.jpg"] * 3
    with pytest.raises(DataError, match="position 9"):
        inspect_items(items, splitter=IndexSplitter([9]), track=_never)


def _never(steps: object, what: str, *, total: int) -> Iterator[Look]:
    raise AssertionError((steps, what, total))
