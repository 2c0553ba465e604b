"""The ingest report for a terminal."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from drivetrain.data.report.finding import count_of, megabytes, printable, some
from drivetrain.data.report.ingest import IngestReport
from drivetrain.data.report.leakage import DuplicatePair
from drivetrain.data.report.tally import Sizes

WIDTH, WIDEST = 80, 100
MOST_CLASSES = 20
BAR = 30
NAMELESS = "(no name)"
COLOUR_OF = {"problem": "bold red", "warning": "yellow", "note": "cyan"}


def print_report(
    report: IngestReport, *, file: IO[str] | None = None, next_steps: bool = True
) -> None:
    """Print a report: at most as wide as the terminal, 80 columns and no colours elsewhere.

    Arguments:
        report: What was found.
        file: Where to; standard output when None.
        next_steps: Whether to end with the commands that may follow.
    """
    out = sys.stdout if file is None else file
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDEST) if console.is_terminal else WIDTH
    block = "█" if console.encoding.startswith("utf") else "#"
    with console.capture() as captured:
        for part in _parts(report, block):
            console.print(part)
        if next_steps and (steps := _next(report)):
            console.print(Text("\n".join(["", *steps])), soft_wrap=True)
    out.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def summary(report: IngestReport) -> str:
    """The report in one line.

    Example:
        >>> from drivetrain.data.report.ingest import inspect_items
        >>> summary(inspect_items([b"no picture"]))
        '1 file, 0 of them photos that can be read, 0.0 MB.'
    """
    classes = len(report.classes)
    parts = [
        count_of(report.files, "file"),
        f"{report.readable:,} of them photos that can be read",
        *([count_of(classes, "class", "classes")] if classes else []),
        megabytes(report.bytes),
    ]
    return ", ".join(parts) + "."


def split_test_lines(report: IngestReport) -> list[str]:
    """What a random split promises and what blocked ones do; empty when it was not tested."""
    test = report.split_test
    if not test:
        return []
    return [
        f"random split: {test['random']:.1%} right",
        *(f"split by {blocked['by']}: {blocked['accuracy']:.1%} right"
          for blocked in test["blocked"]),
    ]  # fmt: skip


def leakage_line(report: IngestReport) -> str:
    """What the split does to pairs of the same picture, "" where nothing is split."""
    leak = report.leakage
    if leak is None:
        return ""
    torn = f"{count_of(leak.torn, 'pair')} of the same picture torn apart"
    kept = f", {leak.left:,} once such pairs are kept together" if leak.torn else ""
    sides = f"{leak.train:,} to train on, {leak.valid:,} to validate on"
    return f"Split ({leak.split}): {sides}; {torn}{kept}."


def _parts(report: IngestReport, block: str) -> Iterator[RenderableType]:
    yield Text(printable(report.root) or "items", style="bold")
    yield Text(summary(report))
    if report.sizes:
        yield Text(_sizes(report.sizes))
    if report.classes:
        yield from (Text(), _classes(report, block))
    yield from (Text(), _checks(report), Text())
    if line := leakage_line(report):
        yield Text(line + "\n")
    if lines := split_test_lines(report):
        yield Text("\n".join(["Accuracy of a simple model on frozen features:", *lines]) + "\n")
    yield _findings(report)


def _sizes(sizes: Sizes) -> str:
    wide, high = sizes.width, sizes.height
    if (wide.smallest, high.smallest) == (wide.largest, high.largest):
        return f"All are {wide.median} × {high.median} pixels."
    return (
        f"{wide.smallest} to {wide.largest} pixels wide (median {wide.median}), "
        f"{high.smallest} to {high.largest} high (median {high.median})."
    )


def _classes(report: IngestReport, block: str) -> Table:
    table = _table("class", "photos", "")
    ordered = sorted(report.classes.items(), key=lambda item: (-item[1], item[0]))
    largest = max(report.classes.values())
    half = MOST_CLASSES // 2
    hidden = len(ordered) - MOST_CLASSES
    for at, (name, count) in enumerate(ordered):
        if hidden > 0 and half <= at < len(ordered) - half:
            if at == half:
                table.add_row(Text(f"({hidden:,} between)", style="dim"), "", "")
            continue
        bar = block * max(1, round(BAR * count / largest))
        table.add_row(Text(printable(name) or NAMELESS), f"{count:,}", Text(bar, style="green"))
    return table


def _checks(report: IngestReport) -> Table:
    table = _table("looked for", "found", "for example")
    table.columns[2].overflow = "fold"
    for what, count, example in _rows(report):
        style = "" if count else "dim"
        table.add_row(
            Text(what, style=style), Text(f"{count:,}", style=style), Text(printable(example))
        )
    return table


def _rows(report: IngestReport) -> Iterator[tuple[str, int, str]]:
    bad, lies, left, sizes = (
        report.unreadable, report.suffix_lies, report.leftovers, report.sizes
    )  # fmt: skip
    yield "cannot be read", len(bad), f"{bad[0].file} {bad[0].reason}" if bad else ""
    yield "same picture, two labels", *_pairs(report.two_labels)
    yield "exact copies (pairs)", *_pairs(report.exact)
    yield "near copies (pairs)", *_pairs(report.near)
    if report.leakage:
        yield "pairs across the split", *_pairs(report.leakage.pairs)
    yield (
        "other format than named",
        len(lies),
        f"{lies[0].file} is {lies[0].format}" if lies else "",
    )
    yield "turned or mirrored", len(report.turned), _first([t.file for t in report.turned])
    for kind, files in report.odd_modes.items():
        yield kind, len(files), _first(files)
    if sizes:
        yield "a side below 64 pixels", len(sizes.tiny), _first(sizes.tiny)
        yield "more than 40 megapixels", len(sizes.huge), _first(sizes.huge)
    if left:
        yield "hidden, left out", left.hidden_count, _first(left.hidden)
        yield (
            "foreign, left out",
            left.foreign_count,
            some(
                [
                    f"{count:,} {suffix or 'without suffix'}"
                    for suffix, count in left.foreign_suffixes.items()
                ]
            ),
        )
        yield "beside the class folders", len(left.beside), _first(left.beside)


def _pairs(pairs: Sequence[DuplicatePair]) -> tuple[int, str]:
    if not pairs:
        return 0, ""
    return len(pairs), f"{pairs[0].first} and {pairs[0].second}"


def _findings(report: IngestReport) -> RenderableType:
    if not report.findings:
        return Text("Nothing to complain about.", style="green")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for finding in report.findings:
        said = Text(printable(finding.what))
        if finding.advice:
            said.append(f"\n{printable(finding.advice)}", style="dim")
        grid.add_row(Text(finding.severity, style=COLOUR_OF[finding.severity]), said)
    return grid


def _next(report: IngestReport) -> list[str]:
    if not report.root:
        return []
    folder = shlex.quote(printable(report.root))
    steps = [f"To see the pictures: drivetrain check {folder} --html report.html"]
    if movable := len(report.to_set_aside):
        files = count_of(movable, "file")
        steps.append(f"To move {files} away: drivetrain check {folder} --quarantine")
    return steps


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, justify="right" if head in ("photos", "found") else "left")
    return table


def _first(names: Sequence[str]) -> str:
    return names[0] if names else ""
