"""What a learner at work is made of, so that another one can go on in its place."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from drivetrain.errors import ConfigError

if TYPE_CHECKING:
    from drivetrain.learn.training.trainer import Trainer

Plan = dict[str, Any]
"""What one call of a training method was asked for."""


@dataclass
class Checkpoint:
    """What was saved at the end of an epoch.

    Arguments:
        plans: The trainings of the run, the one at work last.
        epochs_done: How many epochs of the last of them were over.
        finished: Whether the last of them was over.
        notes: All that JSON holds: rows, losses, the states of the callbacks.
        tensors: The weights, the optimizer's tensors and the callbacks'.
    """

    plans: list[Plan]
    epochs_done: int
    finished: bool
    notes: dict[str, Any]
    tensors: dict[str, Tensor]


def state_of(learn: Trainer[Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of a learner at work by name, and everything else as JSON can hold it."""
    tensors = {f"model.{name}": tensor for name, tensor in learn.model.state_dict().items()}
    notes: dict[str, Any] = {
        "recorder": learn.recorder.state(),
        "epochs_trained": learn.epochs_trained,
        "parts": learn.parts,
        "stopped": learn.stop,
        "optimizer": {},
        "callbacks": [],
    }
    for number, state in learn.optimizer.state_dict()["state"].items():
        _sort_out(f"optimizer.{number}", state, tensors, notes["optimizer"])
    for number, callback in enumerate(learn.cbs):
        values: dict[str, Any] = {}
        _sort_out(f"callback.{number}", callback.state(), tensors, values)
        notes["callbacks"].append({"name": type(callback).__name__, "state": values})
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return _without_sharing(plain), notes


def in_memory(learn: Trainer[Any], plans: list[Plan]) -> Checkpoint:
    """A checkpoint of the beginning of a training, in memory of its own."""
    tensors, notes = state_of(learn)
    own = {name: tensor.clone() for name, tensor in tensors.items()}
    return Checkpoint(list(plans), 0, finished=False, notes=copy.deepcopy(notes), tensors=own)


def restore_weights(learn: Trainer[Any], saved: Checkpoint) -> None:
    """Give a learner the weights and the record of a checkpoint.

    Raises:
        ConfigError: They are those of another model.
    """
    weights = _named(saved.tensors, "model.")
    try:
        learn.model.load_state_dict(weights)
    except RuntimeError as problem:
        raise ConfigError(
            "The checkpoint is of another model.",
            hint="Train without resume=True, or with the same model.",
        ) from problem
    learn.recorder.load_state(copy.deepcopy(saved.notes["recorder"]))
    learn.epochs_trained = saved.notes["epochs_trained"]
    learn.parts = saved.notes["parts"]


def restore_training(learn: Trainer[Any], saved: Checkpoint) -> None:
    """Give the optimizer and the callbacks of a training the states of a checkpoint."""
    own = learn.optimizer.state_dict()
    parameters = [each for group in learn.optimizer.param_groups for each in group["params"]]
    states = {}
    for number, parameter in enumerate(parameters):
        name = f"optimizer.{number}"
        kept = _named(saved.tensors, f"{name}.")
        laid_out = {key: _laid_out_like(parameter, tensor) for key, tensor in kept.items()}
        if values := saved.notes["optimizer"].get(name, {}) | laid_out:
            states[number] = values
    learn.optimizer.load_state_dict({"state": states, "param_groups": own["param_groups"]})
    restore_callbacks(learn, saved)


def restore_callbacks(learn: Trainer[Any], saved: Checkpoint) -> None:
    """Give the callbacks of a training the states of a checkpoint.

    Raises:
        ConfigError: The callbacks are others.
    """
    names = [kept["name"] for kept in saved.notes["callbacks"]]
    own_names = [type(callback).__name__ for callback in learn.cbs]
    if names != own_names:
        raise ConfigError(
            f"The training was cut off with the callbacks {names}, and now has {own_names}.",
            hint="Resume with the same callbacks, or train without resume=True.",
        )
    for number, (callback, kept) in enumerate(
        zip(learn.cbs, saved.notes["callbacks"], strict=True)
    ):
        name = f"callback.{number}"
        values = kept["state"].get(name, {}) | _named(saved.tensors, f"{name}.")
        if values:
            callback.load_state(values)


def check_same_plan(saved: Plan, asked: Plan) -> None:
    """Refuse to go on with a training as another one than it was.

    Raises:
        ConfigError: A setting differs; the message says which.
    """
    for name in asked | saved:
        if saved.get(name) != asked.get(name):
            raise ConfigError(
                f"The training that was cut off had {name} {saved.get(name)!r}, and is asked to "
                f"go on with {asked.get(name)!r}.",
                hint="Resume with the same settings, or train without resume=True.",
            )


def _sort_out(
    name: str, state: dict[str, Any], tensors: dict[str, Tensor], values: dict[str, Any]
) -> None:
    values[name] = {}
    for key, value in state.items():
        if isinstance(value, Tensor):
            tensors[f"{name}.{key}"] = value
        else:
            values[name][key] = value


def _named(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _laid_out_like(parameter: Tensor, tensor: Tensor) -> Tensor:
    """A tensor of its own in a parameter's memory layout, which decides how a step rounds."""
    if tensor.shape != parameter.shape:
        return tensor.clone()
    return torch.empty_like(parameter, dtype=tensor.dtype).copy_(tensor).detach()


def _without_sharing(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors with memory of their own each, as safetensors wants them."""
    seen: set[int] = set()
    for name, tensor in tensors.items():
        if tensor.data_ptr() in seen:
            tensors[name] = tensor.clone()
        seen.add(tensors[name].data_ptr())
    return tensors
