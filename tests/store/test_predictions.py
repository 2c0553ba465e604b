"""The log: what is appended is found, also from another process and after a kill."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from drivetrain.errors import StoreError
from drivetrain.schema import NONE, Prediction, Vocab
from drivetrain.store import Database, PredictionLog, PredictionRow

ANSWER = Prediction.of(np.array([0.25, 0.75], np.float32), Vocab(("black", 'te"ddy 🧸')))

KILLED_WRITER = """
import os, signal, sys
import numpy as np
from drivetrain.schema import NONE, Prediction, Vocab
from drivetrain.store import Database, PredictionLog, PredictionRow
log = PredictionLog(Database(sys.argv[1]))
answer = Prediction.of(np.array([0.25, 0.75], np.float32), Vocab(("a", "b")))
row = PredictionRow.of(answer, bundle="b", input_sha256="i", input_type="t", seconds=0.5)
log.append(row)
print(row.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


NUMBERS = Prediction(
    label="12.5",
    index=None,
    probabilities=NONE,
    vocab=("price",),
    values={"price": 12.5},
    intervals={"price": (10.25, 14.75)},
    remarks=("age: 200 lies outside the training's 17 to 90", '"\ud800" is new'),
)


def new_row() -> PredictionRow:
    return PredictionRow.of(
        ANSWER, bundle="b" * 64, input_sha256="i" * 64, input_type="image/jpeg", seconds=0.01
    )


def test_a_row_is_found_as_it_was_appended(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'p.db'}") as database:
        log, row = PredictionLog(database), new_row()
        log.append(row)
        assert log.find(row.id) == row
        assert row.label == 'te"ddy 🧸'
        assert row.probabilities == {"black": 0.25, 'te"ddy 🧸': 0.75}
        assert log.find("another") is None


def test_numbers_their_intervals_and_remarks_are_found_as_they_were_appended(
    tmp_path: Path,
) -> None:
    row = PredictionRow.of(NUMBERS, bundle="b", input_sha256="i", input_type="t", seconds=0.5)
    with Database(f"sqlite:///{tmp_path / 'p.db'}") as database:
        log = PredictionLog(database)
        log.append(row)
        log.append(new_row())
        assert log.find(row.id) == row
        with database.transaction() as connection:
            empty = connection.execute(
                text('SELECT count(*) FROM predictions WHERE "values" IS NULL')
            ).scalar()
    assert row.values == {"price": 12.5}
    assert row.intervals == {"price": [10.25, 14.75]}
    assert len(row.remarks) == 2
    assert empty == 1


def test_rows_that_are_appended_together_are_all_kept_or_none(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'p.db'}") as database:
        log, rows = PredictionLog(database), [new_row() for _ in range(1000)]
        log.append_all(rows)
        log.append_all([])
        assert [log.find(row.id) for row in rows[::100]] == rows[::100]
        new = new_row()
        with pytest.raises(StoreError, match="UNIQUE"):
            log.append_all([new, rows[0]])
        assert log.find(new.id) is None


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    with Database(f"sqlite:///{tmp_path / 'p.db'}") as database:
        log, rows = PredictionLog(database), [new_row() for _ in range(100)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(log.append, rows))
        assert all(log.find(row.id) == row for row in rows)


def test_a_row_survives_the_kill_of_its_writer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'p.db'}"
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_WRITER, url], capture_output=True, text=True, check=False
    )
    assert ended.returncode == -9, ended.stderr
    with Database(url) as database:
        found = PredictionLog(database).find(ended.stdout.strip())
    assert found is not None
    assert found.label == "b"
