"""The photos that are measured on; they are not part of the repository."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from benchmarks.copies import write_copies
from benchmarks.errors import BenchmarkError
from drivetrain.data import RandomSplitter, get_image_files, parent_label

VALID_PCT = 0.2


@dataclass(frozen=True)
class Photos:
    """The folder of photos.

    Arguments:
        root: It holds ``bears/`` with a folder a class, and ``large-photos/``.
    """

    root: Path

    @classmethod
    def at(cls, root: Path) -> Photos:
        """The photos of a folder that was checked.

        Raises:
            BenchmarkError: A part is missing; the message names it.
        """
        for part in ("bears", "large-photos"):
            if not (root / part).is_dir():
                raise BenchmarkError(
                    f"The data folder {root} has to hold bears/ (one folder of photos a class) "
                    f"and large-photos/ (photos at full size), and {part}/ is missing: give "
                    "--data DIR or set DRIVETRAIN_BENCH_DATA."
                )
        return cls(root.resolve())

    @property
    def bears(self) -> Path:
        """The folder to train on."""
        return self.root / "bears"

    def some_bears(self, count: int) -> list[Path]:
        """Photos spread evenly over the training folder."""
        files = get_image_files(self.bears)
        step = max(1, len(files) // count)
        return files[::step][:count]

    def large(self, count: int) -> list[Path]:
        """Photos as a camera writes them, 0.7 to 2 MB each."""
        return get_image_files(self.root / "large-photos")[:count]

    def large_copies(self, target: Path, times: int) -> Path:
        """A folder with copies of the large photos; what their names begin with is the class."""
        photos = get_image_files(self.root / "large-photos")
        return write_copies(photos, target, times, lambda photo: photo.stem.partition("-")[0])

    def bear_copies(self, target: Path, times: int) -> Path:
        """A folder with copies of the photos to train on, one folder a class."""
        return write_copies(get_image_files(self.bears), target, times, parent_label)

    def write_split(self, seed: int, target: Path) -> None:
        """Write which files validate in ``drivetrain train --seed``, as JSON, for the peer."""
        files = get_image_files(self.bears)
        _, valid = RandomSplitter(valid_pct=VALID_PCT, seed=seed)(files)
        names = [files[position].relative_to(self.bears).as_posix() for position in valid]
        target.write_text(json.dumps(names))
