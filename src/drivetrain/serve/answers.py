"""From what was sent to what is answered; every answer is kept before it leaves."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from drivetrain.errors import InputError, UnreadableInputError
from drivetrain.predictor import Predictor
from drivetrain.prepare.group import Unpacked
from drivetrain.schema import Prediction
from drivetrain.serve.payloads import Payload
from drivetrain.serve.problems import ErrorAnswer, Problem
from drivetrain.store import PredictionLog, PredictionRow

MOST_AT_ONCE = 100_000
"""Inputs that one message may hold."""

CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)

Outcome = tuple[str, Prediction | InputError]
"""The SHA-256 of an input, and its answer or why there is none."""


class PredictionAnswer(BaseModel):
    """The answer to one input; ``id`` is its place in the record."""

    id: str
    label: str
    probabilities: dict[str, float]
    in_domain: bool | None
    domain_score: float | None
    decision: str | None
    values: dict[str, float] | None
    intervals: dict[str, tuple[float, float]] | None
    remarks: list[str]
    model: str


class PredictionsAnswer(BaseModel):
    """The answers to inputs that were sent together, in their order."""

    predictions: list[PredictionAnswer | ErrorAnswer]
    model: str


class Answering:
    """Answers payloads with one bundle and keeps every answer.

    Arguments:
        predictor: Answers.
        log: Where every prediction is kept before its answer leaves.
    """

    def __init__(self, predictor: Predictor, log: PredictionLog) -> None:
        self.predictor = predictor
        self.log = log
        self.model = predictor.bundle.short_id

    def __call__(self, payload: Payload) -> dict[str, Any]:
        """The body of the answer: a :class:`PredictionAnswer` or a :class:`PredictionsAnswer`.

        Raises:
            InputError: The message or its only input cannot be read.
            Problem: The message holds no input, or too many.
            StoreError: The record cannot be kept, so nothing is answered.
        """
        started = time.perf_counter()
        sent, outcomes = self._answered(payload)
        seconds = time.perf_counter() - started
        told = [
            outcome
            if isinstance(outcome, InputError)
            else PredictionRow.of(
                outcome,
                bundle=self.predictor.bundle.seal,
                input_sha256=sha256,
                input_type=payload.media_type,
                seconds=seconds,
            )
            for sha256, outcome in outcomes
        ]
        self.log.append_all([each for each in told if isinstance(each, PredictionRow)])
        if not sent.several:
            return self._public(told[0])
        return {"predictions": [self._public(each) for each in told], "model": self.model}

    def _answered(self, payload: Payload) -> tuple[Unpacked, list[Outcome]]:
        """What was sent, and the hash and the answer of each input in it."""
        try:
            sent = self.predictor.preparation.unpack(
                payload.content, payload.media_type, most=MOST_AT_ONCE
            )
            if sent.several:
                self._check_count(len(sent.items))
                return sent, list(self._outcomes(sent.items))
            (item,) = sent.items
            return sent, [(fingerprint(item), self.predictor.predict(item))]
        except RecursionError:
            raise UnreadableInputError(
                "What was sent is nested too deeply.", hint="Send plain values."
            ) from None

    def _outcomes(self, items: list[Any]) -> Iterator[Outcome]:
        one, _ = self.predictor.preparation.noun
        answers = self.predictor.predict_each(items)
        for place, (item, answer) in enumerate(zip(items, answers, strict=True), 1):
            if isinstance(answer, InputError):
                where = f"{one.capitalize()} {place} of {len(items)}"
                yield "", type(answer)(f"{where}: {answer.message}", hint=answer.hint)
            else:
                yield fingerprint(item), answer

    def _public(self, told: PredictionRow | InputError) -> dict[str, Any]:
        if isinstance(told, InputError):
            return {"error": told.as_dict()}
        return {name: getattr(told, name) for name in PUBLIC} | {"model": self.model}

    def _check_count(self, count: int) -> None:
        _, many = self.predictor.preparation.noun
        if not count:
            raise Problem(400, "no_input", f"The request holds no {many}.", "Send at least one.")


PUBLIC = tuple(name for name in PredictionAnswer.model_fields if name != "model")


def fingerprint(item: Any) -> str:
    """The SHA-256 of an input in hexadecimal: of its bytes, or of its canonical JSON.

    Example:
        >>> fingerprint({"b": 1, "a": None}) == fingerprint({"a": None, "b": 1})
        True
    """
    if isinstance(item, bytes):
        return hashlib.sha256(item).hexdigest()
    return hashlib.sha256(CANONICAL.encode(item).encode()).hexdigest()
