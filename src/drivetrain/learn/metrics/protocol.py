"""What a metric is, what it is called, and its value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

import torch
from numpy.typing import NDArray

from drivetrain.errors import ConfigError, DrivetrainError
from drivetrain.learn.targets import TargetKind

Values = NDArray[Any]
"""Answers or targets of all items: their first axis is the items."""

Metric = Callable[[Any, Any], float | Mapping[str, float]]
"""From what was answered and the truth, as numpy arrays, to a number or to several by name.

What was answered is decided, as targets are encoded: int64 [N] positions, float32 [N, C] of zeros
and ones, or numbers float32 [N, K]. A metric whose attribute ``needs_answers`` is true is given
the answers themselves, float32 [N, C] of probabilities. One that has a method ``for_kind`` is
asked for the metric of a kind of target first, and may refuse there.
"""


def name_of(metric: Metric) -> str:
    """The column of a metric: its ``name``, its function's name or its class's.

    Example:
        >>> def share_of_bears(predicted, actual): ...
        >>> name_of(share_of_bears)
        'share_of_bears'
    """
    own = getattr(metric, "name", None)
    if isinstance(own, str) and own:
        return own
    inner = function_of(metric)
    return str(getattr(inner, "__name__", type(inner).__name__))


def value_of(metric: Metric, kind: TargetKind, answers: Values, actual: Values) -> dict[str, float]:
    """What a metric measures, by the names of its columns.

    Example:
        >>> import numpy as np
        >>> from drivetrain.learn.targets import OneOf
        >>> from drivetrain.metrics import accuracy
        >>> from drivetrain.schema import Vocab
        >>> answers = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
        >>> value_of(accuracy, OneOf(Vocab(("cat", "dog"))), answers, np.array([0, 0]))
        {'accuracy': 0.5}

    Arguments:
        metric: One that :func:`check_metrics` let pass.
        kind: What the model is asked for.
        answers: Its answers, float32 [N, C] probabilities or [N, K] numbers.
        actual: The truth, as the kind encodes it.

    Raises:
        ConfigError: The metric failed, or measured what is no number.
    """
    name = name_of(metric)
    if hasattr(metric, "for_kind"):
        metric = metric.for_kind(kind)
    needs_answers = getattr(function_of(metric), "needs_answers", False)
    given = answers if needs_answers else kind.decide(torch.from_numpy(answers)).numpy()
    try:
        found = metric(given, actual)
        if isinstance(found, Mapping):
            return {str(column): float(value) for column, value in found.items()}
        return {name: float(found)}
    except DrivetrainError:
        raise
    except Exception as problem:  # it may be the user's own, and raise anything
        what = "answers" if needs_answers else "decided answers"
        raise ConfigError(
            f"The metric {name} failed on {what} {_described(given)} and targets "
            f"{_described(actual)}: {type(problem).__name__}: {problem}",
            hint="It takes both as numpy arrays, and returns a number, or numbers by name.",
        ) from problem


def function_of(metric: Any) -> Any:
    """What a ``functools.partial`` calls in the end; anything else as it is."""
    while isinstance(metric, functools.partial):
        metric = metric.func
    return metric


def _described(values: Values) -> str:
    return f"{values.dtype} {list(values.shape)}"
