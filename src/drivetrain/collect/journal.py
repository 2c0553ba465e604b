"""The journal of a folder of downloads: what is there already, whatever ended the last call."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

from drivetrain.errors import OutputError

JOURNAL_NAME = ".downloads.jsonl"
NEWLINE = b"\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What became of one address, as the journal keeps it.

    Arguments:
        url: The address.
        label: Its class, when its list had classes.
        status: ``saved``, ``known`` or ``failed``.
        file: Its picture, relative to the journal's folder; empty when it failed.
        content: The hash of the picture's bytes; empty when it failed.
        reason: Why it failed, or whence it is known.
    """

    url: str
    label: str | None
    status: str
    file: str = ""
    content: str = ""
    reason: str = ""


class Journal:
    """One line of JSON an address; lines are only ever added.

    A line is written at once, after the file that it speaks of has its name. A line that was cut
    short by a kill is passed over, and what comes next begins on a line of its own.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with Journal(Path(folder)) as journal:
        ...         journal.add(Entry(url="https://example.com/a.jpg", label=None, status="failed"))
        ...     [entry.url for entry in Journal(Path(folder)).read()]
        ['https://example.com/a.jpg']

    Arguments:
        folder: The folder that it speaks of and lies in.

    Raises:
        OutputError: It cannot be read or written.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / JOURNAL_NAME
        self._handle = -1
        self._lock = threading.Lock()

    def __enter__(self) -> Journal:
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
            self._handle = os.open(self.file, flags, 0o666)
            if not self._ends_with_a_line():
                os.write(self._handle, NEWLINE)
        except OSError as problem:
            self._close()
            raise self._trouble(problem) from problem
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._close()

    def add(self, entry: Entry) -> None:
        """Write one line; any thread may."""
        line = json.dumps(asdict(entry)).encode() + NEWLINE
        try:
            with self._lock:
                os.write(self._handle, line)
        except OSError as problem:
            raise self._trouble(problem) from problem

    def read(self) -> list[Entry]:
        """All whole lines, oldest first."""
        try:
            lines = self.file.read_bytes().split(NEWLINE)
        except FileNotFoundError:
            return []
        except OSError as problem:
            raise self._trouble(problem) from problem
        return [entry for line in lines if (entry := _entry_of(line)) is not None]

    def _ends_with_a_line(self) -> bool:
        size = os.lseek(self._handle, 0, os.SEEK_END)
        if size == 0:
            return True
        os.lseek(self._handle, size - 1, os.SEEK_SET)
        return os.read(self._handle, 1) == NEWLINE

    def _close(self) -> None:
        if self._handle != -1:
            os.close(self._handle)
            self._handle = -1

    def _trouble(self, problem: OSError) -> OutputError:
        return OutputError(
            f"{self.file}, the journal of the downloads, cannot be used: {problem.strerror}.",
            hint="Make room, mend its permissions, or choose another folder.",
        )


def _entry_of(line: bytes) -> Entry | None:
    try:
        fields = json.loads(line)
        entry = Entry(**fields)
    except (ValueError, TypeError):
        return None
    texts = (entry.url, entry.status, entry.file, entry.content, entry.reason)
    return entry if all(isinstance(text, str) for text in texts) else None
