"""HTML made of texts that may hold anything: whatever a bundle says stays a text."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drivetrain.card.share import Share
from drivetrain.data.report.finding import printable


class Markup(str):
    """HTML that Drivetrain made itself, every foreign text in it escaped already."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page.

    Arguments:
        name: What links lead to it by.
        title: Its heading.
        content: Its HTML.
    """

    name: str
    title: str
    content: Iterable[str]


def shown(text: str) -> Markup:
    """A text as HTML, and HTML as it is.

    Example:
        >>> shown("a<b> & more")
        'a&lt;b&gt; &amp; more'
    """
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def paragraph(text: str, style: str = "") -> Markup:
    """A sentence or two."""
    given = f' class="{style}"' if style else ""
    return Markup(f"<p{given}>{shown(text)}</p>\n")


def with_interval(share: Share | None) -> Markup:
    """A share with its interval below it."""
    if share is None:
        return Markup("none")
    return with_small(f"{share.value:.1%}", f"{share.low * 100:.1f} to {share.high:.1%}")


def with_small(text: str, below: str) -> Markup:
    """A text with a smaller one below it, where there is one."""
    return Markup(f"{shown(text)}<small>{shown(below)}</small>") if below else shown(text)


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, style: str = ""
) -> Markup:
    """A table that scrolls by itself where it is too wide; the first column names the rows."""
    top = "".join(f'<th scope="col">{shown(head)}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{shown(row[0])}</th>'
        + "".join(f"<td>{shown(cell)}</td>" for cell in row[1:])
        + "</tr>\n"
        for row in rows
    )
    given = f' class="{style}"' if style else ""
    return scrolling(caption, f"<table{given}>\n<tr>{top}</tr>\n{body}</table>")


def scrolling(caption: str, content: str) -> Markup:
    """Something that may be wider than a phone, reachable by the keyboard."""
    label = shown(caption)
    return Markup(
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">\n{content}\n</div>\n'
    )


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """Names and what belongs to them; what is empty is left out."""
    lines = "".join(
        f"<dt>{shown(name)}</dt><dd>{shown(text)}</dd>\n" for name, text in pairs if text
    )
    return Markup(f'<dl class="facts">\n{lines}</dl>\n')


def listed(items: Iterable[str], style: str = "") -> Markup:
    """A list of sentences."""
    lines = "".join(f"<li>{shown(item)}</li>\n" for item in items)
    given = f' class="{style}"' if style else ""
    return Markup(f"<ul{given}>\n{lines}</ul>\n")


def code(text: str) -> Markup:
    """A program or a command."""
    lines = "\n".join(map(printable, text.splitlines()))
    return Markup(f'<pre tabindex="0"><code>{html.escape(lines)}</code></pre>\n')
