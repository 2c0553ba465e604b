"""Numbers as a network reads them best: piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drivetrain.errors import ConfigError

Edges: TypeAlias = Sequence[NDArray[np.float32]]

FINEST = 1e-6
"""No piece is shorter, in spreads of its column: what lies closer together is one number."""
TINIEST = float(np.finfo(np.float32).tiny)


class NumberEmbedding(nn.Module):
    """Each number as how full each of its pieces is: piecewise-linear encoding.

    Between two edges a piece fills from 0 to 1; pieces below are full, pieces above are empty.
    Beyond the outermost edges nothing moves any more: what a network never saw it cannot have
    learned, and the slope of the last piece says nothing of what lies outside. ``beyond`` tells how
    far outside a number is.

    Gorishniy, Rubachev and Babenko, On Embeddings for Numerical Features in Tabular Deep Learning,
    2022, section 3.2; there the outermost pieces go on linearly.

    Example:
        >>> pieces = NumberEmbedding([np.array([0, 1, 3], np.float32)])
        >>> pieces(torch.tensor([[0.5], [2.0], [9.0]])).tolist()
        [[0.5, 0.0], [1.0, 0.5], [1.0, 1.0]]
        >>> pieces.beyond(torch.tensor([[0.5], [2.0], [9.0]])).tolist()
        [[0.0], [0.0], [2.0]]

    Arguments:
        edges: For each number its edges in rising order, two or more, as ``number_edges`` finds
            them.

    Raises:
        ConfigError: The edges of a number are fewer than two, not finite or do not rise.
    """

    column: Tensor
    start: Tensor
    per_unit: Tensor
    low: Tensor
    high: Tensor

    def __init__(self, edges: Edges) -> None:
        super().__init__()
        rows = [_checked(place, row) for place, row in enumerate(edges)]
        pieces = [len(row) - 1 for row in rows]
        self.size = sum(pieces)
        starts = np.concatenate([np.zeros(0, np.float32), *(row[:-1] for row in rows)])
        ends = np.concatenate([np.ones(0, np.float32), *(row[1:] for row in rows)])
        columns = torch.eye(len(rows)).repeat_interleave(_whole(pieces), dim=1)
        self.register_buffer("column", columns)
        self.register_buffer("start", torch.from_numpy(starts))
        self.register_buffer("per_unit", torch.from_numpy(1 / (ends - starts)))
        self.register_buffer("low", torch.tensor([float(row[0]) for row in rows]))
        self.register_buffer("high", torch.tensor([float(row[-1]) for row in rows]))

    def forward(self, x: Tensor) -> Tensor:
        """Float32 [N, numbers] to float32 [N, size] in 0..1."""
        return ((x @ self.column - self.start) * self.per_unit).clamp(0.0, 1.0)

    def beyond(self, x: Tensor) -> Tensor:
        """How far each number lies outside its edges, in lengths of the range between them.

        Float32 [N, numbers] to float32 [N, numbers]: 0 inside, below 0 under the lowest edge, above
        0 over the highest.
        """
        inside = torch.minimum(torch.maximum(x, self.low), self.high)
        return (x - inside) / (self.high - self.low)


def number_edges(values: NDArray[np.float32], most: int = 48) -> list[NDArray[np.float32]]:
    """Where the pieces of each number begin and end.

    A number of few different values gets an edge at each. Otherwise a value that many rows share is
    an edge of its own, and quantiles share out the remaining rows, so that a column that is mostly
    zero still has its pieces where it is not.

    Example:
        >>> number_edges(np.array([[0, 7], [1, 7], [3, 7]], np.float32))
        [array([0., 1., 3.], dtype=float32), array([ 7., 14.], dtype=float32)]

    Arguments:
        values: The numbers of training rows, float32 [N, numbers], finite.
        most: How many pieces a number may have, 1 or more.

    Raises:
        ConfigError: ``most`` is below 1, or a value is not finite.
    """
    if most < 1:
        raise ConfigError(
            f"A number was to have {most} pieces.", hint="Give most=1 or more; 48 is usual."
        )
    return [_edges(column, place, most) for place, column in enumerate(values.T)]


def _edges(column: NDArray[np.float32], place: int, most: int) -> NDArray[np.float32]:
    if not np.isfinite(column).all():
        raise ConfigError(
            f"Number {place} holds values that are not finite.",
            hint="Prepare the rows first: that fills gaps and refuses infinite values.",
        )
    different, counts = np.unique(column, return_counts=True)
    low, high = (different[0], different[-1]) if len(different) else (np.float32(0),) * 2
    if high - low < FINEST:
        return np.array([low, low + max(abs(low), 1)], np.float32)
    inner = different[1:-1]
    if len(inner) >= most:
        shared = inner[counts[1:-1] * most >= len(column)][: most - 1]
        rest = column[(column > low) & (column < high) & ~np.isin(column, shared)]
        shares = np.linspace(0, 1, most - len(shared) + 1)[1:-1]
        inner = np.unique([*shared, *np.quantile(rest, shares, method="nearest")])
    edges = [low]
    for value in inner:
        if min(value - edges[-1], high - value) >= FINEST:
            edges.append(value)
    return np.array([*edges, high], np.float32)


def _checked(place: int, row: NDArray[np.float32]) -> NDArray[np.float32]:
    row = np.asarray(row, np.float32)
    if (
        row.ndim == 1
        and len(row) > 1
        and np.isfinite(row).all()
        and (np.diff(row) >= TINIEST).all()
    ):
        return row
    raise ConfigError(
        f"The edges of number {place} were {row.tolist()}; expected two or more finite numbers, "
        "each above the one before.",
        hint="Find them with number_edges.",
    )


def _whole(numbers: Sequence[int]) -> Tensor:
    return torch.tensor(numbers, dtype=torch.int64)
