"""From a bundle back to a learner: its weights, its classes and its preparation."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

import numpy as np
import torch
from torch import nn

from drivetrain.bundle.reader import WEIGHTS, Bundle
from drivetrain.bundle.tensors import read_tensors
from drivetrain.errors import BundleCorruptError, BundleError, ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.devices import default_device
from drivetrain.learn.further_data import (
    check_columns,
    check_same_classes,
    warn_of_other_preparation,
)
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.models import ImageClassifier, image_classifier
from drivetrain.learn.targets import OneOf
from drivetrain.learn.training.guards import warn_of_unseen_classes
from drivetrain.metrics import accuracy, error_rate
from drivetrain.prepare.image import ImageArray, ImagePreparation

MethodT = TypeVar("MethodT", bound=Callable[..., Any])

PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
"""How a pickle begins."""


def load_learner(
    file: str | os.PathLike[str],
    dls: DataLoaders | None = None,
    *,
    cpu: bool = True,
    **settings: Any,
) -> Learner[DataLoaders]:
    """A learner with a bundle's weights, classes and preparation.

    It answers at once. To train on, it takes data of the same classes, here or later as
    ``learn.dls = dls``; classes in another order are brought into the data's order. Its
    probabilities are the plain soft-max, as before the export: calibration, the in-domain
    verdict and decisions are the bundle's, and :class:`Predictor` gives them.

    Example:
        >>> learn = load_learner("bears.bundle", dls)  # doctest: +SKIP
        >>> learn.fine_tune(1)  # doctest: +SKIP
        >>> learn.export("bears-2.bundle")  # doctest: +SKIP

    Arguments:
        file: A bundle, which may have its network in 8 bits: its weights are in 32.
        dls: What to train on.
        cpu: Whether to answer on the processor until there are ``dls``, which bring their own
            device; else on the fastest device.
        settings: Those of :class:`Learner`, such as ``metrics``, ``cbs``, ``lr`` and ``path``.

    Raises:
        BundleError: No bundle, a pickle, or weights that do not fit the architecture.
        ConfigError: timm knows no such architecture, or the data has other classes.
    """
    _check_arguments(dls, settings)
    bundle = _opened(Path(file))
    model = _model_of(bundle)
    device = torch.device("cpu") if cpu else default_device()
    learn = LoadedLearner(
        _no_data(bundle, device),
        model,
        arch=bundle.manifest.network.arch,
        weights_origin=f"bundle {bundle.short_id}",
        **({"metrics": [error_rate, accuracy]} | settings),
    )
    learn.bundle = bundle
    if dls is not None:
        learn.dls = dls
    return learn


def _with_data(method: MethodT) -> MethodT:
    """A method of the learner that says so at once where there is no data to work on."""

    @wraps(method)
    def checked(self: Any, /, *args: Any, **settings: Any) -> Any:
        _check_there_is_data(self.dls.train)
        return method(self, *args, **settings)

    return cast(MethodT, checked)


class LoadedLearner(Learner[DataLoaders]):
    """A learner out of a bundle, which may have no data; see :func:`load_learner`."""

    bundle: Bundle | None = None
    _dls: DataLoaders

    fine_tune = _with_data(Learner.fine_tune)
    fit_by = _with_data(Learner.fit_by)
    lr_find = _with_data(Learner.lr_find)
    export = _with_data(Learner.export)

    @property
    def dls(self) -> DataLoaders:
        """What it trains and validates on; new data has to fit what the model tells apart."""
        return self._dls

    @dls.setter
    def dls(self, dls: DataLoaders) -> None:
        if self.bundle is not None:
            self._take(dls, self.bundle)
        self._dls = dls

    def _side(self, dl: DataLoader | None) -> DataLoader:
        if dl is None:
            _check_there_is_data(self.dls.valid)
        return super()._side(dl)

    def _take(self, dls: DataLoaders, bundle: Bundle) -> None:
        check_columns(dls)
        check_same_classes(self._dls.vocab, dls.vocab, bundle.name)
        warn_of_other_preparation(dls, self.model, bundle)
        order = [self._dls.vocab.index(name) for name in dls.vocab]
        if order != sorted(order):
            _reorder(self.model, order)
        self.model = self.network = self.model.to(dls.train.device)
        if self._own_loss:
            self.loss_func = dls.kind.loss(dls.class_weights)
        warn_of_unseen_classes(dls)


class _EmptyLoader(DataLoader):
    """A side without items, which knows how new ones are prepared."""

    def batches(
        self, epoch: int = 0, *, keep_lone: bool = False, each_once: bool = False
    ) -> Iterator[Batch]:
        """The batches of the items that ``test_dl`` gave it."""
        _check_there_is_data(self)
        return super().batches(epoch, keep_lone=keep_lone, each_once=each_once)

    def show_batch(self, *args: Any, **settings: Any) -> Any:
        """Draw the items that ``test_dl`` gave it."""
        _check_there_is_data(self)
        return super().show_batch(*args, **settings)


@dataclass(frozen=True)
class AsPrepared:
    """Prepare photos for training as a bundle prepares them for its model.

    Example:
        >>> AsPrepared(ImagePreparation(size=(32, 48))).size
        (32, 48)

    Arguments:
        preparation: The bundle's.
    """

    varies: ClassVar[bool] = False
    preparation: ImagePreparation

    @property
    def base(self) -> ImagePreparation:
        """The preparation itself."""
        return self.preparation

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.preparation.size

    def vary(self, base: ImageArray, random: np.random.Generator) -> ImageArray:  # noqa: ARG002
        """The array itself: nothing here is random."""
        return base


def _no_data(bundle: Bundle, device: torch.device) -> DataLoaders:
    kind = OneOf(bundle.vocab)
    preparation: Any = bundle.preparation
    inputs = (Input([], AsPrepared(preparation)),)
    labels = (Target(kind.unknown(0), kind),)
    train, valid = (
        _EmptyLoader(inputs, labels, training=training, device=device) for training in (True, False)
    )
    return DataLoaders(train, valid)


def _check_there_is_data(side: DataLoader) -> None:
    if not len(side.items):
        raise ConfigError(
            "This learner comes from a bundle and has no data yet.",
            hint="Give it some: learn.dls = block.dataloaders(FOLDER), or load_learner(FILE, dls). "
            "To answer photos it needs none: learn.predict(PHOTO).",
        )


def _check_arguments(dls: object, settings: dict[str, Any]) -> None:
    if "pickle_module" in settings:
        raise ConfigError(
            "load_learner takes no pickle_module: a bundle holds data, and nothing is unpickled.",
            hint="Leave it out.",
        )
    if dls is not None and not isinstance(dls, DataLoaders):
        raise ConfigError(
            f"dls is {dls!r}, and data loaders are expected.",
            hint="Say cpu=True or cpu=False by name."
            if isinstance(dls, bool)
            else "Make them with a DataBlock's dataloaders(FOLDER).",
        )


def _opened(file: Path) -> Bundle:
    try:
        return Bundle.open(file)
    except BundleCorruptError:
        if _is_pickle(file):
            raise BundleError(
                f"{file} is a pickle, as fastai's learn.export and torch.save write them. "
                "Opening a pickle runs whatever code is in it, so it is not opened.",
                hint="Train again on the same photos: drivetrain train FOLDER --out FILE.bundle.",
            ) from None
        raise


def _is_pickle(file: Path) -> bool:
    with file.open("rb") as opened:
        if opened.read(2) in PICKLES:
            return True
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.rpartition("/")[2] == "data.pkl" for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError):
        return False


def _model_of(bundle: Bundle) -> ImageClassifier:
    import timm

    arch = bundle.manifest.network.arch
    wrote, here = bundle.manifest.written_by.get("timm", "unknown"), timm.__version__
    if not timm.is_model(arch):
        raise ConfigError(
            f"{bundle.name} holds a network of the architecture {arch!r}, which timm {here} does "
            "not know, so it cannot be built to be trained on.",
            hint=f"Was it written with another timm ({wrote}), install that one. A body of "
            "one's own cannot be loaded back. Predictor.open answers with the bundle all the same.",
        )
    try:
        model, _ = image_classifier(arch, len(bundle.vocab), pretrained=False)
    except RuntimeError as problem:
        raise ConfigError(
            f"{bundle.name} holds a network of the architecture {arch!r}, which timm {here} cannot "
            f"build: {problem}.",
            hint=f"It was written with timm {wrote}: install that version.",
        ) from None
    tensors = read_tensors(bundle.members[WEIGHTS], name=f"{WEIGHTS} of {bundle.name}")
    weights = {name: torch.tensor(array) for name, array in tensors.items()}
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as problem:
        raise BundleError(
            f"{bundle.name} holds weights that do not fit {arch} of timm {here}.",
            hint=f"It was written with timm {wrote}: install that version. Predictor.open answers "
            "with the bundle all the same.",
        ) from problem
    return model


def _reorder(model: nn.Module, order: list[int]) -> None:
    """Bring a classifier's outputs into another order."""
    last: Any = model.head[-1]  # type: ignore[index]
    with torch.no_grad():
        last.weight.copy_(last.weight[order].clone())
        if last.bias is not None:
            last.bias.copy_(last.bias[order].clone())
