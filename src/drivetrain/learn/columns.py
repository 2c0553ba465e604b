"""The columns of a data set: each input and each target, for every item of a side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.cache import PhotoCache
from drivetrain.errors import DataError
from drivetrain.learn.targets import TargetKind, Values
from drivetrain.learn.transforms import ItemTransform
from drivetrain.prepare.image import ImageArray

Planes = NDArray[np.float32]
"""float32 [3, H, W] in 0..1."""

FULL = np.float32(255)


@dataclass(frozen=True)
class Input:
    """One input of a model: what is read for each item, and how it becomes an array.

    Arguments:
        items: Paths, bytes, Pillow images or arrays.
        transform: From one of them to uint8 [H, W, 3].
        names: What the items are called in messages; paths are called by their path.
        cache: Where arrays that were made once are found again.
    """

    items: Sequence[Any]
    transform: ItemTransform
    names: Sequence[str] = ()
    cache: PhotoCache = field(default_factory=lambda: PhotoCache(None))

    def __post_init__(self) -> None:
        if not self.names:
            object.__setattr__(self, "names", names_of(self.items))

    def shape(self, *, training: bool) -> tuple[int, int, int]:
        """The shape of one prepared item as the model takes it: 3, H, W."""
        size = self.transform.size if training else self.transform.preparation.size
        return (3, *size)

    def read(self, position: int, into: Planes, random: np.random.Generator | None = None) -> None:
        """Put an item into its place in a batch; with random numbers, as training varies it.

        Raises:
            InputError: The item cannot be read.
            DataError: The transform made another shape than it promised.
        """
        pixels = self.pixels(position, random)
        if pixels.shape != (*into.shape[1:], 3):
            raise DataError(
                f"The item transform made {self.names[position]} an array of the shape "
                f"{pixels.shape}, and every item of a batch has {(*into.shape[1:], 3)}.",
                hint="Bring every photo to one size, with Resize or RandomResizedCrop.",
            )
        np.divide(np.ascontiguousarray(pixels.transpose(2, 0, 1)), FULL, out=into)

    def pixels(self, position: int, random: np.random.Generator | None = None) -> ImageArray:
        """An item as uint8 [H, W, 3]; with random numbers, as training varies it."""
        item = self.items[position]
        if random is None:
            return self.cache.read(item, self.transform.preparation)
        return self.transform.vary(self.cache.read(item, self.transform.base), random)

    def take(self, positions: Sequence[int]) -> Input:
        """The same input of some of the items."""
        return replace(
            self,
            items=[self.items[position] for position in positions],
            names=[self.names[position] for position in positions],
        )


@dataclass(frozen=True)
class Target:
    """One target of a model: its kind and the encoded labels of the items.

    Arguments:
        values: Whose first axis is the items, as ``kind`` encodes them.
        kind: What the values mean.
    """

    values: Values
    kind: TargetKind

    def take(self, positions: Sequence[int]) -> Target:
        """The same target of some of the items."""
        return replace(self, values=self.values[list(positions)])


def names_of(items: Sequence[Any]) -> list[str]:
    """What messages call some items: by their path, or by their number.

    Example:
        >>> names_of(["bears/1.jpg", b"..."])
        ['bears/1.jpg', 'item 1']
    """
    return [
        os.fspath(item) if isinstance(item, str | os.PathLike) else f"item {position}"
        for position, item in enumerate(items)
    ]
