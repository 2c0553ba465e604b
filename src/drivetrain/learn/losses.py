"""Losses under the lesson's names: from a model's outputs and the targets to one number.

Each takes logits and targets as the kinds of targets encode them, and has a ``reduction``:
``"mean"``, ``"sum"``, or ``"none"`` for a loss of every item or cell. Where there are weights for
classes, the mean of one class out of several divides by the sum of the items' weights, as torch's
does.
"""

from __future__ import annotations

import copy
import inspect
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.learn.loss_inputs import (
    Weights,
    as_classes,
    as_outputs,
    fitted,
    precise,
    weights_of,
)

REDUCTIONS = ("mean", "sum", "none")


class Loss(nn.Module, ABC):
    """What the losses have in common.

    Arguments:
        weight: What the loss of each class is multiplied by, [C].
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ConfigError: A reduction that there is not, or weights that are not numbers from 0.
    """

    weight: Tensor | None

    def __init__(self, weight: Weights | None = None, *, reduction: str = "mean") -> None:
        super().__init__()
        if reduction not in REDUCTIONS:
            raise ConfigError(f"reduction is {reduction!r}, and it is one of {REDUCTIONS}.")
        self.reduction = reduction
        self.register_buffer("weight", weights_of(weight, "weight"), persistent=False)

    @abstractmethod
    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """How wrong the outputs are, reduced as ``reduction`` says."""


