"""Pools of threads that a generator reads ahead with."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor


def leave(pool: ThreadPoolExecutor) -> None:
    """Drop what a pool has not begun, and let its threads end by themselves.

    A generator that nobody finishes may be closed by the garbage collector, inside any call of any
    thread, the start of another thread included. Waiting there for threads to end waits for ever.

    Arguments:
        pool: The pool, which takes no work afterwards.
    """
    pool.shutdown(wait=False, cancel_futures=True)
