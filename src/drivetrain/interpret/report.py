"""A report as one HTML file that holds its own pictures."""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from drivetrain.data.report.style import STYLE

DOTS_AN_INCH = 150


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a report.

    Arguments:
        title: Its heading.
        text: Its paragraphs.
        table: Its rows; the first is the head.
        figures: Its pictures, with a text in place of each for those who cannot see it.
    """

    title: str
    text: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()
    figures: Sequence[tuple[Figure, str]] = field(default=())


def write_report(
    path: str | os.PathLike[str], *, title: str, lead: str, sections: Sequence[Section]
) -> Path:
    """Write a report and close its figures.

    Arguments:
        path: The HTML file.
        title: What it is about.
        lead: What a reader should take away.
        sections: Its parts.
    """
    body = "\n".join(map(_section, sections))
    Path(path).write_text(
        f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
<h1>{html.escape(title)}</h1>
<p class="lead">{html.escape(lead)}</p>
{body}
</html>
""",
        encoding="utf-8",
    )
    return Path(path)


def _section(section: Section) -> str:
    paragraphs = "".join(f"<p>{html.escape(text)}</p>\n" for text in section.text)
    figures = "".join(_figure(figure, instead) for figure, instead in section.figures)
    shown = f'<div class="figures">{figures}</div>' if figures else ""
    return f"<h2>{html.escape(section.title)}</h2>\n{paragraphs}{_table(section.table)}{shown}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = []
    for number, row in enumerate(rows):
        tag = "td" if number else "th"
        lines.append("".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row))
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _figure(figure: Figure, instead: str) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_AN_INCH)
    width = round(figure.get_figwidth() * 96)
    plt.close(figure)
    picture = base64.b64encode(file.getvalue()).decode()
    return (
        f'<figure><img src="data:image/png;base64,{picture}" width="{width}" '
        f'alt="{html.escape(instead)}"></figure>'
    )
