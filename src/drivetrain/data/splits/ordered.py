"""Splits along the order of the items: neighbours stay on one side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drivetrain.data.splits.drawing import check_share, count_of_share
from drivetrain.data.splits.drawn import Split
from drivetrain.errors import ConfigError


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
        check_share(self.valid_pct)

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        count = len(items)
        size = count_of_share(count, self.valid_pct)
        runs = -(-count // size)
        if not -runs <= self.block < runs:
            raise ConfigError(
                f"block is {self.block}, and there are {runs} blocks of {size}.",
                hint=f"Give a number from {-runs} to {runs - 1}.",
            )
        start = min(self.block % runs * size, count - size)
        valid = list(range(start, start + size))
        return [*range(start), *range(start + size, count)], valid


@dataclass(frozen=True)
class EndSplitter:
    """Validate on the last items, or on the first: for items in the order of time.

    Example:
        >>> EndSplitter(valid_pct=0.2)(range(10))
        ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])

    Arguments:
        valid_pct: The share that validates, between 0 and 1.
        valid_last: Whether the last items validate rather than the first.

    Raises:
        ConfigError: ``valid_pct`` is not between 0 and 1.
        DataError: There are too few items for two sides.
    """

    valid_pct: float = 0.2
    valid_last: bool = True

    def __post_init__(self) -> None:
        check_share(self.valid_pct)

    def __call__(self, items: Sequence[Any]) -> Split:
        """The sorted positions of both sides."""
        return BlockSplitter(self.valid_pct, block=-1 if self.valid_last else 0)(items)
