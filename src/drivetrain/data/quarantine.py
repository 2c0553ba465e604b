"""A folder beside the data where files wait that should not be learned from.

Nothing is deleted. A journal says, before a file is moved, where it comes from and where it goes;
which of the two places it is in, the disk knows. So a process may be killed at any moment.
"""

from __future__ import annotations

import errno
import filecmp
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from drivetrain.data.items import QUARANTINE
from drivetrain.errors import ConfigError, OutputError

JOURNAL = "journal.jsonl"
NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A file in quarantine.

    Arguments:
        file: Where it lay, relative to the data.
        stored: Where it lies, relative to the quarantine.
        reason: Why it was moved.
        batch: What was moved by the same call has the same.
        at: When, in UTC.
    """

    file: str
    stored: str
    reason: str
    batch: str
    at: str


@dataclass(frozen=True, kw_only=True)
class Moved:
    """What a move did.

    Arguments:
        files: What was moved, by its place in the data.
        left: What stayed where it was, and why.
    """

    files: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)


class Quarantine:
    """The quarantine of a folder of photos: ``photos.quarantine`` beside ``photos``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     photos = Path(folder) / "photos"
        ...     photos.mkdir()
        ...     _ = (photos / "bad.jpg").write_bytes(b"no photo")
        ...     quarantine = Quarantine(photos)
        ...     _ = quarantine.put([photos / "bad.jpg"], "It is not a picture.")
        ...     [entry.file for entry in quarantine.entries()], os.listdir(photos)
        ...     quarantine.undo().files, os.listdir(photos)
        (['bad.jpg'], [])
        (['bad.jpg'], ['bad.jpg'])

    Arguments:
        root: The folder of photos.

    Raises:
        ConfigError: The folder has no name, so that nothing can lie beside it.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        if not self.root.name:
            raise ConfigError(
                f"{self.root} is the top of its disk, and a quarantine lies beside the photos.",
                hint="Put the photos into a folder.",
            )
        self.folder = self.root.with_name(self.root.name + QUARANTINE)

    def put(self, paths: Iterable[str | os.PathLike[str]], reason: str) -> Moved:
        """Move files into quarantine, keeping their place below the folder.

        Arguments:
            paths: The files; those that cannot be moved stay, and do not stop the others.
            reason: Why, for the journal.

        Raises:
            OutputError: The quarantine cannot be written.
        """
        return self.put_each({os.fspath(path): reason for path in paths})

    def put_each(self, reasons: Mapping[str, str]) -> Moved:
        """Move files into quarantine, each for its own reason: paths to reasons.

        Raises:
            OutputError: The quarantine cannot be written.
        """
        moved = Moved()
        batch, used = uuid.uuid4().hex, {entry.stored for entry in self._journaled()}
        plans: list[Entry] = []
        at = datetime.now(UTC).isoformat(timespec="seconds")
        for path, reason in reasons.items():
            place = Path(os.path.abspath(path))
            if self.root not in place.parents:
                moved.left[path] = f"It does not lie in {self.root.name}."
                continue
            file = place.relative_to(self.root).as_posix()
            stored = self._free_place(file, used)
            used.add(stored)
            plans.append(Entry(file=file, stored=stored, reason=reason, batch=batch, at=at))
        if not plans:
            return moved
        with self._journal() as journal:
            for entry in plans:
                _note(journal, event="move", **asdict(entry))
            _flush(journal)
            for entry in plans:
                problem = _try_move(self.root / entry.file, self.folder / entry.stored)
                if problem:
                    moved.left[entry.file] = problem
                else:
                    moved.files.append(entry.file)
                    _note(journal, event="moved", stored=entry.stored)
            _flush(journal)
        return moved

    def undo(self, *, last: bool = False) -> Moved:
        """Bring files back to where they lay; a file that has since appeared there is kept.

        Arguments:
            last: Bring back only what the last call moved that still has files here.

        Raises:
            OutputError: The journal cannot be written.
        """
        entries, moved = self.entries(), Moved()
        if last and entries:
            entries = [entry for entry in entries if entry.batch == entries[-1].batch]
        if not entries:
            return moved
        with self._journal() as journal:
            for entry in entries:
                here, there = self.folder / entry.stored, self.root / entry.file
                problem = _bring_back(here, there)
                if problem:
                    moved.left[entry.file] = problem
                    continue
                moved.files.append(entry.file)
                _note(journal, event="restored", stored=entry.stored)
                _remove_empty_folders(here.parent, self.folder)
            _flush(journal)
        return moved

    def entries(self) -> list[Entry]:
        """The files that lie in quarantine, in the order in which they were moved."""
        return [entry for entry in self._journaled() if os.path.lexists(self.folder / entry.stored)]

    def _journaled(self) -> list[Entry]:
        """Every move that was ever meant; a last line that was cut short was never meant."""
        try:
            text = (self.folder / JOURNAL).read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as problem:
            raise _unusable(self.folder / JOURNAL, problem) from None
        return list(filter(None, map(_entry, text.splitlines())))

    def _free_place(self, file: str, used: set[str]) -> str:
        """A name that no file has and that the journal has never named."""
        stem, suffix = os.path.splitext(file)
        number, stored = 1, file
        while stored in used or stored == JOURNAL or os.path.lexists(self.folder / stored):
            number += 1
            stored = f"{stem}~{number}{suffix}"
        return stored

    @contextmanager
    def _journal(self) -> Iterator[IO[bytes]]:
        path = self.folder / JOURNAL
        try:
            self.folder.mkdir(exist_ok=True)
            with path.open("ab", buffering=0) as journal:
                if journal.tell():
                    journal.write(b"\n")  # ends a line that was cut short
                yield journal
        except OSError as problem:
            raise _unusable(path, problem) from None


