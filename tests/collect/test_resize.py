"""Bringing a folder of photos to a size: upright, whole or not at all, and never the wrong file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from misbehaving import picture
from PIL import Image
from PIL.ExifTags import IFD, Base

from drivetrain.collect import resize_images
from drivetrain.errors import ConfigError, DataError
from drivetrain.prepare.image import ImagePreparation

RED, BLUE = (220, 20, 20), (20, 20, 220)


def save(file: Path, size: tuple[int, int] = (400, 300), **options: Any) -> Path:
    """A picture that is red on its left and blue on its right, as it is stored."""
    photo = Image.new(options.pop("mode", "RGB"), size)
    photo.paste(Image.new("RGB", size, BLUE).convert(photo.mode))
    photo.paste(Image.new("RGB", (size[0] // 2, size[1]), RED).convert(photo.mode))
    file.parent.mkdir(parents=True, exist_ok=True)
    photo.save(file, **options)
    return file


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[Base.Orientation] = orientation
    tags[Base.Model] = "Box camera"
    tags.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2021:07:03 12:00:05"
    return tags


def look(file: Path) -> tuple[str | None, str, tuple[int, int]]:
    with Image.open(file) as photo:
        photo.load()
        return photo.format, photo.mode, photo.size


def below(folder: Path) -> list[str]:
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_file())


def test_the_longer_side_is_brought_down_and_folders_are_kept(tmp_path: Path) -> None:
    source, dest = tmp_path / "source", tmp_path / "dest"
    save(source / "wide.jpg", (400, 300))
    save(source / "teddy" / "high.png", (150, 600))
    save(source / "teddy" / "small.webp", (90, 50))
    before = {name: (source / name).read_bytes() for name in below(source)}
    assert resize_images(source, max_size=100, recurse=True, dest=dest) == {}
    assert {name: look(dest / name) for name in below(dest)} == {
        "teddy/high.png": ("PNG", "RGB", (25, 100)),
        "teddy/small.webp": ("WEBP", "RGB", (90, 50)),
        "wide.jpg": ("JPEG", "RGB", (100, 75)),
    }
    assert (dest / "teddy/small.webp").read_bytes() == before["teddy/small.webp"]
    assert {name: (source / name).read_bytes() for name in below(source)} == before


def test_without_recurse_folders_are_left_alone(tmp_path: Path) -> None:
    save(tmp_path / "source" / "a.jpg")
    save(tmp_path / "source" / "deeper" / "b.jpg")
    resize_images(tmp_path / "source", max_size=64, dest=tmp_path / "dest")
    assert below(tmp_path / "dest") == ["a.jpg"]


@pytest.mark.parametrize("max_size", [None, 80])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_come_upright_and_keep_their_time_and_camera(
    orientation: int, max_size: int | None, tmp_path: Path
) -> None:
    source = save(tmp_path / "in" / "a.jpg", (160, 120), exif=exif(orientation))
    assert resize_images(source.parent, max_size=max_size, dest=tmp_path) == {}
    with Image.open(tmp_path / "a.jpg") as photo:
        tags = photo.getexif()
        assert tags.get(Base.Orientation, 1) == 1
        assert tags[Base.Model] == "Box camera"
        assert tags.get_ifd(IFD.Exif)[Base.DateTimeOriginal] == "2021:07:03 12:00:05"
        assert max(photo.size) == (max_size or 160)
    see = ImagePreparation(size=(30, 40) if orientation < 5 else (40, 30), method="squish")
    difference = np.abs(see(source).astype(int) - see(tmp_path / "a.jpg"))
    assert np.median(difference) <= 3


@pytest.mark.parametrize("workers", [None, 0, 3])
def test_in_place_each_photo_is_replaced_and_a_second_time_changes_nothing(
    workers: int | None, tmp_path: Path
) -> None:
    for number in range(5):
        save(tmp_path / f"{number}.jpg", (300, 200 + number))
    (tmp_path / "broken.jpg").write_bytes(picture()[:400])
    for _ in range(2):
        problems = resize_images(tmp_path, workers, max_size=50, dest=tmp_path)
        assert list(problems) == [tmp_path / "broken.jpg"]
        assert problems[tmp_path / "broken.jpg"].startswith("it is a broken picture: ")
    assert (tmp_path / "broken.jpg").read_bytes() == picture()[:400]
    assert below(tmp_path) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg", "broken.jpg"]
    assert [look(tmp_path / f"{number}.jpg")[2][0] for number in range(5)] == [50] * 5
    kept = (tmp_path / "0.jpg").read_bytes()
    resize_images(tmp_path, max_size=50, dest=tmp_path)
    assert (tmp_path / "0.jpg").read_bytes() == kept


def test_a_photo_is_there_whole_or_as_it_was_when_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = save(tmp_path / "a.jpg")
    before = source.read_bytes()

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    problems = resize_images(tmp_path, max_size=50, dest=tmp_path)
    assert "No space left on device" in problems[source]
    assert source.read_bytes() == before
    assert below(tmp_path) == ["a.jpg"]


def test_odd_modes_become_rgb_or_grey(tmp_path: Path) -> None:
    modes = {"a.jpg": "CMYK", "b.png": "RGBA", "c.png": "P", "d.png": "L", "e.png": "I;16"}
    for name, mode in modes.items():
        if mode == "I;16":
            Image.fromarray(np.full((80, 90), 30_000, np.uint16)).save(tmp_path / name)
        else:
            save(tmp_path / name, (90, 80), mode=mode)
    for channels, expected in ((3, "RGB"), (1, "L")):
        dest = tmp_path / expected
        assert resize_images(tmp_path, dest=dest, n_channels=channels) == {}
        assert {look(dest / name)[1:] for name in modes} == {(expected, (90, 80))}


def test_a_suffix_and_a_format_can_be_chosen_and_options_reach_pillow(tmp_path: Path) -> None:
    source = tmp_path / "in"
    save(source / "a.jpg")
    resize_images(source, dest=tmp_path / "png", ext=".png")
    assert look(tmp_path / "png" / "a.png")[0] == "PNG"
    resize_images(source, dest=tmp_path / "webp", img_format="webp")
    assert look(tmp_path / "webp" / "a.jpg")[0] == "WEBP"
    sizes = []
    for quality in (20, 95):
        resize_images(source, max_size=200, dest=tmp_path / "q", quality=quality)
        sizes.append(os.path.getsize(tmp_path / "q" / "a.jpg"))
    assert sizes[0] < sizes[1]


def test_content_that_its_suffix_belies_is_written_as_the_suffix_says(tmp_path: Path) -> None:
    source = tmp_path / "in" / "a.jpg"
    source.parent.mkdir()
    source.write_bytes(picture(kind="PNG"))
    resize_images(source.parent, dest=tmp_path)
    assert look(tmp_path / "a.jpg")[0] == "JPEG"


def test_no_photo_takes_the_place_of_another(tmp_path: Path) -> None:
    first, second = save(tmp_path / "a.jpg"), save(tmp_path / "a.png", (100, 100))
    before = first.read_bytes()
    problems = resize_images(tmp_path, dest=tmp_path, ext=".jpg")
    assert problems == {second: f"it would become {first}, and that is the place of {first}"}
    assert first.read_bytes() == before
    problems = resize_images(tmp_path, dest=tmp_path / "dest", ext=".webp")
    assert list(problems) == [second]
    assert look(tmp_path / "dest" / "a.webp")[2] == (400, 300)


def test_a_link_in_dest_never_leads_back_into_a_source(tmp_path: Path) -> None:
    source = save(tmp_path / "in" / "a.jpg")
    before = source.read_bytes()
    (tmp_path / "dest").mkdir()
    (tmp_path / "dest" / "a.jpg").symlink_to(source)
    problems = resize_images(source.parent, max_size=50, dest=tmp_path / "dest")
    assert list(problems) == [source]
    assert source.read_bytes() == before


def test_results_inside_the_folder_are_not_taken_for_photos_of_it(tmp_path: Path) -> None:
    save(tmp_path / "a.jpg")
    for _ in range(2):
        resize_images(tmp_path, max_size=50, recurse=True, dest=tmp_path / "small")
    assert below(tmp_path) == ["a.jpg", "small/a.jpg"]


def test_resume_leaves_what_is_there(tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        save(tmp_path / "in" / name)
    (tmp_path / "a.jpg").write_bytes(b"done")
    assert resize_images(tmp_path / "in", max_size=50, dest=tmp_path, resume=True) == {}
    assert (tmp_path / "a.jpg").read_bytes() == b"done"
    assert look(tmp_path / "b.jpg")[2] == (50, 38)


@pytest.mark.parametrize(
    "settings",
    [{"max_size": 3}, {"n_channels": 4}, {"ext": ".txt"}, {"ext": "jpg"}, {"img_format": "X"}],
)
def test_arguments_that_cannot_work_are_refused(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        resize_images(tmp_path, **settings)


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone does not exist"):
        resize_images(tmp_path / "gone", dest=tmp_path)
