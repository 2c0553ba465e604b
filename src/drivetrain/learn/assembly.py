"""From a data block and a source to labelled, split columns, and from those to loaders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from drivetrain.data.cache import PhotoCache
from drivetrain.data.splits.drawn import Split
from drivetrain.errors import ConfigError
from drivetrain.learn.batches import BatchTransform
from drivetrain.learn.columns import Input, Target, names_of
from drivetrain.learn.devices import chosen_device
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.steps import Steps, as_items
from drivetrain.learn.targets import OneOf

if TYPE_CHECKING:
    from drivetrain.learn.block import DataBlock


@dataclass(frozen=True)
class Assembly:
    """The labelled and split columns of a source, and what further items need.

    Arguments:
        block: The recipe.
        items: What ``get_items`` gave.
        inputs: One column for each input block.
        targets: One column for each target block.
        split: The positions that train and that validate.
        kept_together: Pairs of near-duplicates that the split would have torn apart.
        batch_transforms: Augmentation on batches.
        normalize: Statistics among the batch transforms, which belong to the model.
    """

    block: DataBlock
    items: Sequence[Any]
    inputs: tuple[Input, ...]
    targets: tuple[Target, ...]
    split: Split
    kept_together: int
    batch_transforms: Sequence[BatchTransform]
    normalize: Normalize | None

    def columns(
        self, items: Any, *, with_labels: bool
    ) -> tuple[tuple[Input, ...], tuple[Target, ...]]:
        """The inputs and the targets of further items."""
        items = as_items(items)
        steps = Steps(self.block)
        values = steps.inputs(items)
        inputs = tuple(
            Input(each, given.transform, names_of(each), given.cache)
            for each, given in zip(values, self.inputs, strict=True)
        )
        kinds = [target.kind for target in self.targets]
        if not with_labels:
            return inputs, tuple(Target(kind.unknown(len(items)), kind) for kind in kinds)
        labels = steps.labels(items)
        return inputs, tuple(
            Target(kind.encode(each), kind) for kind, each in zip(kinds, labels, strict=True)
        )

    def loaders(
        self,
        *,
        bs: int,
        seed: int,
        num_workers: int | None,
        device: str | torch.device | None,
        weighted: str | bool,
    ) -> DataLoaders:
        """Both sides batch by batch."""
        place = chosen_device(device)
        skipped: dict[str, str] = {}

        def side(positions: Sequence[int], *, training: bool) -> DataLoader:
            return DataLoader(
                inputs=tuple(given.take(positions) for given in self.inputs),
                labels=tuple(target.take(positions) for target in self.targets),
                training=training,
                bs=bs,
                seed=seed,
                num_workers=num_workers,
                batch_transforms=self.batch_transforms if training else (),
                device=place,
                skipped=skipped,
            )

        train, valid = self.split
        loaders = DataLoaders(
            train=side(train, training=True),
            valid=side(valid, training=False),
            recipe=self,
            normalize=self.normalize,
            kept_together=self.kept_together,
        )
        if weighted:
            shares = class_shares(loaders.train.labels[0])
            if weighted == "loss":
                loaders.class_weights = torch.tensor(shares, dtype=torch.float32, device=place)
            else:
                loaders.train.sampling = shares[loaders.train.targets]
        return loaders


def assemble(block: DataBlock, source: Any, *, cache: PhotoCache) -> Assembly:
    """Run the steps of a data block on a source.

    Raises:
        ConfigError: Blocks or arguments that cannot work together.
        DataError: Items or labels that cannot be learned from; the message names the first.
    """
    steps = Steps(block)
    transforms, batch_transforms, normalize = steps.transforms()
    items = steps.items(source)
    targets = steps.targets(items)
    inputs = tuple(
        Input(values, transform, names_of(values), cache)
        for values, transform in zip(steps.inputs(items), transforms, strict=True)
    )
    split, kept_together = steps.split(items, inputs, targets)
    return Assembly(
        block, items, inputs, targets, split, kept_together, batch_transforms, normalize
    )


def class_shares(target: Target) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The weight of each class: one over how frequent it is, 1 on average over the items."""
    if not isinstance(target.kind, OneOf):
        raise ConfigError(
            f"weighted needs one class for each item, and the target is {target.kind.words}.",
            hint="Leave weighted out.",
        )
    counts = np.bincount(target.values, minlength=target.kind.size)
    return len(target.values) / (np.count_nonzero(counts) * np.maximum(counts, 1))
