"""Progress for people: a bar in a terminal or a notebook, plain lines anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar("Item")
Row = dict[str, float]


class Reporter:
    """Says on standard error how far long work is; ``quiet`` says nothing.

    Example:
        >>> reporter = Reporter(quiet=True)
        >>> sum(reporter.track([1, 2, 3], "adding", total=3))
        6
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    def track(self, steps: Iterable[Item], what: str, *, total: int) -> Iterator[Item]:
        """Pass the steps on, and show a bar with a time left where a bar can be shown."""
        console = _console()
        if self.quiet or not (console.is_terminal or console.is_jupyter):
            yield from steps
            return
        with _bar(console) as bar:
            yield from bar.track(steps, total=total, description=what)

    def say(self, line: str) -> None:
        """One line of plain text."""
        if not self.quiet:
            _console().print(line, markup=False, highlight=False)

    def epoch(self, stage: str, number: int, of: int, row: Row) -> None:
        """One line for a finished epoch: its number, losses, metrics and seconds."""
        figures = "  ".join(
            f"{name} {value:.1f}" if name == "seconds" else f"{name} {value:.4f}"
            for name, value in row.items()
        )
        self.say(f"{stage} {number}/{of}  {figures}")

    @contextmanager
    def hushed(self) -> Iterator[None]:
        """Say nothing inside."""
        before, self.quiet = self.quiet, True
        try:
            yield
        finally:
            self.quiet = before


def _console() -> Console:
    return Console(file=sys.stderr, soft_wrap=True)


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
