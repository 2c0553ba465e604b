"""Metrics of probabilities where the target is one class out of several."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar, Literal

import numpy as np

from drivetrain.errors import ConfigError
from drivetrain.learn.metrics.check import Measured
from drivetrain.learn.metrics.protocol import Values
from drivetrain.learn.metrics.score import Score, can_be_measured, check_choice, sklearn_metrics


@dataclass(frozen=True)
class RocAuc(Score):
    """The area under the ROC curve, 0 to 1, for one class out of several.

    sklearn's ``roc_auc_score``. NaN where a class of the vocabulary has no item: its curve is not
    defined, and a mean over the others would not compare with other sets.

    Example:
        >>> answers = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
        >>> RocAuc()(answers, np.array([0, 1, 2]))
        1.0

    Arguments:
        average: ``"macro"`` for the plain mean over classes, ``"weighted"`` by their frequency.
        multi_class: ``"ovr"`` sets each class against the rest, ``"ovo"`` against each other.

    Raises:
        ConfigError: Another average or way.
    """

    average: Literal["macro", "weighted"] = "macro"
    multi_class: Literal["ovr", "ovo"] = "ovr"
    name: str = field(default="roc_auc_score", kw_only=True)
    needs_answers: ClassVar[bool] = True
    measures: ClassVar[Measured] = "one"
    instead: ClassVar[dict[Measured, str]] = {"several": "RocAucMulti"}

    def __post_init__(self) -> None:
        check_choice(self, "average", ("macro", "weighted"))
        check_choice(self, "multi_class", ("ovr", "ovo"))

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        count = answers.shape[1]
        if count < 2 or len(np.unique(actual)) < count:
            return math.nan
        if count == 2:
            return sklearn.roc_auc_score(actual, answers[:, 1])
        if self.multi_class == "ovr":  # sklearn's way with columns, which takes them as they are
            return sklearn.roc_auc_score(np.eye(count)[actual], answers, average=self.average)
        # Of half precision, probabilities sum to 1 less exactly than sklearn asks for.
        exact = answers / answers.sum(axis=1, keepdims=True, dtype=np.float64)
        return sklearn.roc_auc_score(actual, exact, average=self.average, multi_class="ovo")


@dataclass(frozen=True)
class RocAucBinary(Score):
    """The area under the ROC curve of the second of two classes, 0 to 1.

    sklearn's ``roc_auc_score``. NaN where a class has no item.

    Example:
        >>> answers = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.2, 0.8]])
        >>> RocAucBinary()(answers, np.array([0, 1, 0, 1]))
        0.75
    """

    name: str = field(default="roc_auc_score", kw_only=True)
    needs_answers: ClassVar[bool] = True
    measures: ClassVar[Measured] = "one"
    instead: ClassVar[dict[Measured, str]] = {"several": "RocAucMulti"}

    def check_classes(self, count: int) -> None:
        """Refuse anything but two classes."""
        if count != 2:
            raise ConfigError(
                f"RocAucBinary measures two classes, and the target has {count}.",
                hint="Take RocAuc.",
            )

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        self.check_classes(answers.shape[1])
        if len(np.unique(actual)) < 2:
            return math.nan
        return sklearn.roc_auc_score(actual, answers[:, 1])


@dataclass(frozen=True)
class TopKAccuracy(Score):
    """The share of items whose class is among the ``k`` most probable, 0 to 1.

    sklearn's ``top_k_accuracy_score``. It is 1 where there are at most ``k`` classes.

    Example:
        >>> answers = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
        >>> TopKAccuracy(2)(answers, np.array([1, 2]))
        0.5

    Arguments:
        k: How many answers an item may have.

    Raises:
        ConfigError: A ``k`` below 1.
    """

    k: int = 5
    name: str = field(default="top_k_accuracy", kw_only=True)
    needs_answers: ClassVar[bool] = True
    measures: ClassVar[Measured] = "one"

    def __post_init__(self) -> None:
        if not isinstance(self.k, int) or self.k < 1:
            raise ConfigError(f"TopKAccuracy has k={self.k!r}, and it is a number from 1.")

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        count = answers.shape[1]
        if self.k >= count:
            return 1.0
        scores = answers[:, 1] if count == 2 else answers
        return sklearn.top_k_accuracy_score(actual, scores, k=self.k, labels=np.arange(count))


def top_k_accuracy(answers: Values, actual: Values, k: int = 5) -> float:
    """What :class:`TopKAccuracy` measures, as a function: ``partial(top_k_accuracy, k=3)``.

    Example:
        >>> top_k_accuracy(np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]]), np.array([1, 2]), k=2)
        0.5
    """
    if not can_be_measured(answers, actual):
        return math.nan
    sklearn = sklearn_metrics("top_k_accuracy")
    return float(TopKAccuracy(k).measure(sklearn, answers, actual))


vars(top_k_accuracy).update(needs_answers=True, measures="one")
