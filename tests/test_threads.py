"""A pool that is left behind ends by itself, and nobody waits for it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from drivetrain.threads import leave


def test_leaving_does_not_wait_and_drops_what_was_not_begun() -> None:
    begun, finish = threading.Event(), threading.Event()
    pool = ThreadPoolExecutor(1)

    def work() -> bool:
        begun.set()
        return finish.wait(60)

    at_work, waiting = pool.submit(work), pool.submit(work)
    assert begun.wait(60)
    leave(pool)
    assert not at_work.done()
    assert waiting.cancelled()
    finish.set()
    assert at_work.result(60)