class CrossEntropyLossFlat(Loss):
    """Cross-entropy, for one class out of several.

    Targets are positions int64 [N], or class probabilities float32 [N, C] as MixUp gives them;
    torch divides the mean of the latter by the number of items, whatever their weights.

    Example:
        >>> loss = CrossEntropyLossFlat(weight=[1.0, 3.0])
        >>> float(loss(torch.zeros(2, 2), torch.tensor([0, 1]))) == math.log(2)
        False
        >>> round(float(loss(torch.zeros(2, 2), torch.tensor([0, 1]))), 4)
        0.6931

    Arguments:
        weight: What the loss of each class is multiplied by, [C].
        label_smoothing: The share of the truth, 0 to 1, that is spread evenly over all classes
            (Szegedy et al. 2016, "Rethinking the Inception Architecture", section 7).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ConfigError: A share outside 0 to 1; as many weights or such targets as do not fit.
    """

    def __init__(
        self,
        weight: Weights | None = None,
        label_smoothing: float = 0.0,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, reduction=reduction)
        if not 0.0 <= label_smoothing <= 1.0:
            raise ConfigError(f"label_smoothing is {label_smoothing}, and it is from 0 to 1.")
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The cross-entropy."""
        logits = precise(logits)
        return functional.cross_entropy(
            logits,
            as_classes(logits, targets),
            weight=fitted(self.weight, logits, "class weights"),
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class LabelSmoothingCrossEntropy(CrossEntropyLossFlat):
    """Cross-entropy that never asks for certainty: see :class:`CrossEntropyLossFlat`.

    Example:
        >>> LabelSmoothingCrossEntropy(eps=0.2).label_smoothing
        0.2

    Arguments:
        eps: The share of the truth, 0 to 1, that is spread evenly over all classes.
        weight: What the loss of each class is multiplied by, [C].
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    def __init__(
        self, eps: float = 0.1, weight: Weights | None = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(weight, eps, reduction=reduction)


class FocalLoss(Loss):
    """Cross-entropy that turns away from items already told right, for one class out of several.

    Lin et al. 2017, "Focal Loss for Dense Object Detection", equation 5: the loss of a class is
    multiplied by (1 - p)^gamma. ``weight`` is the paper's alpha, a number for each class. Class
    probabilities as targets weigh the losses of the classes. ``gamma=0`` is cross-entropy.

    Example:
        >>> easy, hard = torch.tensor([[3.0, 0.0]]), torch.tensor([[0.0, 3.0]])
        >>> truth, loss, plain = torch.tensor([0]), FocalLoss(), CrossEntropyLossFlat()
        >>> bool(loss(easy, truth) / plain(easy, truth) < loss(hard, truth) / plain(hard, truth))
        True

    Arguments:
        gamma: How much easy items are turned away from, at least 0.
        weight: What the loss of each class is multiplied by, [C].
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ConfigError: A gamma below 0; as many weights or such targets as do not fit.
    """

    def __init__(
        self, gamma: float = 2.0, weight: Weights | None = None, *, reduction: str = "mean"
    ) -> None:
        super().__init__(weight, reduction=reduction)
        if not 0.0 <= gamma < math.inf:
            raise ConfigError(f"gamma is {gamma}, and it is at least 0.")
        self.gamma = gamma

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The focal loss."""
        logs = precise(logits).log_softmax(1)
        targets = as_classes(logs, targets)
        # No power of exactly 0, whose slope is infinite below gamma 1.
        missing = (-logs.expm1()).clamp_min(torch.finfo(logs.dtype).tiny)
        each = -(missing**self.gamma) * logs
        weight = fitted(self.weight, each, "class weights")
        if weight is not None:
            each = each * weight.view(-1, *[1] * (each.ndim - 2))
        if targets.is_floating_point():
            return _reduced((each * targets).sum(1), self.reduction)
        each = each.gather(1, targets.unsqueeze(1)).squeeze(1)
        if weight is not None and self.reduction == "mean":
            return each.sum() / weight[targets].sum()
        return _reduced(each, self.reduction)


class BCEWithLogitsLossFlat(Loss):
    """Binary cross-entropy of every class by itself, for any number of classes at once.

    Example:
        >>> loss = BCEWithLogitsLossFlat(pos_weight=[3.0])
        >>> present, absent = torch.ones(1, 1), torch.zeros(1, 1)
        >>> round(float(loss(absent, present) / loss(absent, absent)), 4)
        3.0

    Arguments:
        weight: What the loss of each class is multiplied by, [C].
        pos_weight: What the loss of each class is multiplied by where an item has it, [C].
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for [N, C].

    Raises:
        ConfigError: As many weights or such targets as do not fit.
    """

    pos_weight: Tensor | None

    def __init__(
        self,
        weight: Weights | None = None,
        pos_weight: Weights | None = None,
        *,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, reduction=reduction)
        self.register_buffer("pos_weight", weights_of(pos_weight, "pos_weight"), persistent=False)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The binary cross-entropy."""
        logits = precise(logits)
        return functional.binary_cross_entropy_with_logits(
            logits,
            as_outputs(logits, targets),
            weight=fitted(self.weight, logits, "class weights"),
            pos_weight=fitted(self.pos_weight, logits, "weights in pos_weight"),
            reduction=self.reduction,
        )


class MSELossFlat(Loss):
    """The mean squared error, for numbers.

    Example:
        >>> float(MSELossFlat()(torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 4.0])))
        2.0

    Arguments:
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for [N, K].
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The squared error."""
        logits = precise(logits)
        return functional.mse_loss(logits, as_outputs(logits, targets), reduction=self.reduction)


class L1LossFlat(Loss):
    """The mean absolute error, for numbers.

    Example:
        >>> float(L1LossFlat()(torch.tensor([[1.0], [2.0]]), torch.tensor([1.0, 4.0])))
        1.0

    Arguments:
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for [N, K].
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """The absolute error."""
        logits = precise(logits)
        return functional.l1_loss(logits, as_outputs(logits, targets), reduction=self.reduction)


def loss_of_each(loss_func: Callable[..., Tensor], logits: Tensor, *targets: Tensor) -> Tensor:
    """The loss of every item by itself, float [N]; the loss function is left as it is.

    What has a ``reduction``, as an attribute or an argument, is asked for ``"none"``, and each
    item is given the mean of its own: class weights then multiply. Anything else is asked item by
    item, where a mean that divides by weights shows none of them.

    Example:
        >>> logits = torch.tensor([[0.0, 0.0], [9.0, -9.0]])
        >>> loss_of_each(functional.cross_entropy, logits, torch.tensor([0, 0])).round(decimals=4)
        tensor([0.6931, 0.0000])

    Arguments:
        loss_func: From outputs and targets to a loss.
        logits: Outputs, [N, ...].
        targets: One target or more, [N, ...] each.
    """
    if not len(logits):
        return logits.new_zeros(0)
    each: object = None
    if "reduction" in getattr(loss_func, "__dict__", {}):
        unreduced: Any = copy.copy(loss_func)
        unreduced.reduction = "none"
        each = unreduced(logits, *targets)
    elif _takes_reduction(loss_func):
        each = loss_func(logits, *targets, reduction="none")
    if not isinstance(each, Tensor) or each.ndim == 0 or len(each) != len(logits):
        items = [slice(place, place + 1) for place in range(len(logits))]
        losses = [loss_func(logits[item], *(target[item] for target in targets)) for item in items]
        each = torch.stack([torch.as_tensor(loss).mean() for loss in losses])
    return each.reshape(len(logits), -1).mean(1)


def _takes_reduction(loss_func: Callable[..., Tensor]) -> bool:
    try:
        return "reduction" in inspect.signature(loss_func).parameters
    except (TypeError, ValueError):  # nothing is known about what is not written in Python
        return False


def _reduced(each: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return each
    return each.mean() if reduction == "mean" else each.sum()
