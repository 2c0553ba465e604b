"""A small learner over points that calls every moment in the documented order."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks.base import Callback

ITEMS = 20
LOSSES = list[float]


class Cut(Exception):
    """A training that was cut off."""


class Said:
    """What a reporter was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def small_model(seed: int = 0) -> nn.Module:
    """Batch statistics, a bias that is not trained, and weights that are."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 1))
    model[0].bias.requires_grad_(False)
    return model


class FakeLearner:
    """Trains on 20 points in batches of ``bs``; ``valid_losses`` replaces what it measures."""

    def __init__(
        self,
        cbs: Sequence[Callback] = (),
        *,
        path: Path = Path(),
        model: nn.Module | None = None,
        valid_losses: LOSSES | None = None,
        bs: int = 6,
        optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.AdamW,
        lr: float = 0.1,
    ) -> None:
        random = torch.Generator().manual_seed(1)
        self.x = torch.randn(ITEMS, 3, generator=random)
        self.y = self.x.sum(1, keepdim=True) + torch.randn(ITEMS, 1, generator=random) / 9
        self.model = small_model() if model is None else model
        self.cbs = sorted(cbs, key=lambda callback: callback.order)
        self.path, self.model_dir = path, "models"
        self.valid_losses, self.bs, self.lr, self.make = valid_losses, bs, lr, optimizer
        self.reporter, self.recorder = Said(), list[dict[str, float]]()
        self.precision: torch.dtype | None = None
        self.epochs_trained, self.epoch, self.n_epoch, self.parts = 0, 0, 0, 1
        self.stop = self.skip_step = self.is_last_batch = False
        self.judged: list[dict[str, Tensor]] = []
        self.checkpoints: list[bytes] = []

    def fit(
        self,
        n_epoch: int,
        *,
        resume_from: bytes | None = None,
        load_first: bool = False,
        cut_in_epoch: int | None = None,
    ) -> None:
        """Train; ``cut_in_epoch`` ends it after two batches as a kill would: without a word.

        Arguments:
            n_epoch: Epochs.
            resume_from: A checkpoint.
            load_first: Whether callbacks hear of it before ``before_fit``, or after it.
            cut_in_epoch: Which epoch from 0 is not finished.
        """
        weights = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = self.make([{"params": weights, "max_lr": self.lr}], lr=self.lr)
        self.n_epoch, self.stop, first = n_epoch, False, 0
        try:
            if resume_from and load_first:
                first = self._load(resume_from)
            self._call("before_fit")
            if resume_from and not load_first:
                first = self._load(resume_from)
            for self.epoch in range(first, n_epoch):
                self._train_epoch(cut=self.epoch == cut_in_epoch)
                self.checkpoints.append(self._checkpoint())
                if self.stop:
                    break
        except Cut:
            return
        except BaseException:
            self._call("after_fit")
            raise
        self._call("after_fit")

    def _train_epoch(self, *, cut: bool) -> None:
        self._call("before_epoch")
        order = torch.randperm(ITEMS, generator=torch.Generator().manual_seed(self.epochs_trained))
        parts = torch.split(order, self.bs)
        self.model.train()
        for number, part in enumerate(parts):
            if cut and number == 2:
                raise Cut
            share = (self.epoch + number / len(parts)) / self.n_epoch
            for group in self.optimizer.param_groups:
                group["lr"] = group["max_lr"] * (1 - share)
            self.is_last_batch = number + 1 == len(parts)
            self._train_batch(Batch((self.x[part],), (self.y[part],), part.tolist()))
        self._call("before_validate")
        row = {"train_loss": float(self.loss), "valid_loss": self._validate()}
        self._call("after_validate")
        self.recorder.append(row | {"seconds": 0.5})
        self.epochs_trained += 1
        self._call("after_epoch")

    def _train_batch(self, batch: Batch) -> None:
        self.batch = batch
        self._call("before_batch")
        self.loss = functional.mse_loss(self.model(self.batch.x), self.batch.y)
        self._call("after_loss")
        self.loss.backward()  # type: ignore[no-untyped-call]
        self.loss, self.skip_step = self.loss.detach(), False
        self._call("after_backward")
        if not self.skip_step:
            self.optimizer.step()
            self.optimizer.zero_grad()
            self._call("after_step")
        self._call("after_batch")

    def _validate(self) -> float:
        self.model.eval()
        self.judged.append(weights_of(self.model))
        with torch.inference_mode():
            measured = float(functional.mse_loss(self.model(self.x), self.y))
        return measured if self.valid_losses is None else self.valid_losses[self.epoch]

    def _checkpoint(self) -> bytes:
        """Everything, as safetensors with JSON inside: nothing else gets through."""
        states = [
            {f"model.{name}": each for name, each in self.model.state_dict().items()},
            {"recorder": self.recorder, "epochs": self.epochs_trained, "done": self.epoch + 1},
            *(callback.state() for callback in self.cbs),
            *self.optimizer.state_dict()["state"].values(),
        ]
        tensors, notes = dict[str, Tensor](), list[dict[str, Any]]()
        for number, state in enumerate(states):
            notes.append({k: v for k, v in state.items() if not isinstance(v, Tensor)})
            several = {k: v for k, v in state.items() if isinstance(v, Tensor)}
            tensors |= {f"{number}.{k}": v.detach().clone() for k, v in several.items()}
        return save(tensors, {"notes": json.dumps(notes)})

    def _load(self, checkpoint: bytes) -> int:
        length = int.from_bytes(checkpoint[:8], "little")
        notes = json.loads(json.loads(checkpoint[8 : 8 + length])["__metadata__"]["notes"])
        for name, each in load(checkpoint).items():
            number, _, key = name.partition(".")
            notes[int(number)][key] = each
        model, about, *others = notes
        self.model.load_state_dict({k.removeprefix("model."): v for k, v in model.items()})
        self.recorder, self.epochs_trained = about["recorder"], about["epochs"]
        for callback, state in zip(self.cbs, others, strict=False):
            if state:
                callback.load_state(state)
        optimizer = self.optimizer.state_dict()
        optimizer["state"] = dict(enumerate(others[len(self.cbs) :]))
        self.optimizer.load_state_dict(optimizer)
        return int(about["done"])

    def _call(self, moment: str) -> None:
        for callback in self.cbs:
            getattr(callback, moment)(self)


def cut_and_resumed(
    make: Callable[[], FakeLearner], *, epochs: int, cut: int, load_first: bool
) -> FakeLearner:
    """A training that was cut off in the epoch ``cut`` and resumed by a learner made anew."""
    before = make()
    before.fit(epochs, cut_in_epoch=cut)
    after = make()
    after.fit(epochs, resume_from=before.checkpoints[-1], load_first=load_first)
    return after


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """A copy of a model's weights."""
    return {name: each.detach().clone() for name, each in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether weights are equal bit by bit."""
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)
