"""What the card says in words, the same in the terminal and on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from drivetrain.bundle.reader import Bundle
from drivetrain.card.decisions import OTHER_ANSWERS
from drivetrain.card.estimate import Estimate
from drivetrain.card.results import AREA
from drivetrain.card.takes import Field, joined, kinds_in_words
from drivetrain.card.trust import CalibrationFigures, DomainFigures
from drivetrain.prepare.image import ImagePreparation

HOW_TO_DECLARE = (
    "Nothing is declared. Run: drivetrain init, answer its questions in drivetrain.toml, "
    "and export with it."
)
NO_COSTS = (
    "No costs are declared, so that its answers end at probabilities. Run: drivetrain init, name "
    "the actions and what each costs, and export with it, or try costs out with: drivetrain "
    "inspect --project drivetrain.toml."
)
NO_EVIDENCE = (
    "This bundle does not keep what it answered on validation items, so that this cannot be "
    "computed. Export it again to have it."
)
NO_DOMAIN = (
    "This bundle has no in-domain test: whatever it is shown, it answers with one of its classes. "
    "Export it again to have one; that takes at least 20 training items."
)
NO_RELIABILITY = "How far its probabilities can be taken at their word was not measured."
MOST_NAMED = 8
UP_TO_ONE, MOST_OF_THREE = ("r2", AREA), 1000.0
EIGHT = 8
SMALLEST_WRITTEN_OUT, LARGEST_WRITTEN_OUT = 1e-3, 1e9
GAPS = {
    "number": "a number counts as the training's median",
    "category": "a category as a word of its own (as unseen where training had no gaps)",
    "date": "a date as an unknown one",
    "text": "a text as empty",
}
"""What a gap counts as, for each kind of column."""
FITS = {
    "crop": "cropped from the centre",
    "pad": "fitted whole, the rest filled,",
    "squish": "squeezed",
}


NO_DOMAIN_OF_NUMBERS = NO_DOMAIN.replace("with one of its classes", "with a number")
NO_DOMAIN_OF_SEVERAL = NO_DOMAIN.replace("one of its classes", "some or none of its classes")
ONLY_CLASSES_HAVE_COSTS = (
    "Costs and actions belong to one class out of several. This model answers with {answers}, so "
    "that what follows from an answer is decided where it is used."
)
PLAIN_SIGMOID = (
    "The probability of each class is the plain sigmoid of its own logit; several may hold, and "
    "they need not sum to 1. A class is named above one half. Nothing was fitted to bring the "
    "probabilities nearer to what happens."
)
SEVERAL_METRICS = {"all_right": "all classes right", "accuracy": "right of all yes or no answers"}
LISTED_IN_SHORT = 4
"""Columns and outputs that a sentence names."""


def noun(bundle: Bundle) -> str:
    """What the bundle's inputs are called."""
    return bundle.preparation.noun[1]


def one(bundle: Bundle) -> str:
    """What one input of the bundle is called."""
    return bundle.preparation.noun[0]


def task(bundle: Bundle) -> str:
    """What the bundle is for, by what it predicts and of what, in a sentence."""
    kind, outputs, fields = bundle.manifest.target.kind, bundle.outputs, bundle.preparation.fields
    inputs = noun(bundle)
    if fields:
        inputs += f" with {_some([str(field['name']) for field in fields], 'columns')}"
    if kind == "numbers":
        return f"Predicts {_some(outputs, 'numbers')} for {inputs}."
    if kind == "categories":
        return f"Tells which of {_some(outputs, 'classes', most=MOST_NAMED)} hold for {inputs}."
    if fields and len(outputs) <= MOST_NAMED:
        return f"Answers {', '.join(outputs[:-1])} or {outputs[-1]} for {inputs}."
    if fields:
        named = ", ".join(outputs[: MOST_NAMED - 1])
        return f"Answers one of {len(outputs):,} classes ({named} and others) for {inputs}."
    if len(outputs) > MOST_NAMED:
        named = ", ".join(outputs[: MOST_NAMED - 1])
        return f"Tells {len(outputs):,} kinds of {inputs} apart: {named} and others."
    return f"Tells {inputs} of {', '.join(outputs[:-1])} and {outputs[-1]} apart."


