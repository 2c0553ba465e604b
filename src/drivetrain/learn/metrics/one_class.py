"""Metrics of decided answers where the target is one class out of several."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar, Literal

import numpy as np

from drivetrain.errors import ConfigError
from drivetrain.learn.metrics.check import Measured
from drivetrain.learn.metrics.protocol import Values
from drivetrain.learn.metrics.score import Score, check_choice

AVERAGES = ("binary", "macro", "weighted", "micro")
PER_CLASS_HINT = 'PerClass("recall") gives a number for each class.'


@dataclass(frozen=True)
class Averaged(Score):
    """What :class:`F1Score`, :class:`Precision` and :class:`Recall` have in common.

    Arguments:
        average: ``"binary"`` measures the class ``pos_label`` of two; ``"macro"`` averages over
            the classes that are answered or true, ``"weighted"`` by how often each is true;
            ``"micro"`` counts all items together.
        pos_label: With ``"binary"``: the class to be found, by its position or its name.

    Raises:
        ConfigError: Another average; when metrics are checked: ``"binary"`` with more than two
            classes, or a ``pos_label`` that is none of them.
    """

    average: Literal["binary", "macro", "weighted", "micro"] = "binary"
    pos_label: int | str = 1

    measures: ClassVar[Measured] = "one"
    function: ClassVar[str]

    def __post_init__(self) -> None:
        check_choice(self, "average", AVERAGES, PER_CLASS_HINT)

    def check_classes(self, count: int) -> None:
        """Refuse more than two classes without an average."""
        if self.average != "binary":
            return
        name = type(self).__name__
        if count > 2:
            raise ConfigError(
                f'{name} with average="binary" measures two classes, and the target has {count}.',
                hint=f'Give an average over the classes: {name}(average="macro").',
            )
        self._place(count)

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value; 0 where it would divide by zero."""
        count = self.count_classes(answers, actual)
        self.check_classes(count)
        found = {"pos_label": self._place(count)} if self.average == "binary" else {}
        score = getattr(sklearn, self.function)
        return score(actual, answers, average=self.average, zero_division=0, **found)

    def _place(self, count: int) -> int:
        names = list(self.vocab or ())
        if isinstance(self.pos_label, str) and self.pos_label in names:
            return names.index(self.pos_label)
        # One class alone may be all that a small set of answers and targets shows.
        if isinstance(self.pos_label, int) and 0 <= self.pos_label < max(count, 2):
            return self.pos_label
        raise ConfigError(
            f"{type(self).__name__} has pos_label={self.pos_label!r}, which is none of the "
            f"{count} classes {names or ''}".rstrip()
            + ".",
            hint="Give the name of the class to be found, or its position from 0.",
        )


@dataclass(frozen=True)
class F1Score(Averaged):
    """The harmonic mean of precision and recall, 0 to 1: sklearn's ``f1_score``.

    A class that is neither answered nor true has no part in it; where nothing of a class is
    found, its value is 0.

    Example:
        >>> F1Score(average="macro")(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 2]))
        1.0
    """

    name: str = field(default="f1_score", kw_only=True)
    instead: ClassVar[dict[Measured, str]] = {"several": "F1ScoreMulti", "numbers": "R2Score"}
    function: ClassVar[str] = "f1_score"


@dataclass(frozen=True)
class Precision(Averaged):
    """Of what was answered, the share that is true, 0 to 1: sklearn's ``precision_score``.

    It is 0 for a class that is never answered.

    Example:
        >>> Precision()(np.array([1, 1, 0, 1]), np.array([1, 0, 0, 0])) == 1 / 3
        True
    """

    name: str = field(default="precision_score", kw_only=True)
    instead: ClassVar[dict[Measured, str]] = {"several": "PrecisionMulti"}
    function: ClassVar[str] = "precision_score"


@dataclass(frozen=True)
class Recall(Averaged):
    """Of what is true, the share that was answered, 0 to 1: sklearn's ``recall_score``.

    It is 0 for a class that is answered and never true.

    Example:
        >>> Recall()(np.array([1, 0, 0, 1]), np.array([1, 1, 0, 0]))
        0.5
    """

    name: str = field(default="recall_score", kw_only=True)
    instead: ClassVar[dict[Measured, str]] = {"several": "RecallMulti"}
    function: ClassVar[str] = "recall_score"


@dataclass(frozen=True)
class BalancedAccuracy(Score):
    """The mean recall of the classes that are true at least once, 0 to 1.

    sklearn's ``balanced_accuracy_score``: a rare class counts as much as a frequent one.

    Example:
        >>> BalancedAccuracy()(np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1]))
        0.5
    """

    name: str = field(default="balanced_accuracy_score", kw_only=True)
    measures: ClassVar[Measured] = "one"
    instead: ClassVar[dict[Measured, str]] = {"several": 'RecallMulti(average="macro")'}

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        return sklearn.balanced_accuracy_score(actual, answers)


@dataclass(frozen=True)
class MatthewsCorrCoef(Score):
    """The correlation of answers and truth, -1 to 1: sklearn's ``matthews_corrcoef``.

    It is 0 where all answers, or all targets, are of one class.

    Example:
        >>> MatthewsCorrCoef()(np.array([0, 1, 0, 1]), np.array([1, 0, 1, 0]))
        -1.0
    """

    name: str = field(default="matthews_corrcoef", kw_only=True)
    measures: ClassVar[Measured] = "one"

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        return sklearn.matthews_corrcoef(actual, answers)


@dataclass(frozen=True)
class CohenKappa(Score):
    """Agreement beyond chance, up to 1: sklearn's ``cohen_kappa_score``.

    With weights, a mistake costs by how far apart two classes stand in the vocabulary, also
    where a class between them never occurs. NaN where all answers and targets are of one class.

    Example:
        >>> answers, actual = np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1])
        >>> CohenKappa(weights="quadratic")(answers, actual) > CohenKappa()(answers, actual)
        True

    Arguments:
        weights: ``None`` for all mistakes alike, ``"linear"`` or ``"quadratic"``.

    Raises:
        ConfigError: Other weights.
    """

    weights: Literal["linear", "quadratic"] | None = None
    name: str = field(default="cohen_kappa_score", kw_only=True)
    measures: ClassVar[Measured] = "one"

    def __post_init__(self) -> None:
        check_choice(self, "weights", (None, "linear", "quadratic"))

    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value."""
        places = np.arange(self.count_classes(answers, actual))
        return sklearn.cohen_kappa_score(actual, answers, labels=places, weights=self.weights)
