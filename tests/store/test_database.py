"""The database: new or old, its tables are of the newest layout, and errors name it."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from drivetrain.errors import ConfigError, StoreError
from drivetrain.store import Database
from drivetrain.store.migrations import HEAD
from drivetrain.store.schema import metadata


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'predictions.db'}"


def test_a_new_database_has_every_table_of_the_schema(tmp_path: Path) -> None:
    with Database(url(tmp_path)) as database, database.transaction() as connection:
        assert set(inspect(connection).get_table_names()) == {"alembic_version", *metadata.tables}
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == HEAD
        assert compare_metadata(context, metadata) == []


def test_an_existing_database_keeps_its_rows(tmp_path: Path) -> None:
    for expected in (0, 1, 2):
        with Database(url(tmp_path)) as database, database.transaction() as connection:
            count = connection.execute(text("SELECT count(*) FROM predictions")).scalar()
            assert count == expected
            connection.execute(
                text(
                    "INSERT INTO predictions (id, created, bundle, input_sha256, input_type, "
                    "label, probabilities, seconds) VALUES (:id, '', '', '', '', '', '{}', 0)"
                ),
                {"id": str(expected)},
            )


def test_every_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with Database(url(tmp_path)) as database, database.transaction() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA synchronous")).scalar() == 2


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/predictions\.db cannot be opened.*folder"):
        Database(url(tmp_path / "missing"))


def test_a_file_that_is_no_database_is_refused_and_unharmed(tmp_path: Path) -> None:
    file = tmp_path / "predictions.db"
    file.write_bytes(b"my diary" * 999)
    with pytest.raises(StoreError, match="not a database"):
        Database(url(tmp_path))
    assert file.read_bytes() == b"my diary" * 999


@pytest.mark.parametrize("wrong", ["predictions.db", "nosuch://x", "sqlite:/x:y@z", ""])
def test_a_url_that_is_none_says_what_one_looks_like(wrong: str) -> None:
    with pytest.raises((ConfigError, StoreError), match=r"sqlite:///|folder"):
        Database(wrong)


def test_what_fails_half_way_is_not_kept(tmp_path: Path) -> None:
    insert = text(
        "INSERT INTO predictions (id, created, bundle, input_sha256, input_type, label, "
        "probabilities, seconds) VALUES ('a', '', '', '', '', '', '{}', 0)"
    )
    with Database(url(tmp_path)) as database:

        def insert_twice() -> None:
            with database.transaction() as connection:
                connection.execute(insert)
                connection.execute(insert)

        with pytest.raises(StoreError, match="UNIQUE"):
            insert_twice()
        with database.transaction() as connection:
            assert connection.execute(text("SELECT count(*) FROM predictions")).scalar() == 0


def test_a_database_that_is_removed_while_it_is_open_is_told_and_not_made_anew(
    tmp_path: Path,
) -> None:
    with Database(url(tmp_path)) as database:
        for file in tmp_path.iterdir():
            file.unlink()
        with pytest.raises(StoreError, match="removed or replaced"), database.transaction():
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_database_in_memory_is_one_for_all_threads() -> None:
    def count() -> object:
        with database.transaction() as connection:
            return connection.execute(text("SELECT count(*) FROM predictions")).scalar()

    with Database("sqlite://") as database, ThreadPoolExecutor(1) as pool:
        assert pool.submit(count).result() == 0


def test_a_layout_of_the_future_says_what_to_install(tmp_path: Path) -> None:
    with Database(url(tmp_path)) as database, database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    with pytest.raises(StoreError, match=r"unknown here.*0099.*pip install --upgrade"):
        Database(url(tmp_path))


def test_servers_that_start_at_once_share_a_new_database(tmp_path: Path) -> None:
    program = "import sys; from drivetrain.store import Database; Database(sys.argv[1])"
    starting = [
        subprocess.Popen([sys.executable, "-c", program, url(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    assert [(server.communicate()[1], server.returncode) for server in starting] == [(b"", 0)] * 4
