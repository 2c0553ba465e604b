"""Photos out of a video: frames at a rate, without those that show nothing new."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import IFD, Base

from drivetrain.collect.hush import hushed
from drivetrain.collect.names import safe_name, write_beside
from drivetrain.errors import CollectError, ConfigError, OutputError
from drivetrain.extras import need

THUMBNAIL = 32
QUALITY = 92
FIRST_PLAUSIBLE_YEAR = 1990
SECONDS_THAT_MAY_LACK = 1.0
SHARE_THAT_MAY_LACK = 0.05


@dataclass(frozen=True)
class VideoFrames:
    """What a video gave.

    Arguments:
        video: The video's file.
        files: The frames that were kept, by time.
        alike: How many frames were left out because they show what the one before showed.
        problem: What is wrong with the video, in words; empty when all of it could be read.
    """

    video: Path
    files: list[Path]
    alike: int = 0
    problem: str = ""

    def __str__(self) -> str:
        left_out = f", {self.alike} alike left out" if self.alike else ""
        trouble = f" Not all of it could be read: {self.problem}." if self.problem else ""
        return f"{self.video.name}: {len(self.files)} frames{left_out}.{trouble}"


def frames_from_video(
    file: str | os.PathLike[str],
    dest: str | os.PathLike[str],
    *,
    per_second: float = 1.0,
    min_difference: float = 0.02,
    max_frames: int | None = None,
) -> VideoFrames:
    """Save frames of a video as photos, upright, at a rate, without near-identical neighbours.

    A frame is named after its video and its time in milliseconds. It carries the time when it
    was taken, when the video knows when it began. Frames of one video are no independent
    photos: keep them on one side of a split.

    Arguments:
        file: The video.
        dest: The folder for the frames; it is made when it is not there.
        per_second: How many frames a second are looked at.
        min_difference: How much a frame has to differ from the last that was kept: the mean
            difference of their grey thumbnails, from 0 (the same) to 1 (black and white).
        max_frames: The most frames to keep; None for all.

    Raises:
        ConfigError: A number cannot work.
        CollectError: The file is no video, or gives no frame at all.
        OutputError: The folder cannot be written, or holds other pictures under these names.
        MissingExtraError: PyAV is not installed.
    """
    _check(per_second, min_difference, max_frames)
    av = need("av", purpose="take frames out of a video")
    video = Path(file)
    with hushed(), _Video(av, video) as source:
        sieve = _Sieve(per_second, min_difference)
        files: list[Path] = []
        for seconds, frame in source.frames():
            if max_frames is not None and len(files) >= max_frames:
                break
            if sieve.lets_through(seconds, frame):
                name = f"{safe_name(video.stem) or 'video'}-{source.name_of(seconds)}.jpg"
                files.append(_save(frame, Path(dest) / name, source.began, seconds))
        else:
            source.note_the_end()
        if not files:
            raise CollectError(
                f"{video} gives no frame: {source.problem or 'it is empty'}.",
                hint="Play it to see whether it is whole, or leave it out.",
            )
        return VideoFrames(video, files, sieve.alike, source.problem)


class _Video:
    """An open video: its frames by time, and what is wrong with it."""

    def __init__(self, av: Any, file: Path) -> None:
        self.problem = ""
        self._av = av
        self._damaged = 0
        self._last = 0.0
        if not file.is_file():
            what = "is a folder" if file.is_dir() else "does not exist"
            raise CollectError(f"{file} {what}, and a video is expected.", hint="Check the path.")
        try:
            self._container = av.open(str(file), metadata_errors="replace")
        except Exception as problem:  # damaged files upset the reader in many ways
            raise _no_video(file, "it is broken, or of a kind that is not known") from problem
        if not self._container.streams.video:
            self._container.close()
            raise _no_video(file, "there are no moving pictures in it")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.seconds = self._duration()
        self.began = self._beginning()

    def __enter__(self) -> _Video:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def name_of(self, seconds: float) -> str:
        """A time in milliseconds, with so many digits that names sort by time."""
        longest = self.seconds * 1000 if self.seconds else 1e8 - 1
        return f"{round(seconds * 1000):0{max(6, len(str(round(longest))))}d}"

    def frames(self) -> Iterator[tuple[float, Any]]:
        """Each whole frame with its seconds from the first; damaged parts are passed over."""
        first: float | None = None
        packets = self._container.demux(self._stream)
        while True:
            try:
                frames = next(packets).decode()
            except StopIteration:
                return
            except self._av.FFmpegError as problem:
                if not self._goes_on_after(problem):
                    return
                continue
            for frame in frames:
                if frame.is_corrupt or frame.time is None:
                    self._damaged += 1
                    continue
                first = frame.time if first is None else first
                self._last = max(0.0, frame.time - first)
                yield self._last, frame

    def note_the_end(self) -> None:
        """Say so when parts were damaged, or when less came than the video says it holds."""
        lack = self.seconds - self._last
        if self._damaged:
            self.problem = f"{self._damaged} of its parts are damaged"
        if lack > max(SECONDS_THAT_MAY_LACK, self.seconds * SHARE_THAT_MAY_LACK):
            ends = f"it breaks off after {self._last:.1f} of {self.seconds:.1f} seconds"
            self.problem = f"{self.problem}, and {ends}" if self.problem else ends

    def _goes_on_after(self, problem: Exception) -> bool:
        self._damaged += 1
        return isinstance(problem, self._av.error.InvalidDataError)

    def _duration(self) -> float:
        if self._stream.duration is not None and self._stream.time_base is not None:
            return float(self._stream.duration * self._stream.time_base)
        return float(self._container.duration or 0) / float(self._av.time_base)

    def _beginning(self) -> datetime | None:
        """When the video began, if it says so; clocks that were never set do not count."""
        with suppress(ValueError):
            began = datetime.fromisoformat(self._container.metadata.get("creation_time", ""))
            if began.year >= FIRST_PLAUSIBLE_YEAR:
                return began if began.tzinfo else began.replace(tzinfo=UTC)
        return None


class _Sieve:
    """Which frames are due, and show something new."""

    def __init__(self, per_second: float, min_difference: float) -> None:
        self.alike = 0
        self._interval, self._min_difference = 1 / per_second, min_difference
        self._due = 0
        self._last: NDArray[np.float32] | None = None

    def lets_through(self, seconds: float, frame: Any) -> bool:
        """Whether this frame is to be kept; it is compared with the last one that was."""
        if seconds + 1e-6 < self._due * self._interval:
            return False
        self._due = int((seconds + 1e-6) / self._interval) + 1
        grey = frame.reformat(width=THUMBNAIL, height=THUMBNAIL, format="gray").to_ndarray()
        thumbnail = grey.astype(np.float32) / 255
        if self._last is not None:
            difference = float(np.abs(thumbnail - self._last).mean())
            if difference < self._min_difference:
                self.alike += 1
                return False
        self._last = thumbnail
        return True


def _save(frame: Any, target: Path, began: datetime | None, seconds: float) -> Path:
    photo: Image.Image = frame.to_image()
    if turn := round(frame.rotation / 90) * 90:
        photo = photo.rotate(turn, expand=True)
    encoded = io.BytesIO()
    photo.save(encoded, "JPEG", quality=QUALITY, exif=_exif(began, seconds))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.read_bytes() != encoded.getvalue():
            raise OutputError(
                f"{target} is there already, and it is another picture.",
                hint="Give each video a folder of its own.",
            )
        os.replace(write_beside(target, encoded.getvalue()), target)
    except OutputError:
        raise
    except OSError as problem:
        raise OutputError(
            f"{target} cannot be written: {problem.strerror}.", hint="Choose another folder."
        ) from problem
    return target


def _exif(began: datetime | None, seconds: float) -> Image.Exif:
    exif = Image.Exif()
    if began is not None:
        taken = began + timedelta(seconds=seconds)
        offset = taken.strftime("%z")
        details = exif.get_ifd(IFD.Exif)
        details[Base.DateTimeOriginal] = taken.strftime("%Y:%m:%d %H:%M:%S")
        details[Base.OffsetTimeOriginal] = f"{offset[:3]}:{offset[3:]}"
    return exif


def _no_video(file: Path, why: str) -> CollectError:
    return CollectError(
        f"{file} is not a video that can be read: {why}.",
        hint="Convert it to MP4, or leave it out.",
    )


def _check(per_second: float, min_difference: float, max_frames: int | None) -> None:
    if not per_second > 0:
        raise ConfigError(f"per_second is {per_second}, and it has to be above 0.")
    if not 0 <= min_difference <= 1:
        raise ConfigError(f"min_difference is {min_difference}, and it lies between 0 and 1.")
    if max_frames is not None and max_frames < 1:
        raise ConfigError(f"max_frames is {max_frames}, and it has to be at least 1.")
