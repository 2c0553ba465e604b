"""The cache of decoded photos: it changes the time that reading takes, and nothing else."""

from __future__ import annotations

import errno
import io
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cache_processes import LARGE, SMALL, die_at, fill, read_all
from conftest import COLOURS, colour_photo
from PIL import Image
from processes import processes

from drivetrain.data import cache
from drivetrain.data.cache import HEADER, PhotoCache, preparation_key
from drivetrain.errors import UnreadableInputError
from drivetrain.learn.transforms import RandomResizedCrop, Resize, RoomForBoxes
from drivetrain.prepare.image import ImagePreparation

BYTES_OF_SMALL = HEADER.size + 16 * 16 * 3
COUNT = 24


def encoded(number: int, kind: str = "JPEG") -> bytes:
    """A photo like no other."""
    file = io.BytesIO()
    colour_photo(list(COLOURS)[number % 3], number, size=(60, 50)).save(file, kind)
    return file.getvalue()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    files = [tmp_path / "photos" / f"{number}.jpg" for number in range(COUNT)]
    files[0].parent.mkdir()
    for number, file in enumerate(files):
        file.write_bytes(encoded(number))
    return files


def kept(folder: Path) -> list[Path]:
    """The arrays that the cache holds."""
    return sorted(
        file for file in folder.rglob("*") if file.is_file() and not file.name.startswith(".")
    )


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def assert_right(store: PhotoCache, files: list[Path], preparation: Any = SMALL) -> None:
    for file in files:
        np.testing.assert_array_equal(store.read(file, preparation), preparation(file))


