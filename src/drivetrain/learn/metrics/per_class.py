"""A number for each class."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from drivetrain.learn.metrics.check import kind_of_target, refuse
from drivetrain.learn.metrics.protocol import Values
from drivetrain.learn.metrics.score import can_be_measured, check_choice, sklearn_metrics
from drivetrain.learn.targets import TargetKind
from drivetrain.schema import Vocab

METRICS = ("precision", "recall", "f1")
"""In the order of what sklearn's function returns."""


@dataclass(frozen=True)
class PerClass:
    """Precision, recall or F1 of each class, 0 to 1: a column for each, as ``recall cat``.

    sklearn's ``precision_recall_fscore_support``, for one class out of several and for any number
    at once. A class that is true for no item is NaN; one that is true and never answered is 0.

    Example:
        >>> PerClass("recall", Vocab(("cat", "dog")))(np.array([0, 1, 1]), np.array([0, 0, 1]))
        {'recall cat': 0.5, 'recall dog': 1.0}

    Arguments:
        metric: ``"recall"``, ``"precision"`` or ``"f1"``.
        vocab: The classes, which :meth:`for_kind` fills in.

    Raises:
        ConfigError: Another metric; when metrics are checked: a target of numbers.
    """

    metric: Literal["recall", "precision", "f1"] = "recall"
    vocab: Vocab | None = None

    def __post_init__(self) -> None:
        check_choice(self, "metric", METRICS)

    @property
    def name(self) -> str:
        """What it is called before its classes are known."""
        return f"{self.metric} of each class"

    def for_kind(self, kind: TargetKind) -> Self:
        """The metric for the classes of a kind of target.

        Raises:
            ConfigError: The target has no classes.
        """
        if kind_of_target(kind) == "numbers":
            raise refuse("PerClass", "one", kind)
        return replace(self, vocab=kind.vocab)

    def __call__(self, predicted: Values, actual: Values) -> dict[str, float]:
        """The value of each class, for decided answers as encoded targets are."""
        several = predicted.ndim == 2
        if self.vocab is not None:
            names = list(self.vocab)
        else:
            size = predicted.shape[1] if several else max([-1, *predicted, *actual]) + 1
            names = [str(place) for place in range(size)]
        columns = [f"{self.metric} {name}" for name in names]
        if not can_be_measured(predicted, actual):
            return dict.fromkeys(columns, math.nan)
        *measured, support = sklearn_metrics(self.name).precision_recall_fscore_support(
            actual.astype(int),
            predicted.astype(int),
            labels=np.arange(len(names)),
            zero_division=0,
        )
        values = np.where(support > 0, measured[METRICS.index(self.metric)], np.nan)
        return dict(zip(columns, values.tolist(), strict=True))
