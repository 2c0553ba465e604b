"""The ingest report as one HTML file that holds its own pictures and needs no script."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence, Set
from pathlib import Path

from drivetrain.data.report.finding import Finding, count_of
from drivetrain.data.report.ingest import IngestReport
from drivetrain.data.report.pictures import shown
from drivetrain.data.report.sections import sections_of
from drivetrain.data.report.style import INGEST_STYLE, STYLE, TONES
from drivetrain.data.report.text import summary
from drivetrain.errors import OutputError

SECTION_OF = {
    "two_labels": "two-labels", "flattery": "split", "leakage": "leakage", "kept_together": "split",
    "unreadable": "unreadable", "suffix": "suffix", "exact_copies": "exact", "near_copies": "near",
    "one_class": "classes", "small_classes": "classes", "imbalance": "classes",
    "names_alike": "classes", "quarantine_as_class": "classes", "turned": "turned",
    "modes": "colours", "mixed_colours": "colours",
    "tiny": "smallest", "huge": "largest", "beside": "left-out", "empty_folders": "left-out",
    "pictures_left_out": "left-out", "dangling": "left-out", "foreign": "left-out",
    "hidden": "left-out",
}  # fmt: skip


def check_page(path: str | os.PathLike[str]) -> None:
    """Refuse a place where no page can be written, before hours are spent on looking.

    Raises:
        OutputError: It is a folder, or lies in none that can be written.
    """
    page = Path(path)
    if page.is_dir():
        raise OutputError(f"{page} is a folder.", hint="Name a file, such as report.html.")
    if not page.parent.is_dir() or not os.access(page.parent, os.W_OK):
        raise OutputError(
            f"{page} cannot be written: {page.parent} is no folder that can be written to.",
            hint="Make the folder, or choose another place for the page.",
        )


def write_page(report: IngestReport, path: str | os.PathLike[str]) -> Path:
    """Write a report as a page; the pictures are read while it is written, one at a time.

    Arguments:
        report: What was found.
        path: The HTML file; it is replaced once the new one is whole.

    Raises:
        OutputError: It cannot be written.
    """
    return put(Path(path), _page(report))


def put(page: Path, lines: Iterable[str]) -> Path:
    """Write a page beside its place and move it there once it is whole.

    Raises:
        OutputError: It cannot be written.
    """
    part = page.with_name(f".{page.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.writelines(lines)
        os.replace(part, page)
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise OutputError(
            f"{page} cannot be written: {problem.strerror or problem}.",
            hint="Choose another place for the page.",
        ) from None
    return page


def _page(report: IngestReport) -> Iterator[str]:
    title = shown(os.path.basename(os.path.abspath(report.root)) if report.root else "items")
    yield f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: what is in it</title>
<style>{STYLE}
{TONES}
{INGEST_STYLE}</style>
<h1>{title}</h1>
<p class="lead">{shown(summary(report))}</p>
"""
    yield from _findings(report)
    for section in sections_of(report):
        opened = " open" if section.is_open else ""
        yield (
            f"<details{opened}><summary><h2>{section.title}</h2> <span>{section.count}</span>"
            f'</summary>\n<div id="{section.name}">\n'
        )
        yield from section.content
        yield "</div></details>\n"
    yield "</html>\n"


def _findings(report: IngestReport) -> Iterator[str]:
    if not report.findings:
        yield "<p>Nothing to complain about.</p>\n"
        return
    there = {section.name for section in sections_of(report)}
    urgent = [finding for finding in report.findings if finding.severity != "note"]
    notes = [finding for finding in report.findings if finding.severity == "note"]
    yield from _cards(urgent, there)
    if notes:
        title = count_of(len(notes), "note")
        yield f'<details class="notes"><summary>{title}</summary>\n'
        yield from _cards(notes, there)
        yield "</details>\n"


def _cards(findings: Sequence[Finding], there: Set[str]) -> Iterator[str]:
    """Findings, each with a way to the section that shows it."""
    if not findings:
        return
    yield '<ul class="findings">\n'
    for finding in findings:
        section = SECTION_OF.get(finding.kind)
        what, tone = shown(finding.what), finding.severity
        if section in there:
            what = f'<a href="#{section}">{what}</a>'
        advice = f"<p>{shown(finding.advice)}</p>" if finding.advice else ""
        yield f'<li class="{tone}"><p><b>{tone}</b>{what}</p>{advice}</li>\n'
    yield "</ul>\n"
