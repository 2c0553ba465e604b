"""How well a bundle predicts numbers: how far off it is, where, and what its intervals hold."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.reader import Bundle
from drivetrain.card.estimate import Estimate, standard_error
from drivetrain.card.evidence import Items, OutputItems
from drivetrain.card.share import Share

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
TENTHS = 10
FEWEST_IN_A_PART = 20
"""Items that a part of the predictions has to hold, so that its outer quantiles tell something."""

FIGURES = ("rmse", "mae", "r2")
LARGEST = 1e100
"""A stored figure that is larger is none."""

Column = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Part:
    """The validation items whose predictions lie next to each other: a tenth of all.

    Arguments:
        low: The smallest of the predictions.
        high: The largest.
        items: How many there are.
        errors: By how much the truth lay above the prediction, at each of ``QUANTILES``.
        held: The share of truths that the interval held; None without one.
    """

    low: float
    high: float
    items: int
    errors: tuple[float, ...]
    held: Share | None

    def as_dict(self) -> dict[str, Any]:
        """The part for programs."""
        return asdict(self) | {"held": self.held and self.held.as_dict()}


@dataclass(frozen=True, kw_only=True)
class Interval:
    """The interval around each prediction of a number.

    Arguments:
        half_width: How far it reaches to both sides.
        coverage: The share of new truths that it is to hold.
        scale: The standard deviation of the truths.
        items: How many items set its width.
        held: The share of validation truths that it held; None without evidence.
    """

    half_width: float
    coverage: float
    scale: float
    items: int
    held: Share | None

    def as_dict(self) -> dict[str, Any]:
        """The interval for programs."""
        return asdict(self) | {"held": self.held and self.held.as_dict()}


@dataclass(frozen=True, kw_only=True, eq=False)
class NumberResult:
    """How well one number was predicted.

    Arguments:
        name: What it is called.
        figures: Root mean squared error, mean absolute error and the explained share of the
            variance, by the names ``rmse``, ``mae`` and ``r2``, as far as they are known.
        mean: The mean of the truths; None without evidence.
        spread: Their standard deviation: the root mean squared error of answering the mean
            always; None where it is not known.
        quantiles: The truths' least, quarters and largest; empty without evidence.
        interval: None where the bundle has none.
        parts: The items by what was predicted; empty without evidence.
        said: The predictions, float64 [N]; empty without evidence.
        actual: The truths, float64 [N].
    """

    name: str
    figures: dict[str, Estimate]
    mean: float | None
    spread: float | None
    quantiles: tuple[float, ...]
    interval: Interval | None
    parts: tuple[Part, ...]
    said: Column
    actual: Column

    @property
    def share_of_spread(self) -> float | None:
        """The root mean squared error as a part of that of answering the mean always."""
        error = self.figures.get("rmse")
        if error is None or not self.spread:
            return None
        return error.value / self.spread

    def as_dict(self) -> dict[str, Any]:
        """The number for programs."""
        return {
            "name": self.name,
            "metrics": {name: figure.as_dict() for name, figure in self.figures.items()},
            "always_the_mean": None
            if self.spread is None
            else {"mean": self.mean, "rmse": self.spread},
            "truth_quantiles": list(self.quantiles),
            "interval": self.interval and self.interval.as_dict(),
            "error_quantiles": {
                "at": list(QUANTILES),
                "parts": [part.as_dict() for part in self.parts],
            },
        }


@dataclass(frozen=True, kw_only=True)
class NumbersResults:
    """What was measured on validation items where numbers are predicted.

    Arguments:
        items: How many there were.
        numbers: In the order of the outputs.
    """

    items: int
    numbers: tuple[NumberResult, ...]

    @classmethod
    def of(cls, bundle: Bundle, items: Items | None) -> NumbersResults:
        """The results of a bundle: the stored figures, their intervals from the evidence."""
        outputs = items if isinstance(items, OutputItems) else None
        count = bundle.manifest.training.valid_items or (len(outputs.said) if outputs else 0)
        return cls(
            items=count,
            numbers=tuple(
                _number(bundle, place, outputs, count) for place in range(len(bundle.outputs))
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """The results for programs."""
        return {"items": self.items, "numbers": [one.as_dict() for one in self.numbers]}


def _number(bundle: Bundle, place: int, items: OutputItems | None, count: int) -> NumberResult:
    name, record = bundle.outputs[place], bundle.manifest.intervals
    told = _told(bundle, name)
    said = items.said[:, place] if items else np.empty(0)
    actual = items.actual[:, place] if items else np.empty(0)
    width = None if record is None else record.half_widths[place]
    held = None if width is None or items is None else np.abs(actual - said) <= _reach(width)
    scale = record.scales[place] if record and place < len(record.scales) else None
    if items is None:
        figures = {one: Estimate(value=value) for one, value in told.items()}
    else:
        figures = _figures(said, actual, told, count)
    return NumberResult(
        name=name,
        figures=figures,
        mean=float(actual.mean()) if items else None,
        spread=scale if scale is not None else float(actual.std()) if items else None,
        quantiles=tuple(np.quantile(actual, [0, 0.25, 0.5, 0.75, 1]).tolist()) if items else (),
        interval=None
        if record is None or width is None
        else Interval(
            half_width=width,
            coverage=record.coverage,
            scale=scale or 1.0,
            items=record.items,
            held=None if held is None else Share.counted(int(held.sum()), len(held)),
        ),
        parts=_parts(said, actual, held) if items else (),
        said=said,
        actual=actual,
    )


def _reach(width: float) -> float:
    """A half width that holds the item which set it, whatever the last digit of its sum."""
    return width * (1.0 + 1e-9)


def _told(bundle: Bundle, name: str) -> dict[str, float]:
    """The stored figures of a number; their names say which where there are several."""
    stored = bundle.manifest.training.metrics
    found = {one: stored.get(f"{one} {name}", stored.get(one)) for one in FIGURES}
    return {
        one: value for one, value in found.items() if value is not None and abs(value) < LARGEST
    }


def _figures(
    said: Column, actual: Column, told: dict[str, float], count: int
) -> dict[str, Estimate]:
    """The figures with intervals: of each the first term of its expansion around the means.

    The standard errors are those of means and of a ratio of means (the delta method: Oehlert 1992,
    A Note on the Delta Method). Where the evidence is a part of the validation items, they are
    made smaller to what all of them tell.
    """
    squares, sizes = np.square(said - actual), np.abs(said - actual)
    away = np.square(actual - actual.mean())
    more = math.sqrt(len(said) / count) if count else 1.0
    root, spread = math.sqrt(squares.mean()), float(away.mean())
    found = {
        "rmse": (root, standard_error(squares) / (2.0 * root) if root else 0.0),
        "mae": (float(sizes.mean()), standard_error(sizes)),
    }
    if spread > 0.0:
        ratio = squares.mean() / spread
        found["r2"] = (1.0 - float(ratio), standard_error(squares - ratio * away) / spread)
    bounds = {"rmse": (0.0, math.inf), "mae": (0.0, math.inf), "r2": (-math.inf, 1.0)}
    return {
        name: Estimate.around(
            told.get(name, value), error * more, least=bounds[name][0], most=bounds[name][1]
        )
        for name, (value, error) in found.items()
    }


def _parts(said: Column, actual: Column, held: NDArray[np.bool_] | None) -> tuple[Part, ...]:
    """The items in the order of their predictions, cut into tenths, or into fewer where few."""
    order = np.argsort(said, kind="stable")
    pieces = min(TENTHS, max(1, len(said) // FEWEST_IN_A_PART))
    return tuple(
        Part(
            low=float(said[one[0]]),
            high=float(said[one[-1]]),
            items=len(one),
            errors=tuple(np.quantile(actual[one] - said[one], QUANTILES).tolist()),
            held=None if held is None else Share.counted(int(held[one].sum()), len(one)),
        )
        for one in np.array_split(order, pieces)
    )
