"""The data block: what the items are, how they are labelled, split and prepared."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from drivetrain.data.items import IMAGE_SUFFIXES
from drivetrain.data.splits import RandomSplitter, Splitter
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.devices import default_device
from drivetrain.learn.loaders import BatchTransform, DataLoader, DataLoaders
from drivetrain.learn.transforms import ItemTransform, as_item_transform
from drivetrain.schema import Vocab


class ImageBlock:
    """Photos as the input of a model."""

    def item_transform(self, given: object) -> ItemTransform:
        """The transform that decides how a photo becomes an array."""
        return as_item_transform(given)


class CategoryBlock:
    """One class out of several as the target of a model.

    Arguments:
        vocab: The classes in the order that you want; by default those found, sorted.
    """

    def __init__(self, vocab: Sequence[str] | None = None) -> None:
        self.vocab = None if vocab is None else Vocab(tuple(vocab))

    def fit(self, labels: Sequence[Any]) -> Vocab:
        """The vocabulary of some labels."""
        for label in {str(label) for label in labels}:
            if not _is_unicode(label):
                raise DataError(
                    f"The label {label!r} holds characters that are no text.",
                    hint="Rename its folder, or give another get_y.",
                )
        return self.vocab or Vocab.of(str(label) for label in labels)

    def encode(self, labels: Sequence[Any], vocab: Vocab) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The positions of labels in the vocabulary, int64 [N]."""
        return np.array([vocab.index(str(label)) for label in labels], dtype=np.int64)


@dataclass(frozen=True)
class DataBlock:
    """A recipe from a source to :class:`DataLoaders`, as in the lesson.

    Example:
        >>> from drivetrain import get_image_files, parent_label, RandomSplitter, Resize
        >>> bears = DataBlock(
        ...     blocks=(ImageBlock, CategoryBlock),
        ...     get_items=get_image_files,
        ...     splitter=RandomSplitter(valid_pct=0.2, seed=42),
        ...     get_y=parent_label,
        ...     item_tfms=Resize(128),
        ... )
        >>> bears.new(item_tfms=Resize(224)).item_tfms.preparation.size
        (224, 224)

    Arguments:
        blocks: The input's block and the target's, as classes or made with arguments.
        get_items: From the source to its items; left out, the source is the items.
        splitter: From the items to the positions that train and that validate.
        get_y: From an item to its label. It never leaves training: a lambda is fine.
        get_x: From an item to what is read: a path, bytes, a picture or an array.
        item_tfms: ``Resize(...)`` or ``RandomResizedCrop(...)``; ``Resize(224)`` when left out.
        batch_tfms: Augmentation on whole batches, such as ``aug_transforms()``.

    Raises:
        ConfigError: Blocks or arguments that cannot work together.
    """

    blocks: Sequence[Any] = (ImageBlock, CategoryBlock)
    get_items: Callable[[Any], Sequence[Any]] | None = None
    splitter: Splitter | None = None
    get_y: Callable[[Any], Any] | None = None
    get_x: Callable[[Any], Any] | None = None
    item_tfms: Any = None
    batch_tfms: Any = None

    def new(self, item_tfms: Any = None, batch_tfms: Any = None) -> DataBlock:
        """The same recipe with other transforms; what is left out stays."""
        return replace(
            self,
            item_tfms=self.item_tfms if item_tfms is None else item_tfms,
            batch_tfms=self.batch_tfms if batch_tfms is None else batch_tfms,
        )

    def dataloaders(
        self,
        source: Any,
        bs: int = 64,
        *,
        seed: int = 42,
        num_workers: int | None = None,
        device: str | torch.device | None = None,
    ) -> DataLoaders:
        """Collect, label and split the items of a source.

        Arguments:
            source: What ``get_items`` takes: most often a folder.
            bs: Items a batch.
            seed: What the order of training and its augmentation follow from.
            num_workers: Threads that decode; by default one a core.
            device: Where the batches go; by default the fastest device at hand.

        Raises:
            ConfigError: ``bs`` is below 2, or blocks or transforms that cannot work.
            DataError: No items, one class only, or a class that training never sees.
        """
        if bs < 2:
            raise ConfigError(
                f"bs is {bs}, and training takes at least two items a batch.",
                hint="Give bs=8 or more; it may be more than there are items.",
            )
        input_block, target_block = self._made_blocks()
        items = self._items(source)
        labels = self._labels(items)
        vocab = target_block.fit(labels)
        targets = target_block.encode(labels, vocab)
        train, valid = (self.splitter or RandomSplitter())(items)
        _check_split(train, valid, targets, vocab)
        inputs = items if self.get_x is None else _each("get_x", self.get_x, items)
        transform = input_block.item_transform(self.item_tfms)
        batch_transforms = _as_batch_transforms(self.batch_tfms)
        skipped: dict[str, str] = {}

        def side(positions: Sequence[int], *, training: bool) -> DataLoader:
            return DataLoader(
                items=[inputs[position] for position in positions],
                targets=targets[list(positions)],
                vocab=vocab,
                item_transform=transform,
                training=training,
                bs=bs,
                seed=seed,
                num_workers=num_workers,
                batch_transforms=batch_transforms if training else (),
                device=default_device() if device is None else torch.device(device),
                skipped=skipped,
            )

        return DataLoaders(train=side(train, training=True), valid=side(valid, training=False))

    def _made_blocks(self) -> tuple[ImageBlock, CategoryBlock]:
        given = self.blocks if isinstance(self.blocks, Sequence) else [self.blocks]
        made = [block() if isinstance(block, type) else block for block in given]
        names = [type(block).__name__ for block in made]
        if names != ["ImageBlock", "CategoryBlock"]:
            raise ConfigError(
                f"blocks is ({', '.join(names)}), and this version takes (ImageBlock, "
                "CategoryBlock).",
                hint="Leave blocks out for photos with one label each.",
            )
        return made[0], made[1]

    def _items(self, source: Any) -> Sequence[Any]:
        if self.get_items is None and _is_path(source):
            raise ConfigError(
                f"get_items is missing, so {source} is no source of items.",
                hint="Give get_items=get_image_files for a folder of photos.",
            )
        items = list(self.get_items(source) if self.get_items else source)
        if items:
            return items
        raise DataError(
            f"{source} holds no photos." if _is_path(source) else "There are no items.",
            hint="Give a folder with one folder a class and photos in each; files count by "
            f"their suffix ({', '.join(sorted(IMAGE_SUFFIXES))}).",
        )

    def _labels(self, items: Sequence[Any]) -> list[Any]:
        if self.get_y is None:
            raise ConfigError(
                "get_y is missing, so the items have no labels.",
                hint="Give get_y=parent_label when each class has a folder of its own.",
            )
        return _each("get_y", self.get_y, items)


