"""Reading inputs ahead on threads, a few at a time, so that memory stays flat."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import InputError
from drivetrain.prepare.group import Group
from drivetrain.threads import leave

Arrays = NDArray[np.uint8]


def read_in_groups(
    prepare: Callable[[Any], Arrays], inputs: Iterable[Any], *, size: int, threads: int
) -> Iterator[Group]:
    """Groups of prepared inputs, in their order; one that cannot be read stops no other.

    Arguments:
        prepare: From an input to its array.
        inputs: The inputs, which may be endless.
        size: Inputs a group.
        threads: How many read.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix="drivetrain-read")
    source = iter(inputs)
    ahead: deque[Future[Arrays]] = deque()

    def read_ahead(count: int) -> None:
        ahead.extend(pool.submit(prepare, item) for item in islice(source, count))

    try:
        read_ahead(2 * size)
        while ahead:
            futures = [ahead.popleft() for _ in range(min(size, len(ahead)))]
            arrays, problems = [], {}
            for place, future in enumerate(futures):
                try:
                    arrays.append(future.result())
                except InputError as problem:
                    problems[place] = problem
            read_ahead(size)
            yield Group(len(futures), np.stack(arrays) if arrays else np.empty(0), problems)
    finally:
        leave(pool)
