"""The work of one call that downloads photos: threads, decisions, and a row an address."""

from __future__ import annotations

import io
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import SimpleQueue

from drivetrain.collect.addresses import Address, host_of, is_address
from drivetrain.collect.download_report import DownloadRow
from drivetrain.collect.fetch import Answer, Fetcher
from drivetrain.collect.journal import Journal
from drivetrain.collect.names import is_folder_name, name_in, short_hash
from drivetrain.collect.pictures import picture_problem
from drivetrain.collect.shelf import Shelf
from drivetrain.collect.turns import Turns
from drivetrain.errors import ConfigError
from drivetrain.progress import Reporter

MOST_REDIRECTS = 5
TRIES_WHEN_BUSY = 3


@dataclass(frozen=True, kw_only=True)
class DownloadSettings:
    """How a list is downloaded; the arguments of ``download_images`` say what each is.

    Raises:
        ConfigError: A number cannot work.
    """

    max_pics: int
    n_workers: int
    timeout: float
    preserve_filename: bool
    max_bytes: int
    max_seconds: float
    pause: float
    max_wait: float

    def __post_init__(self) -> None:
        for name in ("max_pics", "n_workers", "pause", "max_wait"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, and it cannot be negative.")
        for name in ("timeout", "max_bytes", "max_seconds"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, and it has to be above 0.")


@dataclass(frozen=True, kw_only=True)
class _Task:
    """One address on its way: where it is asked for now, and what happened so far."""

    position: int
    address: Address
    url: str
    stem: str
    visited: frozenset[str] = field(default_factory=frozenset)
    tries: int = 1


Finished = tuple[int, DownloadRow] | BaseException


class DownloadRun:
    """Brings a list of addresses into a folder.

    Arguments:
        folder: The folder, which exists.
        addresses: What is wanted, in order.
        settings: How to go about it.
        journal: The folder's journal, open.
        fetcher: What asks servers; it is stopped when the call is interrupted.
    """

    def __init__(
        self,
        folder: Path,
        addresses: list[Address],
        settings: DownloadSettings,
        journal: Journal,
        fetcher: Fetcher,
    ) -> None:
        self.addresses, self.settings, self.fetcher = addresses, settings, fetcher
        self._shelf = Shelf(folder, journal)
        self._finished: SimpleQueue[Finished] = SimpleQueue()
        self._turns: Turns[_Task] = Turns([])

    def run(self, *, progress: bool) -> list[DownloadRow]:
        """One row an address, in the order of the list."""
        first_of: dict[Address, int] = {}
        for position, address in enumerate(self.addresses):
            first_of.setdefault(address, position)
        rows: dict[int, DownloadRow] = {}
        tasks = []
        for address, position in first_of.items():
            if (row := self._without_asking(address)) is not None:
                rows[position] = row
            else:
                tasks.append(self._task(position, address))
        with closing(self._fetch(tasks)) as fetched:
            reporter = Reporter(quiet=not progress)
            rows |= dict(reporter.track(fetched, "download", total=len(tasks)))
        return [
            rows[position] if first_of[address] == position else _again(rows[first_of[address]])
            for position, address in enumerate(self.addresses)
        ]

    def _without_asking(self, address: Address) -> DownloadRow | None:
        if address.label is not None and not is_folder_name(address.label):
            what = f"the label {address.label!r} cannot be the name of a folder"
            return self._shelf.refuse(address, what if address.label else "it has no label")
        if not is_address(address.url):
            return self._shelf.refuse(address, "it is not an http or https address")
        return self._shelf.find(address)

    def _task(self, position: int, address: Address) -> _Task:
        stem = f"{position:05d}-{short_hash(address.url)}"
        if self.settings.preserve_filename:
            stem = name_in(address.url)[0] or stem
        return _Task(position=position, address=address, url=address.url, stem=stem)

    def _fetch(self, tasks: list[_Task]) -> Generator[tuple[int, DownloadRow], None, None]:
        """Rows in the order in which they are done; leaving early cuts what is running."""
        self._turns = Turns(
            [(host_of(task.url), task) for task in tasks], pause=self.settings.pause
        )
        workers = min(max(1, self.settings.n_workers), max(1, len(tasks)))
        with ThreadPoolExecutor(workers, thread_name_prefix="drivetrain-download") as pool:
            for _ in range(workers):
                pool.submit(self._work)
            left = len(tasks)
            try:
                while left:
                    finished = self._finished.get()
                    if isinstance(finished, BaseException):
                        raise finished
                    left -= 1
                    yield finished
            finally:
                if left:
                    self._turns.stop()
                    self.fetcher.stop()

    def _work(self) -> None:
        try:
            while (turn := self._turns.take()) is not None:
                self._go(*turn)
        except BaseException as problem:  # the thread that waits raises it
            self._finished.put(problem)

    def _go(self, host: str, task: _Task) -> None:
        body = io.BytesIO()
        answer = self.fetcher.ask(task.url, body.write)
        if answer.kind == "moved":
            self._redirect(host, task, answer.url)
        elif answer.kind == "busy":
            self._wait(host, task, answer)
        else:
            self._turns.done(host)
            if answer.kind == "failed":
                self._fail(task, answer.reason)
            else:
                self._keep(task, body.getvalue())

    def _redirect(self, host: str, task: _Task, url: str) -> None:
        visited = task.visited | {task.url}
        if url in visited:
            problem = "its redirects lead in a circle"
        elif len(visited) > MOST_REDIRECTS:
            problem = f"it was redirected more than {MOST_REDIRECTS} times"
        elif not is_address(url):
            problem = f"it was redirected to {url}, which is not an http or https address"
        else:
            onward = replace(task, url=url, visited=visited)
            self._turns.again(host, onward, at=host_of(url))
            return
        self._turns.done(host)
        self._fail(task, problem)

    def _wait(self, host: str, task: _Task, answer: Answer) -> None:
        wait = 2.0 ** (task.tries - 1) if answer.wait is None else answer.wait
        too_long = wait > self.settings.max_wait
        if not too_long and task.tries < TRIES_WHEN_BUSY:
            self._turns.again(host, replace(task, tries=task.tries + 1), at=host, wait=wait)
            return
        others = self._turns.give_up(host) if too_long else []
        self._turns.done(host)
        if too_long:
            reason = f"{answer.reason} and asks to wait {wait:.0f} seconds"
        else:
            reason = f"{answer.reason}, {task.tries} times"
        for unlucky in (task, *others):
            self._fail(unlucky, reason)

    def _keep(self, task: _Task, data: bytes) -> None:
        if problem := picture_problem(data):
            self._fail(task, f"it {problem}")
        else:
            self._finished.put((task.position, self._shelf.keep(task.address, data, task.stem)))

    def _fail(self, task: _Task, reason: str) -> None:
        if task.url != task.address.url and "redirect" not in reason:
            reason = f"{reason} (after a redirect)"
        self._finished.put((task.position, self._shelf.refuse(task.address, reason)))


def _again(first: DownloadRow) -> DownloadRow:
    """The row of an address that the list holds once more."""
    if first.status == "failed":
        return first
    return replace(first, status="known", reason="the list holds this address twice")
