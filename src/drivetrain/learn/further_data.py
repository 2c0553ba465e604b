"""Whether further data fits a model that was trained on other data before."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn

from drivetrain.bundle.reader import Bundle
from drivetrain.errors import ConfigError
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.targets import TargetKind
from drivetrain.prepare.image import ImagePreparation
from drivetrain.schema import Vocab

ONLY_WITH = {"crop_fraction": "crop", "pad_mode": "pad"}
"""Settings that only one method uses."""


class OtherPreparationWarning(UserWarning):
    """New data is prepared in another way than what the model learned from."""


def check_columns(dls: DataLoaders, bundle: Bundle, kind: TargetKind) -> None:
    """Refuse data of another kind than what a bundle takes and answers with.

    Arguments:
        dls: The data.
        bundle: The bundle.
        kind: What it answers with.

    Raises:
        ConfigError: It is.
    """
    inputs, targets = len(dls.train.inputs), len(dls.train.labels)
    if inputs > 1 or targets > 1 or dls.kind.name != kind.name:
        one, _ = bundle.preparation.noun
        raise ConfigError(
            f"The bundle's model takes one {one} and answers with {kind.words}, and this data is "
            f"of another kind: {inputs} inputs, {targets} targets, {dls.kind.words}.",
            hint="Make the data with the blocks that the bundle was trained with.",
        )


def check_same_classes(known: Vocab, found: Vocab, name: str) -> None:
    """Refuse data of other classes than a model tells apart; their order is free.

    Arguments:
        known: The model's classes.
        found: The data's.
        name: What to call the model.

    Raises:
        ConfigError: Some are new, or missing.
    """
    new = [each for each in found if each not in known]
    missing = [each for each in known if each not in found]
    if not new and not missing:
        return
    told = [
        f"{', '.join(map(repr, names))} {what}"
        for names, what in ((new, "new in the data"), (missing, "missing from it"))
        if names
    ]
    hint = "To tell these classes apart, train a new model on the data."
    if not new:
        hint = f"Add items of {', '.join(missing)}: what trains on without a class forgets it."
    raise ConfigError(
        f"The data has other classes than {name}: {'; '.join(told)}.",
        hint=hint,
    )


def warn_of_other_preparation(dls: DataLoaders, model: nn.Module, bundle: Bundle) -> None:
    """Say it where data is prepared in another way than what a model learned from."""
    preparation: Any = bundle.preparation
    told = differences(preparation, dls.valid.item_transform.preparation)
    if dls.normalize is not None and dls.normalize.mean is not None:
        given = torch.tensor([dls.normalize.mean, dls.normalize.std])
        own = torch.stack([model.mean.flatten(), model.std.flatten()])  # type: ignore[operator]
        if given.shape != own.shape or not torch.allclose(given, own.cpu(), atol=1e-6):
            told.append("normalize is given, and the model keeps the statistics it learned with")
    if told:
        warnings.warn(
            f"The data is prepared in another way than {bundle.name} learned from: "
            f"{'; '.join(told)}. The model may need some epochs to get used to it.",
            OtherPreparationWarning,
            stacklevel=4,
        )


def differences(known: ImagePreparation, other: ImagePreparation) -> list[str]:
    """What of a preparation differs from one that is known, where it changes what a model sees.

    Example:
        >>> differences(ImagePreparation(size=(32, 32)), ImagePreparation(size=(32, 64)))
        ['size is 32 × 64 in place of 32 × 32']

    Arguments:
        known: What a model learned from.
        other: What it is to be given.
    """
    old, new = known.model_dump(), other.model_dump()
    used = {known.method, other.method}
    return [
        f"{name} is {_told(new.get(name))} in place of {_told(value)}"
        for name, value in old.items()
        if new.get(name) != value and ONLY_WITH.get(name, known.method) in used
    ]


def _told(value: object) -> str:
    return " × ".join(map(str, value)) if isinstance(value, tuple) else str(value)
