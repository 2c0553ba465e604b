"""Starting the server: everything that can go wrong goes wrong before it listens."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

import uvicorn

from drivetrain.errors import ServerError
from drivetrain.predictor import Predictor
from drivetrain.serve.app import MAX_BYTES, create_app
from drivetrain.store import Database, PredictionLog

BACKLOG = 2048
SECONDS_TO_FINISH = 5
"""What a server that is told to stop gives the requests that are under way."""


def serve(
    bundle: str | os.PathLike[str],
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    store: str = "sqlite:///predictions.db",
    max_bytes: int = MAX_BYTES,
    when_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve a bundle until the process is told to stop.

    Arguments:
        bundle: The bundle file.
        host: The address to listen on; 127.0.0.1 is this machine only.
        port: The port; 0 takes a free one.
        store: The database for the record, as a SQLAlchemy URL.
        max_bytes: The largest input.
        when_ready: Called with the server's URL when it listens.

    Raises:
        BundleError: The bundle cannot be used.
        StoreError: The record cannot be kept.
        ServerError: The port is in use or not allowed.
    """
    predictor = Predictor.open(bundle)
    with listening_socket(host, port) as listener, Database(store) as database:
        app = create_app(predictor, PredictionLog(database), max_bytes=max_bytes)
        settings = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )
        if when_ready:
            when_ready(_url(listener))
        uvicorn.Server(settings).run(sockets=[listener])


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that is bound to an address.

    Raises:
        ServerError: The address is in use, not this machine's, or not allowed.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, OverflowError, UnicodeError) as problem:
        raise ServerError(f"{host}:{port} is no address to listen on: {problem}.") from None
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as problem:
        listener.close()
        if problem.errno == errno.EADDRINUSE:
            raise ServerError(
                f"Port {port} on {host} is in use by another program.",
                hint="Stop that program, or choose another port with --port (0 takes a free one).",
            ) from None
        raise ServerError(
            f"{host}:{port} cannot be listened on: {problem.strerror}.",
            hint="Choose another --host or --port.",
        ) from None
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
