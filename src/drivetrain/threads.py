"""Pools of threads that a generator reads ahead with."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

GivenT = TypeVar("GivenT")
MadeT = TypeVar("MadeT")


def leave(pool: ThreadPoolExecutor) -> None:
    """Drop what a pool has not begun, and let its threads end by themselves.

    A generator that nobody finishes may be closed by the garbage collector, inside any call of any
    thread, the start of another thread included. Waiting there for threads to end waits for ever.

    Arguments:
        pool: The pool, which takes no work afterwards.
    """
    pool.shutdown(wait=False, cancel_futures=True)


def mapped(
    function: Callable[[GivenT], MadeT], items: Iterable[GivenT], *, threads: int
) -> Iterator[MadeT]:
    """What a function makes of items, in their order, by some threads and a few items ahead.

    Example:
        >>> list(mapped(str, range(3), threads=2))
        ['0', '1', '2']

    Arguments:
        function: Is called with each item, on a thread.
        items: The items, which may be endless.
        threads: How many items are worked on at once.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="drivetrain")
    source = iter(items)
    ahead: deque[Future[MadeT]] = deque()
    try:
        ahead.extend(pool.submit(function, item) for item in islice(source, 2 * threads))
        while ahead:
            made = ahead.popleft().result()
            ahead.extend(pool.submit(function, item) for item in islice(source, 1))
            yield made
    finally:
        leave(pool)
