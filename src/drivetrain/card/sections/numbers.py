"""How well a bundle predicts numbers: how far off, where, and what its intervals hold."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import number_words, words
from drivetrain.card.card import Card
from drivetrain.card.markup import (
    Markup,
    Section,
    paragraph,
    shown,
    table,
    with_interval,
    with_small,
)
from drivetrain.card.number_charts import errors_chart, fit_chart
from drivetrain.card.numbers import QUANTILES, NumberResult, NumbersResults

MOST_TOLD = 200
MOST_DRAWN = 6
"""Predicted numbers that have charts of their own."""

HEADS = {
    "rmse": "root mean squared error",
    "mae": "mean absolute error",
    "r2": "explained variance (R²)",
}


def sections(card: Card) -> Iterator[Section]:
    """The results where numbers are predicted."""
    results = card.results
    if isinstance(results, NumbersResults):
        yield Section(name="results", title="Results", content=_results(card, results))
        yield Section(name="errors", title="How far off, and where", content=_errors(card, results))
        yield Section(name="intervals", title="Intervals", content=_intervals(card, results))


def _results(card: Card, results: NumbersResults) -> Iterator[str]:
    noun = words.noun(card.bundle)
    yield paragraph(
        f"On {results.items:,} validation {noun}; the interval below a figure holds the true one "
        f"of {noun} like these with 95 % confidence."
    )
    for one in results.numbers[:MOST_TOLD]:
        if not one.figures:
            yield paragraph(f"No figures of {one.name} were stored.")
            continue
        rows = [
            (
                HEADS[name],
                with_small(words.measured(name, figure.value), words.between(figure, name)),
                number_words.beside(one, name),
            )
            for name, figure in one.figures.items()
        ]
        heads = [one.name, "", "always the mean"]
        yield table(f"figures of {one.name}", heads, rows)
    if len(results.numbers) > MOST_TOLD:
        yield paragraph(f"and {len(results.numbers) - MOST_TOLD:,} numbers more.", "small")
    yield paragraph(number_words.NUMBER_METRICS, "small")


def _errors(card: Card, results: NumbersResults) -> Iterator[str]:
    drawn = [one for one in results.numbers[:MOST_DRAWN] if one.parts]
    if not drawn:
        yield paragraph(words.NO_EVIDENCE)
        return
    noun = words.noun(card.bundle)
    for place, one in enumerate(drawn):
        if len(results.numbers) > 1:
            yield f"<h3>{shown(one.name)}</h3>\n"
        yield '<div class="charts">\n'
        yield fit_chart(one, noun, f"number-{place}")
        yield errors_chart(one, f"number-{place}")
        yield "</div>\n"
        yield _in_numbers(one, noun)
    if len(results.numbers) > MOST_DRAWN:
        yield paragraph(f"and {len(results.numbers) - MOST_DRAWN:,} numbers more.", "small")


def _in_numbers(one: NumberResult, noun: str) -> Markup:
    heads = ["predicted", noun, *(f"{share:.0%}" for share in QUANTILES)]
    rows = [
        (
            f"{words.figure(part.low)} to {words.figure(part.high)}",
            f"{part.items:,}",
            *errors,
            *([with_interval(part.held)] if part.held else []),
        )
        for part, errors in zip(one.parts, number_words.errors_of(one), strict=True)
    ]
    if one.interval:
        heads.append("held by the interval")
    told = paragraph(
        f"By how much the truth lay above the prediction (below, where negative), for {noun} in "
        f"the order of what was predicted: a share of the errors lies below each number.",
        "small",
    )
    numbers = table(f"errors of {one.name}", heads, rows)
    return Markup(f"<details><summary>The errors in numbers</summary>\n{told}{numbers}</details>\n")


def _intervals(card: Card, results: NumbersResults) -> Iterator[str]:
    record, noun = card.bundle.manifest.intervals, words.noun(card.bundle)
    if record is None:
        yield paragraph(number_words.NO_INTERVALS)
        return
    yield paragraph(number_words.intervals(record, noun))
    rows = [
        (
            one.name,
            with_small(
                f"± {words.figure(one.interval.half_width)}",
                number_words.in_deviations(one.interval),
            ),
            with_interval(one.interval.held) if one.interval.held else "unknown",
            with_small(*number_words.least_held(one)),
        )
        for one in results.numbers[:MOST_TOLD]
        if one.interval
    ]
    heads = ["", "width", "held", "least held part"]
    yield table("intervals", heads, rows)
    if results.numbers and results.numbers[0].interval and results.numbers[0].interval.held:
        yield paragraph(number_words.HELD_BY_THE_SAME, "small")
