"""The memory of looks between runs: a small database in the cache folder, by content."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import astuple, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from drivetrain.data.cache_folder import cache_folder
from drivetrain.data.looks.record import SIGNATURE_BYTES, Look

VERSION = 1
LOOKS_A_TRANSACTION = 256
SECONDS_TO_WAIT_FOR_A_LOCK = 10
COMPANIONS = ("-wal", "-shm", "")
NAMES = tuple(field.name for field in fields(Look))
COLUMNS = ", ".join(NAMES)
CREATE = f"create table if not exists looks ({COLUMNS}, primary key (content))"
READ = f"select {COLUMNS} from looks where content = ?"
WRITE = f"insert or replace into looks values ({', '.join('?' for _ in NAMES)})"

Rows = list[tuple[Any, ...]]


class LookIndex:
    """Looks by the photo's content, kept between runs; close it when done.

    It saves time and is never in the way. Several processes may use one at once, a process that
    is killed loses its last looks at most, a damaged database is set aside as ``.broken`` and
    made anew, and where none can be written nothing is remembered. A photo that cannot be read is
    looked at again in each run: the next Pillow may read it.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, LookIndex(folder) as index:
        ...     index.remember([Look(content="c0ffee", signature=bytes(SIGNATURE_BYTES))])
        ...     found = index.get("c0ffee")
        >>> found is not None
        True

    Arguments:
        folder: Where the database lies; the one for caches when None.
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        place = cache_folder() if folder is None else Path(folder)
        self.path = None if place is None else place / f"looks-{VERSION}.db"
        self._lock = threading.Lock()
        self._new: dict[str, Look] = {}
        self._database: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None
        with self._lock:
            self._open()

    def __enter__(self) -> LookIndex:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def get(self, content: str) -> Look | None:
        """What is remembered of a photo with this content."""
        with self._lock:
            if content in self._new:
                return self._new[content]
            rows = self._guarded(lambda database: database.execute(READ, [content]).fetchall())
        return _look(rows[0]) if rows else None

    def remember(self, looks: Iterable[Look]) -> None:
        """Keep looks at photos that could be read; they are written some hundred at a time."""
        with self._lock:
            if self._database is None:
                return
            self._new |= {look.content: look for look in looks if look.signature and look.content}
            if len(self._new) >= LOOKS_A_TRANSACTION:
                self._write()

    def flush(self) -> None:
        """Write what was not written yet."""
        with self._lock:
            self._write()

    def close(self) -> None:
        """Write what was not written yet, and close the database."""
        with self._lock:
            self._write()
            self._let_go()

    def _write(self) -> None:
        if rows := [astuple(look) for look in self._new.values()]:
            self._guarded(lambda database: _write_all(database, rows))
        self._new = {}

    def _guarded(self, act: Callable[[sqlite3.Connection], Rows]) -> Rows:
        """Do something with the database; when it fails, go on without or with a new one."""
        if self._database is None:
            return []
        try:
            return act(self._database)
        except sqlite3.Error as problem:
            self._let_go()
            if not isinstance(problem, sqlite3.OperationalError):  # locked, full, not writable
                self._set_aside()
                self._open()
            return []

    def _open(self) -> None:
        for _ in range(2):
            try:
                return self._connect()
            except sqlite3.OperationalError:
                return self._let_go()
            except sqlite3.Error:
                self._let_go()
                self._set_aside()
            except OSError:
                return None

    def _connect(self) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(
            self.path,
            timeout=SECONDS_TO_WAIT_FOR_A_LOCK,
            isolation_level=None,
            check_same_thread=False,
        )
        self._opened = _file(self.path)
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = normal")
        self._database.execute(CREATE)

    def _let_go(self) -> None:
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    def _set_aside(self) -> None:
        """Move the damaged database away, unless another process has done so already.

        Its log goes first: SQLite would play it into the new database.
        """
        if self.path is None or _file(self.path) != self._opened:
            return
        for companion in COMPANIONS:
            with contextlib.suppress(OSError):
                place = f"{self.path}{companion}"
                os.replace(place, f"{place}.broken")


def _write_all(database: sqlite3.Connection, rows: Rows) -> Rows:
    database.execute("begin immediate")
    try:
        database.executemany(WRITE, rows)
    except BaseException:
        database.rollback()
        raise
    database.execute("commit")
    return []


def _file(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one in its place."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _look(row: tuple[Any, ...]) -> Look | None:
    look = Look(**dict(zip(NAMES, row, strict=True)))
    is_whole = isinstance(look.signature, bytes) and len(look.signature) == SIGNATURE_BYTES
    return look if is_whole else None
