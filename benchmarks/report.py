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

INTRODUCTION = """\
# Drivetrain beside its peer, in figures

Written by `make bench`; do not edit. Every table compares programs that ran one after the other
on the same machine. Seconds, milliseconds and megabytes are medians, and a ratio above 1 speaks
for Drivetrain unless its line says otherwise. 1 MB is 1,000,000 bytes."""


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

    Arguments:
        folder: Where the record and the page are.
        order: The names of the sections in the order of the page.
    """

    def __init__(self, folder: Path, order: Sequence[str]) -> None:
        self.folder, self.order = folder, order
        file = folder / RECORD
        self.sections: dict[str, dict[str, Any]] = (
            json.loads(file.read_text()) if file.exists() else {}
        )

    def keep(self, section: Section, setting: Setting) -> None:
        """Replace a section and write the record and the page at once."""
        today = datetime.now(UTC).date().isoformat()
        self.sections[section.name] = asdict(section) | {"date": today, "setting": asdict(setting)}
        self.folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self._in_order(), indent=1, ensure_ascii=False)
        (self.folder / RECORD).write_text(content + "\n")
        (self.folder / PAGE).write_text(self.page())

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

    def _in_order(self) -> dict[str, dict[str, Any]]:
        return {name: self.sections[name] for name in self.order if name in self.sections}


def _versions(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())
