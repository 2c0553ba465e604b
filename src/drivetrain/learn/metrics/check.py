"""Metrics as users give them: which can be called, and which fit the target."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable
from typing import Any, Literal

from drivetrain.errors import ConfigError
from drivetrain.learn.metrics.protocol import Metric, function_of, name_of
from drivetrain.learn.targets import TargetKind
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse

Measured = Literal["one", "several", "numbers"]
"""One class out of several, any number of classes at once, or numbers."""

WORDS: dict[Measured, str] = {
    "one": "one class out of several",
    "several": "any number of classes at once",
    "numbers": "numbers",
}

HINT_OF_ONE = "accuracy and error_rate measure one class out of several."
HINT_OF_OTHERS = "accuracy_multi measures several classes at once, mae and rmse numbers."

OF_FUNCTIONS: dict[Any, Measured] = {
    accuracy: "one",
    error_rate: "one",
    accuracy_multi: "several",
    mae: "numbers",
    rmse: "numbers",
}

COLUMNS_OF_THE_LEARNER = ("epoch", "train_loss", "valid_loss", "seconds")


def check_metrics(given: Any, kind: TargetKind) -> list[Metric]:
    """One metric, several or none, each of which fits the target; a class is made.

    Example:
        >>> from drivetrain.learn.targets import Numbers
        >>> [name_of(metric) for metric in check_metrics([mae, rmse], Numbers())]
        ['mae', 'rmse']

    Arguments:
        given: A metric or several; ``None`` is none.
        kind: What the model is asked for.

    Raises:
        ConfigError: Something that is no metric, one that measures another kind of target, or
            two of the same name.
    """
    single = callable(given) or isinstance(given, str) or not isinstance(given, Iterable)
    several = [] if given is None else [given] if single else list(given)
    metrics = [_made(metric) for metric in several]
    for metric in metrics:
        _check_fit(metric, kind)
    names = [*COLUMNS_OF_THE_LEARNER, *map(name_of, metrics)]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(
                f"metrics holds {name} twice, or the learner has a column of this name.",
                hint="Give one of them a name of its own, as F1Score(name='f1') does, or leave "
                "it out.",
            )
    return metrics


def kind_of_target(kind: TargetKind) -> Measured:
    """Which kind of metric measures a target."""
    if kind.picks_one:
        return "one"
    return "numbers" if kind.vocab is None else "several"


def refuse(name: str, measures: Measured, kind: TargetKind, hint: str = "") -> ConfigError:
    """What to raise for a metric that measures another kind of target."""
    return ConfigError(
        f"{name} measures {WORDS[measures]}, and the target is {kind.words}.",
        hint=hint or (HINT_OF_ONE if kind.picks_one else HINT_OF_OTHERS),
    )


def _made(metric: Any) -> Metric:
    """A metric that can be called with answers and targets."""
    if isinstance(metric, type):
        try:
            metric = metric()
        except TypeError as problem:
            raise ConfigError(
                f"metrics holds the class {metric.__name__}, which needs arguments: {problem}",
                hint=f"Make it: metrics={metric.__name__}(...).",
            ) from problem
    if not callable(metric):
        raise ConfigError(
            f"metrics holds {metric!r}, which cannot be called.",
            hint="Give the function itself: metrics=error_rate.",
        )
    checked: Metric = metric
    try:
        signature = inspect.signature(function_of(metric))
    except (TypeError, ValueError):  # nothing is known about what is not written in Python
        return checked
    given = metric if isinstance(metric, functools.partial) else functools.partial(metric)
    try:
        signature.bind(*given.args, None, None, **given.keywords)
    except TypeError as problem:
        raise ConfigError(
            f"The metric {name_of(metric)} cannot be called with what was answered and the "
            f"truth: {problem}.",
            hint="It takes two numpy arrays, and has defaults for anything else.",
        ) from problem
    return checked


def _check_fit(metric: Any, kind: TargetKind) -> None:
    if hasattr(metric, "for_kind"):
        metric.for_kind(kind)
        return
    inner = function_of(metric)
    measures = next((of for known, of in OF_FUNCTIONS.items() if known is inner), None)
    if measures is None:
        measures = getattr(inner, "measures", None)
    if measures is not None and measures != kind_of_target(kind):
        raise refuse(name_of(metric), measures, kind)
