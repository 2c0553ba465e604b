"""All that a card shows, computed once: the terminal, JSON and the page are three views of it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from drivetrain.bundle.reader import Bundle
from drivetrain.card.decisions import Decisions
from drivetrain.card.describe import describe
from drivetrain.card.evidence import Items, items_of
from drivetrain.card.numbers import NumbersResults
from drivetrain.card.results import Results
from drivetrain.card.several import SeveralResults
from drivetrain.card.speed import SECONDS, Speed, measure_speed
from drivetrain.card.trust import CalibrationFigures, DomainFigures
from drivetrain.project import Project

AnyResults = Results | SeveralResults | NumbersResults
"""What was measured: of one class out of several, of several at once, or of numbers."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a reviewer wants to see of a bundle.

    Example:
        >>> card = Card.of(Bundle.open("tests/golden/format-1.bundle"), seconds=0.01)
        >>> card.results.metrics["error_rate"].value
        0.0

    Arguments:
        bundle: The bundle.
        results: How well it did on validation items.
        calibration: How far its probabilities can be taken at their word; None where it answers
            with numbers.
        domain: What its in-domain test does; None when it has none.
        decisions: What its answers lead to; None where no costs are declared.
        speed: How fast it is here, or why that could not be measured.
    """

    bundle: Bundle
    results: AnyResults
    calibration: CalibrationFigures | None
    domain: DomainFigures | None
    decisions: Decisions | None
    speed: Speed | str

    @classmethod
    def of(
        cls, bundle: Bundle, *, project: Project | None = None, seconds: float = SECONDS
    ) -> Card:
        """The card of a bundle.

        Arguments:
            bundle: The opened bundle.
            project: Costs to show the decisions under, in place of those in the bundle.
            seconds: How long each of the two measurements of its speed may go on.

        Raises:
            ConfigError: The project's costs do not fit the bundle's classes, or it has none.
        """
        items, numbers = items_of(bundle), bundle.manifest.target.kind == "numbers"
        return cls(
            bundle=bundle,
            results=_results(bundle, items),
            calibration=None if numbers else CalibrationFigures.of(bundle, items),
            domain=DomainFigures.of(bundle, items),
            decisions=Decisions.of(bundle, items, project),
            speed=measure_speed(bundle, seconds=seconds),
        )

    @property
    def file(self) -> str:
        """The name of the bundle's file."""
        return PurePath(os.fspath(self.bundle.name)).name or self.bundle.name

    def as_dict(self) -> dict[str, Any]:
        """The card for programs: what the bundle says, and under ``card`` what was computed."""
        return describe(self.bundle) | {
            "card": {
                "results": self.results.as_dict(),
                "calibration": self.calibration and self.calibration.as_dict(),
                "domain": self.domain and self.domain.as_dict(),
                "decision": self.decisions and self.decisions.as_dict(),
                "speed": None if isinstance(self.speed, str) else self.speed.as_dict(),
            }
        }


def _results(bundle: Bundle, items: Items | None) -> AnyResults:
    if bundle.manifest.target.kind == "numbers":
        return NumbersResults.of(bundle, items)
    if bundle.manifest.target.kind == "categories":
        return SeveralResults.of(bundle, items)
    return Results.of(bundle)
