"""What happens to gradients before a step: gathered over batches, and cut to a length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner


class GradientAccumulation(Callback):
    """Steps when ``n_acc`` items were seen, as if they had been one batch.

    The gradient is the mean over all of their items, also when batches differ in size, as long
    as the loss is the mean over its batch. The last batch of an epoch steps in any case. Layers
    that look at a whole batch, such as batch normalisation, still see the small ones.

    Example:
        >>> GradientAccumulation(n_acc=128).n_acc
        128

    Arguments:
        n_acc: Items a step, at least.

    Raises:
        ConfigError: ``n_acc`` is below 1.
    """

    order = 40

    def __init__(self, n_acc: int = 64) -> None:
        if n_acc < 1:
            raise ConfigError(f"n_acc is {n_acc}, and a step takes at least one item.")
        self.n_acc = n_acc
        self._items = self._parts = 0
        self._unit = 0
        """The gradients that were gathered, times this and over ``_items``, are the mean."""

    def before_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """Nothing was gathered yet."""
        self._items = 0

    def before_batch(self, learn: Learner[Any]) -> None:
        """Bring what was gathered to the scale of the gradients that are about to be added."""
        size, self._parts = len(learn.batch.x), learn.parts
        if self._items and size != self._unit:
            torch._foreach_mul_(_gradients(learn), self._unit / size)
        self._unit = size

    def after_backward(self, learn: Learner[Any]) -> None:
        """Put off the step, or turn what was gathered into a mean."""
        if learn.parts != self._parts:  # memory ran out, and what was gathered went with it
            self._items = 0
        self._items += self._unit
        if learn.skip_step or (self._items < self.n_acc and not learn.is_last_batch):
            learn.skip_step = True
            return
        if self._items != self._unit:
            torch._foreach_mul_(_gradients(learn), self._unit / self._items)
        self._items = 0

    def after_fit(self, learn: Learner[Any]) -> None:
        """Forget what a training that failed had gathered."""
        if self._items:
            learn.optimizer.zero_grad()
        self._items = 0


class GradientClip(Callback):
    """Shortens the gradient of all weights together where it is longer than ``max_norm``.

    With :class:`GradientAccumulation` it is the gathered gradient that is measured, once a step
    (Pascanu et al. 2013, "On the difficulty of training recurrent neural networks", section 3.2).

    Example:
        >>> GradientClip(max_norm=0.5).max_norm
        0.5

    Arguments:
        max_norm: The greatest length.
        norm_type: Which length: 2 for Euclid's, ``float("inf")`` for the largest number.

    Raises:
        ConfigError: A setting that is not above 0.
    """

    order = 50

    def __init__(self, max_norm: float = 1.0, norm_type: float = 2.0) -> None:
        if not 0.0 < max_norm < float("inf"):
            raise ConfigError(f"max_norm is {max_norm}, and it has to be above 0.")
        if not norm_type > 0.0:
            raise ConfigError(f"norm_type is {norm_type}, and it has to be above 0.")
        self.max_norm, self.norm_type = max_norm, norm_type

    def after_backward(self, learn: Learner[Any]) -> None:
        """Shorten the gradient, unless the step was put off."""
        if not learn.skip_step:
            torch.nn.utils.clip_grad_norm_(_trained(learn), self.max_norm, self.norm_type)


def _trained(learn: Learner[Any]) -> list[Tensor]:
    return [each for group in learn.optimizer.param_groups for each in group["params"]]


def _gradients(learn: Learner[Any]) -> list[Tensor]:
    return [each.grad for each in _trained(learn) if each.grad is not None]
