"""What a process and all those that it started hold together, while they run."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import TracebackType

LEAST_PAUSE = 0.5
PAUSE_PER_LOOK = 50
"""A look takes time from what is measured; with such a pause it stays below 2 % of one core."""


class TreeWatch:
    """Looks at a process and its descendants until the end of the ``with`` block.

    Memory that several of them share is counted once, by the share that the system gives each
    (PSS). Only Linux tells it; elsewhere the peak is not a number.

    Arguments:
        pid: The process at the top.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak_mb = float("nan")
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> TreeWatch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        over = False
        while not over:
            started = time.perf_counter()
            if (held := tree_mb(self.pid)) and not held <= self.peak_mb:
                self.peak_mb = held
            taken = time.perf_counter() - started
            over = self._over.wait(max(LEAST_PAUSE, PAUSE_PER_LOOK * taken))


def tree_mb(pid: int) -> float:
    """What a process and its descendants hold now, in MB of 1,000,000 bytes; 0 when unknown."""
    return sum(_share_mb(each) for each in [pid, *descendants(pid)])


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    found: list[int] = []
    for tasks in _threads(pid):
        try:
            found += map(int, (tasks / "children").read_text().split())
        except OSError:  # the thread is over
            continue
    return found + [further for child in found for further in descendants(child)]


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:  # the process is over, or the system is not Linux
        return []


def _share_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line[:4] == "Pss:"), 0.0)