def _each(name: str, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """What the user's own function returns for each item."""
    values = []
    for item in items:
        try:
            values.append(function(item))
        except Exception as problem:  # it may raise whatever it likes
            raise DataError(
                f"{name} failed on {item}: {type(problem).__name__}: {problem}",
                hint="It has to return a value for every item.",
            ) from problem
        if values[-1] is None:
            raise DataError(
                f"{name} returned None for {item}.",
                hint="It has to return a value for every item.",
            )
    return values


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_path(source: object) -> bool:
    return isinstance(source, str | os.PathLike)


def _check_split(
    train: Sequence[int],
    valid: Sequence[int],
    targets: np.ndarray[Any, np.dtype[np.int64]],
    vocab: Vocab,
) -> None:
    if len(train) < 2 or len(valid) == 0:
        raise DataError(
            f"The split leaves {len(train)} items to train on and {len(valid)} to validate on.",
            hint="Collect more, or give another splitter; some tens a class are a start.",
        )
    if shared := set(train) & set(valid):
        raise DataError(
            f"The splitter puts {len(shared)} items on both sides, so the score would flatter.",
            hint="Give each item to one side only.",
        )
    trained = Counter(targets[list(train)].tolist())
    unseen = [name for index, name in enumerate(vocab) if not trained[index]]
    if unseen:
        raise DataError(
            f"Training would never see {', '.join(unseen)}: all of it is in validation.",
            hint="Add photos of it, give another splitter, or leave the class out.",
        )


def _as_batch_transforms(given: Any) -> list[BatchTransform]:
    if given is None:
        return []
    transforms = list(given) if isinstance(given, Sequence) else [given]
    for transform in transforms:
        if not callable(transform):
            raise ConfigError(
                f"batch_tfms holds {transform!r}, which cannot be called.",
                hint="Give aug_transforms(), or functions of a batch and a torch.Generator.",
            )
    return transforms
