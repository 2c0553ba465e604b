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
        DataError: The folder does not exist or is a file.
    """
    root = Path(path)
    if not root.is_dir():
        problem = "is a file" if root.exists() else "does not exist"
        raise DataError(
            f"{root} {problem}, and a folder of photos is expected.", hint="Check the path."
        )
    found = []
    for folder, subfolders, names in os.walk(root, followlinks=True):
        subfolders[:] = [
            name
            for name in subfolders
            if recurse and not name.startswith(".") and not _leads_back(Path(folder, name))
        ]
        found += [Path(folder, name) for name in names if _is_visible_image(name)]
    return sorted(found, key=lambda file: file.relative_to(root).as_posix())


def _leads_back(folder: Path) -> bool:
    """Whether a folder is a link to one that it lies in, and so would be walked for ever."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _is_visible_image(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
