"""A random split in which every class has its share on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivetrain.data.splits.drawing import (
    Strata,
    check_enough,
    check_seed,
    check_share,
    components,
    count_of_share,
    draw,
)
from drivetrain.data.splits.drawn import Split, sides
from drivetrain.errors import ConfigError, DataError

ONE_STRATUM = (0,)
ROUNDING = 1e-9


@dataclass(frozen=True)
class TrainTestSplitter:
    """Validate on a random share of every class.

    A class of two items or more is on both sides, unless all of it belongs together; one of a
    single item trains. Labels that are measurements (floats) form no classes.

    Example:
        >>> labels = ["cat"] * 6 + ["dog"] * 4
        >>> train, valid = TrainTestSplitter(test_size=0.5, stratify=labels)(range(10))
        >>> [labels[position] for position in valid]
        ['cat', 'cat', 'cat', 'dog', 'dog']

    Arguments:
        test_size: The share that validates, between 0 and 1, or how many items; None is what
            ``train_size`` leaves.
        random_state: The number that decides which.
        stratify: True takes the labels from the data block; or the labels, one an item; None
            draws without regard to classes.
        train_size: The share that trains, or how many items; None is what ``test_size`` leaves.
            Items that neither side takes are left out.
        shuffle: False takes the last items (of each class) in place of random ones.

    Raises:
        ConfigError: Sizes that cannot be met, or labels that are missing.
        DataError: There are too few items for two sides.
    """

    test_size: float | int | None = 0.2
    random_state: int | None = 42
    stratify: bool | Sequence[Any] | None = True
    train_size: float | int | None = None
    shuffle: bool = True

    def __post_init__(self) -> None:
        check_seed(self.random_state, "random_state")
        _check_size("test_size", self.test_size)
        _check_size("train_size", self.train_size)
        if self.test_size is None and self.train_size is None:
            raise ConfigError("test_size and train_size are both None.", hint="Give test_size=0.2.")
        if self._sum_of_shares() > 1 + ROUNDING:
            raise ConfigError(
                f"train_size {self.train_size} and test_size {self.test_size} are more than all.",
                hint="Give test_size=None to validate on what train_size leaves.",
            )

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        return self.draw(items)

    def draw(
        self,
        items: Sequence[Any],
        *,
        together: Sequence[int] | None = None,
        labels: Sequence[Any] | None = None,
    ) -> Split:
        """The same; items with one number in ``together`` land on one side."""
        count = len(items)
        check_enough(count)
        valid_count, train_count = self._counts(count)
        strata = self._strata(count, labels)
        component = components(count, together)
        order = list(range(count))[::-1]
        if self.shuffle:
            order = np.random.default_rng(self.random_state).permutation(count).tolist()
        train, valid = sides(count, draw(order, component, strata, valid_count))
        if train_count is not None and len(train) > train_count:
            kept = set(train)
            rest = [position for position in order if position in kept]
            train = sorted(kept - draw(rest, component, strata, len(train) - train_count))
        return train, valid

    def _counts(self, count: int) -> tuple[int, int | None]:
        """How many items validate, and how many train when it is not all others."""
        test, train = self.test_size, self.train_size
        if train is None:
            return _count("test_size", test, count), None
        if test is None:
            return count - _count("train_size", train, count), None
        if self._sum_of_shares() > 1 - ROUNDING:
            return _count("test_size", test, count), None
        wanted = _count("test_size", test, count), _count("train_size", train, count)
        if sum(wanted) > count:
            raise ConfigError(
                f"train_size is {train} and test_size is {test}: {wanted[1]} and {wanted[0]} "
                f"items, and there are {count}.",
                hint="Give test_size=None to validate on what train_size leaves.",
            )
        return wanted

    def _sum_of_shares(self) -> float:
        sizes = (self.test_size, self.train_size)
        both = [size for size in sizes if isinstance(size, float | np.floating)]
        return float(sum(both)) if len(both) == 2 else 0.0

    def _strata(self, count: int, labels: Sequence[Any] | None) -> Strata:
        if self.stratify is None or self.stratify is False:
            return [ONE_STRATUM] * count
        given = labels if self.stratify is True else self.stratify
        if given is None:
            raise ConfigError(
                "TrainTestSplitter was given no labels to give each class its share by.",
                hint="Give stratify=labels, or stratify=None to split without regard to them.",
            )
        if len(given) != count:
            raise ConfigError(
                f"stratify holds {len(given)} labels, and there are {count} items.",
                hint="Give one label an item, in their order.",
            )
        if self.stratify is True and any(map(_is_measurement, given)):
            return [ONE_STRATUM] * count
        classes = [_classes(position, label) for position, label in enumerate(given)]
        numbers = {name: number for number, name in enumerate(sorted(set().union(*classes)), 1)}
        return [tuple(sorted(numbers[name] for name in names)) or ONE_STRATUM for names in classes]


def _check_size(name: str, size: object) -> None:
    if isinstance(size, int | np.integer) and not isinstance(size, bool) and size >= 1:
        return
    if size is not None:
        check_share(size, name)


def _count(name: str, size: float | int | None, count: int) -> int:
    if not isinstance(size, int | np.integer):
        return count_of_share(count, size or 0.0)
    if size >= count:
        raise ConfigError(
            f"{name} is {size}, and there are {count} items for both sides.",
            hint="Give fewer, or a share between 0 and 1.",
        )
    return int(size)


def _is_several(label: object) -> bool:
    return isinstance(label, list | tuple | AbstractSet | np.ndarray)


def _is_measurement(label: Any) -> bool:
    if _is_several(label):
        return any(map(_is_measurement, label)) if np.ndim(label) or len(label) else False
    return isinstance(label, float | np.floating)


def _classes(position: int, label: Any) -> set[str]:
    """The classes of one item: one, or several where its label is a list."""
    several = label if _is_several(label) else [label]
    if any(one is None for one in several):
        raise DataError(
            f"stratify holds no label for item {position}.", hint="Give one label an item."
        )
    return {str(one) for one in several}
