"""Which items train and which validate, and the splitters that draw at random.

A splitter takes the items and returns the positions of both sides. Its seed alone decides, on
every system and with any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from drivetrain.data.rows import is_missing
from drivetrain.data.splits.drawing import (
    check_enough,
    check_seed,
    check_share,
    components,
    count_of_share,
    draw,
)
from drivetrain.errors import DataError, DrivetrainError

Split = tuple[list[int], list[int]]
"""The positions that train and the positions that validate."""

Splitter = Callable[[Sequence[Any]], Split]


def split_items(
    splitter: Splitter,
    items: Sequence[Any],
    *,
    together: Sequence[int] | None = None,
    labels: Sequence[Any] | None = None,
) -> Split:
    """Split by any splitter; one that draws at random keeps together what belongs together.

    Example:
        >>> split_items(RandomSplitter(0.5), "abcd", together=[0, 0, 1, 1])
        ([0, 1], [2, 3])

    Arguments:
        splitter: From the items to the positions of both sides. Has it a method ``draw``, that
            one is called with ``together`` and ``labels`` too.
        items: The items.
        together: For each item a number; those with the same number land on one side.
        labels: For each item its label, for splitters that give each class its share.

    Raises:
        DataError: The splitter fails, or returns something else than positions of the items.
    """
    draws = getattr(splitter, "draw", None)
    try:
        split = draws(items, together=together, labels=labels) if draws else splitter(items)
    except DrivetrainError:
        raise
    except Exception as problem:  # a splitter of the user's own may raise whatever it likes
        raise DataError(
            f"The splitter failed: {type(problem).__name__}: {problem}",
            hint="It is called with all items and returns two lists of positions.",
        ) from problem
    try:
        train, valid = ([index(position) for position in side] for side in split)
    except (TypeError, ValueError) as problem:
        raise DataError(
            "The splitter returned something else than two lists of positions.",
            hint="The first names the items that train, the second those that validate.",
        ) from problem
    for position in (*train, *valid):
        if not 0 <= position < len(items):
            raise DataError(
                f"The splitter returned position {position}, and there are {len(items)} items.",
                hint="Positions count from 0.",
            )
    return train, valid


def pairs_across(split: Split, pairs: Iterable[tuple[int, int]]) -> int:
    """How many pairs have one item that trains and one that validates.

    Example:
        >>> pairs_across(([0, 1], [2, 3]), [(0, 1), (1, 2), (3, 0)])
        2
    """
    train, valid = map(set, split)
    return sum(
        (first in train and second in valid) or (first in valid and second in train)
        for first, second in pairs
    )


@dataclass(frozen=True)
class RandomSplitter:
    """Validate on a random share of the items.

    Believe its score only when the items are independent of each other; where neighbours are
    alike (frames of one video, cells of one panel), see :class:`BlockSplitter`.

    Example:
        >>> train, valid = RandomSplitter(valid_pct=0.2, seed=42)(range(10))
        >>> len(train), len(valid)
        (8, 2)

    Arguments:
        valid_pct: The share that validates, between 0 and 1.
        seed: The number that decides which.

    Raises:
        ConfigError: ``valid_pct`` is not between 0 and 1.
        DataError: There are too few items for two sides.
    """

    valid_pct: float = 0.2
    seed: int | None = 42

    def __post_init__(self) -> None:
        check_share(self.valid_pct)
        check_seed(self.seed)

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        return self.draw(items)

    def draw(
        self,
        items: Sequence[Any],
        *,
        together: Sequence[int] | None = None,
        labels: Sequence[Any] | None = None,  # noqa: ARG002
    ) -> Split:
        """The same; items with one number in ``together`` land on one side."""
        wanted = count_of_share(len(items), self.valid_pct)
        order = np.random.default_rng(self.seed).permutation(len(items)).tolist()
        if together is None:
            return sorted(order[wanted:]), sorted(order[:wanted])
        component = components(len(items), together)
        return sides(len(items), draw(order, component, [(0,)] * len(items), wanted))


@dataclass(frozen=True)
class GroupSplitter:
    """Validate on whole groups: patients, cameras, days that training never sees.

    Example:
        >>> visits = ["ann 1", "ann 2", "bob 1", "bob 2", "cy 1", "cy 2"]
        >>> GroupSplitter(lambda visit: visit.split()[0], valid_pct=0.3)(visits)
        ([0, 1, 2, 3], [4, 5])

    Arguments:
        by: From an item to the key of its group.
        valid_pct: The share of the items that validates, between 0 and 1; groups are not cut, so
            that it is met roughly.
        seed: The number that decides which groups. The order of the items does not matter.

    Raises:
        ConfigError: ``valid_pct`` is not between 0 and 1.
        DataError: An item has no key, or all are of one group.
    """

    by: Callable[[Any], Hashable]
    valid_pct: float = 0.2
    seed: int | None = 42

    def __post_init__(self) -> None:
        check_share(self.valid_pct)
        check_seed(self.seed)

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        return self.draw(items)

    def draw(
        self,
        items: Sequence[Any],
        *,
        together: Sequence[int] | None = None,
        labels: Sequence[Any] | None = None,  # noqa: ARG002
    ) -> Split:
        """The same; groups with items of one number in ``together`` land on one side."""
        check_enough(len(items))
        keys = [self._key(item) for item in items]
        if len(set(keys)) == 1:
            raise DataError(
                f"All {len(items)} items are of one group ({keys[0]!r}), and two are needed.",
                hint="Let by=... return what tells groups apart, such as the patient's number.",
            )
        component = components(len(items), keys, together)
        members: dict[int, list[int]] = {}
        for position in sorted(range(len(items)), key=keys.__getitem__):
            members.setdefault(component[position], []).append(position)
        groups = list(members.values())
        walk = np.random.default_rng(self.seed).permutation(len(groups)).tolist()
        order = [position for which in walk for position in groups[which]]
        wanted = count_of_share(len(items), self.valid_pct)
        return sides(len(items), draw(order, component, [(0,)] * len(items), wanted))

    def _key(self, item: Any) -> str:
        try:
            key = self.by(item)
        except DrivetrainError:
            raise
        except Exception as problem:  # it may raise whatever it likes
            raise DataError(
                f"GroupSplitter's by failed on {item}: {type(problem).__name__}: {problem}",
                hint="It has to return the key of a group for every item.",
            ) from problem
        if is_missing(key):
            raise DataError(
                f"GroupSplitter's by returned {key} for {item}.",
                hint="Every item needs a group; give one of its own to an item that stands alone.",
            )
        return str(key)


def sides(count: int, valid: set[int]) -> Split:
    """The sorted positions of both sides, from those that validate."""
    return [position for position in range(count) if position not in valid], sorted(valid)
