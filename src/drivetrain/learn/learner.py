"""The learner: data, a model and the loop that brings them together."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks import Callback
from drivetrain.learn.features import Embedder, FeatureLoaders
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.normalize import normalized
from drivetrain.learn.schedule import OneCycle
from drivetrain.learn.seeds import own_random_numbers
from drivetrain.learn.targets import LossFunction, TargetKind
from drivetrain.metrics import Indices, accuracy, error_rate
from drivetrain.progress import Reporter, Row

Metric = Callable[[Indices, Indices], float]
"""From predicted and true positions, int64 [N] each, to a number."""

LearningRate = float | slice

METRICS_OF_ONE_CLASS = (accuracy, error_rate)

HEAD_PASSES_PER_VIEW = 10
"""A frozen epoch embeds every item once; the head, which costs next to nothing, learns from
the embeddings this many times."""


LoadersT = TypeVar("LoadersT", DataLoaders, FeatureLoaders)


class Learner(Generic[LoadersT]):
    """Trains a model on data and answers with it.

    The five steps of training are methods of their own, so that a subclass can change one:
    :meth:`predict_batch`, :meth:`compute_loss`, :meth:`backward`, :meth:`step` and
    :meth:`zero_grad`.

    Arguments:
        dls: What to train and validate on.
        model: From a batch to logits float32 [N, C]. Where ``dls.normalize`` has statistics, a
            model other than :class:`ImageClassifier`, which has its own, is wrapped and
            normalises inside.
        loss_func: From the model's outputs and the targets to one number; when left out, the
            usual one for the kind of target, such as cross-entropy for classes.
        metrics: Functions of what was answered and the truth, such as ``error_rate``.
        lr: The learning rate when a method is given none.
        wd: Weight decay.
        seed: What dropout follows from.
        cbs: Callbacks.
        arch: The architecture's name, for the record.
        weights_origin: Where the pretrained weights came from, for the record.
    """

    def __init__(
        self,
        dls: LoadersT,
        model: nn.Module,
        *,
        loss_func: LossFunction | None = None,
        metrics: Metric | Sequence[Metric] = (),
        lr: float = 2e-3,
        wd: float = 0.01,
        seed: int = 42,
        cbs: Sequence[Callback] = (),
        arch: str = "",
        weights_origin: str = "",
    ) -> None:
        self.dls: LoadersT = dls
        if not isinstance(model, ImageClassifier):
            model = normalized(model, getattr(dls, "normalize", None))
        self.model = model.to(dls.train.device)
        weights = getattr(dls, "class_weights", None)
        self.loss_func: LossFunction = loss_func or dls.kind.loss(weights)
        self.metrics = _metrics(metrics, dls.kind)
        self.lr, self.wd, self.seed = lr, wd, seed
        self.cbs: list[Callback] = _callbacks(cbs)
        self.arch, self.weights_origin = arch, weights_origin
        self.recorder: list[Row] = []
        self.reporter = Reporter()
        self.features: FeatureLoaders | None = None
        self.frozen = False
        self.stop = False
        self.epochs_trained = 0
        self.batch: Batch

    # ---- training ----------------------------------------------------------------------------

    def fine_tune(
        self, epochs: int, base_lr: float = 2e-3, freeze_epochs: int = 1, **cycle: Any
    ) -> None:
        """Train the head on the frozen body, then ``epochs`` of the whole model.

        ``fine_tune(0)`` stops after the frozen part, which is often good enough and takes a
        fraction of the time.
        """
        if epochs < 0:
            raise ConfigError(f"epochs is {epochs}, and it is at least 0.")
        self.freeze()
        self.fit_one_cycle(freeze_epochs, base_lr, **({"pct_start": 0.25} | cycle))
        if epochs:
            self.unfreeze()
            lr = slice(base_lr / 200, base_lr / 2)
            self.fit_one_cycle(epochs, lr, **({"pct_start": 0.3, "div": 5.0} | cycle))

    def fit_one_cycle(
        self,
        n_epoch: int,
        lr_max: LearningRate | None = None,
        *,
        cbs: Callback | Sequence[Callback] = (),
        **cycle: Any,
    ) -> None:
        """Train for some epochs while the learning rate goes up and down once.

        Arguments:
            n_epoch: Epochs; on a frozen model, how often every item is embedded, unless a
                callback needs pixels: then every epoch sends the photos through the body.
            lr_max: The highest learning rate; a slice gives the body the first and the head the
                last; the learner's own when left out.
            cbs: Further callbacks, for this training only.
            cycle: Settings of :class:`OneCycle`, such as ``pct_start`` and ``div``.
        """
        if n_epoch < 1:
            raise ConfigError(f"n_epoch is {n_epoch}, and training takes at least one epoch.")
        lr_max = self.lr if lr_max is None else lr_max
        schedule = OneCycle(**cycle)
        with own_random_numbers(self.seed + self.epochs_trained), self._joined_by(cbs):
            needs_pixels = any(callback.needs_pixels for callback in self.cbs)
            if self.frozen and isinstance(self.model, ImageClassifier) and not needs_pixels:
                self._fit_head(n_epoch, lr_max, schedule)
            else:
                self._fit(n_epoch, lr_max, schedule)

    def _fit(self, epochs: int, lr_max: LearningRate, schedule: OneCycle) -> None:
        optimizer = torch.optim.AdamW(self._parameter_groups(lr_max), weight_decay=self.wd)
        steps, total = 0, epochs * len(self.dls.train)
        self.stop = False
        self._call("before_fit")
        try:
            for epoch in range(epochs):
                started = time.perf_counter()
                self._call("before_epoch")
                losses = []
                self._to_training_mode()
                name = f"train {epoch + 1}/{epochs}"
                for batch in self._track(self.dls.train, name, self.epochs_trained):
                    self.batch = batch
                    self._call("before_batch")
                    schedule.apply(optimizer, steps / total)
                    loss = self.compute_loss(self.predict_batch(self.batch), self.batch)
                    self.backward(loss)
                    self.step(optimizer)
                    self.zero_grad(optimizer)
                    losses.append(loss.detach())
                    steps += 1
                    self._call("after_batch")
                row = {"train_loss": float(torch.stack(losses).mean())} | self.validate()
                row["seconds"] = time.perf_counter() - started
                self.epochs_trained += 1
                self.recorder.append(row)
                self.reporter.epoch("epoch", epoch + 1, epochs, row)
                self._call("after_epoch")
                if self.stop:
                    break
        finally:
            self._call("after_fit")

    def _fit_head(self, views: int, lr_max: LearningRate, schedule: OneCycle) -> None:
        """Frozen training: the body sees every item once a view, the head trains on that."""
        assert isinstance(self.model, ImageClassifier)
        assert isinstance(self.dls, DataLoaders)
        started = time.perf_counter()
        self.features = FeatureLoaders.embed(
            Embedder(self.model),
            self.dls,
            views=views,
            first_epoch=self.epochs_trained,
            track=self._track,
        )
        head = self._head_learner(self.features)
        head._fit(views * HEAD_PASSES_PER_VIEW, _highest(lr_max), schedule)
        self.model.to(self.dls.train.device)
        self.epochs_trained += views
        row = head.recorder[-1] | {"seconds": time.perf_counter() - started}
        self.recorder.append(row)
        self.reporter.epoch("frozen", views, views, row)

    def _head_learner(self, features: FeatureLoaders) -> Learner[FeatureLoaders]:
        """A learner of the same class, with its steps and callbacks, over the head alone."""
        head: Any = copy.copy(self)
        head.dls, head.model, head.recorder = features, self.model.head, []
        head.reporter, head.frozen = Reporter(quiet=True), False
        trained: Learner[FeatureLoaders] = head
        return trained

    def predict_batch(self, batch: Batch) -> Tensor:
        """The model's answers to a batch: logits float32 [N, C]."""
        logits: Tensor = self.model(*batch.xs)
        return logits

    def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
        """One number that says how wrong the answers are."""
        return self.loss_func(logits, *batch.ys)

    def backward(self, loss: Tensor) -> None:
        """Find out how every weight contributed to the loss."""
        loss.backward()  # type: ignore[no-untyped-call]

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        """Move the weights."""
        optimizer.step()

    def zero_grad(self, optimizer: torch.optim.Optimizer) -> None:
        """Forget the contributions before the next batch."""
        optimizer.zero_grad()

    def freeze(self) -> None:
        """Train the head only."""
        self._set_body_trainable(False)

    def unfreeze(self) -> None:
        """Train the whole model."""
        self._set_body_trainable(True)

    # ---- answers -----------------------------------------------------------------------------

    def validate(self, dl: DataLoader | None = None) -> Row:
        """The loss and the metrics on the validation side, or on another loader."""
        logits, targets = self._logits(self.dls.valid if dl is None else dl, "validate")
        kind = self.dls.kind
        predicted, actual = kind.decide(kind.answers(logits)).numpy(), targets[0].numpy()
        row = {"valid_loss": float(self.loss_func(logits, *targets))}
        return row | {_name(metric): metric(predicted, actual) for metric in self.metrics}

    def get_preds(self, dl: DataLoader | None = None) -> tuple[Tensor, Tensor]:
        """Probabilities float32 [N, C] and targets int64 [N], in the loader's order.

        For targets that are numbers, the numbers. Items that cannot be read are left out of both.
        """
        logits, targets = self._logits(self.dls.valid if dl is None else dl, "predict")
        return self.dls.kind.answers(logits), targets[0]

    def predict(self, item: Any) -> tuple[str, Tensor, Tensor]:
        """The label of one photo, its position in the vocabulary and the probabilities [C].

        For other targets than one class: the answer in words, as a target, and in full.

        Raises:
            InputError: The photo cannot be read.
        """
        assert isinstance(self.dls, DataLoaders)
        pixels = np.array(self.dls.valid.item_transform.preparation(item))[None]
        x = torch.from_numpy(pixels).to(self.dls.valid.device)
        self.model.eval()
        with torch.inference_mode():
            answers = self.dls.kind.answers(self.model(x.permute(0, 3, 1, 2).float().div(255)))
        decided = self.dls.kind.decide(answers)[0].cpu()
        return self.dls.kind.describe(decided), decided, answers[0].cpu()

    def export(self, fname: str | os.PathLike[str] = "model.bundle") -> Path:
        """Write the model, its preparation and its evidence as a bundle, and return its path.

        See :func:`drivetrain.export.export_bundle`, which checks the bundle against this
        learner before anything is written.
        """
        from drivetrain.export import export_bundle

        return export_bundle(self, fname)

    @contextmanager
    def no_bar(self) -> Iterator[None]:
        """Say nothing inside: ``with learn.no_bar(): ...``."""
        with self.reporter.hushed():
            yield

    # ---- inner works -------------------------------------------------------------------------

    def _logits(self, dl: DataLoader | Any, what: str) -> tuple[Tensor, list[Tensor]]:
        logits, targets = [], []
        self.model.eval()
        with torch.inference_mode():
            for batch in self._track(dl, what):
                logits.append(self.predict_batch(batch).cpu())
                targets.append([y.cpu() for y in batch.ys])
        return torch.cat(logits), [torch.cat(each) for each in zip(*targets, strict=True)]

    def _track(self, dl: Any, what: str, epoch: int = 0, **settings: Any) -> Iterator[Batch]:
        return self.reporter.track(dl.batches(epoch, **settings), what, total=len(dl))

    def _parameter_groups(self, lr_max: LearningRate) -> list[dict[str, Any]]:
        """Body and head with a learning rate each: discriminative rates (Howard, Ruder 2018)."""
        if not isinstance(self.model, ImageClassifier):
            return [{"params": list(self.model.parameters()), "max_lr": _highest(lr_max)}]
        lowest = _lowest(lr_max)
        groups = [(self.model.body, lowest), (self.model.head, _highest(lr_max))]
        return [{"params": list(part.parameters()), "max_lr": lr} for part, lr in groups]

    def _set_body_trainable(self, trainable: bool) -> None:
        if not isinstance(self.model, ImageClassifier):
            raise ConfigError(
                "This model has no body to freeze.", hint="Train it with fit_one_cycle."
            )
        self.frozen = not trainable
        self.model.body.requires_grad_(trainable)

    @contextmanager
    def _joined_by(self, cbs: Callback | Sequence[Callback]) -> Iterator[None]:
        """Further callbacks, inside."""
        before: list[Callback] = self.cbs
        self.cbs = _callbacks([*before, *_callbacks(cbs)])
        try:
            yield
        finally:
            self.cbs = before

    def _to_training_mode(self) -> None:
        """A frozen body stays as it answers: its batch statistics do not move either."""
        self.model.train()
        if self.frozen and isinstance(self.model, ImageClassifier):
            self.model.body.eval()

    def _call(self, moment: str) -> None:
        for callback in self.cbs:
            getattr(callback, moment)(self)


