"""One look says what a photo is, whether it can be read, and is remembered by content."""

from __future__ import annotations

import contextlib
import io
import os
import sqlite3
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import colour_photo
from PIL import Image

from drivetrain.data.looks.look import Look, LookIndex, look_at, look_at_all
from drivetrain.data.looks.record import SIGNATURE_BYTES
from drivetrain.errors import ConfigError, InputError
from drivetrain.prepare.image import ImagePreparation, ImageSource

ORIENTATION = 0x0112
EXIF_FOLDER, TAKEN = 0x8769, 0x9003


def saved(photo: Image.Image, form: str = "JPEG", **settings: Any) -> bytes:
    file = io.BytesIO()
    photo.save(file, form, **settings)
    return file.getvalue()


def exif(orientation: int = 1, taken: str = "", make: str = "", model: str = "") -> Image.Exif:
    written = Image.Exif()
    written[ORIENTATION] = orientation
    written[0x010F], written[0x0110] = make, model
    if taken:
        written.get_ifd(EXIF_FOLDER)[TAKEN] = taken
    return written


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_look_says_what_a_photo_is(form: str, tmp_path: Path) -> None:
    path = tmp_path / "named-as-another.jpg"
    path.write_bytes(saved(colour_photo("red", 0), form))
    look = look_at(path)
    assert (look.format, look.width, look.height) == (form, 48, 40)
    assert look.mode == ("P" if form == "GIF" else "RGB")
    assert (look.size, look.problem) == (path.stat().st_size, "")
    assert len(look.signature) == SIGNATURE_BYTES


@pytest.mark.parametrize(
    ("mode", "form"), [("CMYK", "JPEG"), ("LA", "PNG"), ("P", "PNG"), ("1", "PNG"), ("I;16", "PNG")]
)
def test_the_mode_is_as_stored(mode: str, form: str) -> None:
    photo = Image.new(mode, (20, 20))
    assert look_at(saved(photo, form)).mode == mode


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_width_and_height_are_upright_and_exif_is_read(form: str) -> None:
    written = exif(6, "2021:07:03 12:00:05", "Canon", "Canon EOS 5D")
    look = look_at(saved(colour_photo("red", 0), form, exif=written))
    assert (look.orientation, look.width, look.height) == (6, 40, 48)
    taken = "" if form == "TIFF" else "2021-07-03T12:00:05"  # Pillow leaves it out of a TIFF
    assert (look.taken, look.camera) == (taken, "Canon EOS 5D")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_a_turned_photo_has_the_signature_of_the_upright_one(form: str) -> None:
    photo = colour_photo("red", 0)
    settings: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
    lying = saved(photo.transpose(Image.Transpose.ROTATE_90), form, exif=exif(6), **settings)
    upright, turned = look_at(saved(photo, form, **settings)), look_at(lying)
    seen = [np.frombuffer(look.signature, np.uint8).astype(int) for look in (upright, turned)]
    assert np.abs(seen[0] - seen[1]).mean() < 8  # of noise by 25, which JPEG alters
    assert turned.content != upright.content


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", "    :  :     :  :  "])
def test_an_odd_time_counts_as_absent(taken: str) -> None:
    look = look_at(saved(colour_photo("red", 0), exif=exif(3, taken, "Nikon", "D70")))
    assert (look.taken, look.orientation, look.camera) == ("", 3, "Nikon D70")


def test_broken_exif_is_no_problem_and_no_warning() -> None:
    photo = bytearray(saved(colour_photo("red", 0), exif=exif(6, "2021:07:03 12:00:05")))
    at = photo.index(b"Exif")
    photo[at + 14 : at + 40] = b"\xff" * 26
    assert look_at(bytes(photo)).problem == ""


