"""The record of what was measured: ``results.json``, and ``RESULTS.md`` written from it.

A run replaces the sections that it measured and keeps the others, each with its own date.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.table import as_table

RECORD = "results.json"
PAGE = "RESULTS.md"
PEER_RUNS = "peer_runs"

INTRODUCTION = """\
# Drivetrain beside its peer, in figures

Written by `make bench`; do not edit. Every table compares programs that ran one after the other
on the same machine, unless its notes tell otherwise. Seconds, milliseconds and megabytes are
medians, and a ratio above 1 speaks for Drivetrain unless its line says otherwise. 1 MB is
1,000,000 bytes."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One table with what stands around it.

    Arguments:
        name: What the record keeps it under.
        title: Its heading.
        columns: The heads of its columns.
        rows: Its cells, as they are shown.
        notes: How it was measured and what it does not show.
        samples: The single measurements behind the medians.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: str
    samples: Mapping[str, Any] = field(default_factory=dict)

    def table(self) -> str:
        """The table as text."""
        return as_table(self.columns, self.rows)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Where and with what a section was measured."""

    machine: str
    ours: Mapping[str, str]
    peer: Mapping[str, str]

    def lines(self) -> list[str]:
        """The setting for people."""
        return [
            f"- machine: {self.machine}",
            f"- Drivetrain's side: {_versions(self.ours)}",
            f"- fastai's side: {_versions(self.peer)}",
        ]


class Record:
    """The sections measured so far, kept in a folder.

    Beside the sections it keeps single runs of the peer that need not be repeated while nothing
    that decides them changes.

    Arguments:
        folder: Where the record and the page are.
        order: The names of the sections in the order of the page.
    """

    def __init__(self, folder: Path, order: Sequence[str]) -> None:
        self.folder, self.order = folder, order
        self.sections: dict[str, dict[str, Any]] = {}
        self.peer_runs: dict[str, dict[str, Any]] = {}
        self._read()

    def keep(self, section: Section, setting: Setting) -> None:
        """Replace a section and write the record and the page at once."""
        self._read()
        self.sections[section.name] = asdict(section) | {
            "date": today(),
            "setting": asdict(setting),
        }
        self._write()
        (self.folder / PAGE).write_text(self.page())

    def keep_peer_run(self, key: str, content: Mapping[str, Any]) -> None:
        """Add a run of the peer, with its date, and write the record at once."""
        self._read()
        self.peer_runs[key] = dict(content) | {"date": today()}
        self._write()

    def page(self) -> str:
        """The whole page in Markdown."""
        sections = list(self._in_order().values())
        newest = max(sections, key=lambda section: str(section["date"]))["setting"]
        parts = [INTRODUCTION, "\n".join(Setting(**newest).lines())]
        for section in sections:
            date = f"Measured on {section['date']}."
            parts += [f"## {section['title']}", date]
            if section["setting"] != newest:
                parts.append("\n".join(Setting(**section["setting"]).lines()))
            parts += [as_table(section["columns"], section["rows"]), section["notes"]]
        return "\n\n".join(parts) + "\n"

    def _read(self) -> None:
        """What is in the file now: another process may have added to it."""
        if (file := self.folder / RECORD).exists():
            self.sections = json.loads(file.read_text())
            self.peer_runs = self.sections.pop(PEER_RUNS, {})

    def _write(self) -> None:
        runs = {PEER_RUNS: self.peer_runs} if self.peer_runs else {}
        content = json.dumps(self._in_order() | runs, indent=1, ensure_ascii=False)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / RECORD).write_text(content + "\n")

    def _in_order(self) -> dict[str, dict[str, Any]]:
        return {name: self.sections[name] for name in self.order if name in self.sections}


def today() -> str:
    """The date of a measurement."""
    return datetime.now(UTC).date().isoformat()


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
