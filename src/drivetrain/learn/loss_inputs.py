"""What a loss is given, checked and brought into shape: weights, outputs and targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drivetrain.errors import ConfigError

Weights = Tensor | np.ndarray[Any, Any] | Sequence[float]
"""A number for each class, [C]."""


def weights_of(given: Weights | None, name: str) -> Tensor | None:
    """Weights as float32 [C].

    Example:
        >>> weights_of([1, 2.5], "weight")
        tensor([1.0000, 2.5000])

    Raises:
        ConfigError: They are not a list of numbers from 0.
    """
    if given is None:
        return None
    try:
        weights = torch.as_tensor(given, dtype=torch.float32).detach().clone()
    except (TypeError, ValueError, RuntimeError) as problem:
        raise ConfigError(
            f"{name} is {given!r}, and it holds a number for each class."
        ) from problem
    if weights.ndim != 1 or not bool((weights.isfinite() & (weights >= 0)).all()):
        raise ConfigError(f"{name} is {given!r}, and it holds a number from 0 for each class.")
    return weights


def precise(logits: Tensor) -> Tensor:
    """Outputs of at least single precision: of half precision, a loss would be too coarse.

    Example:
        >>> precise(torch.zeros(1, dtype=torch.bfloat16)).dtype
        torch.float32
    """
    return logits.to(torch.promote_types(logits.dtype, torch.float32))


def fitted(weights: Tensor | None, logits: Tensor, what: str) -> Tensor | None:
    """Weights where the logits are and of their type.

    Raises:
        ConfigError: They are not one for each output.
    """
    if weights is None:
        return None
    if len(weights) != logits.shape[1]:
        raise ConfigError(
            f"The loss has {len(weights)} {what}, and the model has {logits.shape[1]} outputs.",
            hint="Give a weight for each class, in the order of dls.vocab.",
        )
    return weights.to(logits)


def as_classes(logits: Tensor, targets: Tensor) -> Tensor:
    """Positions as int64 [N, ...], or class probabilities of the shape of the logits.

    Raises:
        ConfigError: They are neither.
    """
    if targets.shape == logits.shape and targets.is_floating_point():
        return targets.to(logits)
    if targets.shape == (len(logits), *logits.shape[2:]) and not targets.is_floating_point():
        return targets.long()
    raise ConfigError(
        "The loss compares classes, as positions [N] or probabilities [N, C], and it was given "
        f"logits {list(logits.shape)} and targets {_dtype(targets)} {list(targets.shape)}.",
        hint="BCEWithLogitsLossFlat takes any number of classes, MSELossFlat and L1LossFlat "
        "take numbers.",
    )


def as_outputs(logits: Tensor, targets: Tensor) -> Tensor:
    """Targets of the shape of the logits: [N] and [N, 1] mean the same.

    Raises:
        ConfigError: They are of another shape.
    """
    if len(logits) != len(targets) or logits.numel() != targets.numel():
        raise ConfigError(
            f"The loss compares outputs one by one with targets, and it was given "
            f"{list(logits.shape)} and {list(targets.shape)}.",
            hint="The model needs as many outputs as there are classes or numbers. For one class "
            "out of several, take CrossEntropyLossFlat.",
        )
    return targets.to(logits).view_as(logits)


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")
