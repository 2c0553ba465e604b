"""What a training works with: data, a model, what of it learns, and who joins in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from drivetrain.errors import ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.features import FrozenFeatures
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.metrics import Metric, check_metrics
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.normalize import normalized
from drivetrain.learn.targets import LossFunction
from drivetrain.learn.training import guards
from drivetrain.learn.training.groups import Splitter, parameter_groups
from drivetrain.learn.training.material import Embeddings, Material, Pixels
from drivetrain.learn.training.recorder import Recorder
from drivetrain.learn.training.resuming import Resuming
from drivetrain.learn.training.speed import lay_out
from drivetrain.progress import Reporter

HEAD_PASSES = 10
"""A frozen epoch embeds every item once; the head, which costs next to nothing, learns from
the embeddings this many times."""

LoadersT = TypeVar("LoadersT", bound=DataLoaders)
OptimizerFactory = Callable[..., Optimizer]
CallbacksGiven = Callback | type[Callback] | Sequence[Any] | None


def adamw(groups: Sequence[dict[str, Any]], **settings: Any) -> Optimizer:
    """Adam with decoupled weight decay (Loshchilov, Hutter 2019), each step in one pass.

    Arguments:
        groups: Groups of parameters.
        settings: Those of ``torch.optim.AdamW``, such as ``lr`` and ``weight_decay``.
    """
    return torch.optim.AdamW(groups, fused=True, **settings)


class Equipment(Generic[LoadersT]):
    """What a :class:`~drivetrain.Learner` is made with, and which of its weights learn.

    Arguments:
        dls: What to train and validate on.
        model: From a batch to outputs [N, C]. Where ``dls.normalize`` has statistics, a model
            other than :class:`ImageClassifier`, which has its own, is wrapped and normalises
            inside.
        loss_func: From the model's outputs and the targets to one number; when left out, the
            usual one for the kind of target, such as cross-entropy for classes.
        metrics: Functions of what was answered and the truth, such as ``error_rate``.
        lr: The learning rate when a method is given none.
        wd: Weight decay.
        opt_func: Makes the optimizer from groups of parameters.
        splitter: From the model to the groups that freeze together and share a learning rate.
        seed: What dropout follows from.
        cbs: Callbacks.
        path: The folder that the learner's files go to.
        model_dir: The folder in it for saved weights.
        checkpoints: Where training keeps what a resumed one needs: True for a place in the cache
            folder, a folder of your own, or False for nowhere.
        arch: The architecture's name, for the record.
        weights_origin: Where the pretrained weights came from, for the record.
    """

    optimizer: Optimizer
    batch: Batch
    loss: Tensor
    _good: guards.GoodWeights
    _where: str

    def __init__(  # noqa: PLR0913
        self,
        dls: LoadersT,
        model: nn.Module,
        *,
        loss_func: LossFunction | None = None,
        metrics: Metric | Sequence[Metric] = (),
        lr: float = 2e-3,
        wd: float = 0.01,
        opt_func: OptimizerFactory = adamw,
        splitter: Splitter | None = None,
        seed: int = 42,
        cbs: CallbacksGiven = (),
        path: str | os.PathLike[str] = ".",
        model_dir: str = "models",
        checkpoints: str | os.PathLike[str] | bool = True,
        arch: str = "",
        weights_origin: str = "",
    ) -> None:
        self.dls: LoadersT = dls
        if not isinstance(model, ImageClassifier):
            model = normalized(model, dls.normalize)
        self.model = model.to(dls.train.device)
        self._own_loss = loss_func is None
        self.loss_func: LossFunction = loss_func or dls.kind.loss(dls.class_weights)
        self.metrics = check_metrics(metrics, dls.kind)
        self.lr, self.wd, self.seed = lr, wd, seed
        self.opt_func, self.splitter = opt_func, splitter
        self.cbs: list[Callback] = as_callbacks(cbs)
        self.path, self.model_dir = Path(path), model_dir
        self.arch, self.weights_origin = arch, weights_origin
        self.head_passes = HEAD_PASSES
        self.recorder = Recorder()
        self.reporter = Reporter()
        self.features: FrozenFeatures | None = None
        self.embed_until: float | None = None
        self.network: nn.Module = self.model
        self.precision: torch.dtype | None = None
        self.epoch, self.n_epoch, self.epochs_trained = 0, 0, 0
        self.stop = self.skip_step = self.is_last_batch = False
        self.parts = 1
        self._checkpoints_wanted = checkpoints
        self._resuming: Resuming | None = None
        self._in_call = False
        guards.warn_of_unseen_classes(dls)

    @property
    def frozen(self) -> bool:
        """Whether the head of a classifier trains alone."""
        if not isinstance(self.model, ImageClassifier):
            return False
        return not any(parameter.requires_grad for parameter in self.model.body.parameters())

    def freeze_to(self, n: int) -> None:
        """Train the groups of weights from number ``n`` on; a negative one counts from the last.

        Raises:
            ConfigError: The model has no such group.
        """
        groups = parameter_groups(self.model, self.splitter)
        first = n if n >= 0 else len(groups) + n
        if not 0 <= first < len(groups):
            raise ConfigError(
                f"freeze_to({n}) names no group: the model has {len(groups)}.",
                hint="0 trains all of them, -1 the last one.",
            )
        for number, group in enumerate(groups):
            for parameter in group:
                parameter.requires_grad_(number >= first)

    def freeze(self) -> None:
        """Train the last group of weights only, which in a classifier is the head.

        Raises:
            ConfigError: The model is one group: there would be nothing to freeze.
        """
        if len(parameter_groups(self.model, self.splitter)) == 1:
            raise ConfigError(
                "This model has no body to freeze: its weights are one group.",
                hint="Train it with fit_one_cycle, or give the learner a splitter.",
            )
        self.freeze_to(-1)

    def unfreeze(self) -> None:
        """Train the whole model."""
        self.freeze_to(0)

    def make_optimizer(self, lrs: Sequence[float], wd: float) -> Optimizer:
        """An optimizer with a group for each learning rate (Howard, Ruder 2018)."""
        groups = parameter_groups(self.model, self.splitter)
        settings = [
            {"params": [parameter for parameter in group if parameter.requires_grad], "max_lr": lr}
            for group, lr in zip(groups, lrs, strict=True)
        ]
        trained = [group for group in settings if group["params"]]
        return self.opt_func(trained, lr=max(lrs), weight_decay=wd)

    def material(self) -> Material:
        """What the next training goes through: embeddings where only the head learns."""
        needs_pixels = any(callback.needs_pixels for callback in self.cbs)
        if isinstance(self.model, ImageClassifier) and self.frozen and not needs_pixels:
            if self.features is None or not self.features.still_fit(self.model, self.dls):
                self.features = FrozenFeatures(
                    self.model, self.dls, self._track, until=self.embed_until
                )
            return Embeddings(self.model, self.features, self.head_passes, len(self.dls.train))
        if self.features is not None:
            self.features.rest()
        lay_out(self.model, self.dls.train.device)
        return Pixels(self.model, self.dls, self._track)

    # ---- inner works -------------------------------------------------------------------------

    @contextmanager
    def _joined_by(self, cbs: CallbacksGiven) -> Iterator[None]:
        """Further callbacks, inside."""
        before = self.cbs
        self.cbs = as_callbacks([*before, *as_callbacks(cbs)])
        try:
            yield
        finally:
            self.cbs = before

    def _track(self, dl: Any, what: str, epoch: int = 0, **settings: Any) -> Iterator[Batch]:
        return self.reporter.track(dl.batches(epoch, **settings), what, total=len(dl))

    def _call(self, moment: str) -> None:
        for callback in self.cbs:
            getattr(callback, moment)(self)


def as_callbacks(given: CallbacksGiven) -> list[Callback]:
    """One callback or several, by rising order; a class is made without arguments."""
    several = list(given) if isinstance(given, Sequence) else [] if given is None else [given]
    made = [each() if isinstance(each, type) else each for each in several]
    for each in made:
        if not isinstance(each, Callback):
            raise ConfigError(
                f"cbs holds {each!r}, which is no callback.", hint="Give a Callback, or several."
            )
    return sorted(made, key=lambda callback: callback.order)
