"""From a bundle of photos back to a learner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from drivetrain.bundle.reader import Bundle
from drivetrain.errors import ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.further_data import check_same_classes, warn_of_other_preparation
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.loading import check_there_is_data, target_of, with_weights
from drivetrain.learn.models import ImageClassifier, image_classifier
from drivetrain.prepare.image import ImageArray, ImagePreparation


class Photos:
    """Bundles whose model sees photos."""

    def empty(self, bundle: Bundle, device: torch.device) -> DataLoaders:
        """Loaders without photos."""
        kind = target_of(bundle)
        preparation: Any = bundle.preparation
        inputs = (Input([], AsPrepared(preparation)),)
        labels = (Target(kind.unknown(0), kind),)
        train, valid = (
            EmptyLoader(inputs, labels, training=training, device=device)
            for training in (True, False)
        )
        return DataLoaders(train, valid)

    def model(self, bundle: Bundle) -> ImageClassifier:
        """The classifier, by its architecture in timm.

        Raises:
            ConfigError: timm knows no such architecture, or cannot build it.
            BundleError: The weights are those of another.
        """
        import timm

        arch = bundle.manifest.network.arch
        wrote, here = bundle.manifest.written_by.get("timm", "unknown"), timm.__version__
        if not timm.is_model(arch):
            raise ConfigError(
                f"{bundle.name} holds a network of the architecture {arch!r}, which timm {here} "
                "does not know, so it cannot be built to be trained on.",
                hint=f"Was it written with another timm ({wrote}), install that one. A body of "
                "one's own cannot be loaded back. Predictor.open answers with the bundle all the "
                "same.",
            )
        try:
            model, _ = image_classifier(arch, len(bundle.outputs), pretrained=False)
        except RuntimeError as problem:
            raise ConfigError(
                f"{bundle.name} holds a network of the architecture {arch!r}, which timm {here} "
                f"cannot build: {problem}.",
                hint=f"It was written with timm {wrote}: install that version.",
            ) from None
        return with_weights(
            model,
            bundle,
            f"{arch} of timm {here}",
            hint=f"It was written with timm {wrote}: install that version. Predictor.open answers "
            "with the bundle all the same.",
        )

    def fitted(
        self, dls: DataLoaders, known: DataLoaders, model: nn.Module, bundle: Bundle
    ) -> DataLoaders:
        """Further photos; the model's outputs are brought into the order of their classes."""
        warn_of_other_preparation(dls, model, bundle)
        if dls.kind.vocab is not None:
            check_same_classes(known.vocab, dls.vocab, bundle.name)
            order = [known.vocab.index(name) for name in dls.vocab]
            if order != sorted(order):
                _reorder(model, order)
        return dls


MAKER = Photos()


class EmptyLoader(DataLoader):
    """A side without items, which knows how new ones are prepared."""

    def batches(
        self, epoch: int = 0, *, keep_lone: bool = False, each_once: bool = False
    ) -> Iterator[Batch]:
        """The batches of the items that ``test_dl`` gave it."""
        check_there_is_data(self)
        return super().batches(epoch, keep_lone=keep_lone, each_once=each_once)

    def show_batch(self, *args: Any, **settings: Any) -> Any:
        """Draw the items that ``test_dl`` gave it."""
        check_there_is_data(self)
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


def _reorder(model: nn.Module, order: list[int]) -> None:
    """Bring a classifier's outputs into another order."""
    last: Any = model.head[-1]  # type: ignore[index]
    with torch.no_grad():
        last.weight.copy_(last.weight[order].clone())
        if last.bias is not None:
            last.bias.copy_(last.bias[order].clone())
