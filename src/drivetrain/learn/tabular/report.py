"""The look at a table in words, for a terminal."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import IO

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from drivetrain.data.report.finding import count_of, printable
from drivetrain.data.report.text import COLOUR_OF, WIDEST, WIDTH
from drivetrain.learn.tabular.kinds import ColumnLook, Kind, TableLook

MOST_COLUMNS, WIDEST_NAME, GAP = 60, 26, 2
HEADS = ("column", "taken as", "different", "gaps", "for example")
KINDS: tuple[tuple[Kind, str], ...] = (
    ("category", "of categories"),
    ("number", "of numbers"),
    ("date", "of dates"),
    ("text", "of texts"),
    ("left out", "left out"),
)


def print_look(
    look: TableLook, *, name: str = "", file: IO[str] | None = None, next_steps: bool = True
) -> None:
    """Print a look at a table, as wide as the terminal; 80 columns and no colours elsewhere.

    Arguments:
        look: What was found.
        name: The table's name, such as its file.
        file: Where to; standard output when None.
        next_steps: Whether to end with the command that may follow.
    """
    out = sys.stdout if file is None else file
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, WIDEST) if console.is_terminal else WIDTH
    with console.capture() as captured:
        for part in _parts(look, name, console.width):
            console.print(part)
        if next_steps and name:
            asked = "".join(f" --target {shlex.quote(printable(each))}" for each in look.targets)
            command = f"drivetrain check {shlex.quote(printable(name))}{asked} --html report.html"
            console.print(Text(f"\nTo see the columns: {command}"), soft_wrap=True)
    out.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def summary(look: TableLook) -> str:
    """The look in one line.

    Example:
        >>> from drivetrain.learn.tabular.kinds import look_at_table
        >>> rows = [{"age": 30.5 + at, "sex": "fm"[at % 2]} for at in range(40)]
        >>> summary(look_at_table(rows, "sex"))
        '40 rows, 1 column to learn from: 1 of numbers. To be predicted: sex (classes).'
    """
    counts = [(len(look.names(kind)), words) for kind, words in KINDS]
    usable = sum(count for count, words in counts if words != "left out")
    told = ", ".join(f"{count:,} {words}" for count, words in counts if count)
    to_learn = f"{count_of(usable, 'column')} to learn from{': ' if told else ''}{told}"
    return f"{count_of(look.rows, 'row')}, {to_learn}.{_asked(look)}"


def taken_as(column: ColumnLook, look: TableLook) -> str:
    """What a column is taken as, in a word or two."""
    if column.name not in look.targets:
        return column.kind
    return "target, classes" if look.tasks[column.name] == "category" else "target, numbers"


def _asked(look: TableLook) -> str:
    if not look.targets:
        return ""
    named = (
        f"{printable(name)} ({'classes' if task == 'category' else 'numbers'})"
        for name, task in look.tasks.items()
    )
    return f" To be predicted: {', '.join(named)}."


def _parts(look: TableLook, name: str, width: int) -> Iterator[RenderableType]:
    yield Text(printable(name) or "table", style="bold")
    yield Text(summary(look))
    yield from (Text(), _columns(look, width))
    if (more := len(look.columns) - MOST_COLUMNS) > 0:
        yield Text(f"({more:,} more)", style="dim")
    yield Text()
    yield _findings(look)


def _columns(look: TableLook, width: int) -> Table:
    shown = look.columns[:MOST_COLUMNS]
    rows = [
        (
            printable(column.name),
            taken_as(column, look),
            f"{column.distinct:,}",
            f"{column.gaps:,}" if column.gaps else "",
            printable(", ".join(column.examples)),
        )
        for column in shown
    ]
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    room = width
    for place, head in enumerate(HEADS):
        widest = min(max(len(row[place]) for row in (HEADS, *rows)), WIDEST_NAME)
        is_last, is_count = place == len(HEADS) - 1, head in ("different", "gaps")
        table.add_column(
            head,
            justify="right" if is_count else "left",
            width=max(room, len(head)) if is_last else widest,
            no_wrap=place > 0,
            overflow="ellipsis" if is_last else "fold",
        )
        room -= widest + GAP
    for column, row in zip(shown, rows, strict=True):
        style = "dim" if column.kind == "left out" else ""
        style = "bold" if column.name in look.targets else style
        table.add_row(*(Text(each, style=style) for each in row))
    return table


def _findings(look: TableLook) -> RenderableType:
    if not look.findings:
        return Text("Nothing to complain about.", style="green")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for finding in look.findings:
        said = Text(printable(finding.what))
        if finding.advice:
            said.append(f"\n{printable(finding.advice)}", style="dim")
        grid.add_row(Text(finding.severity, style=COLOUR_OF[finding.severity]), said)
    return grid
