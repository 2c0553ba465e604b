"""Which files are no pictures that can be read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drivetrain.collect.bar import track
from drivetrain.collect.hush import hushed
from drivetrain.collect.pictures import picture_problem


def verify_images(fns: Iterable[str | os.PathLike[str]], *, progress: bool = True) -> list[Path]:
    """The files that cannot be read, by decoding each of them whole; nothing is deleted.

    A file counts as readable when a model could be trained on it: a truncated photo, a page
    under a photo's name and a picture with too many or too few pixels do not.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "a.jpg"
        ...     _ = file.write_bytes(b"no picture")
        ...     [broken.name for broken in verify_images([file])]
        ['a.jpg']

    Arguments:
        fns: The files.
        progress: Show a bar, if standard error is a terminal.

    Returns:
        Those that cannot be read, in the order in which they were given.
    """
    files = [Path(file) for file in fns]
    with hushed(), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        problems = pool.map(picture_problem, files)
        tracked = track(problems, "verify", total=len(files), show=progress)
        return [file for file, problem in zip(files, tracked, strict=True) if problem]
