"""Averages of the weights over the steps of a training."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner

AVERAGE = "average."

Tensors = dict[str, Tensor]


class EMACallback(Callback):
    """Keeps a running average of the weights, which is judged and which the model ends with.

    Every step moves the average towards the weights: it counts ``min(decay, n / (n + 9))`` after
    ``n`` steps and the new weights the rest, so that a short training does not end near where it
    began. Weights that are not trained stay out of it; the running statistics of batch
    normalisation are averaged alike. Training itself goes on from the weights as they are
    (Polyak and Juditsky 1992, "Acceleration of stochastic approximation by averaging").

    Example:
        >>> EMACallback(0.99).decay
        0.99

    Arguments:
        decay: What the average counts in the long run.

    Raises:
        ConfigError: A decay that is not between 0 and 1.
    """

    order = 60

    def __init__(self, decay: float = 0.999) -> None:
        if not 0.0 < decay < 1.0:
            raise ConfigError(
                f"decay is {decay}, and it has to lie between 0 and 1.",
                hint="0.999 averages over about the last thousand steps.",
            )
        self.decay = decay
        self._steps = 0
        self._average: Tensors = {}
        self._plain: Tensors = {}
        self._to_go_on_from: dict[str, Any] = {}

    def before_fit(self, learn: Learner[Any]) -> None:
        """Begin with the weights as they are, or go on from a training that was cut off."""
        self._steps, self._plain = 0, {}
        self._average = _copies(_moving(learn.model))
        given, self._to_go_on_from = self._to_go_on_from, {}
        if given:
            self._go_on_from(given)

    def after_step(self, learn: Learner[Any]) -> None:
        """Move the average towards the new weights."""
        decay = min(self.decay, self._steps / (self._steps + 9))
        now = _named(learn.model)
        move = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        move(list(self._average.values()), [now[name] for name in self._average], self._steps)
        self._steps += 1

    def before_validate(self, learn: Learner[Any]) -> None:
        """Let validation judge the average."""
        now = _named(learn.model)
        self._plain = _copies({name: now[name] for name in self._average})
        _put(self._average, now)

    def after_validate(self, learn: Learner[Any]) -> None:
        """Go on from the weights as they were."""
        _put(self._plain, _named(learn.model))
        self._plain = {}

    def after_fit(self, learn: Learner[Any]) -> None:
        """Leave the average in the model, unless the weights had stopped being numbers."""
        sound = all(bool(torch.isfinite(each).all()) for each in self._average.values())
        if self._steps and sound:
            _put(self._average, _named(learn.model))
        elif self._plain:
            _put(self._plain, _named(learn.model))
        self._steps, self._average, self._plain = 0, {}, {}

    def state(self) -> dict[str, Any]:
        """The average and its number of steps; nothing between two trainings."""
        if not self._average:
            return {}
        average = {AVERAGE + name: each for name, each in self._average.items()}
        return {"steps": self._steps} | average

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from there, in this training or in the one that begins next."""
        if self._average:
            self._go_on_from(state)
        else:
            self._to_go_on_from = state

    def _go_on_from(self, state: dict[str, Any]) -> None:
        self._steps = state["steps"]
        _put({name: state[AVERAGE + name] for name in self._average}, self._average)


def _named(model: nn.Module) -> Tensors:
    """All that a model consists of, by name."""
    several = chain(model.named_parameters(), model.named_buffers())
    return {name: each.detach() for name, each in several}


def _moving(model: nn.Module) -> Tensors:
    """What training changes little by little: trained weights, and buffers that are no counts."""
    fixed = {name for name, each in model.named_parameters() if not each.requires_grad}
    return {
        name: each
        for name, each in _named(model).items()
        if name not in fixed and each.is_floating_point()
    }


def _copies(tensors: Tensors) -> Tensors:
    return {name: each.clone() for name, each in tensors.items()}


def _put(values: Tensors, into: Tensors) -> None:
    for name, value in values.items():
        into[name].copy_(value)
