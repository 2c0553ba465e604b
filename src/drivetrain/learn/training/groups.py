"""The groups of a model's weights that freeze together and share a learning rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import nn

from drivetrain.errors import ConfigError
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.normalize import Normalized

LearningRate = float | slice | Sequence[float]
"""One rate for all groups; ``slice(first, last)``, spread evenly by factors between them;
``slice(last)``, a tenth of it for all but the last group; or one rate a group."""

Group = list[nn.Parameter]
Splitter = Callable[[nn.Module], Sequence[Any]]
"""From a model to its groups, first layers first: modules, or lists of parameters."""


def parameter_groups(model: nn.Module, splitter: Splitter | None = None) -> list[Group]:
    """The groups of a model: body and head of a classifier, all in one of any other.

    Arguments:
        model: The model.
        splitter: Makes other groups.

    Raises:
        ConfigError: The splitter leaves a parameter out, or takes one twice.
    """
    if isinstance(model, Normalized):
        return parameter_groups(model.model, splitter)
    if splitter is not None:
        groups = [_parameters(part) for part in splitter(model)]
        _check_complete(groups, model)
        return groups
    parts = [model.body, model.head] if isinstance(model, ImageClassifier) else [model]
    return [_parameters(part) for part in parts]


def rates(lr: LearningRate, count: int) -> list[float]:
    """A learning rate for each group, as in the lesson.

    Example:
        >>> rates(slice(1e-4, 1e-2), 3)
        [0.0001, 0.001, 0.01]
        >>> rates(slice(1e-2), 2)
        [0.001, 0.01]

    Raises:
        ConfigError: A rate that is not above 0, or another number of rates than of groups.
    """
    several = _spread(lr, count)
    if len(several) != count:
        raise ConfigError(
            f"There are {len(several)} learning rates, and the model has {count} groups of "
            "weights.",
            hint="Give one number, slice(first, last), or one for each group.",
        )
    if not all(0.0 < rate < float("inf") for rate in several):
        raise ConfigError(
            f"The learning rate is {lr}, and it has to be above 0.",
            hint="0.002 is a good start for a new head; lr_find suggests one.",
        )
    return several


def _spread(lr: LearningRate, count: int) -> list[float]:
    if isinstance(lr, Sequence):
        return [float(rate) for rate in lr]
    if not isinstance(lr, slice):
        return [float(lr)] * count
    last = float(lr.stop)
    if lr.start is None:
        return [last / 10] * (count - 1) + [last]
    first = float(lr.start)
    if count == 1 or not first > 0.0:
        return [last] * count if first > 0.0 else [first]
    factor = (last / first) ** (1 / (count - 1))
    return [round(first * factor**place, 15) for place in range(count - 1)] + [last]


def _parameters(part: Any) -> Group:
    return list(part.parameters()) if isinstance(part, nn.Module) else list(part)


def _check_complete(groups: list[Group], model: nn.Module) -> None:
    found = [id(parameter) for group in groups for parameter in group]
    missing = [name for name, p in model.named_parameters() if id(p) not in found]
    if missing or len(found) != len(set(found)):
        what = f"leaves out {missing[0]}" if missing else "puts a parameter into two groups"
        raise ConfigError(
            f"The splitter {what}.",
            hint="Every parameter of the model belongs to one group, first layers first.",
        )
