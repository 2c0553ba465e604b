"""Finding the items of a data set."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from drivetrain.errors import DataError

QUARANTINE = ".quarantine"
"""How the folder beside a data set is called that holds what was taken out of it."""

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
)


def get_files(
    path: str | os.PathLike[str],
    extensions: str | Iterable[str] | None = None,
    recurse: bool = True,
    folders: str | Sequence[str] | None = None,
    followlinks: bool = True,
) -> list[Path]:
    """The files below a folder, in one order on every system.

    Hidden files and folders (a leading dot) are left out.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b.csv", "a.CSV", "notes.txt", ".hidden.csv"):
        ...         _ = (Path(folder) / name).write_bytes(b"")
        ...     [file.name for file in get_files(folder, extensions=[".csv"])]
        ['a.CSV', 'b.csv']

    Arguments:
        path: The folder.
        extensions: The suffixes that count, in any case; by default every file does.
        recurse: Whether to look into its folders, and theirs, too.
        folders: The names of its folders to look into, and no others; ``"."`` is the files
            beside them.
        followlinks: Whether links to folders are followed; no folder is looked into twice.

    Raises:
        DataError: The folder, or one of ``folders``, does not exist, is a file, or cannot be read.
    """
    root = _existing_folder(path)
    chosen = {folders} if isinstance(folders, str) else set(folders or ()) or None
    suffixes = _suffixes(extensions)
    found: list[Path] = []
    walked = {root.resolve()}
    walk = os.walk(root, followlinks=followlinks, onerror=_refuse)
    for number, (folder, subfolders, names) in enumerate(walk):
        here = chosen if number == 0 else None  # they are the folders of the first one only
        if here is not None:
            _check_known(root, here - {"."}, subfolders)
            subfolders[:] = [name for name in subfolders if name in here]
        else:
            subfolders[:] = [name for name in subfolders if recurse and not is_left_out(name)]
        subfolders[:] = _not_walked_yet(Path(folder), subfolders, walked, followlinks)
        if here is None or "." in here:
            files = (Path(folder, name) for name in names if _counts(name, suffixes))
            found += [file for file in files if file.is_file()]
    return sorted(found, key=lambda file: file.relative_to(root).as_posix())


def get_image_files(
    path: str | os.PathLike[str],
    recurse: bool = True,
    folders: str | Sequence[str] | None = None,
) -> list[Path]:
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
        folders: The names of its folders to look into, and no others; ``"."`` is the photos
            beside them.

    Raises:
        DataError: The folder, or one of ``folders``, does not exist, is a file, or cannot be read.
    """
    return get_files(path, IMAGE_SUFFIXES, recurse, folders)


def is_left_out(folder: str) -> bool:
    """Whether a folder is no part of a data set by its name: a hidden one, or a quarantine.

    Example:
        >>> is_left_out(".git"), is_left_out("bears.quarantine"), is_left_out("teddy")
        (True, True, False)
    """
    return folder.startswith(".") or folder.endswith(QUARANTINE)


def _existing_folder(path: str | os.PathLike[str]) -> Path:
    root = Path(path)
    if not root.is_dir():
        problem = "is a file" if root.exists() else "does not exist"
        raise DataError(
            f"{root} {problem}, and a folder of photos is expected.", hint="Check the path."
        )
    return root


def _suffixes(extensions: str | Iterable[str] | None) -> tuple[str, ...] | None:
    given = extensions or ()
    given = [given] if isinstance(given, str) else given
    return tuple(f".{suffix.lower().removeprefix('.')}" for suffix in given) or None


def _check_known(root: Path, chosen: set[str], there: Sequence[str]) -> None:
    unknown = sorted(chosen.difference(there))
    if not unknown:
        return
    close = difflib.get_close_matches(unknown[0], there, n=1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    names = ", ".join(sorted(there)) or "none"
    raise DataError(
        f"{root} has no folder {unknown[0]!r}.", hint=f"{meant}Its folders are: {names}."
    )


def _not_walked_yet(
    parent: Path, names: list[str], walked: set[Path], followlinks: bool
) -> list[str]:
    """The folders that no other way led to: links may meet, or lead back to where one is."""
    new = []
    for name in sorted(names, key=lambda name: ((parent / name).is_symlink(), name)):
        if not followlinks and (parent / name).is_symlink():
            continue
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


def _counts(name: str, suffixes: tuple[str, ...] | None) -> bool:
    return not name.startswith(".") and (suffixes is None or name.lower().endswith(suffixes))
