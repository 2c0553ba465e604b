"""Frames out of small real videos: at a rate, upright, without repeats; and broken videos."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD, Base

from drivetrain.collect import frames_from_video
from drivetrain.errors import CollectError, ConfigError, MissingExtraError, OutputError

RATE = 10
Scene = Callable[[int], NDArray[np.uint8]]


def noise(number: int) -> NDArray[np.uint8]:
    """A scene of large blocks that differs from frame to frame."""
    blocks = np.random.default_rng(number).integers(0, 256, (6, 8, 3), np.uint8)
    return blocks.repeat(8, axis=0).repeat(8, axis=1)


def write(
    file: Path, frames: int = 40, scene: Scene = noise, *, turned: int = 0, began: str = ""
) -> Path:
    with av.open(str(file), "w") as container:
        if began:
            container.metadata["creation_time"] = began
        stream: Any = container.add_stream("mpeg4", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        if turned:
            stream.set_display_rotation(turned)
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(scene(number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return file


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def test_frames_come_at_the_rate_and_are_named_by_their_milliseconds(tmp_path: Path) -> None:
    frames = frames_from_video(write(tmp_path / "bear.mp4"), tmp_path / "a" / "dest", per_second=2)
    assert [file.name for file in frames.files] == [
        f"bear-{milliseconds:06d}.jpg" for milliseconds in range(0, 4000, 500)
    ]
    assert names(tmp_path / "a" / "dest") == [file.name for file in frames.files]
    assert (frames.alike, frames.problem) == (0, "")
    assert str(frames) == "bear.mp4: 8 frames."
    for file, number in zip(frames.files, range(0, 40, 5), strict=True):
        with Image.open(file) as photo:
            difference = np.abs(np.asarray(photo, int) - noise(number).astype(int))
        assert np.median(difference) < 20


def test_a_rate_above_the_videos_own_takes_every_frame_once(tmp_path: Path) -> None:
    video = write(tmp_path / "bear.mp4", 12)
    assert len(frames_from_video(video, tmp_path / "dest", per_second=1000).files) == 12


def test_what_shows_nothing_new_is_left_out_and_a_slow_change_is_not(tmp_path: Path) -> None:
    still = write(tmp_path / "still.mp4", 30, lambda number: noise(number // 15))
    frames = frames_from_video(still, tmp_path / "still", per_second=RATE)
    assert [file.name for file in frames.files] == ["still-000000.jpg", "still-001500.jpg"]
    assert frames.alike == 28
    assert str(frames) == "still.mp4: 2 frames, 28 alike left out."

    def dawn(number: int) -> NDArray[np.uint8]:
        return np.full((48, 64, 3), 2 * number + 20, np.uint8)

    slow = write(tmp_path / "dawn.mp4", 60, dawn)
    kept = frames_from_video(slow, tmp_path / "dawn", per_second=RATE).files
    assert 8 <= len(kept) <= 25
    every = frames_from_video(slow, tmp_path / "all", per_second=RATE, min_difference=0).files
    assert len(every) == 60


def test_max_frames_ends_early_and_is_no_problem(tmp_path: Path) -> None:
    frames = frames_from_video(write(tmp_path / "a.mp4"), tmp_path / "dest", max_frames=2)
    assert [file.name for file in frames.files] == ["a-000000.jpg", "a-001000.jpg"]
    assert frames.problem == ""


def left_red(number: int) -> NDArray[np.uint8]:
    scene = np.zeros((48, 64, 3), np.uint8)
    scene[:, :32] = (250, 0, number)
    return scene


@pytest.mark.parametrize(
    ("turned", "size", "red_at"),
    [(0, (64, 48), (10, 24)), (90, (48, 64), (24, 54)), (-90, (48, 64), (24, 10)),
     (180, (64, 48), (54, 24))],
)  # fmt: skip
def test_frames_come_upright(
    turned: int, size: tuple[int, int], red_at: tuple[int, int], tmp_path: Path
) -> None:
    video = write(tmp_path / "a.mp4", 2, left_red, turned=turned)
    (file,) = frames_from_video(video, tmp_path / "dest").files
    with Image.open(file) as photo:
        assert photo.size == size
        red, green, _ = photo.getpixel(red_at)  # type: ignore[misc]
    assert red > 200
    assert green < 50


@pytest.mark.parametrize(
    ("began", "taken"),
    [
        ("2021-07-03T23:59:59.500000Z", ["2021:07:03 23:59:59", "2021:07:04 00:00:00"]),
        ("1970-01-01T00:00:00.000000Z", [None, None]),
        ("", [None, None]),
    ],
)
def test_the_time_taken_is_written_when_the_video_knows_it(
    began: str, taken: list[str | None], tmp_path: Path
) -> None:
    frames = frames_from_video(write(tmp_path / "a.mp4", 15, began=began), tmp_path / "dest")
    found = []
    for file in frames.files:
        with Image.open(file) as photo:
            details = photo.getexif().get_ifd(IFD.Exif)
        found.append(details.get(Base.DateTimeOriginal))
        assert details.get(Base.OffsetTimeOriginal) == (found[-1] and "+00:00")
    assert found == taken


def test_a_video_that_breaks_off_keeps_what_it_gave_and_says_so(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.mkv", 60).read_bytes()
    video = tmp_path / "cut.mkv"
    video.write_bytes(whole[: len(whole) // 2])
    frames = frames_from_video(video, tmp_path / "dest", per_second=RATE)
    assert 10 < len(frames.files) < 50
    assert frames.problem.startswith("it breaks off after 2.")
    assert frames.problem.endswith("of 6.0 seconds")
    assert "Not all of it could be read: it breaks off" in str(frames)


def test_damage_in_the_middle_costs_only_what_is_damaged(tmp_path: Path) -> None:
    content = bytearray(write(tmp_path / "whole.avi", 60).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4_000] = np.random.default_rng(0).bytes(4_000)
    video = tmp_path / "damaged.avi"
    video.write_bytes(content)
    frames = frames_from_video(video, tmp_path / "dest", per_second=RATE)
    assert len(frames.files) > 20
    assert frames.files[0].name == "damaged-000000.jpg"


@pytest.mark.parametrize("content", [b"", b"no video" * 500, b"\x00\x00\x00\x18ftypisom"])
def test_what_is_no_video_is_said_in_words(
    content: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bear.mp4"
    file.write_bytes(content)
    with pytest.raises(CollectError, match=r"bear\.mp4 is not a video that can be read: "):
        frames_from_video(file, tmp_path / "dest")
    assert not (tmp_path / "dest").exists()
    assert capfd.readouterr() == ("", "")


def test_no_damage_anywhere_in_a_file_ends_in_another_error(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for suffix in (".mp4", ".mkv", ".avi"):
        whole = write(tmp_path / f"whole{suffix}", 20).read_bytes()
        for number in range(40):
            content = bytearray(whole)
            start = int(random.integers(0, len(whole)))
            content[start : start + 60] = random.bytes(60)
            video = tmp_path / f"{number}{suffix}"
            video.write_bytes(content[: int(random.integers(start, len(whole)))])
            try:
                frames = frames_from_video(video, tmp_path / suffix / str(number), per_second=5)
            except CollectError:
                continue
            assert frames.files


def test_missing_files_folders_and_sound_alone_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"gone\.mp4 does not exist, and a video is expected"):
        frames_from_video(tmp_path / "gone.mp4", tmp_path)
    with pytest.raises(CollectError, match="is a folder, and a video is expected"):
        frames_from_video(tmp_path, tmp_path)
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(CollectError, match="there are no moving pictures in it"):
        frames_from_video(tmp_path / "sound.wav", tmp_path)


def test_the_same_call_again_changes_nothing_and_another_video_takes_no_place(
    tmp_path: Path,
) -> None:
    video, dest = write(tmp_path / "a.mp4", 5), tmp_path / "dest"
    first = {file: file.read_bytes() for file in frames_from_video(video, dest).files}
    assert frames_from_video(video, dest).files == list(first)
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other" / "a.mp4", 5, left_red)
    with pytest.raises(OutputError, match=r"a-000000\.jpg is there already, and it is another"):
        frames_from_video(other, dest)
    assert {file: file.read_bytes() for file in first} == first


def test_arguments_that_cannot_work_are_refused(tmp_path: Path) -> None:
    for settings in ({"per_second": 0}, {"min_difference": 2}, {"max_frames": 0}):
        with pytest.raises(ConfigError, match=next(iter(settings))):
            frames_from_video(tmp_path / "a.mp4", tmp_path, **settings)


def test_without_pyav_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match="av is needed to take frames out of a video"):
        frames_from_video(tmp_path / "a.mp4", tmp_path)
