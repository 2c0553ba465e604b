"""The steps of training on a batch, and the answers that they are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from drivetrain.learn.batches import Batch
from drivetrain.learn.metrics import value_of
from drivetrain.learn.training import guards
from drivetrain.learn.training.equipment import Equipment, LoadersT
from drivetrain.learn.training.speed import laid_out
from drivetrain.progress import Row


class Steps(Equipment[LoadersT]):
    """What happens to one batch; each step can be changed by a subclass.

    :meth:`train_batch` is made of :meth:`predict_batch`, :meth:`compute_loss`,
    :meth:`backward`, :meth:`step` and :meth:`zero_grad`.
    """

    def train_batch(self) -> None:
        """Learn from ``self.batch``: answers, loss, gradients and, unless put off, a step."""
        self._call("before_batch")
        self._find_gradients()
        self.skip_step = False
        self._call("after_backward")
        if not self.skip_step:
            self.step(self.optimizer)
            self.zero_grad(self.optimizer)
            self._call("after_step")
        self._call("after_batch")

    def _find_gradients(self) -> None:
        """In one part or, where memory ran out, in several that weigh as much together."""
        while True:
            try:
                self._find_gradients_of_parts()
            except (RuntimeError, MemoryError) as problem:
                if not guards.is_out_of_memory(problem):
                    raise
            else:
                return
            self.zero_grad(self.optimizer)
            self.parts = guards.more_parts(self.parts, len(self.batch.x))

    def _find_gradients_of_parts(self) -> None:
        whole, losses = self.batch, []
        try:
            for part, share in guards.parts_of(whole, self.parts):
                self.batch = part
                if not self.model.training:  # a callback asked the model for answers
                    self._to_training_mode()
                with self._autocast():
                    outputs = self.predict_batch(part)
                    if self._own_loss:
                        guards.check_outputs(outputs, part, self.dls.kind)
                    self.loss = self.compute_loss(outputs, part)
                self._call("after_loss")
                if not torch.isfinite(self.loss):
                    raise self._not_a_number(part)
                self.backward(self.loss if share == 1.0 else self.loss * share)
                losses.append(self.loss.detach() * share)
        finally:
            self.batch = whole
        self.loss = torch.stack(losses).sum()

    def predict_batch(self, batch: Batch) -> Tensor:
        """The answers to a batch, float32 [N, C]: of the model or, over embeddings, its head."""
        outputs: Tensor = self.network(*map(laid_out, batch.xs))
        return outputs

    def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """One number that says how wrong the answers are."""
        return self.loss_func(logits, *batch.ys)

    def backward(self, loss: Tensor) -> None:
        """Find out how every weight contributed to the loss."""
        loss.backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: Optimizer) -> None:
        """Move the weights."""
        optimizer.step()

    def zero_grad(self, optimizer: Optimizer) -> None:
        """Forget the contributions before the next batch."""
        optimizer.zero_grad()

    def _measured(self, batches: Iterator[Batch]) -> Row:
        outputs, targets = self._outputs(batches)
        kind = self.dls.kind
        row = {"valid_loss": float(self.loss_func(outputs, *targets))}
        answers, actual = kind.answers(outputs).numpy(), targets[0].numpy()
        for metric in self.metrics:
            row |= value_of(metric, kind, answers, actual)
        return row

    def _outputs(self, batches: Iterator[Batch]) -> tuple[Tensor, list[Tensor]]:
        outputs, targets = [], []
        self.model.eval()
        with torch.inference_mode():
            for batch in batches:
                outputs.append(self.predict_batch(batch).float().cpu())
                targets.append([y.cpu() for y in batch.ys])
        return torch.cat(outputs), [torch.cat(each) for each in zip(*targets, strict=True)]

    def _to_training_mode(self) -> None:
        """What is frozen stays as it answers: its batch statistics do not move either."""
        self.model.train()
        for module in self.model.modules():
            weights = list(module.parameters())
            if weights and not any(weight.requires_grad for weight in weights):
                module.eval()

    def _autocast(self) -> AbstractContextManager[Any]:
        if self.precision is None:
            return nullcontext()
        return torch.autocast(self.dls.train.device.type, self.precision)

    def _not_a_number(self, batch: Batch) -> Exception:
        side = self.dls.train
        readable = side.readable if self.network is not self.model else None
        names = [
            name
            for place, name in enumerate(side.inputs[0].names)
            if readable is None or readable[place]
        ]
        rate = self._highest_rate()
        return guards.not_a_number(batch, names, where=self._where, good=self._good, rate=rate)

    def _highest_rate(self) -> float:
        return max(float(group["lr"]) for group in self.optimizer.param_groups)
