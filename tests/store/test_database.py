"""The database: new or old, its tables are of the newest layout, and errors name it."""

from __future__ import annotations

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
