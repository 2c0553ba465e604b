"""The pieces of a page about a table's model: tables, bars, cards and pictures that fit a phone."""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from drivetrain.data.report.finding import printable
from drivetrain.data.report.page import check_page
from drivetrain.data.report.style import STYLE, TONES
from drivetrain.errors import OutputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_AN_INCH = 150
PAGE_STYLE = """
h1, h2, h3, p, td, dd, dt { overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 1.75rem 0 .25rem; }
.mind { color: var(--mute); font-size: .95rem; }
table { width: 100%; max-width: 44rem; font-size: .95rem; line-height: 1.35; }
th { color: var(--mute); font-weight: 500; font-size: .85rem; vertical-align: bottom; }
td:first-child { min-width: 7rem; }
td, th { padding-right: .9rem; vertical-align: top; }
td + td { white-space: nowrap; overflow-wrap: normal; }
td:last-child, th:last-child { padding-right: 0; }
tr.sure td:first-child { box-shadow: -4px 0 0 var(--problem); padding-left: .6rem; }
tr.sure td:nth-child(3) { color: var(--problem); font-weight: 600; }
.rows { display: grid; gap: 1rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); }
.row { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .8rem .9rem; min-width: 0; }
.row p { margin: 0; line-height: 1.4; }
.row .said { color: var(--problem); font-weight: 600; }
.row .loss { color: var(--mute); font-size: .85rem; }
.row dl { display: grid; grid-template-columns: fit-content(45%) 1fr; gap: .15rem .8rem;
  margin: .6rem 0 0; padding-top: .6rem; border-top: 1px solid var(--line);
  font-size: .85rem; line-height: 1.35; }
.row dt { color: var(--mute); }
.row dd { margin: 0; font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) {
  body { padding: 1.5rem 1rem 3rem; }
  h1 { font-size: 1.6rem; }
  table { font-size: .85rem; }
  td, th { padding-right: .5rem; }
  td:first-child { min-width: 5.5rem; }
}
""".strip()

LONGEST = 120


def write_page(path: str | os.PathLike[str], title: str, lead: str, parts: Iterable[str]) -> Path:
    """Write a page; it replaces an older one once it is whole.

    Arguments:
        path: The HTML file.
        title: Its heading.
        lead: What a reader should take away.
        parts: HTML, made while it is written.

    Raises:
        OutputError: It cannot be written.
    """
    page = Path(path)
    check_page(page)
    part = page.with_name(f".{page.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            file.write(
                f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
                f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f"<title>{said(title)}</title>\n<style>{STYLE}\n{TONES}\n{PAGE_STYLE}</style>\n"
                f'<h1>{said(title)}</h1>\n<p class="lead">{said(lead)}</p>\n'
            )
            file.writelines(f"{one}\n" for one in parts)
            file.write("</html>\n")
        os.replace(part, page)
    except OSError as problem:
        raise OutputError(
            f"{page} cannot be written: {problem.strerror or problem}.",
            hint="Choose another place for the page.",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return page


def said(text: object, longest: int = 1000) -> str:
    """A text as HTML, cut where it is too long."""
    whole = printable(str(text))
    return html.escape(whole if len(whole) <= longest else f"{whole[: longest - 1]}…")


def heading(text: str, *paragraphs: str, mind: str = "") -> str:
    """A heading with its paragraphs, and what to mind."""
    told = "".join(f"<p>{said(one)}</p>" for one in paragraphs)
    return f"<h2>{said(text)}</h2>{told}" + (f'<p class="mind">{said(mind)}</p>' if mind else "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], sure: Sequence[bool] = ()) -> str:
    """A table; its first column holds words, the others numbers.

    Arguments:
        head: What stands above.
        rows: The cells.
        sure: The rows that stand out.
    """
    lines = [f"<tr>{''.join(f'<th>{said(cell)}</th>' for cell in head)}</tr>"]
    for number, row in enumerate(rows):
        marked = ' class="sure"' if number < len(sure) and sure[number] else ""
        cells = "".join(f"<td>{said(cell, LONGEST)}</td>" for cell in row)
        lines.append(f"<tr{marked}>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"


def card(head: str, below: str, fields: Sequence[tuple[str, str]]) -> str:
    """One row of a table: what is said of it, and what it holds."""
    held = "".join(
        f"<dt>{said(name, 60)}</dt><dd>{said(value, LONGEST)}</dd>" for name, value in fields
    )
    return (
        f'<div class="row"><p class="said">{said(head, 2 * LONGEST)}</p>'
        f'<p class="loss">{said(below)}</p><dl>{held}</dl></div>'
    )


def pictures(figures: Iterable[tuple[Figure, str]]) -> str:
    """Pictures side by side, and under each other on a phone; the figures are closed."""
    return f'<div class="figures">{"".join(_picture(*each) for each in figures)}</div>'


def _picture(figure: Figure, instead: str) -> str:
    import matplotlib.pyplot as plt

    file = io.BytesIO()
    try:
        figure.savefig(file, format="png", dpi=DOTS_AN_INCH)
        width = round(figure.get_figwidth() * 96)
    finally:
        plt.close(figure)
    picture = base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{picture}" width="{width}" '
        f'alt="{said(instead)}"></figure>'
    )
