"""What libraries say on their own account is kept from the user while photos are collected."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from PIL import Image

TALKATIVE = ("httpx", "httpcore", "ddgs", "primp", "PIL", "libav")

_lock = threading.Lock()
_inside = 0
_undo = ExitStack()


@contextmanager
def hushed() -> Iterator[None]:
    """No log lines below a warning and no warnings about large pictures inside.

    Both are settings of the whole process, so the first thread that comes changes them and the
    last that leaves puts them back.
    """
    global _inside  # noqa: PLW0603
    with _lock:
        _inside += 1
        if _inside == 1:
            _quieten(_undo)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _undo.close()


def _quieten(undo: ExitStack) -> None:
    for name in TALKATIVE:
        logger = logging.getLogger(name)
        undo.callback(logger.setLevel, logger.level)
        logger.setLevel(max(logger.level, logging.WARNING))
    undo.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore", Image.DecompressionBombWarning)
