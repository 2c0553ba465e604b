"""A database of an earlier layout is brought to today's without losing a row."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from drivetrain.store import Database, PredictionLog, PredictionRow
from drivetrain.store.schema import metadata

ROWS = 500


@pytest.fixture
def first_layout(tmp_path: Path) -> Path:
    """A database as the first layout left it, with rows."""
    file = tmp_path / "predictions.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        settings = Config(attributes={"connection": connection})
        settings.set_main_option("script_location", "drivetrain.store:migrations")
        command.upgrade(settings, "0001")
    engine.dispose()
    with sqlite3.connect(file) as raw:
        raw.executemany(
            "INSERT INTO predictions (id, created, bundle, input_sha256, input_type, label, "
            "probabilities, in_domain, domain_score, decision, seconds) "
            "VALUES (?, '2026-01-02', 'b', 'i', 'image/jpeg', 'teddy', ?, 1, 0.5, 'keep', 0.01)",
            [(str(number), json.dumps({"teddy": number / ROWS})) for number in range(ROWS)],
        )
    raw.close()
    return file


def test_every_row_of_the_first_layout_is_found_after_the_second(first_layout: Path) -> None:
    for _ in range(2):
        with Database(f"sqlite:///{first_layout}") as database:
            log = PredictionLog(database)
            for number in range(ROWS):
                assert log.find(str(number)) == PredictionRow(
                    id=str(number),
                    created="2026-01-02",
                    bundle="b",
                    input_sha256="i",
                    input_type="image/jpeg",
                    label="teddy",
                    probabilities={"teddy": number / ROWS},
                    in_domain=True,
                    domain_score=0.5,
                    decision="keep",
                    values=None,
                    intervals=None,
                    remarks=[],
                    seconds=0.01,
                )
            with database.transaction() as connection:
                context = MigrationContext.configure(connection)
                assert compare_metadata(context, metadata) == []


def test_an_upgrade_that_fails_half_way_leaves_the_first_layout(first_layout: Path) -> None:
    with sqlite3.connect(first_layout) as raw:
        raw.execute("ALTER TABLE predictions ADD COLUMN intervals TEXT")  # in the way of the step
    raw.close()
    with pytest.raises(Exception, match="intervals"):
        Database(f"sqlite:///{first_layout}")
    with sqlite3.connect(first_layout) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
        columns = {column[1] for column in raw.execute("PRAGMA table_info(predictions)")}
        assert raw.execute("SELECT count(*) FROM predictions").fetchone() == (ROWS,)
    raw.close()
    assert "values" not in columns
