"""Blocks: what the inputs and the targets of a data block are."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from drivetrain.data.rows import is_missing
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.targets import AnyOf, Numbers, OneOf, TargetKind
from drivetrain.learn.transforms import ItemTransform, as_item_transform
from drivetrain.schema import Vocab


class ImageBlock:
    """Photos as an input of a model."""

    def item_transform(self, given: object) -> ItemTransform:
        """The transform that decides how a photo becomes an array."""
        return as_item_transform(given)

    def check(self, value: object, item: object) -> None:
        """Refuse what cannot hold a photo, before anything is read."""
        if isinstance(value, str | os.PathLike | bytes | Image.Image | np.ndarray):
            return
        raise DataError(
            f"An ImageBlock reads paths, bytes, Pillow images or arrays, and for {named(item)} "
            f"get_x gives a {type(value).__name__}.",
            hint="Give get_x a function from an item to its file, such as "
            "ColReader('name', pref=folder) for a table.",
        )


class TargetBlock:
    """The base of the blocks for targets."""

    def fit(self, labels: Sequence[Any], items: Sequence[Any]) -> TargetKind:
        """What the labels of these items are; a label that cannot be one is named."""
        raise NotImplementedError


class CategoryBlock(TargetBlock):
    """One class out of several as the target of a model.

    Example:
        >>> CategoryBlock().fit(["teddy", "black"], ["1.jpg", "2.jpg"]).vocab
        Vocab('black', 'teddy')

    Arguments:
        vocab: The classes in the order that you want; by default those found, sorted.
    """

    def __init__(self, vocab: Sequence[str] | None = None) -> None:
        self.vocab = None if vocab is None else Vocab(tuple(map(str, vocab)))

    def fit(self, labels: Sequence[Any], items: Sequence[Any]) -> OneOf:
        """The vocabulary of some labels."""
        for label, item in zip(labels, items, strict=True):
            if isinstance(label, list | tuple | set):
                raise DataError(
                    f"get_y gives {label!r} for {named(item)}, and a CategoryBlock takes one "
                    "class for each item.",
                    hint="Use MultiCategoryBlock where items have several.",
                )
            _check_label(label, item)
        return OneOf(self.vocab or Vocab.of(str(label) for label in labels))


class MultiCategoryBlock(TargetBlock):
    """Any number of classes at once as the target of a model.

    Example:
        >>> kind = MultiCategoryBlock().fit([["cat", "dog"], []], ["1.jpg", "2.jpg"])
        >>> kind.encode([["dog"]]).tolist()
        [[0.0, 1.0]]

    Arguments:
        encoded: Whether the labels are rows of zeros and ones already; needs ``vocab``.
        vocab: The classes in the order that you want; by default those found, sorted.
    """

    def __init__(self, encoded: bool = False, vocab: Sequence[str] | None = None) -> None:
        if encoded and vocab is None:
            raise ConfigError(
                "MultiCategoryBlock(encoded=True) has no vocab.",
                hint="Give vocab the names of the columns of zeros and ones.",
            )
        self.encoded = encoded
        self.vocab = None if vocab is None else Vocab(tuple(map(str, vocab)))

    def fit(self, labels: Sequence[Any], items: Sequence[Any]) -> TargetKind:
        """The vocabulary of some lists of labels."""
        if self.encoded:
            assert self.vocab is not None
            return _Encoded(self.vocab)
        for several, item in zip(labels, items, strict=True):
            if isinstance(several, str) or not isinstance(several, Sequence | set | np.ndarray):
                raise DataError(
                    f"get_y gives {several!r} for {named(item)}, and a MultiCategoryBlock takes "
                    "a list of classes for each item.",
                    hint="Return a list, with ColReader('labels', label_delim=' ') from a table.",
                )
            for label in several:
                _check_label(label, item)
        return AnyOf(self.vocab or Vocab.of(str(label) for several in labels for label in several))


class RegressionBlock(TargetBlock):
    """Numbers as the target of a model.

    Example:
        >>> RegressionBlock().fit([1.5, 2], ["1.jpg", "2.jpg"]).size
        1

    Arguments:
        n_out: How many numbers an item has; by default as many as the first one.
    """

    def __init__(self, n_out: int | None = None) -> None:
        self.n_out = n_out

    def fit(self, labels: Sequence[Any], items: Sequence[Any]) -> Numbers:
        """How many numbers an item has."""
        size = self.n_out or len(_numbers(labels[0]) or [0.0])
        for label, item in zip(labels, items, strict=True):
            numbers = _numbers(label)
            if numbers is None or len(numbers) != size or not all(map(math.isfinite, numbers)):
                raise DataError(
                    f"get_y gives {label!r} for {named(item)}, and a RegressionBlock takes "
                    f"{size} finite number{'s' if size > 1 else ''} for each item.",
                    hint="Mend it, or leave the item out.",
                )
        return Numbers(size)


class _Encoded(AnyOf):
    """Several classes whose labels are zeros and ones already."""

    def encode(self, labels: Sequence[Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        values = np.array([np.ravel(label) for label in labels], np.float32)
        if values.shape != (len(labels), len(self.vocab)) or not np.isin(values, (0, 1)).all():
            raise DataError(
                f"The encoded labels are of the shape {values.shape[1:]}, and each item takes "
                f"{len(self.vocab)} zeros and ones.",
                hint="Give one for each class of the vocab.",
            )
        return values


def _check_label(label: Any, item: object) -> None:
    """A missing value and a name that is no text are no classes."""
    if is_missing(label):
        raise DataError(
            f"get_y gives no label for {named(item)}.",
            hint="Fill it in, or leave the item out.",
        )
    try:
        str(label).encode()
    except UnicodeEncodeError:
        raise DataError(
            f"The label {str(label)!r} holds characters that are no text.",
            hint="Rename its folder, or give another get_y.",
        ) from None


def _numbers(label: Any) -> list[float] | None:
    try:
        return [float(number) for number in np.ravel(label)]
    except (TypeError, ValueError):
        return None


def named(item: object) -> str:
    """What a message calls an item, cut to a length that can be read.

    Example:
        >>> named("bears/1.jpg"), named(("a", 1))
        ('bears/1.jpg', "('a', 1)")
    """
    if hasattr(item, "iloc"):  # a row of a table
        return f"row {getattr(item, 'name', '')}"
    text = str(item) if isinstance(item, str | os.PathLike) else repr(item)
    text = " ".join(text.split())
    return text if len(text) <= 120 else f"{text[:117]}..."
