"""What the card says in words, the same in the terminal and on the page."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from drivetrain.bundle.reader import Bundle
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
FITS = {
    "crop": "cropped from the centre",
    "pad": "fitted whole, the rest filled,",
    "squish": "squeezed",
}


def noun(bundle: Bundle) -> str:
    """What the bundle's inputs are called."""
    return "photos" if bundle.preparation.kind == "image" else "items"


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
    """How far two probabilities lie apart.

    Example:
        >>> difference(0.0), difference(2.3e-6)
        ('none', '2.3e-06')
    """
    return f"{size:.1e}" if size else "none"


def preparation(bundle: Bundle) -> str:
    """The way of an input into the network, in two sentences."""
    way = bundle.preparation
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


def calibration(figures: CalibrationFigures) -> str:
    """What was done to the logits, and how it was judged, in a sentence or two."""
    record = figures.record
    settings = record.settings
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
