"""The targets of a table: which kind they are, and their encoded values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.blocks import CategoryBlock, MultiCategoryBlock, RegressionBlock, TargetBlock
from drivetrain.learn.targets import Numbers, TargetKind
from drivetrain.prepare.values import BadValueError, is_gap, number_of, word_of


def target_of(
    frame: pd.DataFrame, names: Sequence[str], given: Any
) -> tuple[TargetKind, np.ndarray[Any, Any]]:
    """The kind of the target and its encoded values.

    Arguments:
        frame: The rows.
        names: The columns of the targets.
        given: A block, as a class or made; None to choose one by what the columns hold.

    Raises:
        ConfigError: It is no block, or does not go with so many columns.
        DataError: A row has no label, or one that cannot be.
    """
    block = given() if isinstance(given, type) else given
    if block is None:
        are_numbers = all(
            pd.api.types.is_numeric_dtype(frame[name])
            and not pd.api.types.is_bool_dtype(frame[name])
            for name in names
        )
        block = RegressionBlock() if are_numbers else CategoryBlock()
        if not are_numbers and len(names) > 1:
            block = MultiCategoryBlock(encoded=True, vocab=list(names))
    if not isinstance(block, TargetBlock):
        raise ConfigError(
            f"y_block is {block!r}, and it is a CategoryBlock, a MultiCategoryBlock or a "
            "RegressionBlock.",
        )
    if isinstance(block, CategoryBlock) and len(names) > 1:
        raise ConfigError(
            f"A CategoryBlock takes one column, and y_names has {len(names)}.",
            hint="Give MultiCategoryBlock(encoded=True, vocab=y_names) for columns of 0 and 1.",
        )
    labels = labels_of(frame, names, block)
    kind = block.fit(labels, _Named(frame))
    if isinstance(kind, Numbers):
        kind = replace(kind, names=tuple(names))
    return kind, kind.encode(labels)


def labels_of(frame: pd.DataFrame, names: Sequence[str], kind: Any) -> list[Any]:
    """The labels of rows as a kind of target takes them: words, or lists of numbers.

    Arguments:
        frame: The rows.
        names: The columns of the targets.
        kind: The kind of the target, or its block.
    """
    if isinstance(kind, CategoryBlock) or getattr(kind, "picks_one", False):
        values = frame[names[0]].to_numpy().tolist()
        return [None if is_gap(value) else word_of(value) for value in values]
    if len(names) == 1 and frame[names[0]].dtype == object:
        return list(frame[names[0]])
    columns = [[_number(value, name) for value in frame[name].tolist()] for name in names]
    return [list(row) for row in zip(*columns, strict=True)]


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool):
        return float(value)
    try:
        return number_of(value)
    except BadValueError as problem:
        raise DataError(
            f"The target {problem.in_column(name)}.",
            hint="Predict words alone, as classes, or turn them into numbers.",
        ) from None


class _Named(Sequence[str]):
    """What messages call the rows of a data frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._index = frame.index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, position: Any) -> Any:
        return f"row {self._index[position]}"
