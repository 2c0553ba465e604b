"""Rows in memory: an input whose batches are slices of one tensor."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.batches import Batch, epoch_order
from drivetrain.learn.columns import Target
from drivetrain.learn.loaders import DataLoader
from drivetrain.prepare.table import RowArrays, TablePreparation

AT_ONCE = 65_536
"""Rows that are brought into an epoch's order together."""


class Rows(Sequence[dict[str, Any]]):
    """The rows of a data frame, each a dictionary.

    Example:
        >>> Rows(pd.DataFrame({"city": ["Bern", "Chur"]}))[1]
        {'city': 'Chur'}
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, position: Any) -> Any:
        if isinstance(position, slice):
            return Rows(self.frame.iloc[position])
        row = self.frame.iloc[position : position + 1 if position != -1 else None]
        return {str(name): row[name].iloc[0] for name in row.columns}


@dataclass(frozen=True)
class AsTable:
    """How a row becomes an array: as its preparation does, and training varies nothing of it."""

    varies: ClassVar[bool] = False
    preparation: TablePreparation


@dataclass(frozen=True, eq=False)
class RowInput:
    """Rows as the input of a model.

    Arguments:
        frame: The rows as they were given.
        arrays: The same prepared, float32 [N, F].
        transform: How they were prepared.
    """

    frame: pd.DataFrame
    arrays: Tensor
    transform: AsTable

    @classmethod
    def of(cls, frame: pd.DataFrame, preparation: TablePreparation) -> RowInput:
        """Prepare the rows of a data frame.

        Raises:
            DataError: A row cannot be prepared; the message names it.
        """
        parts: list[RowArrays] = []
        before = 0
        for group in preparation.groups(frame):
            for place, problem in sorted(group.problems.items()):
                row = frame.index[before + place]
                raise DataError(f"Row {row}: {problem.message}", hint=problem.hint)
            parts.append(group.arrays)
            before += group.count
        arrays = np.concatenate(parts) if parts else np.empty((0, *preparation.array_shape))
        return cls(frame, torch.from_numpy(arrays.astype(np.float32)), AsTable(preparation))

    @property
    def items(self) -> Rows:
        """The rows as dictionaries."""
        return Rows(self.frame)

    @cached_property
    def names(self) -> Sequence[str]:
        """What the rows are called in messages."""
        return [f"row {name}" for name in self.frame.index]

    def shape(self, *, training: bool) -> tuple[int, ...]:  # noqa: ARG002
        """The shape of one prepared row."""
        return tuple(self.arrays.shape[1:])

    def to_model(self, arrays: Tensor) -> Tensor:
        """Prepared rows as a model takes them: as they are."""
        return arrays

    def from_model(self, x: Tensor) -> RowArrays:
        """What :meth:`to_model` was given."""
        return x.cpu().numpy()

    @property
    def identity(self) -> bytes:
        """What tells these rows from others: all that is learned from."""
        return hashlib.sha256(self.arrays.numpy().tobytes()).digest()

    def as_prepared_by(self, other: RowInput) -> RowInput:  # noqa: ARG002
        """The same: training prepares rows as validation does."""
        return self

    def content(self, position: int) -> str:
        """What changes with the content of a row: a hash in hexadecimal."""
        return f"{self._hashes[position]:016x}"

    @cached_property
    def _hashes(self) -> Any:
        names = [column.name for column in self.transform.preparation.columns]
        words = self.frame[names].astype(str)
        return pd.util.hash_pandas_object(words, index=False).to_numpy()

    def take(self, positions: Sequence[int]) -> RowInput:
        """Some of the rows."""
        places = list(positions)
        return replace(self, frame=self.frame.iloc[places], arrays=self.arrays[places])


@dataclass
class RowLoader(DataLoader):
    """One side of a split of a table, batch by batch: slices of what is in memory."""

    inputs: tuple[RowInput, ...]  # type: ignore[assignment]

    def batches(
        self, epoch: int = 0, *, keep_lone: bool = False, each_once: bool = False
    ) -> Iterator[Batch]:
        """The batches of one epoch; see :meth:`DataLoader.batches`."""
        arrays = self.inputs[0].arrays
        if not len(arrays):
            raise DataError("There are no rows.", hint="Give a table that has some.")
        labels = [torch.from_numpy(label.values) for label in self.labels]
        order = self._rows_of(epoch, each_once=each_once)
        count = len(arrays)
        drop_lone = self.training and not keep_lone and self.bs > 1 and count > 1
        whole = AT_ONCE // self.bs * self.bs or self.bs
        for first in range(0, count, whole):
            part: Any = slice(first, first + whole)
            if order is not None:
                part = torch.tensor(order[part])
            x, ys = arrays[part], [label[part] for label in labels]
            x, ys = x.to(self.device), [y.to(self.device) for y in ys]
            for start in range(0, len(x), self.bs):
                end = min(start + self.bs, len(x))
                if drop_lone and end - start == 1:
                    continue
                places = slice(first + start, first + end)
                positions = (
                    list(range(places.start, places.stop)) if order is None else order[places]
                )
                yield Batch((x[start:end],), tuple(y[start:end] for y in ys), positions)

    def show_batch(self, max_n: int = 10, **_: Any) -> pd.DataFrame:  # type: ignore[override]
        """Some rows with their targets, as a table.

        Arguments:
            max_n: How many.
        """
        order = self._rows_of(0, each_once=True)
        places = list(range(len(self.items))) if order is None else order
        return decoded(self, places[:max_n])

    def _rows_of(self, epoch: int, *, each_once: bool) -> list[int] | None:
        if not self.training:
            return None
        sampling = None if each_once else self.sampling
        return epoch_order(len(self.items), self.seed, epoch, sampling)


def decoded(loader: DataLoader, positions: Sequence[int]) -> pd.DataFrame:
    """Some rows of a loader with their targets in words, as a data frame."""
    given: Any = loader.inputs[0]
    names = [column.name for column in given.transform.preparation.columns]
    shown: pd.DataFrame = given.frame.iloc[list(positions)][names].copy()
    for label in loader.labels:
        told = [label.kind.describe(label.values[place]) for place in positions]
        shown[target_name(label)] = told
    return shown


def target_name(label: Target) -> str:
    """What a target's column is called."""
    return getattr(label, "name", "") or "target"


def check_rows(bs: Any) -> None:
    """Refuse a batch size that cannot be."""
    if not isinstance(bs, int | np.integer) or bs < 2:
        raise ConfigError(f"bs is {bs!r}, and it is a whole number of at least two rows a batch.")
