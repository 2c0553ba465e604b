"""The steps of a data block: each says what went wrong in it, and with what."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from drivetrain.data.cache import WhileLooking
from drivetrain.data.items import IMAGE_SUFFIXES
from drivetrain.data.looks.duplicates import find_duplicates
from drivetrain.data.looks.look import LookIndex, look_at_all
from drivetrain.data.splits.drawn import RandomSplitter, Split, pairs_across, split_items
from drivetrain.errors import ConfigError, DataError, DrivetrainError
from drivetrain.learn.batches import BatchTransform
from drivetrain.learn.blocks import TargetBlock, named
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.targets import OneOf, TargetKind
from drivetrain.learn.transforms import ItemTransform, presized
from drivetrain.progress import Reporter

if TYPE_CHECKING:
    from drivetrain.learn.block import DataBlock

COLOURS = 3


class Steps:
    """The steps of a data block, each of which says what went wrong in it and with what."""

    def __init__(self, block: DataBlock) -> None:
        self.block = block
        made = [each() if isinstance(each, type) else each for each in as_list(block.blocks)]
        count = max(1, len(made) - 1) if block.n_inp is None else block.n_inp
        self.input_blocks, self.target_blocks = made[:count], made[count:]
        wrong = [each for each in self.input_blocks if not hasattr(each, "item_transform")]
        wrong += [each for each in self.target_blocks if not isinstance(each, TargetBlock)]
        if wrong or not self.input_blocks or not self.target_blocks:
            names = ", ".join(type(each).__name__ for each in made)
            raise ConfigError(
                f"blocks is ({names}) with {count} input{'s' if count > 1 else ''}; inputs come "
                "first, then targets, and there is at least one of each.",
                hint="Take (ImageBlock, CategoryBlock) for photos with one label each, and "
                "n_inp=2 for two photos an item.",
            )
        self.get_x = _getters("get_x", block.get_x, len(self.input_blocks))
        self.get_y = _getters("get_y", block.get_y, len(self.target_blocks))

    def items(self, source: Any) -> Sequence[Any]:
        """What ``get_items`` gives."""
        if self.block.get_items is None and _is_path(source):
            raise ConfigError(
                f"get_items is missing, so {source} is no source of items.",
                hint="Give get_items=get_image_files for a folder of photos.",
            )
        items = as_items(source if self.block.get_items is None else self._collected(source))
        if items:
            return items
        if not _is_path(source):
            raise DataError("There are no items.", hint="Give a list or a table that has some.")
        raise DataError(
            f"{source} holds no photos.",
            hint="Give a folder with one folder a class and photos in each; files count by "
            f"their suffix ({', '.join(sorted(IMAGE_SUFFIXES))}).",
        )

    def _collected(self, source: Any) -> Any:
        assert self.block.get_items is not None
        try:
            items = self.block.get_items(source)
        except DrivetrainError:
            raise
        except Exception as problem:  # it is the user's own
            raise DataError(
                f"get_items failed on {named(source)}: {type(problem).__name__}: {problem}",
                hint="It takes the source and returns a list of items.",
            ) from problem
        if items is None:
            raise DataError(
                f"get_items returned None for {named(source)}.",
                hint="It takes the source and returns a list of items.",
            )
        return items

    def inputs(self, items: Sequence[Any]) -> list[list[Any]]:
        """What is read for each item, a list for each input."""
        columns = []
        for getter, block in zip(self.get_x, self.input_blocks, strict=True):
            values = list(items) if getter is None else _each("get_x", getter, items)
            for value, item in zip(values, items, strict=True):
                block.check(value, item)
            _check_some_exist(values)
            columns.append(values)
        return columns

    def labels(self, items: Sequence[Any]) -> list[list[Any]]:
        """What ``get_y`` gives for each item, a list for each target."""
        if None in self.get_y:
            raise ConfigError(
                "get_y is missing, so the items have no labels.",
                hint="Give get_y=parent_label when each class has a folder of its own.",
            )
        return [_each("get_y", getter, items) for getter in self.get_y if getter is not None]

    def targets(self, items: Sequence[Any]) -> tuple[Target, ...]:
        """The labels as numbers."""
        columns = []
        for block, labels in zip(self.target_blocks, self.labels(items), strict=True):
            kind: TargetKind = block.fit(labels, items)
            columns.append(Target(kind.encode(labels), kind))
        return tuple(columns)

    def split(
        self, items: Sequence[Any], inputs: Sequence[Input], targets: Sequence[Target]
    ) -> tuple[Split, int]:
        """The positions of both sides, and the near-duplicates that were kept together."""
        splitter = self.block.splitter or RandomSplitter()
        if isinstance(splitter, type):
            raise ConfigError(
                f"splitter is the class {splitter.__name__}, and one made of it is needed.",
                hint=f"Write {splitter.__name__}(...), with the parentheses.",
            )
        labels = [targets[0].kind.describe(value) for value in targets[0].values]
        plain = split_items(splitter, items, labels=labels)
        split, kept = plain, 0
        if self.block.keep_duplicates_together and hasattr(splitter, "draw"):
            pairs, together = near_duplicates(inputs[0], plain)
            if pairs:
                split = split_items(splitter, items, together=together, labels=labels)
                kept = pairs_across(plain, pairs) - pairs_across(split, pairs)
        _check_split(split, targets)
        return split, kept

    def transforms(self) -> tuple[list[ItemTransform], list[BatchTransform], Normalize | None]:
        """The item transform of each input, the batch transforms, and what normalises."""
        given = as_list(self.block.batch_tfms)
        for each in given:
            if not callable(each) and not isinstance(each, Normalize):
                raise ConfigError(
                    f"batch_tfms holds {each!r}, which cannot be called.",
                    hint="Give aug_transforms(), or functions of a batch and a torch.Generator.",
                )
        normalize = [each for each in given if isinstance(each, Normalize)]
        for each in normalize:
            each.statistics_for((0.0,) * COLOURS, (1.0,) * COLOURS)  # refuses other lengths
        batch = [each for each in given if not isinstance(each, Normalize)]
        sizes = [size for each in batch if (size := getattr(each, "size", None))]
        items = [block.item_transform(self.block.item_tfms) for block in self.input_blocks]
        items = [presized(each, sizes[-1]) if sizes else each for each in items]
        return items, batch, normalize[-1] if normalize else None


def near_duplicates(given: Input, expected: Split) -> tuple[list[tuple[int, int]], list[int]]:
    """The pairs of items that show the same picture in an input, and what hangs together.

    The photos are looked at once, and remembered by their content. What is decoded for that is
    kept as the side needs it that the item is expected on.
    """
    photos, cache, validating = given.items, given.cache, set(expected[1])
    to_train = WhileLooking(cache, given.transform.base)
    to_validate = WhileLooking(cache, given.transform.preparation)
    keepers = [to_validate if place in validating else to_train for place in range(len(photos))]
    with ExitStack() as stack:
        index = None if cache.folder is None else stack.enter_context(LookIndex())
        looks = look_at_all(photos, index=index, keepers=keepers)
        found = find_duplicates(Reporter().track(looks, "look at photos", total=len(photos)))
    return [(pair.first, pair.second) for pair in found.pairs], found.groups()


def as_items(source: Any) -> Sequence[Any]:
    """A source as a list of items: the rows of a table, or what there is to go through."""
    if hasattr(source, "iterrows"):  # pandas
        return [row for _, row in source.iterrows()]
    if hasattr(source, "iter_rows"):  # polars
        return list(source.iter_rows(named=True))
    if _is_path(source):
        return [source]
    try:
        return source if isinstance(source, list) else list(source)
    except TypeError:
        raise DataError(
            f"{named(source)} is a {type(source).__name__}, which holds no items.",
            hint="Give a folder with get_items=get_image_files, a list, or a table.",
        ) from None


def as_list(given: Any) -> list[Any]:
    """What was given as one or several, as a list."""
    if given is None:
        return []
    return list(given) if isinstance(given, Sequence) else [given]


def _getters(name: str, given: Any, count: int) -> list[Callable[[Any], Any] | None]:
    is_list = isinstance(given, Sequence) and not isinstance(given, str)
    getters = list(given) if is_list else [given] * count
    if len(getters) != count:
        raise ConfigError(
            f"{name} is a list of {len(getters)}, and the blocks need {count}.",
            hint=f"Give {name} one function for each of those blocks.",
        )
    for getter in getters:
        if getter is not None and not callable(getter):
            raise ConfigError(
                f"{name} is {getter!r}, and it has to be a function of an item.",
                hint="Give ColReader('column') for a table, parent_label for class folders.",
            )
    return getters


def _each(name: str, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """What the user's own function returns for each item."""
    values = []
    for item in items:
        try:
            values.append(function(item))
        except DrivetrainError:
            raise
        except Exception as problem:  # it may raise whatever it likes
            raise DataError(
                f"{name} failed on {named(item)}: {type(problem).__name__}: {problem}",
                hint="It has to return a value for every item.",
            ) from problem
        if values[-1] is None:
            raise DataError(
                f"{name} returned None for {named(item)}.",
                hint="It has to return a value for every item.",
            )
    return values


def _check_some_exist(values: Sequence[Any]) -> None:
    """Paths that are all wrong are one mistake, not many photos that cannot be read."""
    paths = [value for value in values if _is_path(value)]
    if paths and not any(os.path.exists(path) for path in paths):
        hint = "Check the path."
        if not os.path.isabs(paths[0]):
            hint += (
                " It starts at the current folder: in a table, ColReader('name', pref=folder) "
                "puts another one in front."
            )
        raise DataError(f"Not one of the files is there, such as {paths[0]}.", hint=hint)


def _check_split(split: Split, targets: Sequence[Target]) -> None:
    train, valid = split
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
    for target in targets:
        if isinstance(target.kind, OneOf):
            trained = Counter(target.values[list(train)].tolist())
            unseen = [name for place, name in enumerate(target.kind.vocab) if not trained[place]]
            if unseen:
                raise DataError(
                    f"Training would never see {', '.join(unseen)}: all of it is in validation, "
                    "or there is none.",
                    hint="Add photos of it, give TrainTestSplitter(), or leave the class out.",
                )


def _is_path(source: object) -> bool:
    return isinstance(source, str | os.PathLike)