def _unusable(path: Path, problem: Exception) -> OutputError:
    said = (problem.strerror if isinstance(problem, OSError) else "") or type(problem).__name__
    return OutputError(
        f"{path} cannot be used: {said}.",
        hint="No file was deleted. Make room or mend its permissions, and try again.",
    )


def _note(journal: IO[bytes], **line: str) -> None:
    journal.write(json.dumps(line).encode() + b"\n")


def _flush(journal: IO[bytes]) -> None:
    os.fsync(journal.fileno())


def _entry(line: str) -> Entry | None:
    try:
        said: dict[str, Any] = json.loads(line)
        if said.pop("event") != "move":
            return None
        return Entry(**said)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _bring_back(here: Path, there: Path) -> str:
    """Move a file back; when a move was cut off, both places have it, and one of them goes."""
    if os.path.lexists(there) and _are_equal(here, there):
        here.unlink()
        return ""
    return _try_move(here, there)


def _are_equal(one: Path, other: Path) -> bool:
    if one.is_symlink() or other.is_symlink():
        both = one.is_symlink() and other.is_symlink()
        return both and os.readlink(one) == os.readlink(other)
    return one.is_file() and other.is_file() and filecmp.cmp(one, other, shallow=False)


def _try_move(source: Path, target: Path) -> str:
    """Move a file and never write over another: "" or why it stayed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(source, target)
    except FileExistsError:
        return f"Another file has since appeared at {target}."
    except FileNotFoundError:
        return "It is no longer there."
    except OSError as problem:
        return f"It cannot be moved: {problem.strerror or problem}."
    return ""


def _move(source: Path, target: Path) -> None:
    try:
        if os.link in os.supports_follow_symlinks:
            os.link(source, target, follow_symlinks=False)
        else:
            os.link(source, target)
    except OSError as problem:
        if problem.errno == errno.EXDEV:
            _copy(source, target)
        elif problem.errno in NO_LINKS:
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "exists", str(target)) from None
            os.rename(source, target)
            return
        else:
            raise
    os.unlink(source)


def _copy(source: Path, target: Path) -> None:
    """A whole copy under another name first, so that what has the right name is whole."""
    part = target.with_name(f".{target.name}.part")
    part.unlink(missing_ok=True)
    shutil.copy2(source, part, follow_symlinks=False)
    if not part.is_symlink():
        with part.open("rb+") as copied:
            os.fsync(copied.fileno())
    _move(part, target)


def _remove_empty_folders(folder: Path, top: Path) -> None:
    while folder != top:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent
