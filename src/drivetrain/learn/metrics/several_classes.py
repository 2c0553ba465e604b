"""Metrics of probabilities where the target is any number of classes at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar, Literal

import numpy as np

from drivetrain.errors import ConfigError
from drivetrain.learn.metrics.check import Measured
from drivetrain.learn.metrics.one_class import PER_CLASS_HINT
from drivetrain.learn.metrics.protocol import Values
from drivetrain.learn.metrics.score import Score, check_choice

AVERAGES = ("macro", "weighted", "micro", "samples")
Average = Literal["macro", "weighted", "micro", "samples"]


@dataclass(frozen=True)
class AveragedMulti(Score):
    """What the metrics of several classes with a threshold have in common.

    Arguments:
        thresh: A class is answered where its probability is above this, 0 to 1.
        average: ``"macro"`` averages over classes, ``"weighted"`` by how often each is true,
            ``"samples"`` over items; ``"micro"`` counts all answers together.

    Raises:
        ConfigError: Another average, or a threshold outside 0 to 1.
    """

    thresh: float = 0.5
    average: Average = "macro"

    needs_answers: ClassVar[bool] = True
    measures: ClassVar[Measured] = "several"
    function: ClassVar[str]

    def __post_init__(self) -> None:
        check_choice(self, "average", AVERAGES, PER_CLASS_HINT)
        if not 0.0 <= self.thresh <= 1.0:
            raise ConfigError(
                f"{type(self).__name__} has thresh={self.thresh}, and it is from 0 to 1."
            )

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value; 0 where it would divide by zero."""
        score, decided = getattr(sklearn, self.function), (answers > self.thresh).astype(int)
        return score(actual.astype(int), decided, average=self.average, zero_division=0)


@dataclass(frozen=True)
class F1ScoreMulti(AveragedMulti):
    """The harmonic mean of precision and recall, 0 to 1: sklearn's ``f1_score``.

    A class that is neither answered nor true counts as 0.

    Example:
        >>> F1ScoreMulti(0.3)(np.array([[0.9, 0.4], [0.1, 0.8]]), np.array([[1, 1], [0, 1]]))
        1.0
    """

    name: str = field(default="f1_score", kw_only=True)
    instead: ClassVar[dict[Measured, str]] = {"one": "F1Score"}
    function: ClassVar[str] = "f1_score"


@dataclass(frozen=True)
class PrecisionMulti(AveragedMulti):
    """Of what was answered, the share that is true, 0 to 1: sklearn's ``precision_score``.

    A class that is never answered counts as 0.

    Example:
        >>> PrecisionMulti()(np.array([[0.9, 0.6], [0.1, 0.8]]), np.array([[1, 0], [0, 1]]))
        0.75
    """

    name: str = field(default="precision_score", kw_only=True)
    instead: ClassVar[dict[Measured, str]] = {"one": "Precision"}
    function: ClassVar[str] = "precision_score"


@dataclass(frozen=True)
class RecallMulti(AveragedMulti):
    """Of what is true, the share that was answered, 0 to 1: sklearn's ``recall_score``.

    A class that is never true counts as 0.

    Example:
        >>> RecallMulti()(np.array([[0.9, 0.6], [0.1, 0.2]]), np.array([[1, 1], [0, 1]]))
        0.75
    """

    name: str = field(default="recall_score", kw_only=True)
    instead: ClassVar[dict[Measured, str]] = {"one": "Recall"}
    function: ClassVar[str] = "recall_score"


@dataclass(frozen=True)
class RocAucMulti(Score):
    """The area under the ROC curve, 0 to 1, for any number of classes at once.

    sklearn's ``roc_auc_score``. NaN where a class is true for no item or for every one: its curve
    is not defined, and a mean over the others would not compare with other sets.

    Example:
        >>> RocAucMulti()(np.array([[0.9, 0.6], [0.1, 0.8]]), np.array([[1, 0], [0, 1]]))
        1.0

    Arguments:
        average: As in :class:`F1ScoreMulti`.
    """

    average: Average = "macro"
    name: str = field(default="roc_auc_score", kw_only=True)
    needs_answers: ClassVar[bool] = True
    measures: ClassVar[Measured] = "several"
    instead: ClassVar[dict[Measured, str]] = {"one": "RocAuc"}

    def __post_init__(self) -> None:
        check_choice(self, "average", AVERAGES)

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        # "micro" sees all answers as one class, and "samples" each item as one.
        axis = {"micro": None, "samples": 1}.get(self.average, 0)
        if np.any(actual.min(axis=axis) == actual.max(axis=axis)):
            return math.nan
        return sklearn.roc_auc_score(actual.astype(int), answers, average=self.average)


@dataclass(frozen=True)
class APScoreMulti(Score):
    """The average precision, 0 to 1, for any number of classes at once.

    sklearn's ``average_precision_score``. NaN where a class is true for no item, as in
    :class:`RocAucMulti`.

    Example:
        >>> APScoreMulti()(np.array([[0.9, 0.6], [0.1, 0.8]]), np.array([[1, 0], [0, 1]]))
        1.0

    Arguments:
        average: As in :class:`F1ScoreMulti`.
    """

    average: Average = "macro"
    name: str = field(default="average_precision_score", kw_only=True)
    needs_answers: ClassVar[bool] = True
    measures: ClassVar[Measured] = "several"

    def __post_init__(self) -> None:
        check_choice(self, "average", AVERAGES)

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        axis = {"micro": None, "samples": 1}.get(self.average, 0)
        if np.any(actual.max(axis=axis) == 0):
            return math.nan
        return sklearn.average_precision_score(actual.astype(int), answers, average=self.average)
