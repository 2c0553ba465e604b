"""What comes in over HTTP: bytes and their content type, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from email.message import Message
from mimetypes import MimeTypes

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

OWN_TYPES = MimeTypes()
"""What endings mean, by the standard library alone: the system may hold otherwise."""


@dataclass(frozen=True, kw_only=True)
class Payload:
    """What was sent: one input, or several together.

    Arguments:
        content: Its bytes.
        media_type: Its content type, in small letters and without parameters.
        name: The file's name, where it came as a file.
    """

    content: bytes
    media_type: str
    name: str = ""

    def type_among(self, media_types: Sequence[str]) -> str | None:
        """The content type to read it by: as it says, as its name says, or left to its content.

        Systems name the same file differently, so that a known ending is asked where the type
        itself is unknown. None where nothing fits.

        Example:
            >>> sent = Payload(content=b"", media_type="a/b", name="c.JSON")
            >>> sent.type_among(["application/json"])
            'application/json'
        """
        by_name, _ = OWN_TYPES.guess_type(self.name.lower())
        for found in (self.media_type, by_name):
            if found in media_types:
                return found
        return self.media_type if self.media_type in ANY_TYPE else None


async def read_payload(
    request: Request, *, media_types: tuple[str, ...], max_bytes: int
) -> Payload:
    """What a request holds: the field ``file`` of a form, or the whole body.

    Arguments:
        request: The request.
        media_types: What the model reads.
        max_bytes: The largest message; nothing beyond it is kept.

    Raises:
        Problem: 400 without an input, 413 past the limit, 415 for another content type.
    """
    media_type = _media_type(request.headers.get("content-type", ""))
    if media_type == MULTIPART:
        payload = await _from_form(request, max_bytes)
    else:
        payload = Payload(content=await _body(request, max_bytes, max_bytes), media_type=media_type)
    read_as = payload.type_among(media_types)
    if read_as is None:
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
            "Send a form with the field file, or the content itself as the body.",
        )
    return replace(payload, media_type=read_as)


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
                    "Try: curl -F file=@FILE ...",
                )
            content = await upload.read()
            if len(content) > max_bytes:
                raise _too_large(max_bytes)
            declared = _media_type(upload.content_type or "")
            return Payload(content=content, media_type=declared, name=upload.filename or "")
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
            "Try a better connection, or send less at once.",
        ) from None
    if size > most:
        raise _too_large(max_bytes)
    return b"".join(parts)


def _too_large(max_bytes: int) -> Problem:
    return Problem(
        413,
        "input_too_large",
        f"The input is larger than the limit of {max_bytes / 1e6:,.0f} MB.",
        "Shrink it, or send it in parts.",
    )


def _media_type(header: str) -> str:
    message = Message()
    message["content-type"] = header
    return message.get_content_type() if header else ""
