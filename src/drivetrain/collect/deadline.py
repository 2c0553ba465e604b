"""A limit on a whole request, which no server can stretch by sending a byte now and then."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any

CONNECTED = ("connect_tcp.complete", "start_tls.complete")


class Deadline:
    """Cuts a request's connection when its time is up; ``over`` then says so.

    Time limits of sockets start anew with each byte that arrives. This one does not: it learns
    of the connection through httpx's ``trace`` extension, and a timer shuts it down.

    Example:
        >>> with Deadline(60.0) as deadline:
        ...     deadline.over
        False

    Arguments:
        seconds: How long the request may take from now; None for as long as it wants.
    """

    def __init__(self, seconds: float | None) -> None:
        self.over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = None if seconds is None else threading.Timer(seconds, self.cut)

    def __enter__(self) -> Deadline:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """What httpx calls at each step of a request."""
        if event.endswith(CONNECTED):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
            if self.over:
                self.cut()

    def cut(self) -> None:
        """End the request now."""
        with self._lock:
            self.over = True
            if self._socket is not None:
                with suppress(OSError, ValueError):  # it may have ended by itself
                    self._socket.shutdown(socket.SHUT_RDWR)
