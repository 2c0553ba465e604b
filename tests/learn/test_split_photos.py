"""The split test on real little photos, seen by the real network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import COLOURS, write_colours
from PIL import Image

from drivetrain.data import get_image_files, parent_label
from drivetrain.learn import split_photos
from drivetrain.learn.split_photos import check_split

TAKEN, CAMERA, EXIF_BLOCK = 0x9003, 0x0110, 0x8769
DAYS, PHOTOS_A_DAY = 6, 10


def write_days(folder: Path) -> list[Path]:
    """Photos whose label is a detail, taken on days that look alike: a scene of its own a day."""
    random = np.random.default_rng(0)
    for day in range(DAYS):
        scene = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        for number in range(PHOTOS_A_DAY):
            label = "dark" if (day + (number > 6)) % 2 else "light"
            pixels = np.asarray(Image.fromarray(scene).resize((48, 48), Image.Resampling.NEAREST))
            noisy = pixels.astype(int) + random.integers(-9, 10, pixels.shape)
            noisy[:6, :6] = 0 if label == "dark" else 255
            photo = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
            exif = Image.Exif()
            exif[CAMERA] = f"camera {day % 3}"
            exif.get_ifd(EXIF_BLOCK)[TAKEN] = f"2024:05:{day + 1:02d} 10:00:{number:02d}"
            place = folder / f"day{day}" / f"{label}-{number}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            photo.save(place, exif=exif, quality=95)
    return get_image_files(folder)


def test_photos_are_blocked_by_all_that_ties_them(tmp_path: Path) -> None:
    files = write_days(tmp_path / "pile")
    labels = [file.name.split("-")[0] for file in files]
    tested = check_split(files, labels)
    assert tested is not None
    ways = [scores.by for scores in tested.blocked]
    assert ways == ["file order", "time taken", "camera", "folder"]
    figures = tested.as_dict()
    by = {blocked["by"]: blocked["accuracy"] for blocked in figures["blocked"]}
    assert figures["random"] > by["folder"] + 0.1
    assert "A random split flatters" in figures["warning"]


def test_folders_of_one_class_each_tie_nothing_and_honest_photos_are_not_warned_of(
    tmp_path: Path,
) -> None:
    files = get_image_files(write_colours(tmp_path / "pile", photos_a_class=20))
    tested = check_split(files, [parent_label(file) for file in files])
    assert tested is not None
    assert [scores.by for scores in tested.blocked] == ["file order"]
    assert tested.random.accuracy > 0.9
    assert tested.as_dict()["warning"] == ""


def test_what_cannot_be_read_is_left_out_in_silence(tmp_path: Path) -> None:
    files = get_image_files(write_colours(tmp_path / "pile", photos_a_class=20))
    files[3].write_bytes(b"no picture")
    tested = check_split(files, [parent_label(file) for file in files])
    assert tested is not None
    assert len(tested.random.correct) == len(files) - 1


@pytest.mark.parametrize(("photos_a_class", "labels"), [(5, 3), (30, 1)])
def test_too_little_says_nothing(tmp_path: Path, photos_a_class: int, labels: int) -> None:
    files = get_image_files(write_colours(tmp_path / "pile", photos_a_class))
    names = [parent_label(file) if labels > 1 else "one" for file in files]
    assert check_split(files, names) is None


def test_of_many_photos_runs_from_everywhere_stand_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(split_photos, "MOST_PHOTOS", 100)
    chosen = split_photos._spread_runs(range(1000))
    assert len(chosen) == 100
    assert chosen == sorted(set(chosen))
    assert (chosen[0], chosen[-1]) == (0, 999)
    assert np.count_nonzero(np.diff(chosen) == 1) == 96
    assert split_photos._spread_runs([3, 1, 2]) == [3, 1, 2]


def test_a_class_of_a_few_photos_is_left_out(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "pile", photos_a_class=30)
    for file in get_image_files(folder / "red")[4:]:
        file.unlink()
    files = get_image_files(folder)
    tested = check_split(files, [parent_label(file) for file in files])
    assert tested is not None
    assert tested.random.confusion.shape == (len(COLOURS) - 1, len(COLOURS) - 1)
