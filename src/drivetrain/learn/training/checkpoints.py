"""What a training that was cut off needs to go on as if nothing had happened.

A checkpoint is two files: tensors as safetensors, and ``checkpoint.json``, which names them with
their hash and is put in place last, in one step. Whatever the moment a process is killed at, the
folder holds the checkpoint before or the one after.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

from drivetrain.data.cache_folder import cache_folder
from drivetrain.errors import ConfigError

if TYPE_CHECKING:
    from drivetrain.learn.training.trainer import Trainer

FORMAT = 1
NOTES = "checkpoint.json"
FOLDER = "checkpoints"
OWN_FILES = re.compile(r"[0-9a-f]{16}\.safetensors|.*\.[0-9]+\.new")
"""What a checkpoint's folder may be cleared of: others' files stay."""

KEPT_RUNS = 8
"""Runs whose checkpoints stay in the cache folder; the oldest leave first."""

SHARE_OF_TIME = 0.05
"""Checkpoints are written as often as they take no more than this share of the time."""

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


@dataclass
class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    Arguments:
        folder: The folder; None keeps none.
        run: What tells the run from others.
        in_cache: Whether the folder stands among those of other runs, of which the oldest leave.
    """

    folder: Path | None
    run: str = ""
    in_cache: bool = False
    _told: bool = field(default=False, repr=False)
    _next: float = field(default=0.0, repr=False)

    @classmethod
    def of(cls, given: str | os.PathLike[str] | bool, run: str) -> Checkpoints:
        """Those of a run, where the user wants them.

        Arguments:
            given: A folder; True for a folder of the run's own in the cache; False for none.
            run: What tells the run from others.
        """
        if isinstance(given, str | os.PathLike):
            return cls(Path(given), run)
        cache = cache_folder() if given else None
        if cache is None:
            return cls(None, run)
        name = hashlib.blake2b(run.encode(), digest_size=12).hexdigest()
        return cls(cache / FOLDER / name, run, in_cache=True)

    def save(
        self, learn: Trainer[Any], plans: list[Plan], epochs_done: int, *, finished: bool
    ) -> bool:
        """Keep what is needed to go on, unless the last time is too short ago for its cost.

        What cannot be written is told once and does not end the training.

        Returns:
            Whether it was written.
        """
        started = time.monotonic()
        if self.folder is None or (started < self._next and not finished):
            return False
        tensors, notes = state_of(learn)
        about = {"plans": plans, "epochs_done": epochs_done, "finished": finished, "notes": notes}
        try:
            self._write(about, to_safetensors(tensors))
        except (OSError, TypeError, ValueError) as problem:
            if not self._told:
                self._told = True
                learn.reporter.say(f"No checkpoint could be written: {problem}")
            return False
        now = time.monotonic()
        self._next = now + (now - started) / SHARE_OF_TIME
        return True

    def _write(self, about: dict[str, Any], content: bytes) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        seal = _seal(content)
        file = f"{seal[:16]}.safetensors"
        _put(self.folder / file, content)
        head = {"format": FORMAT, "run": self.run, "file": file, "blake2b": seal}
        _put(self.folder / NOTES, json.dumps(head | about).encode())
        for old in self.folder.iterdir():
            if old.name != file and OWN_FILES.fullmatch(old.name):
                old.unlink(missing_ok=True)
        if self.in_cache:
            self._leave_newest_runs()

    def load(self) -> Checkpoint | None:
        """The last checkpoint; None where there is none, or none that is whole.

        Raises:
            ConfigError: It is that of another run.
        """
        if self.folder is None or not (self.folder / NOTES).is_file():
            return None
        try:
            head = json.loads((self.folder / NOTES).read_text())
            content = (self.folder / head["file"]).read_bytes()
            if head["format"] != FORMAT or _seal(content) != head["blake2b"]:
                return None
            about = {name: head[name] for name in ("plans", "epochs_done", "finished", "notes")}
            found, run = Checkpoint(**about, tensors=from_safetensors(content)), head["run"]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None
        if run != self.run:
            raise ConfigError(
                f"{self.folder} holds the checkpoint of another run: its data, its model, its "
                "batch size or its seed was another.",
                hint="Resume with the same ones, or train without resume=True.",
            )
        return found

    def _leave_newest_runs(self) -> None:
        assert self.folder is not None
        runs = [path.parent for path in self.folder.parent.glob(f"*/{NOTES}")]
        with suppress(OSError):
            runs.sort(key=lambda run: (run / NOTES).stat().st_mtime, reverse=True)
            for old in runs[KEPT_RUNS:]:
                shutil.rmtree(old, ignore_errors=True)


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


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _seal(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()


def run_of(learn: Trainer[Any]) -> str:
    """What tells a run from others: its data, its model and its seed."""
    digest = hashlib.blake2b(digest_size=16)
    for side in (learn.dls.train, learn.dls.valid):
        for given in side.inputs:
            digest.update(repr(list(given.names)).encode())
            digest.update(repr(given.transform.preparation).encode())
        for label in side.labels:
            digest.update(label.values.tobytes())
        digest.update(f"{side.bs} {side.seed}".encode())
    for name, tensor in learn.model.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
    digest.update(f"{learn.arch} {learn.seed} {torch.__version__}".encode())
    return digest.hexdigest()
