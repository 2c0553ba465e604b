"""Measure whole processes: when each of their lines came, how long they ran, what they held.

The benchmark's own process stays small on purpose: Linux counts what a process held before it
became another program towards its peak.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.errors import BenchmarkError
from benchmarks.tree import TreeWatch

LINES_OF_FAILURE = 15
BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True)
class Line:
    """A line of standard output and the seconds after the start at which it came."""

    seconds: float
    text: str

    @property
    def event(self) -> dict[str, Any]:
        """The line as a JSON object; empty when it is none."""
        if not self.text.startswith("{"):
            return {}
        content: dict[str, Any] = json.loads(self.text)
        return content


@dataclass(frozen=True)
class Run:
    """A process that ended well.

    Arguments:
        lines: What it printed.
        seconds: From its start to its end.
        peak_mb: The most memory it held at a time, or the largest of the processes that it
            started and waited for, in units of 1,000,000 bytes.
        tree_mb: The most that it and those it started were seen to hold together, shared memory
            counted once; not a number where the system does not tell.
    """

    lines: list[Line]
    seconds: float
    peak_mb: float
    tree_mb: float = math.nan

    def events(self, key: str, value: str | None = None) -> list[Line]:
        """The lines whose object has a key, or has it with a value."""
        return [
            line
            for line in self.lines
            if key in line.event and (value is None or line.event[key] == value)
        ]

    def at(self, event: str) -> float:
        """The seconds at which an event was first announced."""
        return self.events("event", event)[0].seconds


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
) -> Run:
    """Run a program to its end.

    Arguments:
        command: The program and its arguments.
        cwd: The folder to run in; not the repository, so that nothing is imported by accident.
        variables: What its environment holds besides this one's.

    Raises:
        BenchmarkError: It ended with an exit code; the message holds its last lines.
    """
    environment = os.environ | dict(variables or {})
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        started = time.perf_counter()
        with subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as process:
            try:
                with TreeWatch(process.pid) as watch:
                    lines = list(_timed(process.stdout, started))
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            except BaseException:
                process.kill()
                raise
        seconds = time.perf_counter() - started
        if process.returncode:
            complaints.seek(0)
            last = "".join(complaints.readlines()[-LINES_OF_FAILURE:])
            name = Path(command[1] if len(command) > 1 else command[0]).name
            raise BenchmarkError(f"{name} failed with code {process.returncode}:\n{last}")
    return Run(lines, seconds, usage.ru_maxrss * BYTES_OF_MAXRSS / 1e6, watch.peak_mb)


def median(values: Iterable[float]) -> float:
    """The median; infinity stands for what was never reached."""
    return statistics.median(values)


def _timed(stream: IO[str] | None, started: float) -> Iterator[Line]:
    assert stream is not None
    for text in stream:
        yield Line(time.perf_counter() - started, text.strip())
