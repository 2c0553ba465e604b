"""What comes in over HTTP: one input's bytes and their content type, within limits."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from email.message import Message

from fastapi import Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from drivetrain.serve.problems import Problem

MULTIPART = "multipart/form-data"
MULTIPART_OVERHEAD = 64 * 1024
READ_AT_MOST = 200_000_000
SECONDS_TO_SEND = 60
ANY_TYPE = ("", "application/octet-stream", "application/x-www-form-urlencoded")
"""What clients send when they do not know: the content decides."""


@dataclass(frozen=True, kw_only=True)
class Payload:
    """One input as it was sent."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """The SHA-256 of the content in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


async def read_payload(
    request: Request, *, media_types: tuple[str, ...], max_bytes: int
) -> Payload:
    """The input in a request: the field ``file`` of a form, or the whole body.

    Arguments:
        request: The request.
        media_types: What the model reads.
        max_bytes: The largest input; nothing beyond it is read.

    Raises:
        Problem: 400 without an input, 413 past the limit, 415 for another content type.
    """
    media_type = _media_type(request.headers.get("content-type", ""))
    if media_type == MULTIPART:
        payload = await _from_form(request, max_bytes)
    else:
        payload = Payload(content=await _body(request, max_bytes, max_bytes), media_type=media_type)
    if payload.media_type not in (*media_types, *ANY_TYPE):
        raise Problem(
            415,
            "unsupported_media_type",
            f"The content type is {payload.media_type}, and this model takes "
            f"{', '.join(media_types)}.",
            "Send one of those.",
        )
    if not payload.content:
        raise Problem(
            400,
            "no_input",
            "The request holds no input.",
            "Send a form with the field file, or the file itself as the body.",
        )
    return payload


async def _from_form(request: Request, max_bytes: int) -> Payload:
    body = await _body(request, max_bytes + MULTIPART_OVERHEAD, max_bytes)
    request._body = body
    try:
        async with request.form(max_files=1, max_fields=8) as form:
            upload = form.get("file")
            if not isinstance(upload, UploadFile):
                raise Problem(
                    400,
                    "no_input",
                    "The form has no file in a field named file.",
                    "Try: curl -F file=@photo.jpg ...",
                )
            content = await upload.read()
            if len(content) > max_bytes:
                raise _too_large(max_bytes)
            return Payload(content=content, media_type=_media_type(upload.content_type or ""))
    except (HTTPException, MultiPartException, FormParserError, KeyError, ValueError) as problem:
        raise Problem(
            400,
            "bad_form",
            f"The form cannot be read: {getattr(problem, 'detail', problem)}.",
            "Send it as curl -F does.",
        ) from None


async def _body(request: Request, most: int, max_bytes: int) -> bytes:
    """The body, or nothing of it when it is too large.

    What is too large is still read, up to a limit, and forgotten part by part: a browser that
    is answered while it sends reports a broken connection in place of the answer.
    """
    parts, size = [], 0
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            async for part in request.stream():
                size += len(part)
                if size <= most:
                    parts.append(part)
                else:
                    parts.clear()
                if size > READ_AT_MOST:
                    break
    except TimeoutError:
        raise Problem(
            408,
            "too_slow",
            f"The input did not arrive within {SECONDS_TO_SEND} seconds.",
            "Try a better connection or a smaller photo.",
        ) from None
    if size > most:
        raise _too_large(max_bytes)
    return b"".join(parts)


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413,
        "input_too_large",
        f"The input is larger than the limit of {max_bytes / 1e6:,.0f} MB.",
        "Shrink it and try again.",
    )


def _media_type(header: str) -> str:
    message = Message()
    message["content-type"] = header
    return message.get_content_type() if header else ""
