"""How far a bundle's answers can be taken at their word: calibration and in-domain test."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from drivetrain.bundle.manifest import CalibrationRecord, DomainRecord
from drivetrain.bundle.reader import Bundle
from drivetrain.card.evidence import Items, OutputItems
from drivetrain.card.share import Share
from drivetrain.judge.domain import Scores
from drivetrain.judge.judgement import ABOVE
from drivetrain.judge.reliability import Bin, reliability_bins

STEPS = 10
"""Bars of the histogram up to the border."""

FEWEST_BARS, MOST_BARS = 12, 30


@dataclass(frozen=True, kw_only=True)
class CalibrationFigures:
    """What the calibration is worth.

    Arguments:
        record: What the bundle says of it, measured on held-out folds.
        before: The reliability of the plain soft-max or, where several classes may hold, of all
            yes-or-no answers together; empty without evidence.
        after: That of the probabilities which it answers with, on the items that it was fitted
            to; empty without evidence.
    """

    record: CalibrationRecord
    before: tuple[Bin, ...] = ()
    after: tuple[Bin, ...] = ()

    @classmethod
    def of(cls, bundle: Bundle, items: Items | None) -> CalibrationFigures:
        """The figures of a bundle that answers with classes."""
        record = bundle.manifest.calibration
        if items is None:
            return cls(record=record)
        if isinstance(items, OutputItems):
            return cls(record=record, before=_bins_of_yes_or_no(items))
        return cls(
            record=record,
            before=reliability_bins(items.plain, items.actual),
            after=reliability_bins(items.calibrated, items.actual),
        )

    def as_dict(self) -> dict[str, Any]:
        """The figures for programs."""
        return {
            "method": self.record.settings.method,
            "items": self.record.items,
            "before": self.record.before and self.record.before.model_dump(mode="json"),
            "after": self.record.after and self.record.after.model_dump(mode="json"),
            "bins_before": [asdict(one) for one in self.before],
            "bins_after": [asdict(one) for one in self.after],
        }


@dataclass(frozen=True, kw_only=True)
class DomainFigures:
    """What the in-domain test says of validation items.

    Arguments:
        record: What the bundle says of it.
        rejected: The share of validation items beyond the border.
        counts: How many scores fall into each tenth of the border; the last step holds all that
            lie beyond it too.
    """

    record: DomainRecord
    rejected: Share
    counts: tuple[int, ...] = ()

    @classmethod
    def of(cls, bundle: Bundle, items: Items | None) -> DomainFigures | None:
        """The figures of a bundle; None when it has no test."""
        record = bundle.manifest.domain
        if record is None:
            return None
        scores = None if items is None else items.scores
        if scores is None:
            told = Share.observed(record.rejected_valid, bundle.manifest.training.valid_items)
            return cls(record=record, rejected=told)
        beyond = int((scores > 1.0).sum())
        rejected = Share.observed(beyond / len(scores), len(scores))
        return cls(record=record, rejected=rejected, counts=_histogram(scores))

    def as_dict(self) -> dict[str, Any]:
        """The figures for programs."""
        return {
            "border": 1.0,
            "false_reject": self.record.false_reject,
            "held_out_from": self.record.held_out_from,
            "rejected_valid": self.rejected.as_dict(),
            "histogram": {"step": 1 / STEPS, "counts": list(self.counts)},
        }


def _histogram(scores: Scores) -> tuple[int, ...]:
    """Counts of steps whose upper end belongs to them, as the border belongs to what is like."""
    steps = np.ceil(np.clip(scores.astype(np.float64), 0.0, MOST_BARS / STEPS) * STEPS)
    places = np.maximum(steps.astype(int) - 1, 0)
    return tuple(np.bincount(places, minlength=FEWEST_BARS).tolist())


def _bins_of_yes_or_no(items: OutputItems) -> tuple[Bin, ...]:
    """How often it was right that a class holds or does not, over how sure it was of that."""
    yes = items.chances.ravel()
    both = np.stack([1.0 - yes, yes], axis=1).astype(np.float32)
    return reliability_bins(both, (items.actual.ravel() > ABOVE).astype(np.int64))
