"""The HTTP application, version 1: predictions, what the model is, and the page."""

from __future__ import annotations

import mimetypes
import os
import time
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from drivetrain.card.describe import describe
from drivetrain.predictor import Predictor
from drivetrain.schema import Prediction
from drivetrain.serve.payloads import MULTIPART, Payload, read_payload
from drivetrain.serve.problems import ErrorAnswer, answer_problems
from drivetrain.store import PredictionLog, PredictionRow

MAX_BYTES = 20_000_000
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class PredictionAnswer(BaseModel):
    """The answer to one input; ``id`` is its row in the record."""

    id: str
    label: str
    probabilities: dict[str, float]
    in_domain: bool | None
    domain_score: float | None
    decision: str | None
    model: str


def create_app(predictor: Predictor, log: PredictionLog, *, max_bytes: int = MAX_BYTES) -> FastAPI:
    """The application that answers with one bundle and keeps every answer.

    Arguments:
        predictor: Answers; warmed up and verified here, so that the server is ready when it
            listens.
        log: Where every prediction is kept before its answer leaves.
        max_bytes: The largest input.

    Raises:
        SampleMismatchError: This machine does not reproduce the bundle's stored answers.
    """
    predictor.verify()
    app = FastAPI(title="Drivetrain", version=version("drivetrain"), docs_url=None, redoc_url=None)
    answer_problems(app)
    mimetypes.add_type("text/javascript", ".js")  # some systems say text/plain
    pages = Path(str(files("drivetrain.serve") / "pages"))
    app.mount("/static", StaticFiles(directory=pages), name="static")
    media_types = predictor.preparation.media_types
    answering = CapacityLimiter(os.cpu_count() or 1)  # more would only take turns
    model_id = predictor.bundle.short_id

    @app.middleware("http")
    async def add_headers(
        request: Request, proceed: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await proceed(request)
        response.headers.update(PAGE_HEADERS)
        return response

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(pages / "index.html")

    @app.get("/health")
    async def health() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok"}

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        """The model is loaded, verified and warm."""
        return {"status": "ready", "model": model_id}

    @app.get("/v1/model")
    async def model() -> JSONResponse:
        """What the model is, what it takes and how well it did."""
        return JSONResponse(describe(predictor.bundle) | {"limits": {"max_bytes": max_bytes}})

    @app.post(
        "/v1/predict",
        responses={status: {"model": ErrorAnswer} for status in (400, 408, 413, 415, 422, 503)},
        openapi_extra=_request_body(media_types),
    )
    async def predict(request: Request) -> PredictionAnswer:
        """Answer one input, sent as the field ``file`` of a form or as the body itself."""
        payload = await read_payload(request, media_types=media_types, max_bytes=max_bytes)
        row = await to_thread.run_sync(_answer, predictor, log, payload, limiter=answering)
        return PredictionAnswer(model=model_id, **_public(row))

    return app


def _answer(predictor: Predictor, log: PredictionLog, payload: Payload) -> PredictionRow:
    started = time.perf_counter()
    prediction: Prediction = predictor.predict(payload.content)
    row = PredictionRow.of(
        prediction,
        bundle=predictor.bundle.seal,
        input_sha256=payload.sha256,
        input_type=payload.media_type,
        seconds=time.perf_counter() - started,
    )
    log.append(row)
    return row


def _public(row: PredictionRow) -> dict[str, Any]:
    fields = PredictionAnswer.model_fields.keys() - {"model"}
    return {field: getattr(row, field) for field in fields}


def _request_body(media_types: tuple[str, ...]) -> dict[str, Any]:
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": ["file"], "properties": {"file": binary}}
    content = {MULTIPART: {"schema": form}} | {kind: {"schema": binary} for kind in media_types}
    return {"requestBody": {"required": True, "content": content}}
