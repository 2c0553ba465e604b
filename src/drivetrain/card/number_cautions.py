"""What a reviewer should think about where numbers are predicted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drivetrain.card.numbers import NumberResult

MOST_NAMED = 5
MUCH_LESS = 0.05
"""How far below what is meant the share that an interval holds has to lie to be told."""

LEAST_COVERAGE = 0.9
"""What intervals promise where enough items set them."""


def cautions_of_numbers(numbers: Sequence[NumberResult]) -> Iterator[str]:
    """Sentences about predictions that help little, and about intervals."""
    yield from _of_figures(numbers)
    yield from _of_intervals(numbers)


def named(names: Sequence[str]) -> str:
    """The first of some names, and how many more there are.

    Example:
        >>> named(["a", "b", "c", "d", "e", "f"])
        'a, b, c, d, e and 1 more'
    """
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def _of_figures(numbers: Sequence[NumberResult]) -> Iterator[str]:
    explained = [(one.name, one.figures["r2"]) for one in numbers if "r2" in one.figures]
    if worse := [name for name, one in explained if one.value < 0.0]:
        yield f"It is worse than always answering the mean of {named(worse)}."
    unsure = [
        name
        for name, one in explained
        if one.value >= 0.0 and one.low is not None and one.low <= 0.0
    ]
    if unsure:
        yield f"It may be no better than always answering the mean of {named(unsure)}."


def _of_intervals(numbers: Sequence[NumberResult]) -> Iterator[str]:
    known = [(one, one.interval) for one in numbers if one.interval]
    if not known:
        yield "It has no intervals: how far a single prediction may be off is not told."
        return
    if wide := [one.name for one, each in known if each.half_width > each.scale]:
        yield (
            f"The interval around {named(wide)} reaches farther to both sides than a standard "
            f"deviation of the truths."
        )
    uneven = [
        one.name
        for one, each in known
        if any(part.held and part.held.high < each.coverage - MUCH_LESS for part in one.parts)
    ]
    if uneven:
        yield (
            f"In a part of the predictions of {named(uneven)} the interval holds clearly fewer "
            f"truths than meant."
        )
    coverage = known[0][1].coverage
    if coverage < LEAST_COVERAGE:
        yield f"So few items set its intervals that they hold {coverage:.1%} of new truths only."