def _metrics(given: Any, kind: TargetKind) -> list[Metric]:
    """One metric or several, each of which fits the target."""
    metrics = [given] if callable(given) or isinstance(given, str) else list(given)
    for metric in metrics:
        if not callable(metric):
            raise ConfigError(
                f"metrics holds {metric!r}, which cannot be called.",
                hint="Give the function itself: metrics=error_rate.",
            )
        if metric in METRICS_OF_ONE_CLASS and not kind.picks_one:
            raise ConfigError(
                f"{_name(metric)} measures one class out of several, and the target is "
                f"{kind.words}.",
                hint="accuracy_multi measures several classes at once, mae and rmse numbers.",
            )
    return metrics


def _callbacks(given: Callback | type[Callback] | Sequence[Any]) -> list[Callback]:
    """One callback or several, by rising order; a class is made without arguments."""
    several = list(given) if isinstance(given, Sequence) else [given]
    made = [each() if isinstance(each, type) else each for each in several]
    for each in made:
        if not isinstance(each, Callback):
            raise ConfigError(
                f"cbs holds {each!r}, which is no callback.", hint="Give a Callback, or several."
            )
    return sorted(made, key=lambda callback: callback.order)


def _lowest(lr: LearningRate) -> float:
    """The body's rate: a slice of one number gives it a tenth of the head's, as in the lesson."""
    if not isinstance(lr, slice):
        return float(lr)
    return float(lr.stop) / 10 if lr.start is None else float(lr.start)


def _highest(lr: LearningRate) -> float:
    return float(lr.stop) if isinstance(lr, slice) else float(lr)


def _name(metric: Metric) -> str:
    return getattr(metric, "__name__", type(metric).__name__)
