"""Which files are no pictures that can be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from drivetrain.collect.hush import hushed
from drivetrain.collect.pictures import picture_problem
from drivetrain.errors import ConfigError
from drivetrain.progress import Reporter


class Files(list[Path]):
    """Files, with the lesson's ``map``: ``verify_images(files).map(Path.unlink)``."""

    def map(self, function: Callable[[Path], Any]) -> list[Any]:
        """What a function returns for each file."""
        return [function(file) for file in self]


def verify_images(fns: Iterable[str | os.PathLike[str]], *, progress: bool = True) -> Files:
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

    Raises:
        ConfigError: A folder was given, or one path in place of a list.
    """
    files = [] if isinstance(fns, str | os.PathLike) else [Path(file) for file in fns]
    folder = fns if isinstance(fns, str | os.PathLike) else next(filter(Path.is_dir, files), None)
    if folder is not None:
        raise ConfigError(
            f"{folder} is not a list of files.", hint=f"Give get_image_files({str(folder)!r})."
        )
    with hushed(), ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        problems = pool.map(picture_problem, files)
        tracked = Reporter(quiet=not progress).track(problems, "verify", total=len(files))
        return Files(file for file, problem in zip(files, tracked, strict=True) if problem)
