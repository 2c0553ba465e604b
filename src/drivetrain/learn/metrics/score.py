"""What the metrics on scikit-learn have in common."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, ClassVar, Self

import numpy as np

from drivetrain.errors import ConfigError
from drivetrain.extras import need
from drivetrain.learn.metrics.check import Measured, kind_of_target, refuse
from drivetrain.learn.metrics.protocol import Values
from drivetrain.learn.targets import TargetKind
from drivetrain.schema import Vocab


@dataclass(frozen=True, kw_only=True)
class Score(ABC):
    """A metric on scikit-learn: called with answers and targets, as :data:`Metric` says.

    Where there is nothing to measure (no items, items without labels, answers that are NaN), the
    value is NaN. No warning of scikit-learn's reaches the user: each metric says what it gives
    where others warn.

    Arguments:
        name: The name of its column.
        vocab: The classes, which :meth:`for_kind` fills in.
    """

    name: str = ""
    vocab: Vocab | None = field(default=None, repr=False)

    needs_answers: ClassVar[bool] = False
    """Whether it measures probabilities, not decided answers."""

    measures: ClassVar[Measured]
    """Which kind of target it measures."""

    instead: ClassVar[dict[Measured, str]] = {}
    """Which metric to take for other targets."""

    def for_kind(self, kind: TargetKind) -> Self:
        """The metric for a kind of target.

        Raises:
            ConfigError: It measures another kind of target, or other classes.
        """
        found = kind_of_target(kind)
        if found != self.measures:
            hint = f"Take {self.instead[found]}." if found in self.instead else ""
            raise refuse(type(self).__name__, self.measures, kind, hint)
        fitted = replace(self, vocab=kind.vocab)
        fitted.check_classes(kind.size)
        return fitted

    def check_classes(self, count: int) -> None:  # noqa: B027
        """Refuse a number of classes that it does not measure."""

    def __call__(self, answers: Values, actual: Values) -> float | Mapping[str, float]:
        """The value, for answers and targets as :data:`Metric` describes them."""
        if not can_be_measured(answers, actual):
            return math.nan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(self.measure(sklearn_metrics(self.name), answers, actual))

    @abstractmethod
    def measure(self, sklearn: ModuleType, answers: Values, actual: Values) -> Any:
        """The value, by the functions of ``sklearn.metrics``."""

    def count_classes(self, answers: Values, actual: Values) -> int:
        """How many classes there are, as far as is known."""
        if self.vocab is not None:
            return len(self.vocab)
        return int(max(answers.max(), actual.max())) + 1


def can_be_measured(answers: Values, actual: Values) -> bool:
    """Whether there are items, all of them with labels and answers that are numbers.

    Example:
        >>> can_be_measured(np.array([0, 1]), np.array([0, -1]))
        False
    """
    if not len(actual) or not (np.isfinite(answers).all() and np.isfinite(actual).all()):
        return False
    return actual.dtype.kind != "i" or bool(actual.min() >= 0)


def sklearn_metrics(name: str) -> ModuleType:
    """``sklearn.metrics``, which takes a second to import.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    return need("sklearn.metrics", purpose=f"measure {name}")


def check_choice(metric: object, setting: str, choices: tuple[object, ...], hint: str = "") -> None:
    """Refuse a setting that is none of the choices.

    Raises:
        ConfigError: It is none of them.
    """
    given = getattr(metric, setting)
    if given not in choices:
        raise ConfigError(
            f"{type(metric).__name__} has {setting}={given!r}, and it is one of "
            f"{', '.join(map(repr, choices))}.",
            hint=hint,
        )
