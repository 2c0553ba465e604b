"""Whose turn it is: many servers at once, and each of them left in peace."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Task = TypeVar("Task")


@dataclass
class _Host(Generic[Task]):
    waiting: deque[Task] = field(default_factory=deque)
    running: int = 0
    not_before: float = 0.0


class Turns(Generic[Task]):
    """Hands out tasks to threads so that no host has more than its share at a time.

    A thread takes a task, and ends its turn with :meth:`done` or :meth:`again`. A host that
    rests keeps no thread waiting while another host has work.

    Example:
        >>> turns = Turns([("example.com", "a.jpg")])
        >>> turns.take()
        ('example.com', 'a.jpg')
        >>> turns.done("example.com")
        >>> turns.take() is None
        True

    Arguments:
        tasks: Pairs of a host and a task, in the order in which they are wanted.
        at_once: How many tasks of one host may run at a time.
        pause: The seconds from the start of one task of a host to the start of the next.
    """

    def __init__(
        self, tasks: Iterable[tuple[str, Task]], *, at_once: int = 2, pause: float = 0.0
    ) -> None:
        self.at_once, self.pause = at_once, pause
        self._changed = threading.Condition()
        self._stopped = False
        self._hosts: dict[str, _Host[Task]] = {}
        for host, task in tasks:
            self._hosts.setdefault(host, _Host()).waiting.append(task)

    def take(self) -> tuple[str, Task] | None:
        """The next task, once its host is ready; None when nothing is left to do."""
        with self._changed:
            while not self._stopped and self._hosts:
                now = time.monotonic()
                if (name := self._ready(now)) is not None:
                    host = self._hosts[name]
                    host.running += 1
                    host.not_before = now + self.pause
                    return name, host.waiting.popleft()
                self._changed.wait(self._seconds_to_wait(now))
            return None

    def done(self, host: str) -> None:
        """A task of this host has ended."""
        with self._changed:
            self._end(host)
            self._changed.notify_all()

    def again(self, host: str, task: Task, *, at: str, wait: float = 0.0) -> None:
        """A task of ``host`` goes on at the host ``at``, which rests for ``wait`` seconds."""
        with self._changed:
            there = self._hosts.setdefault(at, _Host())
            there.waiting.appendleft(task)
            there.not_before = max(there.not_before, time.monotonic() + wait)
            self._end(host)
            self._changed.notify_all()

    def give_up(self, host: str) -> list[Task]:
        """Take everything off a host's queue that has not begun, and return it."""
        with self._changed:
            queue = self._hosts.get(host, _Host()).waiting
            left = list(queue)
            queue.clear()
            self._forget_if_idle(host)
            self._changed.notify_all()
            return left

    def stop(self) -> None:
        """Hand out nothing more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _ready(self, now: float) -> str | None:
        for name, host in self._hosts.items():
            if host.waiting and host.running < self.at_once and host.not_before <= now:
                return name
        return None

    def _seconds_to_wait(self, now: float) -> float | None:
        soon = [
            host.not_before - now
            for host in self._hosts.values()
            if host.waiting and host.running < self.at_once
        ]
        return max(0.0, min(soon)) if soon else None

    def _end(self, name: str) -> None:
        self._hosts[name].running -= 1
        self._forget_if_idle(name)

    def _forget_if_idle(self, name: str) -> None:
        host = self._hosts.get(name)
        if host is not None and not host.waiting and not host.running:
            del self._hosts[name]