def _some(names: Sequence[str], of: str, *, most: int = LISTED_IN_SHORT) -> str:
    if len(names) <= most + 1:
        return joined(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more {of}"


def written(created: str) -> str:
    """When a bundle was written, as people say it.

    Example:
        >>> written("2026-11-22T19:57:31+00:00")
        '2026-11-22 19:57 UTC'
    """
    try:
        return datetime.fromisoformat(created).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (ValueError, OverflowError):
        return created


def amount(value: float) -> str:
    """A cost or a price, with as many digits as tell something.

    Example:
        >>> amount(1234567.0), amount(12.345), amount(4.0), amount(0.01234)
        ('1,234,567', '12.35', '4', '0.0123')
    """
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    decimals = min(12, max(2, 2 - math.floor(math.log10(abs(value)))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".")


def figure(value: float) -> str:
    """A measured number with four digits that tell something.

    Example:
        >>> figure(1234567.0), figure(12.3456), figure(-0.05), figure(2.5e-7)
        ('1,234,567', '12.35', '-0.05', '2.5e-07')
    """
    if value == 0 or not SMALLEST_WRITTEN_OUT <= abs(value) < LARGEST_WRITTEN_OUT:
        return f"{value:.4g}"
    text = f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(name: str, value: float) -> str:
    """A figure by its name: those that go to 1 with three digits after the point.

    Example:
        >>> measured("rmse", 12.3456), measured("r2", 0.74638)
        ('12.35', '0.746')
    """
    return f"{value:.3f}" if name in UP_TO_ONE and abs(value) < MOST_OF_THREE else figure(value)


def between(estimate: Estimate, name: str = "") -> str:
    """The interval of a figure in words; empty where it is not known."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{measured(name, estimate.low)} to {measured(name, estimate.high)}"


def milliseconds(value: float) -> str:
    """A time, with more digits where it is short.

    Example:
        >>> milliseconds(12.34), milliseconds(0.0321)
        ('12.3 ms', '0.032 ms')
    """
    return f"{value:.1f} ms" if value >= 1.0 else f"{value:.2g} ms"


def counted(number: int) -> str:
    """How many are asked at once, at the beginning of a line.

    Example:
        >>> counted(8), counted(4096)
        ('Eight', '4,096')
    """
    return "Eight" if number == EIGHT else f"{number:,}"


def aligned(values: Sequence[float]) -> list[str]:
    """Numbers with as many digits after the point each, three that tell something in the largest.

    Example:
        >>> aligned([0.0, 4.0, 18.49])
        ['0.00', '4.00', '18.49']
    """
    largest = max((abs(value) for value in values), default=0.0)
    decimals = 2 if largest == 0 else min(12, max(0, 3 - math.floor(math.log10(largest))))
    return [f"{value:,.{decimals if largest < 1 else min(decimals, 2)}f}" for value in values]


def megabytes(size: int) -> str:
    """A size as people say it.

    Example:
        >>> megabytes(13_420_000)
        '13.4 MB'
    """
    return f"{size / 1e6:.1f} MB"


def difference(size: float) -> str:
    """How far two answers lie apart.

    Example:
        >>> difference(0.0), difference(2.3e-6)
        ('none', '2.3e-06')
    """
    return f"{size:.1e}" if size else "none"


def preparation(bundle: Bundle) -> str:
    """The way of an input into the network, in two sentences."""
    way = bundle.preparation
    if way.fields:
        return _columns(way.fields)
    if not isinstance(way, ImagePreparation):
        return f"Data of the kind {way.kind} becomes arrays of the shape {way.array_shape}."
    high, wide = way.size
    kept = "" if way.crop_fraction == 1.0 else f" ({way.crop_fraction:.1%} of the side is kept)"
    return (
        f"A photo is turned upright by its EXIF orientation, brought to RGB, and "
        f"{FITS[way.method]} to {wide} × {high} pixels{kept}. One with more than "
        f"{way.max_pixels:,} pixels, or with a side below {way.min_side}, is refused. The network "
        f"normalises the pixels itself."
    )


def _columns(fields: Sequence[Field]) -> str:
    """What is done with a row that has columns, by the kinds that occur."""
    kinds = {str(field["kind"]) for field in fields}
    gaps = joined([words for kind, words in GAPS.items() if kind in kinds])
    sentences = [
        f"A row has {len(fields):,} {'column' if len(fields) == 1 else 'columns'}: "
        f"{kinds_in_words(fields)}.",
        f"Where nothing is given, {gaps}." if gaps else "",
        "A word that training never saw counts as rare or unseen." if "category" in kinds else "",
        "A row that lacks a column, or has a value of another kind in it, is refused with the "
        "column's name; columns beyond these are passed over.",
    ]
    return " ".join(filter(None, sentences))


def no_domain(bundle: Bundle) -> str:
    """What it means that there is no in-domain test."""
    return {"numbers": NO_DOMAIN_OF_NUMBERS, "categories": NO_DOMAIN_OF_SEVERAL}.get(
        bundle.manifest.target.kind, NO_DOMAIN
    )


def no_costs(bundle: Bundle) -> str:
    """Why there are no decisions."""
    answers = OTHER_ANSWERS.get(bundle.manifest.target.kind)
    return ONLY_CLASSES_HAVE_COSTS.format(answers=answers) if answers else NO_COSTS


def area(bundle: Bundle) -> str:
    """What the area under the ROC curve says, in a sentence."""
    first, second = bundle.outputs[:2]
    return (
        f"The area under the ROC curve is the chance that a {one(bundle)} of {second} gets a "
        f"higher probability of {second} than one of {first}: 0.5 is a coin's, 1 is perfect."
    )


def calibration(figures: CalibrationFigures, *, several: bool = False) -> str:
    """What was done to the logits, and how it was judged, in a sentence or two."""
    record = figures.record
    settings = record.settings
    if several:
        return PLAIN_SIGMOID
    if settings.method == "temperature":
        done = f"Logits are divided by the temperature {1 / settings.factor[0]:.3g}."
    elif settings.method == "vector":
        done = "Logits have a factor and a shift for each class."
    else:
        done = "Probabilities are the plain soft-max."
    if record.after is None:
        return done
    losses = ", ".join(f"{name} {loss:.4f}" for name, loss in record.tried.items())
    tried = f" (log loss: {losses})" if losses else ""
    return f"{done} Judged on held-out folds of {record.items:,} validation items{tried}."


def domain(figures: DomainFigures) -> str:
    """What the border is, in a sentence or two."""
    record = figures.record
    if record.held_out_from == "validation":
        origin = (
            "validation items, because the network knows its training items too well for them to "
            "tell; the share measured is of those same items"
        )
    else:
        origin = "training items, each scored by a test that was fitted without it"
    return (
        f"The border is where {record.false_reject:.1%} of new items like these are to lie beyond, "
        f"by {record.held_out:,} held-out ones: {origin}."
    )
