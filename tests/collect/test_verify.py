"""Which files count as broken."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import pytest
from misbehaving import picture
from PIL import Image

from drivetrain.collect import verify_images
from drivetrain.errors import ConfigError


def test_broken_files_are_returned_in_order_and_stay_where_they_are(tmp_path: Path) -> None:
    whole = picture(size=(300, 200))
    contents = {
        "cut.jpg": whole[:-200],
        "whole.jpg": whole,
        "cut.png": picture(kind="PNG")[:-40],
        "whole.png": picture(kind="PNG"),
        "page.jpg": b"<html></html>",
        "empty.jpg": b"",
        "wrong-suffix.png": picture(kind="WEBP"),
        "tiny.png": picture(kind="PNG", size=(2, 2)),
    }
    files = [tmp_path / name for name in contents]
    for file, content in zip(files, contents.values(), strict=True):
        file.write_bytes(content)
    broken = verify_images([*files, str(tmp_path / "gone.jpg")])
    expected = ["cut.jpg", "cut.png", "page.jpg", "empty.jpg", "tiny.png", "gone.jpg"]
    assert broken == [tmp_path / name for name in expected]
    assert {file.name: file.read_bytes() for file in files} == contents


def test_a_photo_that_is_cut_anywhere_in_its_pixels_is_broken(tmp_path: Path) -> None:
    whole = picture(size=(64, 64))
    start = whole.index(b"\xff\xda") + 20
    files = []
    for cut in range(start, len(whole) - 30, 97):
        files.append(tmp_path / f"{cut}.jpg")
        files[-1].write_bytes(whole[:cut])
    assert len(files) > 10
    assert verify_images(files) == files


def test_large_pictures_give_no_warnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, "PNG")
    (tmp_path / "large.png").write_bytes(file.getvalue())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert verify_images([tmp_path / "large.png"] * 8) == []
    assert caught == []
    assert capsys.readouterr() == ("", "")


def test_no_files_are_no_broken_files() -> None:
    assert verify_images([]) == []


def test_a_folder_or_one_name_is_no_list_of_files(tmp_path: Path) -> None:
    for given in (str(tmp_path), tmp_path, [tmp_path]):
        with pytest.raises(ConfigError, match=r"is not a list of files.*get_image_files"):
            verify_images(given)  # type: ignore[arg-type]


def test_the_lessons_map_goes_over_what_was_found(tmp_path: Path) -> None:
    broken = tmp_path / "a.jpg"
    broken.write_bytes(b"no picture")
    assert verify_images([broken]).map(lambda file: file.name) == ["a.jpg"]
