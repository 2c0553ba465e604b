"""The HTTP application, version 1: predictions, what the model is, and the page."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from drivetrain.card.describe import describe
from drivetrain.predictor import Predictor
from drivetrain.serve.answers import (
    MOST_AT_ONCE,
    Answering,
    PredictionAnswer,
    PredictionsAnswer,
)
from drivetrain.serve.payloads import read_payload
from drivetrain.serve.problems import ErrorAnswer, answer_problems, to_json
from drivetrain.serve.request_body import request_body
from drivetrain.store import PredictionLog

MAX_BYTES = 20_000_000
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def create_app(predictor: Predictor, log: PredictionLog, *, max_bytes: int = MAX_BYTES) -> FastAPI:
    """The application that answers with one bundle and keeps every answer.

    Arguments:
        predictor: Answers; warmed up and verified here, so that the server is ready when it
            listens.
        log: Where every prediction is kept before its answer leaves.
        max_bytes: The largest message.

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
    answer = Answering(predictor, log)
    limiter = CapacityLimiter(os.cpu_count() or 1)  # more would only take turns
    limits = {"max_bytes": max_bytes, "max_inputs": MOST_AT_ONCE}

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
        return {"status": "ready", "model": answer.model}

    @app.get("/v1/model")
    async def model() -> JSONResponse:
        """What the model is, what it takes and how well it did."""
        return JSONResponse(describe(predictor.bundle) | {"limits": limits})

    @app.post(
        "/v1/predict",
        response_model=PredictionAnswer | PredictionsAnswer,
        responses={status: {"model": ErrorAnswer} for status in (400, 408, 413, 415, 422, 503)},
        openapi_extra=request_body(media_types, predictor.preparation.fields),
    )
    async def predict(request: Request) -> Response:
        """Answer what is sent as the field ``file`` of a form or as the body itself.

        A message that holds several inputs is answered with ``predictions``, one for each in
        their order; one that is refused has its ``error`` in its place and stops no other.
        """
        payload = await read_payload(request, media_types=media_types, max_bytes=max_bytes)

        def answered() -> bytes:
            return to_json(answer(payload))

        body = await to_thread.run_sync(answered, limiter=limiter)
        return Response(body, media_type="application/json")

    return app
