"""What the card says in words of predicted numbers, the same in the terminal and on the page."""

from __future__ import annotations

from drivetrain.bundle.manifest import IntervalRecord
from drivetrain.card import words
from drivetrain.card.numbers import Interval, NumberResult

FEWEST_PARTS = 3
NUMBER_METRICS = (
    "The root mean squared error is a typical distance from the truth in the number's own unit, in "
    "which far misses weigh most; the mean absolute error is the plain mean of the distances. R² "
    "is the share of the truths' variance that the predictions explain: 1 is perfect, 0 is no "
    "better than answering the mean of these truths always, and below 0 is worse than that."
)
NO_INTERVALS = (
    "This bundle has no intervals: how far a single prediction may lie from the truth is not told. "
    "Export it again to have them."
)
HELD_BY_THE_SAME = (
    "The share held is of the same items that set the width, so that it is near what is meant by "
    "its making, and tells nothing of new ones. The least held part is the one of the "
    "equal parts of the predictions, in their order, in which the interval held the fewest truths: "
    "one width for all is too narrow where the errors are large."
)


def beside(number: NumberResult, figure_name: str) -> str:
    """The figure that always answering the mean has; empty where it is not known."""
    if figure_name == "rmse":
        return "" if number.spread is None else words.figure(number.spread)
    if figure_name == "mae":
        if not len(number.actual):
            return ""
        return words.figure(float(abs(number.actual - number.actual.mean()).mean()))
    return "0"


def intervals(record: IntervalRecord, noun: str) -> str:
    """What the intervals are, in two sentences."""
    return (
        f"Each predicted number comes with an interval that reaches equally far to both sides and "
        f"is to hold {record.coverage:.1%} of the truths of {noun} like these. Its width was set "
        f"by {record.items:,} validation {noun}: that share of them lay no farther from their "
        f"predictions."
    )


def reach(interval: Interval) -> str:
    """How far an interval reaches to both sides."""
    return f"± {words.figure(interval.half_width)}"


def in_deviations(interval: Interval) -> str:
    """How wide an interval is to each side, against how far the truths are spread."""
    return f"{words.figure(interval.half_width / interval.scale)} std. dev."


def least_held(number: NumberResult) -> tuple[str, str]:
    """How few truths the interval held in a part of the predictions, and in which."""
    parts = [(part.held.value, part) for part in number.parts if part.held]
    if len(parts) < FEWEST_PARTS:
        return "too few to tell", ""
    share, part = min(parts, key=lambda one: one[0])
    return f"{share:.1%}", f"{words.figure(part.low)} to {words.figure(part.high)}"


def errors_of(number: NumberResult) -> list[list[str]]:
    """The quantiles of the errors in each part, all with as many digits after the point."""
    texts = iter(words.aligned([error for part in number.parts for error in part.errors]))
    return [[next(texts) for _ in part.errors] for part in number.parts]
