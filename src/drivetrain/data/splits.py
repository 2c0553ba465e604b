"""Which items train and which validate.

A splitter takes the items and returns the positions of both sides. Its seed alone decides, on
every system and with any number of workers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivetrain.errors import ConfigError, DataError

Split = tuple[list[int], list[int]]
"""The positions that train and the positions that validate."""

Splitter = Callable[[Sequence[Any]], Split]


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
        _check_share(self.valid_pct)

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        shuffled = np.random.default_rng(self.seed).permutation(len(items)).tolist()
        count = _valid_count(len(items), self.valid_pct)
        return sorted(shuffled[count:]), sorted(shuffled[:count])


@dataclass(frozen=True)
class BlockSplitter:
    """Validate on one unbroken run of the items, so that neighbours stay on one side.

    Example:
        >>> BlockSplitter(valid_pct=0.2, block=1)(range(10))
        ([0, 1, 4, 5, 6, 7, 8, 9], [2, 3])

    Arguments:
        valid_pct: The share that validates, between 0 and 1.
        block: Which of the runs of that size it is, from 0; -1 is the last.

    Raises:
        ConfigError: ``valid_pct`` is not between 0 and 1, or there is no such block.
        DataError: There are too few items for two sides.
    """

    valid_pct: float = 0.2
    block: int = -1

    def __post_init__(self) -> None:
        _check_share(self.valid_pct)

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        count = len(items)
        size = _valid_count(count, self.valid_pct)
        runs = -(-count // size)
        if not -runs <= self.block < runs:
            raise ConfigError(f"block is {self.block}, and there are {runs} blocks of {size}.")
        start = min(self.block % runs * size, count - size)
        valid = list(range(start, start + size))
        return [*range(start), *range(start + size, count)], valid


@dataclass(frozen=True)
class IndexSplitter:
    """Validate on the positions that you give.

    Example:
        >>> IndexSplitter([0, 2])(["a", "b", "c"])
        ([1], [0, 2])

    Raises:
        DataError: A position lies outside the items.
    """

    valid_idx: Iterable[int]

    def __post_init__(self) -> None:
        object.__setattr__(self, "valid_idx", tuple(map(int, self.valid_idx)))

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        chosen = set(self.valid_idx)
        outside = sorted(position for position in chosen if not 0 <= position < len(items))
        if outside:
            raise DataError(
                f"IndexSplitter was given position {outside[0]}, and there are {len(items)} items."
            )
        train = [position for position in range(len(items)) if position not in chosen]
        return train, sorted(chosen)


def _check_share(valid_pct: float) -> None:
    if not 0.0 < valid_pct < 1.0:
        raise ConfigError(
            f"valid_pct is {valid_pct}, and it has to lie between 0 and 1.",
            hint="0.2 keeps a fifth of the items for validation.",
        )


def _valid_count(items: int, valid_pct: float) -> int:
    if items < 2:
        raise DataError(
            f"{items} items cannot be split into training and validation.",
            hint="Collect more; some tens a class are a start.",
        )
    return min(items - 1, max(1, int(items * valid_pct)))