# ---- what is served ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "preparation",
    [
        SMALL,
        ImagePreparation(size=(20, 12), method="pad"),
        RoomForBoxes(size=(8, 8), min_scale=1.0),
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_the_same_array_fresh_kept_and_read_by_another_run(
    tmp_path: Path, preparation: Any, kind: str
) -> None:
    photo = tmp_path / "photo"
    photo.write_bytes(encoded(1, kind))
    store = PhotoCache(tmp_path / "cache")
    expected = preparation(photo)
    first, again = store.read(photo, preparation), store.read(photo, preparation)
    another_run = PhotoCache(tmp_path / "cache")
    for found in (first, again, another_run.read(photo, preparation)):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == np.uint8
    assert (store.hits, store.misses) == (1, 1)
    assert (another_run.hits, another_run.misses) == (1, 0)


def test_what_is_kept_cannot_be_written_to(tmp_path: Path, photos: list[Path]) -> None:
    store = PhotoCache(tmp_path / "cache")
    store.read(photos[0], SMALL)
    with pytest.raises(ValueError, match="read-only"):
        store.read(photos[0], SMALL)[0, 0, 0] = 1


def test_equal_content_is_kept_once_whatever_it_is_called(
    tmp_path: Path, photos: list[Path]
) -> None:
    store = PhotoCache(tmp_path / "cache")
    copied = shutil.copy(photos[0], tmp_path / "copy.jpg")
    for source in (photos[0], str(photos[0]), copied, photos[0].read_bytes()):
        np.testing.assert_array_equal(store.read(source, SMALL), SMALL(photos[0]))
    assert (store.hits, store.misses) == (3, 1)
    assert len(kept(tmp_path / "cache")) == 1


def test_every_preparation_has_its_own_array(tmp_path: Path, photos: list[Path]) -> None:
    store = PhotoCache(tmp_path / "cache")
    preparations: list[Any] = [
        SMALL,
        SMALL.model_copy(update={"method": "squish"}),
        SMALL.model_copy(update={"crop_fraction": 0.5}),
        RoomForBoxes(size=(16, 16), min_scale=0.5),
        RoomForBoxes(size=(16, 16), min_scale=0.25),
    ]
    for _ in range(2):
        for preparation in preparations:
            assert_right(store, photos[:1], preparation)
    assert len(kept(tmp_path / "cache")) == len(preparations)
    assert len({preparation_key(preparation) for preparation in preparations}) == 5


def test_another_decoder_makes_another_array(monkeypatch: pytest.MonkeyPatch) -> None:
    before = preparation_key(SMALL)
    preparation_key.cache_clear()
    monkeypatch.setattr("PIL.__version__", "99.0")
    assert preparation_key(SMALL) != before
    preparation_key.cache_clear()


def test_what_a_notebook_or_a_function_prepares_is_not_kept(tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    colour_photo("red", 0).save(photo)
    cache = PhotoCache(tmp_path / "cache")

    def prepare(source: Any) -> Any:
        return np.asarray(Image.open(source))

    assert cache.read(photo, prepare).shape == (40, 48, 3)  # type: ignore[arg-type]
    assert not cache.folder.exists()  # type: ignore[union-attr]


def test_pictures_in_memory_and_a_cache_that_is_off_keep_nothing(
    tmp_path: Path, photos: list[Path]
) -> None:
    store = PhotoCache(tmp_path / "cache")
    for source in (colour_photo("red", 1), np.asarray(colour_photo("red", 2))):
        np.testing.assert_array_equal(store.read(source, SMALL), SMALL(source))
    assert not (tmp_path / "cache").exists()
    assert_right(PhotoCache(None), photos[:2])


# ---- changed photos ------------------------------------------------------------------------


@pytest.mark.parametrize("same_time", [False, True])
@pytest.mark.parametrize("same_run", [False, True])
def test_a_changed_photo_is_never_served_stale(
    tmp_path: Path, photos: list[Path], same_time: bool, same_run: bool
) -> None:
    store = PhotoCache(tmp_path / "cache")
    photo = photos[0]
    store.read(photo, SMALL)
    before = photo.stat()
    photo.write_bytes(photos[1].read_bytes())
    if same_time:
        os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    else:
        os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    if not same_run:
        store = PhotoCache(tmp_path / "cache")
    np.testing.assert_array_equal(store.read(photo, SMALL), SMALL(photos[1]))


def test_a_photo_of_the_same_length_and_time_is_hashed_anew_by_another_run(tmp_path: Path) -> None:
    photo = tmp_path / "photo.bmp"
    colour_photo("red", 1).save(photo)
    before = photo.stat()
    store = PhotoCache(tmp_path / "cache")
    store.read(photo, SMALL)
    colour_photo("blue", 2).save(photo)
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert photo.stat().st_size == before.st_size
    assert_right(PhotoCache(tmp_path / "cache"), [photo])


def test_a_photo_that_changes_while_it_is_read_is_not_kept(
    tmp_path: Path, photos: list[Path]
) -> None:
    class Changing(ImagePreparation):
        def __call__(self, source: Any) -> Any:
            pixels = super().__call__(source)
            Path(source).write_bytes(encoded(99))
            return pixels

    store = PhotoCache(tmp_path / "cache")
    store.read(photos[0], Changing(size=(16, 16)))
    assert kept(tmp_path / "cache") == []


@pytest.mark.parametrize("content", [b"", b"no picture", b"\xff\xd8\xff\xe0 cut short"])
def test_what_cannot_be_read_is_never_kept_and_read_as_soon_as_it_is_mended(
    tmp_path: Path, content: bytes
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(content)
    store = PhotoCache(tmp_path / "cache")
    for _ in range(2):
        with pytest.raises(UnreadableInputError, match=r"photo\.jpg"):
            store.read(photo, SMALL)
    assert kept(tmp_path / "cache") == []
    photo.write_bytes(encoded(3))
    assert_right(store, [photo])


def test_a_photo_that_is_not_there_is_told_by_its_path(tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"nowhere\.jpg"):
        PhotoCache(tmp_path / "cache").read(tmp_path / "nowhere.jpg", SMALL)


# ---- damaged files -------------------------------------------------------------------------


def flip(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "half a header": lambda content: content[: HEADER.size // 2],
    "a header alone": lambda content: content[: HEADER.size],
    "a byte short": lambda content: content[:-1],
    "a byte long": lambda content: content + b"\0",
    "another magic": lambda content: flip(content, 0),
    "another height": lambda content: flip(content, 8),
    "another width": lambda content: flip(content, 12),
    "another checksum": lambda content: flip(content, 20),
    "another length": lambda content: flip(content, 24),
    "the first pixel": lambda content: flip(content, HEADER.size),
    "the last pixel": lambda content: flip(content, len(content) - 1),
    "zeros": lambda content: bytes(len(content)),
    "another shape": lambda content: (
        content[:8] + content[12:16] + content[8:12] + content[16:]
        if content[8:12] != content[12:16]
        else flip(content, 16)
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_made_anew(tmp_path: Path, photos: list[Path], damage: str) -> None:
    PhotoCache(tmp_path / "cache").read(photos[0], SMALL)
    (place,) = kept(tmp_path / "cache")
    whole = place.read_bytes()
    place.write_bytes(DAMAGES[damage](whole))
    store = PhotoCache(tmp_path / "cache")
    assert_right(store, photos[:1])
    assert (store.hits, store.misses) == (0, 1)
    assert place.read_bytes() == whole


def test_every_flipped_bit_of_the_pixels_is_found(tmp_path: Path, photos: list[Path]) -> None:
    PhotoCache(tmp_path / "cache").read(photos[0], SMALL)
    (place,) = kept(tmp_path / "cache")
    whole = place.read_bytes()
    for at in np.random.default_rng(0).integers(HEADER.size, len(whole), 100):
        place.write_bytes(flip(whole, int(at)))
        assert_right(PhotoCache(tmp_path / "cache"), photos[:1])


def test_a_file_that_is_damaged_or_goes_away_during_a_run_is_made_anew(
    tmp_path: Path, photos: list[Path]
) -> None:
    store = PhotoCache(tmp_path / "cache")
    for damage in ("empty", "half a header", "a header alone", "a byte short"):
        assert_right(store, photos[:1])
        (place,) = kept(tmp_path / "cache")
        place.write_bytes(DAMAGES[damage](place.read_bytes()))
        assert_right(store, photos[:1])
    shutil.rmtree(tmp_path / "cache")
    assert_right(store, photos)


# ---- the limit -----------------------------------------------------------------------------


def test_the_bytes_on_the_disk_stay_below_the_limit(tmp_path: Path, photos: list[Path]) -> None:
    limit = 5 * BYTES_OF_SMALL + 100
    store = PhotoCache(tmp_path / "cache", limit=limit)
    for _ in range(2):
        for file in photos:
            assert_right(store, [file])
            assert size_of(tmp_path / "cache") <= limit
    assert len(kept(tmp_path / "cache")) == 5
    assert (store.hits, store.misses) == (5, 2 * COUNT - 5)  # the first five stayed


def test_what_this_run_has_read_stays_and_what_no_run_has_read_of_late_goes_first(
    tmp_path: Path, photos: list[Path]
) -> None:
    limit = 8 * BYTES_OF_SMALL + 100
    first = PhotoCache(tmp_path / "cache", limit=limit)
    for age, file in enumerate(photos[:8]):
        first.read(file, SMALL)
        place = max(kept(tmp_path / "cache"), key=lambda kept: kept.stat().st_mtime)
        os.utime(place, (1000 + age, 1000 + age))
    second = PhotoCache(tmp_path / "cache", limit=limit)
    second.read(photos[0], SMALL)  # the oldest, which is in use again
    for file in photos[8:12]:
        second.read(file, SMALL)
    assert size_of(tmp_path / "cache") <= limit
    third = PhotoCache(tmp_path / "cache", limit=limit)
    found = [
        number
        for number, file in enumerate(photos[:12])
        if not third.lacks(third.content(file) or "", SMALL)
    ]
    assert 0 in found
    assert found[-4:] == [8, 9, 10, 11]
    gone = sorted(set(range(12)) - set(found))
    assert gone == list(range(1, 1 + len(gone)))
    assert 4 <= len(gone) <= 5  # four make room for four; a tenth of the limit stays free


def test_what_a_killed_process_left_behind_makes_room_too(
    tmp_path: Path, photos: list[Path]
) -> None:
    left = tmp_path / "cache" / "ab" / ".abcdef.1.2"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(10 * BYTES_OF_SMALL))
    os.utime(left, (1000, 1000))
    assert_right(PhotoCache(tmp_path / "cache", limit=10 * BYTES_OF_SMALL), photos[:3])
    assert not left.exists()
    assert len(kept(tmp_path / "cache")) == 3


def test_a_disk_that_is_nearly_full_is_not_filled_up(
    tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = cache.SPARE + 2 * BYTES_OF_SMALL + 10
    monkeypatch.setattr(cache, "_free", lambda folder: free - size_of(folder))
    assert_right(PhotoCache(tmp_path / "cache"), photos)
    assert len(kept(tmp_path / "cache")) == 2


# ---- folders that cannot be written --------------------------------------------------------


def test_a_folder_that_cannot_be_made_costs_nothing_but_speed(
    tmp_path: Path, photos: list[Path]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = PhotoCache(tmp_path / "file" / "cache")
    for _ in range(2):
        assert_right(store, photos)
    assert store.hits == 0


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs rights to be kept from")
def test_a_folder_that_may_not_be_written_costs_nothing_but_speed(
    tmp_path: Path, photos: list[Path]
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o500)
    assert_right(PhotoCache(folder), photos)
    assert kept(folder) == []


@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EACCES, errno.EROFS])
@pytest.mark.parametrize("step", ["open", "replace"])
def test_a_disk_that_takes_nothing_more_costs_nothing_but_speed(
    tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch, reason: int, step: str
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(reason, os.strerror(reason))

    store = PhotoCache(tmp_path / "cache")
    assert_right(store, photos[:4])
    if step == "open":
        monkeypatch.setattr(cache, "_new_file", refuse)
    else:
        monkeypatch.setattr(os, "replace", refuse)
    for _ in range(2):
        assert_right(store, photos)
    assert len(kept(tmp_path / "cache")) == 4
    assert [file for file in (tmp_path / "cache").rglob(".*") if file.is_file()] == []


def test_a_disk_that_is_full_half_way_through_a_file_leaves_no_half_file(
    tmp_path: Path, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() > 0:
                super().write(bytes(data)[:10])
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    def new_file(path: Path) -> Any:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Full(path, "w")

    monkeypatch.setattr(cache, "_new_file", new_file)
    assert_right(PhotoCache(tmp_path / "cache"), photos)
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == []


def test_photos_are_kept_for_the_owner_alone(tmp_path: Path, photos: list[Path]) -> None:
    PhotoCache(tmp_path / "cache").read(photos[0], SMALL)
    if os.name != "nt":
        assert (tmp_path / "cache").stat().st_mode & 0o077 == 0


def test_a_large_photo_is_kept_at_the_size_that_is_needed(tmp_path: Path) -> None:
    photo = tmp_path / "large.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8)
    Image.fromarray(noise).save(photo)
    store = PhotoCache(tmp_path / "cache")
    assert store.read(photo, Resize(32).base).shape == (32, 32, 3)
    high, wide, _ = store.read(photo, RandomResizedCrop(32, min_scale=0.25).base).shape
    assert wide / high == pytest.approx(4 / 3, abs=0.05)
    # The smallest boxes cover a quarter of the area: they need twice the side, or a little less.
    assert 32 * 32 * 4 * 0.7 < high * wide < 32 * 32 * 4
    assert size_of(tmp_path / "cache") < 32 * 32 * 3 + high * wide * 3 + 100


# ---- several processes, and processes that are killed --------------------------------------


def test_several_processes_at_once_read_and_write_the_same_cache(
    tmp_path: Path, photos: list[Path]
) -> None:
    context = processes()
    started = []
    for number in range(4):
        ours, theirs = context.Pipe(duplex=False)
        files = photos[number:] + photos[:number]
        process = context.Process(target=read_all, args=(tmp_path / "cache", files, theirs))
        process.start()
        theirs.close()
        started.append((process, ours))
    for process, answer in started:
        assert answer.recv() == (True, 2 * COUNT)
        process.join()
        assert process.exitcode == 0
    assert len(kept(tmp_path / "cache")) == COUNT
    assert size_of(tmp_path / "cache") == COUNT * BYTES_OF_SMALL  # and nothing lies beside them


def test_a_process_that_is_killed_at_20_random_moments_leaves_nothing_wrong_behind(
    tmp_path: Path, photos: list[Path]
) -> None:
    context, random = processes(), np.random.default_rng(0)
    files = photos[:4]
    expected = [LARGE(file) for file in files]
    for _ in range(20):
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=fill, args=(tmp_path / "cache", files, theirs))
        process.start()
        theirs.close()
        for _ in range(random.integers(1, 30)):
            ours.recv_bytes()
        time.sleep(random.uniform(0, 0.02))  # a moment of its own, whatever is under way then
        process.kill()
        process.join()
        assert process.exitcode != 0
        ours.close()
        for number in range(3):
            store = PhotoCache(tmp_path / "cache" / str(number))
            for file, pixels in zip(files, expected, strict=True):
                np.testing.assert_array_equal(store.read(file, LARGE), pixels)


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
@pytest.mark.parametrize(
    "step",
    [
        "before the header",
        "before the pixels",
        "amid the pixels",
        "before the renaming",
        "after the renaming",
    ],
)
def test_a_process_that_is_killed_at_any_step_of_writing_costs_that_file_at_most(
    tmp_path: Path, photos: list[Path], step: str
) -> None:
    context = processes()
    _ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=die_at, args=(step, tmp_path / "cache", photos, theirs))
    process.start()
    theirs.close()
    process.join()
    assert process.exitcode == -9
    done = 5 if step == "after the renaming" else 4
    assert len(kept(tmp_path / "cache")) == done
    store = PhotoCache(tmp_path / "cache")
    assert_right(store, photos)
    assert (store.hits, store.misses) == (done, COUNT - done)
    assert len(kept(tmp_path / "cache")) == COUNT
