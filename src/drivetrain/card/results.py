"""How well a bundle did on validation items: metrics, classes and the confusion matrix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drivetrain.bundle.reader import Bundle
from drivetrain.card.estimate import Estimate, area_under_curve
from drivetrain.card.share import Share
from drivetrain.metrics import confusion_matrix

Confusion = tuple[tuple[int, ...], ...]
"""Counts [C, C]: the row is the true class, the column the predicted one."""

LARGEST_COUNT = 10**12
AREA, TWO = "roc_auc", 2


@dataclass(frozen=True, kw_only=True)
class ClassResult:
    """How well one class was told from the others.

    Arguments:
        name: The class.
        items: How many items of it there were, on both sides of the split; None when not told.
        found: The share of its validation items that were given its name (recall).
        right: The share of the answers with its name that were right (precision).
    """

    name: str
    items: int | None
    found: Share | None
    right: Share | None

    def as_dict(self) -> dict[str, Any]:
        """The class for programs."""
        return {
            "name": self.name,
            "items": self.items,
            "recall": self.found and self.found.as_dict(),
            "precision": self.right and self.right.as_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class Results:
    """What was measured on validation items.

    Arguments:
        items: How many there were.
        metrics: Each with its interval.
        classes: In the order of the vocabulary.
        confusion: None when the bundle holds none.
        guess: The class that is most frequent among them, and how often it would be wrong to
            answer it always.
        area: The area under the ROC curve of two classes; None where it was not measured.
    """

    items: int
    metrics: dict[str, Share]
    classes: tuple[ClassResult, ...]
    confusion: Confusion | None
    guess: tuple[str, float] | None
    area: Estimate | None = None

    @classmethod
    def of(cls, bundle: Bundle) -> Results:
        """The results of a bundle, from its confusion matrix where it holds one."""
        training, vocab = bundle.manifest.training, bundle.manifest.target.vocab
        told = {name: value for name, value in training.metrics.items() if 0.0 <= value <= 1.0}
        confusion = _confusion_of(bundle)
        if confusion is None:
            count = training.valid_items
            metrics = told_shares(training.metrics, count)
            plain = tuple(
                ClassResult(name=name, items=_items(bundle, name), found=None, right=None)
                for name in vocab
            )
            area = None if AREA not in told else Estimate(value=told[AREA])
            return cls(
                items=count,
                metrics=metrics,
                classes=plain,
                confusion=None,
                guess=None,
                area=area,
            )
        said = [sum(column) for column in zip(*confusion, strict=True)]
        classes = tuple(
            ClassResult(
                name=name,
                items=_items(bundle, name),
                found=Share.counted(row[place], sum(row)),
                right=Share.counted(row[place], said[place]),
            )
            for place, (name, row) in enumerate(zip(vocab, confusion, strict=True))
        )
        totals = [sum(row) for row in confusion]
        largest = max(range(len(vocab)), key=lambda place: totals[place])
        return cls(
            items=sum(totals),
            metrics=_metrics(confusion, classes),
            classes=classes,
            confusion=confusion,
            guess=(vocab[largest], 1.0 - totals[largest] / sum(totals)),
            area=area_under_curve(told[AREA], *totals)
            if AREA in told and len(totals) == TWO
            else None,
        )

    @property
    def mistakes(self) -> list[tuple[int, str, str]]:
        """How often each class was taken for which other, the most frequent first."""
        names = [one.name for one in self.classes]
        found = [
            (count, names[truth], names[said])
            for truth, row in enumerate(self.confusion or ())
            for said, count in enumerate(row)
            if count and truth != said
        ]
        return sorted(found, key=lambda one: -one[0])

    def as_dict(self) -> dict[str, Any]:
        """The results for programs."""
        return {
            "items": self.items,
            "metrics": {name: share.as_dict() for name, share in self.metrics.items()}
            | ({AREA: self.area.as_dict()} if self.area else {}),
            "classes": [one.as_dict() for one in self.classes],
            "confusion": self.confusion,
            "most_frequent": self.guess
            and {"class": self.guess[0], "error_rate_of_always": self.guess[1]},
        }


def _metrics(confusion: Confusion, classes: Sequence[ClassResult]) -> dict[str, Share]:
    items = sum(map(sum, confusion))
    right = sum(row[place] for place, row in enumerate(confusion))
    shares = {
        "error_rate": Share.counted(items - right, items),
        "accuracy": Share.counted(right, items),
        "balanced_accuracy": _balanced([one.found for one in classes if one.found], items),
    }
    return {name: share for name, share in shares.items() if share is not None}


def _balanced(found: Sequence[Share], items: int) -> Share | None:
    """The mean share found, its interval made of those of the classes.

    The distances to the ends of independent intervals add up as squares (Zou and Donner 2008,
    Construction of Confidence Limits about Effect Measures: A General Approach).
    """
    if not found:
        return None
    value = math.fsum(one.value for one in found) / len(found)
    below = math.hypot(*(one.value - one.low for one in found)) / len(found)
    above = math.hypot(*(one.high - one.value for one in found)) / len(found)
    return Share(value=value, low=max(0.0, value - below), high=min(1.0, value + above), of=items)


def _confusion_of(bundle: Bundle) -> Confusion | None:
    """The matrix in the manifest, or one from the evidence; None where neither can be used."""
    told, classes = bundle.manifest.training.confusion, len(bundle.manifest.target.vocab)
    fits = len(told) == classes and all(
        len(row) == classes and all(0 <= count <= LARGEST_COUNT for count in row) for row in told
    )
    if fits and any(map(any, told)):
        return told
    evidence = bundle.evidence
    if evidence is None or not len(evidence.targets):
        return None
    counted = confusion_matrix(evidence.outputs.argmax(axis=1), evidence.targets, classes)
    return tuple(map(tuple, counted.tolist()))


def _items(bundle: Bundle, name: str) -> int | None:
    return bundle.manifest.training.class_counts.get(name)


def told_shares(metrics: dict[str, float], count: int) -> dict[str, Share]:
    """The stored metrics that are shares of items, in the order in which a card shows them."""
    shares = {
        name: Share.observed(value, count)
        for name, value in metrics.items()
        if name != AREA and 0.0 <= value <= 1.0
    }
    return dict(sorted(shares.items(), key=lambda one: one[0] != "error_rate"))
