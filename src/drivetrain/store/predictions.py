"""The rows of the record: what was asked, what was answered, by which model."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from drivetrain.schema import Prediction
from drivetrain.store.database import Database
from drivetrain.store.schema import predictions


@dataclass(frozen=True, kw_only=True)
class PredictionRow:
    """One served prediction.

    Arguments:
        id: The number that the answer carries.
        created: When, in UTC, ISO 8601 with milliseconds.
        bundle: The seal of the bundle that answered, SHA-256 in hexadecimal.
        input_sha256: The SHA-256 of the input's bytes, or of its canonical JSON.
        input_type: The content type that it came with.
        label: The answer, as words.
        probabilities: By class; nothing where numbers are predicted.
        in_domain: The verdict, if the bundle gives one.
        domain_score: The number behind the verdict.
        decision: The decision, if the bundle takes one.
        values: The predicted numbers by name; None where classes are predicted.
        intervals: From where to where each number lies, if the bundle says so.
        remarks: What was worth knowing of the input.
        seconds: From the whole message to its answer.
    """

    id: str
    created: str
    bundle: str
    input_sha256: str
    input_type: str
    label: str
    probabilities: dict[str, float]
    in_domain: bool | None
    domain_score: float | None
    decision: str | None
    values: dict[str, float] | None
    intervals: dict[str, list[float]] | None
    remarks: list[str]
    seconds: float

    @classmethod
    def of(
        cls,
        prediction: Prediction,
        *,
        bundle: str,
        input_sha256: str,
        input_type: str,
        seconds: float,
    ) -> PredictionRow:
        """The row of a new prediction, with an id of its own."""
        return cls(
            id=str(uuid.uuid4()),
            created=datetime.now(UTC).isoformat(timespec="milliseconds"),
            bundle=bundle,
            input_sha256=input_sha256,
            input_type=input_type,
            seconds=seconds,
            **prediction.as_dict(),
        )


class PredictionLog:
    """Keeps and finds predictions.

    Arguments:
        database: Where the rows are.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, row: PredictionRow) -> None:
        """Keep a row; it is on the disk when this returns.

        Raises:
            StoreError: The database refused.
        """
        self.append_all([row])

    def append_all(self, rows: Sequence[PredictionRow]) -> None:
        """Keep rows in one transaction: they are all on the disk when this returns, or none is.

        Raises:
            StoreError: The database refused.
        """
        if not rows:
            return
        with self.database.transaction() as connection:
            connection.execute(predictions.insert(), [vars(row) for row in rows])

    def find(self, prediction_id: str) -> PredictionRow | None:
        """The row with that id, if there is one."""
        with self.database.transaction() as connection:
            found = (
                connection.execute(select(predictions).where(predictions.c.id == prediction_id))
                .mappings()
                .first()
            )
        return PredictionRow(**found) if found else None
