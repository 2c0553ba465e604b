"""The card as one HTML file that holds all it shows and needs no script."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from drivetrain.bundle.archive import writing
from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.markup import Section, paragraph, shown
from drivetrain.card.sections import about, judgement, numbers, results, several, use
from drivetrain.card.style import CARD_STYLE
from drivetrain.data.report.style import STYLE, TONES
from drivetrain.errors import OutputError


def write_card(card: Card, path: str | os.PathLike[str]) -> Path:
    """Write a card as a page.

    Arguments:
        card: What it shows.
        path: The HTML file; it is replaced once the new one is whole.

    Raises:
        OutputError: It cannot be written.
    """
    if Path(path).resolve() == Path(card.bundle.name).resolve():
        raise OutputError(
            f"{path} is the bundle itself.", hint="Name another file, such as card.html."
        )
    content = "".join(card_page(card))
    with writing(path) as beside:
        beside.write_text(content, encoding="utf-8")
    return Path(path)


def card_page(card: Card) -> Iterator[str]:
    """The page, piece by piece."""
    parts = (about, results, several, numbers, judgement, use)
    sections = [section for part in parts for section in part.sections(card)]
    manifest = card.bundle.manifest
    name = shown(card.file)
    yield f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: its card</title>
<style>{STYLE}
{TONES}
{CARD_STYLE}</style>
</head>
<body>
<h1>{name}</h1>
{paragraph(words.task(card.bundle), "lead")}"""
    yield paragraph(
        f"Model {card.bundle.short_id}, written {words.written(manifest.created)}", "meta"
    )
    yield from _contents(sections)
    for section in sections:
        yield f'<section id="{section.name}">\n<h2>{section.title}</h2>\n'
        yield from section.content
        yield "</section>\n"
    yield "</body>\n</html>\n"


def _contents(sections: list[Section]) -> Iterator[str]:
    yield '<nav aria-label="Sections">\n'
    for section in sections:
        yield f'<a href="#{section.name}">{section.title}</a>\n'
    yield "</nav>\n"
