"""How well a bundle tells which of several classes hold at once."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.markup import Section, paragraph, table
from drivetrain.card.sections.results import class_by_class
from drivetrain.card.several import SeveralResults


def sections(card: Card) -> Iterator[Section]:
    """The results where several classes may hold."""
    results = card.results
    if isinstance(results, SeveralResults):
        yield Section(name="results", title="Results", content=_results(card, results))
        yield Section(name="classes", title="Class by class", content=class_by_class(card, results))


def _results(card: Card, results: SeveralResults) -> Iterator[str]:
    noun = words.noun(card.bundle)
    yield paragraph(
        f"On {results.items:,} validation {noun}; the interval holds the true share of {noun} like "
        f"these with 95 % confidence. All classes right: each that holds was named, and no other."
    )
    rows = [
        (words.SEVERAL_METRICS.get(name, name.replace("_", " ")), f"{one.value:.1%}", one.interval)
        for name, one in results.metrics.items()
    ]
    yield table("metrics", ["metric", "share", "95 % interval"], rows)
    if results.guess:
        named, error = results.guess
        yield paragraph(
            f"Without a model, by always answering {named}, one would be wrong about {error:.1%} "
            f"of the {noun}.",
            "small",
        )
