"""Finding the items of a data set."""

from __future__ import annotations

import os
from pathlib import Path

from drivetrain.errors import DataError

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
)


def get_image_files(path: str | os.PathLike[str], *, recurse: bool = True) -> list[Path]:
    """The picture files below a folder, in one order on every system.

    Hidden files and folders (a leading dot) are left out. Files count by their suffix; whether
    they can be read shows when they are.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "a.jpg").write_bytes(b"")
        ...     _ = (Path(folder) / ".hidden.jpg").write_bytes(b"")
        ...     [file.name for file in get_image_files(folder)]
        ['a.jpg']

    Arguments:
        path: The folder.
        recurse: Whether to look into its folders too.

    Raises:
        DataError: The folder does not exist, is a file, or holds one that cannot be read.
    """
    root = Path(path)
    if not root.is_dir():
        problem = "is a file" if root.exists() else "does not exist"
        raise DataError(
            f"{root} {problem}, and a folder of photos is expected.", hint="Check the path."
        )
    found: list[Path] = []
    walked = {root.resolve()}
    for folder, subfolders, names in os.walk(root, followlinks=True, onerror=_refuse):
        subfolders[:] = [name for name in subfolders if recurse and not name.startswith(".")]
        subfolders[:] = _not_walked_yet(Path(folder), subfolders, walked)
        files = (Path(folder, name) for name in names if _is_visible_image(name))
        found += [file for file in files if file.is_file()]
    return sorted(found, key=lambda file: file.relative_to(root).as_posix())


def _not_walked_yet(parent: Path, names: list[str], walked: set[Path]) -> list[str]:
    """The folders that no other way led to: links may meet, or lead back to where one is."""
    new = []
    for name in sorted(names, key=lambda name: ((parent / name).is_symlink(), name)):
        place = (parent / name).resolve()
        if place not in walked:
            walked.add(place)
            new.append(name)
    return new


def _refuse(problem: OSError) -> None:
    raise DataError(
        f"{problem.filename} cannot be looked into: {problem.strerror}.",
        hint="Mend its permissions, or take it out of the folder.",
    )


def _is_visible_image(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
