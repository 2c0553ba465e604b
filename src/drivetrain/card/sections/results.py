"""What a bundle is for, what it was made of, and how well it did."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions
from drivetrain.card.markup import (
    Markup,
    Section,
    facts,
    listed,
    paragraph,
    scrolling,
    shown,
    table,
    with_interval,
)
from drivetrain.card.results import Confusion
from drivetrain.card.speed import Speed

WIDEST_CONFUSION = 40
WIDEST_UPRIGHT = 6
LONGEST_UPRIGHT = 10
LONGEST_HEAD = 24
MOST_CLASSES = 200
DEEPEST = 0.55
"""How strongly a cell of the confusion matrix is shaded where it holds its whole row."""


def sections(card: Card) -> Iterator[Section]:
    """The sections up to the results of each class."""
    yield Section(name="purpose", title="What it is for", content=_purpose(card))
    yield Section(name="summary", title="In short", content=_summary(card))
    yield Section(name="data", title="Data and split", content=_data(card))
    yield Section(name="results", title="Results", content=_results(card))
    yield Section(name="confusion", title="What is taken for what", content=_confusion(card))
    yield Section(name="classes", title="Class by class", content=_classes(card))


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
    tiles = "".join(
        f"<li><b>{shown(number)}</b><span>{shown(what)}</span><small>{shown(more)}</small></li>\n"
        for number, what, more in _tiles(card)
    )
    yield f'<ul class="tiles">\n{tiles}</ul>\n'
    if found := cautions(card):
        yield "<h3>Before saying yes</h3>\n"
        yield listed(found, "mind")


def _tiles(card: Card) -> Iterator[tuple[str, str, str]]:
    noun = words.noun(card.bundle)
    if error := card.results.metrics.get("error_rate"):
        yield (
            f"{error.value:.1%}",
            "wrong answers",
            f"95 %: {error.interval}, on {error.of:,} {noun}",
        )
    if card.domain:
        rejected = card.domain.rejected
        yield (
            f"{rejected.value:.1%}",
            f"of validation {noun} called foreign",
            f"95 %: {rejected.interval}, meant: {card.domain.record.false_reject:.1%}",
        )
    outcome = card.decisions and card.decisions.outcome
    if card.decisions and outcome:
        unit = card.decisions.rule.unit
        if asked := outcome.asked:
            price = words.amount(card.decisions.rule.ask or 0.0)
            yield (
                f"{asked.value:.1%}",
                "sent to a person",
                f"95 %: {asked.interval}, at {price} {unit}".rstrip(),
            )
        action, cost = outcome.without_it(card.decisions.rule.ask)
        yield (
            words.amount(outcome.cost),
            f"{unit or 'cost'} on average",
            f"{words.amount(cost)} without it ({action} always)",
        )
    if isinstance(card.speed, Speed):
        yield (
            f"{words.amount(round(card.speed.one, 1))} ms",
            f"for one {noun[:-1]}",
            f"here: {card.speed.machine}",
        )


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
    counts = sorted(training.class_counts.items(), key=lambda one: -one[1])[:MOST_CLASSES]
    if not counts:
        return
    whole = sum(training.class_counts.values()) or 1
    rows = [(name, f"{count:,}", f"{count / whole:.1%}") for name, count in counts]
    yield table(f"{noun} a class", ["class", noun, "share"], rows)
    yield from _hidden(len(training.class_counts))


def _results(card: Card) -> Iterator[str]:
    results, noun = card.results, words.noun(card.bundle)
    yield paragraph(
        f"On {results.items:,} validation {noun}; the interval holds the true share of {noun} like "
        f"these with 95 % confidence."
    )
    rows = [
        (name.replace("_", " "), f"{share.value:.1%}", share.interval)
        for name, share in results.metrics.items()
    ]
    yield table("metrics", ["metric", "share", "95 % interval"], rows)
    if results.guess:
        name, error = results.guess
        yield paragraph(
            f"Without a model, by always answering {name}, one would be wrong {error:.1%} of the "
            f"time.",
            "small",
        )


def _confusion(card: Card) -> Iterator[str]:
    names = [one.name for one in card.results.classes]
    confusion = card.results.confusion
    if confusion is None:
        yield paragraph("This bundle holds no confusion matrix.")
        return
    if len(names) <= WIDEST_CONFUSION:
        yield paragraph(
            "A row is a true class, a column an answer; a cell is shaded by its share of the row."
        )
        yield scrolling("confusion matrix", _matrix(names, confusion))
    mistakes = card.results.mistakes[:10]
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


def _classes(card: Card) -> Iterator[str]:
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
        for one in card.results.classes[:MOST_CLASSES]
    ]
    yield table("results of each class", ["class", noun, "found", "right when said"], rows)
    yield from _hidden(len(card.results.classes))


def _hidden(classes: int) -> Iterator[str]:
    if classes > MOST_CLASSES:
        yield paragraph(f"and {classes - MOST_CLASSES:,} classes more.", "small")
