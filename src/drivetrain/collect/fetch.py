"""One request: what comes back for an address, or in words why nothing does."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from drivetrain.collect.addresses import host_of, is_address
from drivetrain.collect.deadline import Deadline
from drivetrain.extras import need

if TYPE_CHECKING:
    import httpx

BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
MOVED = (301, 302, 303, 307, 308)
CHUNK = 64 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What came of one request.

    Arguments:
        kind: ``arrived``, ``moved`` to ``url``, ``busy`` (the server asks to wait), or
            ``failed``.
        url: Where it moved to.
        wait: The seconds that a busy server asks for; None when it does not say.
        reason: What happened, in words, to follow a colon.
    """

    kind: Literal["arrived", "moved", "busy", "failed"]
    url: str = ""
    wait: float | None = None
    reason: str = ""


class Fetcher:
    """Asks servers, one request a connection, and owns what that takes until it is closed.

    Arguments:
        timeout: The seconds that connecting, and each wait for more, may take.
        max_bytes: A file with more bytes is given up; None for no limit.
        max_seconds: A request that takes longer as a whole is given up; None for no limit.

    Raises:
        MissingExtraError: httpx is not installed.
    """

    def __init__(
        self, *, timeout: float, max_bytes: int | None = None, max_seconds: float | None = None
    ) -> None:
        need("httpx", purpose="download files")
        import httpx

        self.timeout, self.max_bytes, self.max_seconds = timeout, max_bytes, max_seconds
        self._running: set[Deadline] = set()
        self._stopped = False
        self._client = httpx.Client(
            timeout=timeout,
            follow_redirects=False,
            headers={
                "User-Agent": user_agent(),
                "Accept": "image/*,*/*;q=0.5",
                "Accept-Encoding": "identity",
            },
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._client.close()

    def stop(self) -> None:
        """Cut what is running and begin nothing more; any thread may call it."""
        self._stopped = True
        for deadline in list(self._running):
            deadline.cut()

    def ask(self, url: str, sink: Callable[[bytes], object]) -> Answer:
        """Send one request and pass the file's bytes on; nothing is followed or tried again."""
        import httpx

        if not is_address(url):
            return _failed("it is not an http or https address")
        with Deadline(self.max_seconds) as deadline:
            self._running.add(deadline)
            if self._stopped:
                deadline.cut()
            try:
                return self._answer(url, sink, deadline)
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as problem:
                return _failed(self._in_time(deadline) or self._in_words(problem, url))
            except (ValueError, UnicodeError) as problem:  # an address that no library takes
                return _failed(f"it is not an address that can be asked ({problem})")
            finally:
                self._running.discard(deadline)

    def _answer(self, url: str, sink: Callable[[bytes], object], deadline: Deadline) -> Answer:
        with self._client.stream("GET", url, extensions={"trace": deadline.trace}) as response:
            status = response.status_code
            if status in MOVED and "location" in response.headers:
                return Answer(kind="moved", url=_target(response))
            if status in BUSY:
                wait = _seconds_to_wait(response.headers.get("retry-after", ""))
                return Answer(kind="busy", wait=wait, reason=_status(response))
            if status != HTTPStatus.OK:
                return _failed(_status(response))
            return self._body(response, sink, deadline)

    def _body(
        self, response: httpx.Response, sink: Callable[[bytes], object], deadline: Deadline
    ) -> Answer:
        declared = response.headers.get("content-length", "")
        received = int(declared) if declared.isdecimal() else 0
        if self._is_too_much(received):
            return _failed(f"the file has more than {megabytes(self.max_bytes)}")
        received = 0
        for chunk in response.iter_bytes(CHUNK):
            received += len(chunk)
            if self._is_too_much(received):
                return _failed(f"the file has more than {megabytes(self.max_bytes)}")
            sink(chunk)
        late = self._in_time(deadline)
        return _failed(late) if late else Answer(kind="arrived")

    def _is_too_much(self, size: int) -> bool:
        return self.max_bytes is not None and size > self.max_bytes

    def _in_time(self, deadline: Deadline) -> str:
        """Why a request was cut, or nothing when it was not."""
        if not deadline.over:
            return ""
        if self._stopped:
            return "it was interrupted"
        return f"the file did not arrive within {self.max_seconds:g} seconds"

    def _in_words(self, problem: Exception, url: str) -> str:
        import httpx

        for cause in _causes(problem):
            if why := _root_in_words(cause, url):
                return why
        if isinstance(problem, httpx.ConnectTimeout):
            return f"no connection was made within {self.timeout:g} seconds"
        if isinstance(problem, httpx.TimeoutException):
            return f"the server sent nothing for {self.timeout:g} seconds"
        if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError):
            return f"the connection broke off ({_words(problem)})"
        return f"the request failed ({_words(problem)})"


def user_agent() -> str:
    """How Drivetrain introduces itself to servers.

    Example:
        >>> user_agent().startswith("Drivetrain/")
        True
    """
    try:
        return f"Drivetrain/{version('drivetrain')}"
    except PackageNotFoundError:
        return "Drivetrain"


def megabytes(size: int | None) -> str:
    """A number of bytes for people.

    Example:
        >>> megabytes(50_000_000)
        '50 MB'
    """
    return f"{(size or 0) / 1e6:g} MB"


def _failed(reason: str) -> Answer:
    return Answer(kind="failed", reason=reason)


def _status(response: httpx.Response) -> str:
    return f"the server answered {response.status_code} {response.reason_phrase}".rstrip()


def _target(response: httpx.Response) -> str:
    return str(response.request.url.join(response.headers["location"]))


def _seconds_to_wait(retry_after: str) -> float | None:
    """``Retry-After`` holds seconds or a date (RFC 9110, section 10.2.3)."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _root_in_words(cause: BaseException, url: str) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the server's certificate is not valid ({cause.verify_message})"
    if isinstance(cause, socket.gaierror):
        return f"the host {host_of(url)} was not found ({cause.strerror})"
    if isinstance(cause, ConnectionRefusedError):
        return f"the host {host_of(url)} refused the connection"
    return ""


def _causes(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        problem = problem.__cause__ or problem.__context__


def _words(problem: Exception) -> str:
    return str(problem).strip().rstrip(".") or type(problem).__name__
