"""What a bundle is for, what stands out, what it was made of, and what it takes."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions
from drivetrain.card.markup import Section, facts, listed, paragraph, shown, table
from drivetrain.card.numbers import NumbersResults
from drivetrain.card.sections.results import MOST_CLASSES, hidden
from drivetrain.card.sections.tiles import tiles
from drivetrain.card.takes import HEADS, columns_taken

MOST_COLUMNS = 100
MOST_NUMBERS = 200


def sections(card: Card) -> Iterator[Section]:
    """The sections before the results."""
    yield Section(name="purpose", title="What it is for", content=_purpose(card))
    yield Section(name="summary", title="In short", content=_summary(card))
    yield Section(name="data", title="Data and split", content=_data(card))
    if card.bundle.preparation.fields:
        yield Section(name="takes", title="What it takes", content=_takes(card))


def _purpose(card: Card) -> Iterator[str]:
    objective = card.bundle.manifest.project.objective
    if not (objective.purpose or objective.not_for or objective.measure):
        yield paragraph(words.HOW_TO_DECLARE)
        return
    yield facts(
        [
            ("For", objective.purpose),
            ("Not for", listed(objective.not_for) if objective.not_for else ""),
            ("Reached when", objective.measure),
        ]
    )


def _summary(card: Card) -> Iterator[str]:
    shown_tiles = "".join(
        f"<li><b>{shown(number)}</b><span>{shown(what)}</span><small>{shown(more)}</small></li>\n"
        for number, what, more in tiles(card)
    )
    yield f'<ul class="tiles">\n{shown_tiles}</ul>\n'
    if found := cautions(card):
        yield "<h3>Before saying yes</h3>\n"
        yield listed(found, "mind")


def _data(card: Card) -> Iterator[str]:
    training, noun = card.bundle.manifest.training, words.noun(card.bundle)
    yield facts(
        [
            ("Trained on", f"{training.train_items:,} {noun}"),
            ("Validated on", f"{training.valid_items:,} {noun}, not trained on"),
            ("Fingerprint", training.data_fingerprint[:12] or "none was stored"),
            ("Note", training.notes),
        ]
    )
    if isinstance(card.results, NumbersResults):
        yield from _truths(card.results, noun)
    counts = sorted(training.class_counts.items(), key=lambda one: -one[1])[:MOST_CLASSES]
    if not counts:
        return
    whole = sum(training.class_counts.values()) or 1
    rows = [(name, f"{count:,}", f"{count / whole:.1%}") for name, count in counts]
    yield table(f"{noun} a class", ["class", noun, "share"], rows)
    yield from hidden(len(training.class_counts))


def _truths(results: NumbersResults, noun: str) -> Iterator[str]:
    """What the true numbers of validation items are like."""
    rows = [
        (one.name, *map(words.figure, (*one.quantiles, one.mean, one.spread or 0.0)))
        for one in results.numbers[:MOST_NUMBERS]
        if one.quantiles and one.mean is not None
    ]
    if rows:
        heads = ["", "least", "a quarter", "median", "three quarters", "largest"]
        yield paragraph(f"The true numbers of validation {noun}, and what a quarter lies below.")
        yield table("true numbers", [*heads, "mean", "standard deviation"], rows)


def _takes(card: Card) -> Iterator[str]:
    fields = card.bundle.preparation.fields
    yield paragraph(words.preparation(card.bundle))
    rows = columns_taken(card.bundle, MOST_COLUMNS)
    told = len(HEADS) if any(row[-1] for row in rows) else len(HEADS) - 1
    yield table("columns", HEADS[:told], [row[:told] for row in rows], style="columns")
    if len(fields) > MOST_COLUMNS:
        yield paragraph(f"and {len(fields) - MOST_COLUMNS:,} columns more.", "small")
