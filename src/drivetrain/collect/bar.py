"""A bar in a terminal while many things are collected, and nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

Item = TypeVar("Item")


def track(steps: Iterable[Item], what: str, *, total: int, show: bool = True) -> Iterator[Item]:
    """Pass the steps on, with a bar on standard error when that is a terminal.

    Example:
        >>> sum(track([1, 2, 3], "adding", total=3))
        6

    Arguments:
        steps: What is passed on.
        what: What the bar is called.
        total: How many steps there are.
        show: Whether a bar is wanted at all.
    """
    console = Console(file=sys.stderr)
    if not (show and console.is_terminal):
        yield from steps
        return
    with Progress(console=console, transient=True) as bar:
        yield from bar.track(steps, total=total, description=what)
