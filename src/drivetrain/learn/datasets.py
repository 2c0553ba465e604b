"""Both sides of a split item by item, before any transform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

from drivetrain.learn.columns import Input, Target
from drivetrain.prepare.image import ImagePreparation, rgb, upright_photo
from drivetrain.schema import Vocab

if TYPE_CHECKING:
    from drivetrain.learn.assembly import Assembly


@dataclass(frozen=True)
class Dataset(Sequence[Any]):
    """One side of a split: each item is its inputs and then its targets.

    Photos come as Pillow images, upright and in RGB at their own size; targets as tensors.

    Arguments:
        inputs: The columns that are read.
        targets: The columns that are asked for.
    """

    inputs: tuple[Input, ...]
    targets: tuple[Target, ...]

    def __len__(self) -> int:
        """The number of items."""
        return len(self.inputs[0].items)

    def __getitem__(self, position: Any) -> tuple[Any, ...]:
        """The inputs and the targets of one item.

        Raises:
            InputError: It cannot be read.
        """
        place = range(len(self))[position]
        photos = [_whole(given.items[place]) for given in self.inputs]
        return (*photos, *(torch.as_tensor(target.values[place]) for target in self.targets))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (self[position] for position in range(len(self)))

    @property
    def items(self) -> Sequence[Any]:
        """What is read as the first input."""
        return self.inputs[0].items

    @property
    def vocab(self) -> Vocab | None:
        """The classes of the first target, when there are any."""
        return self.targets[0].kind.vocab


@dataclass(frozen=True)
class Datasets:
    """Both sides of a split: ``train`` and ``valid``."""

    train: Dataset
    valid: Dataset

    @classmethod
    def of(cls, assembly: Assembly) -> Datasets:
        """The sides of labelled and split columns."""

        def side(positions: Sequence[int]) -> Dataset:
            return Dataset(
                tuple(given.take(positions) for given in assembly.inputs),
                tuple(target.take(positions) for target in assembly.targets),
            )

        return cls(side(assembly.split[0]), side(assembly.split[1]))

    @property
    def vocab(self) -> Vocab | None:
        """The classes of the first target, when there are any."""
        return self.train.vocab


def _whole(source: Any) -> Image.Image:
    fields = ImagePreparation.model_fields
    pixels = upright_photo(
        source,
        rgb,
        enough=lambda width, height: (width, height),
        max_pixels=fields["max_pixels"].default,
        min_side=fields["min_side"].default,
    )
    return Image.fromarray(pixels)
