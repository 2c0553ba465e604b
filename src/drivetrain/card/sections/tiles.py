"""The few numbers that stand out on a card, each with what it is and what to hold against it."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import number_words, words
from drivetrain.card.card import Card
from drivetrain.card.numbers import NumberResult, NumbersResults
from drivetrain.card.results import AREA, Results
from drivetrain.card.several import SeveralResults
from drivetrain.card.speed import Speed

Tile = tuple[str, str, str]
"""A number, what it is, and what belongs to it in small letters."""

MOST_NUMBERS = 3
"""Predicted numbers that have a tile each."""


def tiles(card: Card) -> Iterator[Tile]:
    """The tiles of a card, the results first."""
    results, noun = card.results, words.noun(card.bundle)
    if isinstance(results, NumbersResults):
        yield from _of_numbers(results, noun)
    else:
        yield from _of_classes(results, noun)
    if card.domain:
        rejected = card.domain.rejected
        yield (
            f"{rejected.value:.1%}",
            f"of validation {noun} called foreign",
            f"95 %: {rejected.interval}, meant: {card.domain.record.false_reject:.1%}",
        )
    yield from _of_decisions(card)
    if isinstance(card.speed, Speed):
        one = card.speed.one
        yield (
            f"{words.amount(round(one, 1))} ms" if one >= 1.0 else words.milliseconds(one),
            f"for one {words.one(card.bundle)}",
            f"here: {card.speed.machine}",
        )


def _of_classes(results: Results | SeveralResults, noun: str) -> Iterator[Tile]:
    if error := results.metrics.get("error_rate"):
        yield (
            f"{error.value:.1%}",
            "wrong answers",
            f"95 %: {error.interval}, on {error.of:,} {noun}",
        )
    if right := results.metrics.get("all_right"):
        yield (
            f"{right.value:.1%}",
            f"of {noun} with all classes right",
            f"95 %: {right.interval}, on {right.of:,} {noun}",
        )
    if isinstance(results, Results) and results.area:
        between = words.between(results.area, AREA)
        yield (
            words.measured(AREA, results.area.value),
            "area under the ROC curve",
            f"{f'95 %: {between}, ' if between else ''}0.5 is a coin's",
        )


def _of_numbers(results: NumbersResults, noun: str) -> Iterator[Tile]:
    if len(results.numbers) == 1:
        yield from _of_one_number(results.numbers[0], noun)
        return
    for one in results.numbers[:MOST_NUMBERS]:
        error, explained = one.figures.get("rmse"), one.figures.get("r2")
        if error:
            yield (
                words.figure(error.value),
                f"typical error of {one.name}",
                f"R² {words.measured('r2', explained.value)}" if explained else "root mean square",
            )


def _of_one_number(one: NumberResult, noun: str) -> Iterator[Tile]:
    if error := one.figures.get("rmse"):
        between = words.between(error)
        against = (
            f"95 %: {between}" if between else "",
            f"{words.figure(one.spread)} by answering the mean" if one.spread else "",
        )
        yield (
            words.figure(error.value),
            f"typical error of {one.name}",
            ", ".join(filter(None, against)),
        )
    if explained := one.figures.get("r2"):
        between = words.between(explained)
        yield (
            f"{explained.value:.1%}",
            "of the variance explained",
            f"95 %: {explained.low:.1%} to {explained.high:.1%}"
            if between and explained.low is not None and explained.high is not None
            else "0 is the mean's",
        )
    if one.interval:
        held = one.interval.held
        yield (
            number_words.reach(one.interval),
            f"holds {one.interval.coverage:.0%} of new truths",
            f"set by {one.interval.items:,} validation {noun}"
            if held is None
            else f"held {held.value:.1%} of those that set it",
        )


def _of_decisions(card: Card) -> Iterator[Tile]:
    outcome = card.decisions and card.decisions.outcome
    if not (card.decisions and outcome):
        return
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
