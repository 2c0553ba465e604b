"""A real web server on a free port, with pages that behave as badly as the web does."""

from __future__ import annotations

import io
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image

Request = BaseHTTPRequestHandler
Page = Callable[[Request], None]


def picture(seed: int = 0, kind: str = "JPEG", size: tuple[int, int] = (40, 30)) -> bytes:
    """A noisy picture that differs from those of other seeds."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def answer(body: bytes, status: int = 200, **headers: str) -> Page:
    """A page that answers as it should."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def page(request: Request) -> None:
        request.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | named).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return page


def moved(to: str, status: int = 302) -> Page:
    """A page that sends elsewhere."""
    return answer(b"", status, Location=to)


class Site:
    """Pages by path; it counts who asked for what, and lets go of all that hang when it closes."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        self.most_at_once = 0
        self.closing = threading.Event()
        self.seen: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._running = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with site._lock:
                    site.asked.append(self.path)
                    site.agents.add(self.headers["User-Agent"])
                    site._running += 1
                    site.most_at_once = max(site.most_at_once, site._running)
                    site.seen.setdefault(self.path, threading.Event()).set()
                try:
                    page = site.pages.get(self.path.partition("?")[0], answer(b"", 404))
                    with suppress(OSError):  # clients may leave
                        page(self)
                finally:
                    with site._lock:
                        site._running -= 1

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing of clients that left."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def counts(self) -> Counter[str]:
        """How often each path was asked for."""
        return Counter(self.asked)

    def has_seen(self, path: str) -> bool:
        """Wait until a path was asked for."""
        with self._lock:
            event = self.seen.setdefault(path, threading.Event())
        return event.wait(60)

    def hang(self, request: Request) -> None:
        """Never answer."""
        del request
        self.closing.wait()

    def trickle_body(self, request: Request) -> None:
        """Send a byte now and then, for ever."""
        request.send_response(200)
        request.end_headers()
        while not self.closing.wait(0.01):
            request.wfile.write(b"x")

    def trickle_header(self, request: Request) -> None:
        """Send a byte of a header now and then, for ever."""
        request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        while not self.closing.wait(0.01):
            request.wfile.write(b"x")

    def endless(self, request: Request) -> None:
        """Send as much as is taken."""
        request.send_response(200)
        request.end_headers()
        while not self.closing.is_set():
            request.wfile.write(bytes(10_000))

    def broken_off(self, request: Request) -> None:
        """Promise more than is sent."""
        request.send_response(200)
        request.send_header("Content-Length", "5000")
        request.end_headers()
        request.wfile.write(picture()[:300])

    def no_http(self, request: Request) -> None:
        """Speak another language."""
        request.wfile.write(b"220 smtp.example.com ready\r\n")

    def secure(self, certificate: str, key: str) -> None:
        """Speak https from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.url = self.url.replace("http://", "https://")


@contextmanager
def open_site() -> Iterator[Site]:
    """A site that is served until the end of the block."""
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        site.server.shutdown()
        site.server.server_close()
        thread.join()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
