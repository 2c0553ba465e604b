"""How well a bundle did that answers with one class out of several."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.markup import (
    Markup,
    Section,
    paragraph,
    scrolling,
    shown,
    table,
    with_interval,
)
from drivetrain.card.results import AREA, Confusion, Results
from drivetrain.card.several import SeveralResults

WIDEST_CONFUSION = 40
WIDEST_UPRIGHT = 6
LONGEST_UPRIGHT = 10
LONGEST_HEAD = 24
MOST_CLASSES = 200
DEEPEST = 0.55
"""How strongly a cell of the confusion matrix is shaded where it holds its whole row."""


def sections(card: Card) -> Iterator[Section]:
    """The results where the answer is one class."""
    results = card.results
    if isinstance(results, Results):
        yield Section(name="results", title="Results", content=_results(card, results))
        yield Section(name="confusion", title="What is taken for what", content=_confusion(results))
        yield Section(name="classes", title="Class by class", content=class_by_class(card, results))


def _results(card: Card, results: Results) -> Iterator[str]:
    noun = words.noun(card.bundle)
    yield paragraph(
        f"On {results.items:,} validation {noun}; the interval holds the true share of {noun} like "
        f"these with 95 % confidence."
    )
    rows = [
        (name.replace("_", " "), f"{share.value:.1%}", share.interval)
        for name, share in results.metrics.items()
    ]
    if area := results.area:
        value = words.measured(AREA, area.value)
        rows.append(("area under the ROC curve", value, words.between(area, AREA)))
    yield table("metrics", ["metric", "share", "95 % interval"], rows)
    if results.guess:
        name, error = results.guess
        yield paragraph(
            f"Without a model, by always answering {name}, one would be wrong {error:.1%} of the "
            f"time.",
            "small",
        )
    if results.area:
        yield paragraph(words.area(card.bundle), "small")


def _confusion(results: Results) -> Iterator[str]:
    names = [one.name for one in results.classes]
    confusion = results.confusion
    if confusion is None:
        yield paragraph("This bundle holds no confusion matrix.")
        return
    if len(names) <= WIDEST_CONFUSION:
        yield paragraph(
            "A row is a true class, a column an answer; a cell is shaded by its share of the row."
        )
        yield scrolling("confusion matrix", _matrix(names, confusion))
    mistakes = results.mistakes[:10]
    if mistakes and len(names) > WIDEST_UPRIGHT:
        yield table(
            "most frequent mistakes",
            ["most frequent mistakes", "times"],
            [(f"{truth} taken for {said}", f"{count:,}") for count, truth, said in mistakes],
        )
    elif not mistakes:
        yield paragraph("Not one was taken for another.")


def _matrix(names: list[str], confusion: Confusion) -> Markup:
    wide = len(names) > WIDEST_UPRIGHT or max(map(len, names)) > LONGEST_UPRIGHT
    heads = "".join(f'<th scope="col">{shown(_shortened(name))}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{shown(name)}</th>'
        + "".join(_cell(count, sum(row), at == place) for at, count in enumerate(row))
        + "</tr>\n"
        for place, (name, row) in enumerate(zip(names, confusion, strict=True))
    )
    style = "confusion tilted" if wide else "confusion"
    corner = '<th scope="col">truth \\ answer</th>'
    return Markup(f'<table class="{style}">\n<tr>{corner}{heads}</tr>\n{rows}</table>')


def _shortened(name: str) -> str:
    """A name that does not make a column's head higher than the table; its row has it whole."""
    return name if len(name) <= LONGEST_HEAD else f"{name[: LONGEST_HEAD - 1]}…"


def _cell(count: int, of: int, right: bool) -> str:
    if not count:
        return '<td class="none">0</td>'
    shade = 0.08 + (DEEPEST - 0.08) * count / of
    return f'<td class="{"hit" if right else "miss"}" style="--share:{shade:.2f}">{count:,}</td>'


def class_by_class(card: Card, results: Results | SeveralResults) -> Iterator[str]:
    """What was found of each class, and how often its name was right."""
    noun = words.noun(card.bundle)
    yield paragraph(
        f"Found is the share of a class's validation {noun} that were given its name (recall); "
        f"right when said, the share of the answers with its name that were right (precision)."
    )
    rows = [
        (
            one.name,
            "unknown" if one.found is None else f"{one.found.of:,}",
            with_interval(one.found),
            with_interval(one.right),
        )
        for one in results.classes[:MOST_CLASSES]
    ]
    yield table("results of each class", ["class", noun, "found", "right when said"], rows)
    yield from hidden(len(results.classes))


def hidden(classes: int) -> Iterator[str]:
    """That there are more classes than a page shows."""
    if classes > MOST_CLASSES:
        yield paragraph(f"and {classes - MOST_CLASSES:,} classes more.", "small")
