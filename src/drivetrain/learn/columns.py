"""The columns of a data set: each input and each target, for every item of a side."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.data.cache import PhotoCache, Prepares
from drivetrain.errors import DataError, DrivetrainError
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
            DataError: The transform failed, or made something else than it promised.
        """
        pixels = self.pixels(position, random)
        shape = (*into.shape[1:], 3)
        is_array = isinstance(pixels, np.ndarray)
        if not is_array or pixels.dtype != np.uint8 or pixels.shape != shape:
            found = f"{pixels.dtype} {pixels.shape}" if is_array else f"a {type(pixels).__name__}"
            raise DataError(
                f"The item transform made {found} of {self.names[position]}, and every item of a "
                f"batch is uint8 {shape}.",
                hint="Bring every photo to one size, with Resize or RandomResizedCrop.",
            )
        np.divide(np.ascontiguousarray(pixels.transpose(2, 0, 1)), FULL, out=into)

    def pixels(self, position: int, random: np.random.Generator | None = None) -> ImageArray:
        """An item as uint8 [H, W, 3]; with random numbers, as training varies it."""
        if random is None:
            return self._prepared(position, self.transform.preparation)
        base = self.base(position)
        with self._telling(position):
            return self.transform.vary(base, random)

    def base(self, position: int) -> ImageArray:
        """What training varies of an item."""
        return self._prepared(position, self.transform.base)

    def _prepared(self, position: int, preparation: Prepares) -> ImageArray:
        with self._telling(position):
            return self.cache.read(self.items[position], preparation)

    @contextmanager
    def _telling(self, position: int) -> Iterator[None]:
        """Transforms may be the user's own, and raise anything."""
        try:
            yield
        except (DrivetrainError, MemoryError):
            raise
        except Exception as problem:
            raise DataError(
                f"The item transform {type(self.transform).__name__} failed on "
                f"{self.names[position]}: {type(problem).__name__}: {problem}",
                hint="vary takes uint8 [H, W, 3] and a numpy Generator, and returns uint8 "
                "[H, W, 3] at the transform's size.",
            ) from problem

    def to_model(self, arrays: Tensor) -> Tensor:
        """Prepared photos uint8 [N, H, W, 3] as float32 [N, 3, H, W] in 0..1."""
        return arrays.permute(0, 3, 1, 2).float().div(255)

    def from_model(self, x: Tensor) -> NDArray[Any]:
        """What :meth:`to_model` was given."""
        pixels = (x.cpu() * 255).round().byte().permute(0, 2, 3, 1)
        return np.ascontiguousarray(pixels.numpy())

    @property
    def identity(self) -> bytes:
        """What tells these items from others: their names."""
        return repr(list(self.names)).encode()

    def as_prepared_by(self, other: Input) -> Input:
        """The same items, prepared as those of another side."""
        return replace(other, items=self.items, names=self.names)

    def content(self, position: int) -> str:
        """What changes with the content of an item: a hash in hexadecimal."""
        item = self.items[position]
        if isinstance(item, str | os.PathLike | bytes):
            return str(self.cache.content(item))
        pixels = np.ascontiguousarray(item)
        head = f"{pixels.shape} {pixels.dtype}".encode()
        return hashlib.sha256(head + pixels.tobytes()).hexdigest()

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