def refused() -> dict[str, bytes]:
    photo = colour_photo("red", 0, (200, 160))
    whole = saved(photo, "PNG")
    return {
        "a JPEG without its end": saved(photo)[:-200],
        "half a JPEG": saved(photo)[: len(saved(photo)) // 2],
        "half a progressive JPEG": saved(photo, progressive=True)[:3000],
        "half a PNG": whole[: len(whole) // 2],
        "half a WebP": saved(photo, "WEBP")[:1000],
        "no picture": b"<html>",
        "nothing": b"",
        "32-bit values": saved(Image.new("F", (20, 20)), "TIFF"),
        "too small": saved(Image.new("RGB", (20, 4)), "PNG"),
        "too large": saved(Image.new("1", (20_000, 6_000)), "PNG"),
    }


@pytest.mark.parametrize("case", refused())
def test_what_the_preparation_refuses_is_a_problem_in_its_words(case: str, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(refused()[case])
    look = look_at(path)
    with (
        pytest.warns() if case == "too large" else contextlib.nullcontext(),
        pytest.raises(InputError) as refusal,
    ):
        ImagePreparation(size=(64, 64))(path)
    assert f"{path} {look.problem}" == refusal.value.message
    assert (look.signature, look.size) == (b"", path.stat().st_size)
    assert len(look.content) == 32


def test_what_is_known_of_a_refused_photo_is_told() -> None:
    look = look_at(saved(Image.new("1", (20_000, 6_000)), "PNG"))
    assert (look.format, look.width, look.height, look.mode) == ("PNG", 20_000, 6_000, "1")
    cut = look_at(saved(colour_photo("red", 0), exif=exif(6))[:-300])
    assert (cut.format, cut.width, cut.height, cut.orientation) == ("JPEG", 40, 48, 6)


def test_a_path_that_does_not_open_has_no_content(tmp_path: Path) -> None:
    assert look_at(tmp_path / "gone.jpg") == Look(content="", problem="does not exist.")
    assert look_at(tmp_path) == Look(content="", problem="is a folder, and a picture is expected.")
    assert look_at("nul\0byte").problem.startswith("is a broken picture: embedded null byte")


def test_content_follows_from_the_bytes_alone(tmp_path: Path) -> None:
    encoded = saved(colour_photo("red", 0))
    for name in ("a.jpg", "b.png"):
        (tmp_path / name).write_bytes(encoded)
    looks = [look_at(source) for source in (tmp_path / "a.jpg", tmp_path / "b.png", encoded)]
    assert looks[0] == looks[1] == looks[2]
    assert look_at(encoded + b"\0").content != looks[0].content


def test_content_of_pixels_follows_from_their_shape_and_meaning_too() -> None:
    wide = np.zeros((20, 40), np.uint8)
    one, other = Image.new("P", (20, 20)), Image.new("P", (20, 20))
    other.putpalette([9] * 768)
    sources: list[ImageSource] = [wide, wide.reshape(40, 20), one, other, one.convert("L")]
    looks = [look_at(source) for source in sources]
    assert len({look.content for look in looks}) == 5
    assert {(look.size, look.format) for look in looks} == {(0, None)}
    assert look_at(wide.copy()) == looks[0]


def test_what_is_no_photo_in_memory_is_a_problem() -> None:
    assert look_at(np.zeros((20, 20), np.float32)).problem.startswith("is an array of float32")
    assert look_at(np.array([[None]])).problem.startswith("is an array of object")
    assert look_at(17).problem.startswith("is a int")  # type: ignore[arg-type]


def test_looks_come_in_order_whatever_the_number_of_workers() -> None:
    sources: list[ImageSource] = [saved(colour_photo("red", seed)) for seed in range(300)]
    sources[7], sources[200] = b"broken", Path("gone.jpg")
    alone = list(look_at_all(sources, workers=1))
    assert alone == [look_at(source) for source in sources]
    assert list(look_at_all(sources, workers=5)) == alone


def test_workers_below_one_are_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="workers is 0"):
        look_at_all([], workers=0)


def test_pillows_warnings_stay_inside_and_the_callers_filters_stay_as_they_are() -> None:
    large = saved(Image.new("1", (9_500, 9_500)), "PNG")  # Pillow warns above 89 megapixels
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        for look in look_at_all([large, large]):
            assert look.problem == ""
            assert list(warnings.filters) == before
    assert caught == []


def write_photos(folder: Path, count: int = 20) -> list[ImageSource]:
    folder.mkdir()
    paths: list[ImageSource] = []
    for seed in range(count):
        path = folder / f"{seed}.jpg"
        colour_photo("red", seed).save(path)
        paths.append(path)
    return paths


def looked(sources: list[ImageSource], folder: Path) -> list[Look]:
    with LookIndex(folder) as index:
        return list(look_at_all(sources, index=index))


def test_a_known_photo_is_not_decoded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = write_photos(tmp_path / "photos")
    first = looked(photos, tmp_path / "cache")
    monkeypatch.setattr("drivetrain.data.looks.look.upright_photo", None)
    assert looked(photos, tmp_path / "cache") == first


def test_a_changed_photo_is_looked_at_anew(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos", 2)
    first = looked(photos, tmp_path / "cache")
    colour_photo("blue", 5).save(tmp_path / "photos" / "0.jpg")
    again = looked(photos, tmp_path / "cache")
    assert again[0] == look_at(tmp_path / "photos" / "0.jpg") != first[0]
    assert again[1] == first[1]


def test_photos_that_cannot_be_read_are_not_remembered(tmp_path: Path) -> None:
    [look] = looked([b"no picture"], tmp_path)
    with LookIndex(tmp_path) as index:
        assert index.get(look.content) is None


def test_looks_are_kept_when_the_caller_stops_early(tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    with LookIndex(tmp_path / "cache") as index:
        looks = look_at_all(photos, index=index)
        first = next(looks)
        looks.close()  # type: ignore[attr-defined]
        with LookIndex(tmp_path / "cache") as other:
            assert other.get(first.content) == first


def test_the_index_lies_in_the_cache_folder(own_cache: Path) -> None:
    with LookIndex() as index:
        assert index.path is not None
        assert index.path.parent == own_cache
        assert index.path.exists()


def test_without_a_cache_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVETRAIN_CACHE", "off")
    [look] = look_at_all([saved(colour_photo("red", 0))])
    with LookIndex() as index:
        index.remember([look])
        assert index.path is None
        assert index.get(look.content) is None


def test_where_nothing_can_be_written_looks_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    photos = write_photos(tmp_path / "photos", 3)
    assert looked(photos, tmp_path / "file") == [look_at(photo) for photo in photos]


@pytest.mark.parametrize("damage", ["no database", "zeros in the middle"])
def test_a_damaged_index_is_set_aside_and_made_anew(damage: str, tmp_path: Path) -> None:
    photos = write_photos(tmp_path / "photos")
    first = looked(photos, tmp_path / "cache")
    [database] = (tmp_path / "cache").glob("looks-*.db")
    content = bytearray(database.read_bytes())
    if damage == "no database":
        content[:] = b"not a database, and long enough to be none" * 100
    else:
        content[3000:] = bytes(len(content) - 3000)
    database.write_bytes(content)
    assert looked(photos, tmp_path / "cache") == first
    assert looked(photos, tmp_path / "cache") == first
    assert database.with_name(f"{database.name}.broken").read_bytes() == content
    with sqlite3.connect(database) as connection:
        assert connection.execute("select count(*) from looks").fetchone() == (20,)
    connection.close()


def test_a_remembered_signature_of_another_length_does_not_count(tmp_path: Path) -> None:
    with LookIndex(tmp_path) as index:
        index.remember([Look(content="a", signature=b"short")])
    with LookIndex(tmp_path) as index:
        assert index.get("a") is None


LOOKING = """
import sys
from pathlib import Path
from drivetrain.data.looks.look import LookIndex, look_at_all
photos = sorted(Path(sys.argv[1]).iterdir())
with LookIndex(sys.argv[2]) as index:
    while True:
        for position, look in enumerate(look_at_all(photos, index=index)):
            index.flush()
            print(position, flush=True)
        if len(sys.argv) == 3:
            break
"""


def looking(photos: Path, cache: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOOKING, str(photos), str(cache), *more],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "error"},
    )


def test_several_processes_use_one_index_and_one_that_is_killed_harms_none(
    tmp_path: Path,
) -> None:
    photos = write_photos(tmp_path / "photos", 40)
    cache = tmp_path / "cache"
    killed = looking(tmp_path / "photos", cache, "for ever")
    others = [looking(tmp_path / "photos", cache) for _ in range(2)]
    assert killed.stdout is not None
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    for other in others:
        said, _ = other.communicate()
        assert said.split() == [str(position) for position in range(40)]
        assert other.returncode == 0
    expected = [look_at(photo) for photo in photos]
    assert looked(photos, cache) == expected
    with LookIndex(cache) as index:
        assert [index.get(look.content) for look in expected] == expected
    assert not list(cache.glob("*.broken"))
