"""What became of each address of a list."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Status = Literal["saved", "known", "failed"]
MOST_REASONS = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class DownloadRow:
    """What became of one address.

    Arguments:
        url: The address as it was listed.
        label: Its class, when the list has classes.
        status: ``saved`` by this call; ``known`` when its picture was there already, from an
            earlier call or from another address; or ``failed``.
        file: Where its picture is; None when it failed.
        reason: Why it failed, or whence it is known, in words.
    """

    url: str
    label: str | None = None
    status: Status
    file: Path | None = None
    reason: str = ""

    def as_dict(self) -> dict[str, str | None]:
        """The row as JSON shows it."""
        return {
            "url": self.url,
            "label": self.label,
            "status": self.status,
            "file": None if self.file is None else self.file.as_posix(),
            "reason": self.reason,
        }


@dataclass(frozen=True, repr=False)
class DownloadReport:
    """One row an address, in the order of the list.

    Example:
        >>> print(DownloadReport(Path("bears"), [DownloadRow(url="x", status="failed",
        ...     reason="it is not an http or https address")]))
        bears: 0 saved, 0 known, 1 failed.
          1 × it is not an http or https address, such as x

    Arguments:
        dest: The folder.
        rows: What became of each address.
        left_out: How many addresses ``max_pics`` left out.
    """

    dest: Path
    rows: list[DownloadRow]
    left_out: int = 0

    @property
    def saved(self) -> list[DownloadRow]:
        """What this call saved."""
        return self._with("saved")

    @property
    def known(self) -> list[DownloadRow]:
        """What was there already."""
        return self._with("known")

    @property
    def failed(self) -> list[DownloadRow]:
        """What could not be had; the same call again tries only these."""
        return self._with("failed")

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status."""
        return {
            "saved": len(self.saved),
            "known": len(self.known),
            "failed": len(self.failed),
        }

    @property
    def files(self) -> list[Path]:
        """The pictures that the rows lead to, each once."""
        return list(dict.fromkeys(row.file for row in self.rows if row.file is not None))

    def as_dict(self) -> dict[str, object]:
        """The report as JSON shows it."""
        return {
            "dest": self.dest.as_posix(),
            "counts": self.counts,
            "left_out": self.left_out,
            "rows": [row.as_dict() for row in self.rows],
        }

    def __str__(self) -> str:
        counted = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        lines = [f"{self.dest}: {counted}."]
        reasons = Counter(row.reason for row in self.failed).most_common()
        for reason, count in reasons[:MOST_REASONS]:
            example = next(row.url for row in self.failed if row.reason == reason)
            lines.append(f"  {count} × {reason}, such as {example}")
        if reasons[MOST_REASONS:]:
            lines.append(f"  and {len(reasons) - MOST_REASONS} other reasons in .failed")
        if self.left_out:
            lines.append(f"  {self.left_out} more addresses were left out by max_pics.")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _with(self, status: Status) -> list[DownloadRow]:
        return [row for row in self.rows if row.status == status]
