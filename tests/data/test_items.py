"""Which files of a folder count as photos, and in which order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivetrain.data import get_files, get_image_files
from drivetrain.data.items import IMAGE_SUFFIXES
from drivetrain.errors import DataError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")


def names_below(root: Path) -> list[str]:
    return [file.relative_to(root).as_posix() for file in get_image_files(root)]


def test_every_picture_suffix_counts_in_any_case_and_nothing_else(tmp_path: Path) -> None:
    pictures = [f"a{suffix}" for suffix in IMAGE_SUFFIXES] + ["b.JPG", "c.Png"]
    touch(tmp_path, *pictures, "notes.txt", "jpg", "archive.jpg.zip", "no suffix")
    assert sorted(names_below(tmp_path)) == sorted(pictures)


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", ".b.jpg", ".thumbs/c.jpg", "d/.e/f.jpg", "d/g.jpg")
    assert names_below(tmp_path) == ["a.jpg", "d/g.jpg"]


def test_a_folder_below_a_hidden_one_can_be_asked_for_itself(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/set/a.jpg")
    assert names_below(tmp_path / ".cache" / "set") == ["a.jpg"]


def test_without_recurse_only_the_folder_itself_is_looked_at(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b/c.jpg")
    assert get_image_files(tmp_path, recurse=False) == [tmp_path / "a.jpg"]


def test_a_folder_with_the_suffix_of_a_picture_is_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, "bear.jpg/a.png")
    assert names_below(tmp_path) == ["bear.jpg/a.png"]


def test_the_order_does_not_depend_on_the_file_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "b/2.jpg", "b/1.jpg", "a/9.jpg", "B.jpg", "a.jpg", "a/10.jpg", "a-b/1.jpg")
    found = names_below(tmp_path)
    assert found == sorted(found)
    walk = os.walk

    def walk_backwards(root: str, **settings: Any) -> Iterator[tuple[str, list[str], list[str]]]:
        for folder, subfolders, names in walk(root, **settings):
            subfolders.sort(reverse=True)
            names.sort(reverse=True)
            yield folder, subfolders, names

    monkeypatch.setattr("drivetrain.data.items.os.walk", walk_backwards)
    assert names_below(tmp_path) == found


def test_the_order_does_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    for root in ("x", "y/z"):
        touch(tmp_path / root, "b/1.jpg", "a/1.jpg", "a b/1.jpg", "é/1.jpg")
    assert names_below(tmp_path / "x") == names_below(tmp_path / "y" / "z")


def test_names_of_any_kind_are_found(tmp_path: Path) -> None:
    names = ["🐻/it's a bear.jpg", 'quo"ted/a b.jpg', "-rf/%20.jpg"]
    touch(tmp_path, *names)
    assert sorted(names_below(tmp_path)) == sorted(names)


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    touch(tmp_path / "elsewhere", "a.jpg")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "teddy").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert names_below(tmp_path / "data") == ["teddy/a.jpg"]


@pytest.mark.parametrize("target", [".", ".."])
def test_a_link_to_a_folder_that_it_lies_in_gives_no_photo_twice(
    target: str, tmp_path: Path
) -> None:
    touch(tmp_path, "teddy/a.jpg")
    (tmp_path / "teddy" / "loop").symlink_to(target, target_is_directory=True)
    assert names_below(tmp_path) == ["teddy/a.jpg"]


def test_text_paths_work_and_paths_come_back(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    assert get_image_files(str(tmp_path)) == [tmp_path / "a.jpg"]


def test_an_empty_folder_holds_no_photos(tmp_path: Path) -> None:
    assert get_image_files(tmp_path) == []


def test_a_missing_folder_and_a_file_are_told_apart(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    with pytest.raises(DataError, match=r"gone does not exist, and a folder .*Check the path"):
        get_image_files(tmp_path / "gone")
    with pytest.raises(DataError, match=r"a\.jpg is a file, and a folder of photos is expected"):
        get_image_files(tmp_path / "a.jpg")


def test_links_that_meet_give_every_photo_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.jpg").write_bytes(b"")
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    assert [file.name for file in get_image_files(tmp_path)] == ["a.jpg", "b.jpg"]


def test_a_pipe_that_is_named_like_a_photo_is_left_out(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert get_image_files(tmp_path) == []


def test_files_of_every_kind_are_found_or_those_of_some_suffixes(tmp_path: Path) -> None:
    touch(tmp_path, "b/x.CSV", "a.txt", "c.csv.gz", "no suffix", ".hidden.csv", ".d/e.csv")
    every = ["a.txt", "b/x.CSV", "c.csv.gz", "no suffix"]
    for files in (get_files(tmp_path), get_files(tmp_path, []), get_files(tmp_path, "")):
        assert [file.relative_to(tmp_path).as_posix() for file in files] == every
    for suffixes in (".csv", "csv", [".Csv"], {"csv", ".zip"}):
        assert get_files(tmp_path, suffixes) == [tmp_path / "b" / "x.CSV"]
    assert get_files(tmp_path, [".csv.gz"]) == [tmp_path / "c.csv.gz"]
    assert get_files(tmp_path, ".txt", False) == [tmp_path / "a.txt"]


def test_only_the_folders_asked_for_are_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, "0.jpg", "train/a/1.jpg", "valid/2.jpg", "test/3.jpg", "test/train/4.jpg")

    def found(folders: str | list[str], recurse: bool = True) -> list[str]:
        files = get_image_files(tmp_path, recurse, folders)
        return [file.relative_to(tmp_path).as_posix() for file in files]

    assert found(["train", "valid"]) == ["train/a/1.jpg", "valid/2.jpg"]
    assert found("test") == ["test/3.jpg", "test/train/4.jpg"]
    assert found([".", "valid"]) == ["0.jpg", "valid/2.jpg"]
    assert found(["train", "valid"], recurse=False) == ["valid/2.jpg"]
    assert len(found([])) == 5


def test_a_hidden_folder_that_is_asked_for_is_looked_into(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/a.jpg", ".cache/.b/c.jpg")
    assert get_image_files(tmp_path, folders=".cache") == [tmp_path / ".cache" / "a.jpg"]


def test_a_folder_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    touch(tmp_path, "train/1.jpg", "valid/2.jpg")
    with pytest.raises(
        DataError, match=r"no folder 'vaild'\. Did you mean 'valid'\? .* train, val"
    ):
        get_image_files(tmp_path, folders=["train", "vaild"])


def test_links_to_folders_are_left_alone_when_asked_to(tmp_path: Path) -> None:
    touch(tmp_path, "data/b/deep/1.jpg", "elsewhere/2.jpg")
    data = tmp_path / "data"
    (data / "a").symlink_to(data / "b" / "deep")
    (data / "c").symlink_to(tmp_path / "elsewhere")
    assert get_files(data, followlinks=False) == [data / "b" / "deep" / "1.jpg"]
    assert get_files(data) == [data / "a" / "1.jpg", data / "c" / "2.jpg"]
