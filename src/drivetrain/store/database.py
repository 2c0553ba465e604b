"""The database behind the record: SQLite on a laptop, any SQLAlchemy URL beyond."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from drivetrain.errors import ConfigError, StoreError
from drivetrain.store.migrations import HEAD

SECONDS_TO_WAIT_FOR_A_LOCK = 10
TRIES_TO_OPEN = 5


class Database:
    """An open database whose tables are of the newest layout; close it when done.

    SQLite runs with a write-ahead log and waits for the disk at each commit, so that a row
    survives the end of the process and of the power.

    Example:
        >>> with Database("sqlite://") as database, database.transaction() as connection:
        ...     connection.execute(text("select count(*) from predictions")).scalar()
        0

    Arguments:
        url: As in SQLAlchemy: ``sqlite:///predictions.db``, ``postgresql+psycopg://...``.

    Raises:
        ConfigError: No such URL.
        StoreError: The database cannot be opened or brought to the newest layout.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.name = _name(self.engine)
        try:
            self._migrate_in_turn()
        except SQLAlchemyError as problem:
            self.engine.dispose()
            raise StoreError(
                f"The store {self.name} cannot be opened: {_reason(problem)}.",
                hint="Give --store a database in a folder that exists and that you may write to.",
            ) from problem
        self._opened = self._file()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is kept as a whole or not at all.

        Raises:
            StoreError: The database refused.
        """
        if self._file() != self._opened:
            raise StoreError(
                f"The store {self.name} was removed or replaced while it was open.",
                hint="Restart the server, so that it keeps its record again.",
            )
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as problem:
            raise StoreError(
                f"The store {self.name} failed: {_reason(problem)}.",
                hint="Check the disk and the permissions of the database.",
            ) from problem

    def _file(self) -> tuple[int, int] | None:
        """What tells the database's file from another one in its place; None in memory."""
        place = self.engine.url
        if place.get_backend_name() != "sqlite" or _is_in_memory(place):
            return None
        try:
            found = os.stat(str(place.database))
        except FileNotFoundError:
            return (0, 0)
        return found.st_dev, found.st_ino

    def _migrate_in_turn(self) -> None:
        """Several servers may start on a new database at once; SQLite makes some ask again."""
        for _ in range(TRIES_TO_OPEN - 1):
            try:
                return self._migrate()
            except OperationalError as problem:
                if "locked" not in str(problem):
                    raise
        return self._migrate()

    def _migrate(self) -> None:
        with self.engine.begin() as connection:
            if _revision(connection) == HEAD:
                return
            from alembic import command
            from alembic.config import Config
            from alembic.util.exc import CommandError

            settings = Config(attributes={"connection": connection})
            settings.set_main_option("script_location", "drivetrain.store:migrations")
            try:
                command.upgrade(settings, "head")
            except CommandError as problem:
                raise StoreError(
                    f"The store {self.name} has a layout that is unknown here: {problem}.",
                    hint="Run: pip install --upgrade drivetrain",
                ) from None


def _engine(url: str) -> Engine:
    try:
        place = make_url(url)
        one_for_all = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        engine = create_engine(place, **(one_for_all if _is_in_memory(place) else {}))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as problem:
        raise ConfigError(
            f"{url!r} is no store that can be opened: {problem}.",
            hint="Give a URL such as sqlite:///predictions.db",
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _is_in_memory(place: URL) -> bool:
    return place.get_backend_name() == "sqlite" and place.database in (None, "", ":memory:")


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver would commit before each change of a table
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {SECONDS_TO_WAIT_FOR_A_LOCK * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: who waits, waits here, and finds what the other did."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _name(engine: Engine) -> str:
    database = engine.url.database
    if engine.dialect.name == "sqlite":
        return str(Path(database)) if database else "in memory"
    return engine.url.render_as_string(hide_password=True)


def _reason(problem: SQLAlchemyError) -> str:
    return str(getattr(problem, "orig", None) or problem).strip().rstrip(".")
