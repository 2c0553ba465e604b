"""From a bundle back to a learner: its weights, its classes and its preparation."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import torch
from torch import nn

from drivetrain.bundle.reader import WEIGHTS, Bundle
from drivetrain.bundle.tensors import read_tensors
from drivetrain.errors import BundleCorruptError, BundleError, ConfigError
from drivetrain.learn.devices import default_device
from drivetrain.learn.further_data import check_columns
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.targets import AnyOf, Numbers, OneOf, TargetKind
from drivetrain.learn.training.guards import warn_of_unseen_classes
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse

MethodT = TypeVar("MethodT", bound=Callable[..., Any])
ModelT = TypeVar("ModelT", bound=nn.Module)

USUAL_METRICS: dict[str, list[Any]] = {
    "category": [error_rate, accuracy],
    "categories": [accuracy_multi],
    "numbers": [rmse, mae],
}

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
    maker = maker_of(bundle)
    model = maker.model(bundle)
    device = torch.device("cpu") if cpu else default_device()
    learn = LoadedLearner(
        maker.empty(bundle, device),
        model,
        arch=bundle.manifest.network.arch,
        weights_origin=f"bundle {bundle.short_id}",
        **({"metrics": USUAL_METRICS[bundle.manifest.target.kind]} | settings),
    )
    learn.bundle = bundle
    if dls is not None:
        learn.dls = dls
    return learn


def _with_data(method: MethodT) -> MethodT:
    """A method of the learner that says so at once where there is no data to work on."""

    @wraps(method)
    def checked(self: Any, /, *args: Any, **settings: Any) -> Any:
        check_there_is_data(self.dls.train)
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
        self._dls = dls if self.bundle is None else self._take(dls, self.bundle)

    def _side(self, dl: DataLoader | None) -> DataLoader:
        if dl is None:
            check_there_is_data(self.dls.valid)
        return super()._side(dl)

    def _take(self, dls: DataLoaders, bundle: Bundle) -> DataLoaders:
        check_columns(dls, bundle, self._dls.kind)
        dls = maker_of(bundle).fitted(dls, self._dls, self.model, bundle)
        self.model = self.network = self.model.to(dls.train.device)
        if self._own_loss:
            self.loss_func = dls.kind.loss(dls.class_weights)
        warn_of_unseen_classes(dls)
        return dls


def check_there_is_data(side: DataLoader) -> None:
    """Refuse to work on a side that has no items yet.

    Raises:
        ConfigError: It has none.
    """
    if not len(side.items):
        raise ConfigError(
            "This learner comes from a bundle and has no data yet.",
            hint="Give it some: learn.dls = dls, or load_learner(FILE, dls). "
            "To answer it needs none: learn.predict(INPUT).",
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


class Maker(Protocol):
    """What each kind of data brings, so that a bundle becomes a learner again."""

    def empty(self, bundle: Bundle, device: torch.device) -> DataLoaders:
        """Loaders without items, which know how new ones are prepared."""
        ...

    def model(self, bundle: Bundle) -> nn.Module:
        """The bundle's model with its weights."""
        ...

    def fitted(
        self, dls: DataLoaders, known: DataLoaders, model: nn.Module, bundle: Bundle
    ) -> DataLoaders:
        """Further data as the model takes it, or the model as the data wants it.

        Raises:
            ConfigError: The data has other classes, or lacks what the model learned from.
        """
        ...


MAKERS = {
    "image": "drivetrain.learn.loading_photos",
    "table": "drivetrain.learn.tabular.loading",
}


def maker_of(bundle: Bundle) -> Maker:
    """What makes learners of bundles of that kind."""
    module: Any = import_module(MAKERS[bundle.preparation.kind])
    maker: Maker = module.MAKER
    return maker


def target_of(bundle: Bundle) -> TargetKind:
    """What a bundle's model was asked for."""
    target = bundle.manifest.target
    if target.kind == "numbers":
        return Numbers(len(target.vocab), names=target.vocab)
    return OneOf(bundle.vocab) if target.kind == "category" else AnyOf(bundle.vocab)


def with_weights(model: ModelT, bundle: Bundle, what: str, *, hint: str) -> ModelT:
    """A model with the weights of a bundle.

    Arguments:
        model: The model as its bundle describes it.
        bundle: The bundle.
        what: What it was built by, for the message.
        hint: What to do where its weights are those of another.

    Raises:
        BundleError: They are.
    """
    tensors = read_tensors(bundle.members[WEIGHTS], name=f"{WEIGHTS} of {bundle.name}")
    weights = {name: torch.tensor(array) for name, array in tensors.items()}
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as problem:
        raise BundleError(
            f"{bundle.name} holds weights that do not fit {what}.", hint=hint
        ) from problem
    return model
