"""Errors as the HTTP answers show them: a status and ``{"error": {code, message, hint}}``."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from drivetrain.errors import DrivetrainError, InputError, InputTooLargeError, StoreError

logger = logging.getLogger("drivetrain.serve")

STATUS_OF = {InputTooLargeError: 413, InputError: 422, StoreError: 503}


class ErrorDetail(BaseModel):
    """What happened and what to do."""

    code: str
    message: str
    hint: str


class ErrorAnswer(BaseModel):
    """The body of every answer that is no success."""

    error: ErrorDetail


class Problem(Exception):
    """A request that cannot be answered as it was asked.

    Arguments:
        status: The HTTP status.
        code: A short name for programs.
        message: What happened.
        hint: What to do.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.detail = ErrorDetail(code=code, message=message, hint=hint)


def answer_problems(app: FastAPI) -> None:
    """Translate every error into an answer; no traceback leaves the server."""

    @app.exception_handler(Problem)
    async def on_problem(_: Request, problem: Problem) -> Response:
        return _answer(problem.status, problem.detail)

    @app.exception_handler(DrivetrainError)
    async def on_error(_: Request, error: DrivetrainError) -> Response:
        known = (status for kind, status in STATUS_OF.items() if isinstance(error, kind))
        return _answer(next(known, 500), ErrorDetail(**error.as_dict()))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        phrase = HTTPStatus(error.status_code).phrase
        detail = ErrorDetail(
            code=phrase.lower().replace(" ", "_"),
            message=f"{request.method} {request.url.path}: {phrase}.",
            hint="See /openapi.json for what there is.",
        )
        return _answer(error.status_code, detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return _answer(
            400, ErrorDetail(code="bad_request", message=f"{where}: {first['msg']}", hint="")
        )

    @app.exception_handler(ClientDisconnect)
    async def on_hang_up(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=400)  # nobody is there to read it

    @app.exception_handler(Exception)
    async def on_fault(_: Request, error: Exception) -> Response:
        logger.error("A request failed", exc_info=error)
        detail = ErrorDetail(
            code="internal",
            message="The server failed on this request; the reason is in its log.",
            hint="Other requests are not affected.",
        )
        return _answer(500, detail)


def to_json(content: Any) -> bytes:
    """The body of an answer; half of a surrogate pair, which is no text, is escaped.

    Example:
        >>> to_json({"label": "teddy"})
        b'{"label":"teddy"}'
    """
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _answer(status: int, detail: ErrorDetail, headers: object | None = None) -> Response:
    return Response(
        to_json({"error": detail.model_dump()}),
        status_code=status,
        headers=dict(headers) if isinstance(headers, dict) else None,
        media_type="application/json",
    )
