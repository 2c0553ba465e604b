"""The photos that are measured on; they are not part of the repository."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.copies import write_copies
from benchmarks.errors import BenchmarkError
from drivetrain.data import get_image_files, parent_label

DEFECTIVE_FROM = 0.5


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

    def pictures(self, domain: str) -> Path:
        """A domain of PACS: one folder of pictures a class.

        Raises:
            BenchmarkError: It is not there.
        """
        folder = self.root / "pacs-mini" / domain
        if not folder.is_dir():
            raise BenchmarkError(f"This comparison needs {folder}, which is missing.")
        return folder

    def some_bears(self, count: int) -> list[Path]:
        """Photos spread evenly over the training folder."""
        files = get_image_files(self.bears)
        step = max(1, len(files) // count)
        return files[::step][:count]

    def large(self, count: int) -> list[Path]:
        """Photos as a camera writes them, 0.7 to 2 MB each."""
        return get_image_files(self.root / "large-photos")[:count]

    def other_bears(self) -> list[Path]:
        """The photos of the training folder that none of the large photos shows."""
        shown = {photo.stem for photo in get_image_files(self.root / "large-photos")}
        files = get_image_files(self.bears)
        return [file for file in files if f"{parent_label(file)}-{file.stem}" not in shown]

    def large_copies(self, target: Path, times: int) -> Path:
        """A folder with copies of the large photos; what their names begin with is the class."""
        photos = get_image_files(self.root / "large-photos")
        return write_copies(photos, target, times, lambda photo: photo.stem.partition("-")[0])

    def bear_copies(self, target: Path, times: int) -> Path:
        """A folder with copies of the photos to train on, one folder a class."""
        return write_copies(get_image_files(self.bears), target, times, parent_label)

    def shuffled_bears(self, target: Path, seed: int) -> Path:
        """A folder with the photos to train on under numbers that are drawn."""
        files = get_image_files(self.bears)
        numbers = random.Random(seed).sample(range(len(files)), len(files))
        for number, file in zip(numbers, files, strict=True):
            folder = target / parent_label(file)
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / f"{number:04d}{file.suffix}")
        return target


def solar_cells() -> list[tuple[Path, str]]:
    """The photos of ``elpv-dataset`` with their labels.

    Raises:
        BenchmarkError: The package is not installed.
    """
    package = find_spec("elpv_dataset")
    if package is None or package.origin is None:
        raise BenchmarkError("The package elpv-dataset is not installed: make setup installs it.")
    folder = Path(package.origin).parent / "data"
    rows = (line.split() for line in (folder / "labels.csv").read_text().splitlines())
    return [
        (folder / name, "defective" if float(share) >= DEFECTIVE_FROM else "functional")
        for name, share, *_ in rows
    ]
