"""A training on trial: whatever it does to a learner is undone at its end."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.precision import MixedPrecision
from drivetrain.learn.training.seeds import own_random_numbers

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner

LEARNING_MOMENTS = ("before_batch", "after_loss", "after_backward")
"""Where a callback changes what is learned; logs are written and models saved at others."""


@contextmanager
def on_trial(learn: Learner[Any]) -> Iterator[None]:
    """Undo at the end, also after an error or Ctrl-C, what happens to a learner inside.

    Weights, buffers, gradients, the modes of the modules, the learner's attributes, the
    attributes of its callbacks and the random numbers of torch, numpy and Python are those from
    before. One thing stays: the embeddings of a frozen body, which the next training would
    compute again and find to be the same.

    Inside, the callbacks are those that have a say in what a batch teaches: the ones with a
    ``before_batch``, an ``after_loss`` or an ``after_backward`` of their own, and mixed
    precision. They are called at these moments and at ``before_fit`` and ``before_epoch``, which
    prepare them; whatever logs, saves, judges or averages is left out.
    """
    callbacks = list(learn.cbs)
    attributes = dict(vars(learn))
    owned = [_Attributes(callback) for callback in callbacks]
    weights = _Weights(learn.model)
    numpy_numbers, python_numbers = np.random.get_state(), random.getstate()
    learn.cbs = [_Learning(callback) for callback in callbacks if _has_a_say(callback)]
    try:
        with own_random_numbers(learn.seed, learn.epochs_trained):
            yield
    finally:
        features = learn.features
        vars(learn).clear()
        vars(learn).update(attributes)
        learn.features = features
        for each in owned:
            each.bring_back()
        weights.bring_back()
        np.random.set_state(numpy_numbers)
        random.setstate(python_numbers)


class _Learning(Callback):
    """A callback, called at the moments alone that shape what is learned."""

    def __init__(self, callback: Callback) -> None:
        self.order, self.needs_pixels = callback.order, callback.needs_pixels
        self.before_fit = callback.before_fit  # type: ignore[method-assign]
        self.before_epoch = callback.before_epoch  # type: ignore[method-assign]
        self.before_batch = callback.before_batch  # type: ignore[method-assign]
        self.after_loss = callback.after_loss  # type: ignore[method-assign]
        self.after_backward = callback.after_backward  # type: ignore[method-assign]


def _has_a_say(callback: Callback) -> bool:
    own = (
        getattr(type(callback), name) is not getattr(Callback, name) for name in LEARNING_MOMENTS
    )
    return any(own) or isinstance(callback, MixedPrecision)


class _Attributes:
    """The attributes of a callback, and what is in those that are plain lists, dicts or sets."""

    def __init__(self, callback: Callback) -> None:
        self._callback, self._values = callback, dict(vars(callback))
        self._contents = [
            (value, value.copy())
            for value in self._values.values()
            if isinstance(value, list | dict | set)
        ]

    def bring_back(self) -> None:
        """Undo what has changed."""
        vars(self._callback).clear()
        vars(self._callback).update(self._values)
        for value, content in self._contents:
            value.clear()
            value.extend(content) if isinstance(value, list) else value.update(content)


class _Weights:
    """The tensors of a model, its gradients and its modes, as they are now."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._kept = {name: (each.detach().clone(), each._version) for name, each in _named(model)}
        self._gradients = [(each, each.grad) for each in model.parameters()]
        self._modes = [(module, module.training) for module in model.modules()]
        for parameter in model.parameters():
            parameter.grad = None

    def bring_back(self) -> None:
        """Undo what has changed; a tensor that nobody wrote to is not written to either."""
        with torch.no_grad():
            for name, tensor in _named(self._model):
                kept, version = self._kept[name]
                if tensor._version != version or not torch.equal(tensor, kept):
                    tensor.copy_(kept)
        for parameter, gradient in self._gradients:
            parameter.grad = gradient
        for module, training in self._modes:
            module.training = training


def _named(model: nn.Module) -> list[tuple[str, Tensor]]:
    return [*model.named_parameters(), *model.named_buffers()]
