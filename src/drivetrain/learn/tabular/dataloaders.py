"""Both sides of a table's split, and the lesson's short ways to them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from drivetrain.data.splits.drawn import RandomSplitter
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.tabular.frames import as_frame
from drivetrain.learn.tabular.rows import RowLoader
from drivetrain.prepare.table import TablePreparation

if TYPE_CHECKING:
    from drivetrain.learn.tabular.tabular_pandas import TabularPandas


class TabularDataLoaders(DataLoaders):
    """Both sides of a table's split, and the lesson's short ways to them."""

    train: RowLoader
    valid: RowLoader
    path: Path = Path()

    @property
    def table(self) -> TabularPandas:
        """The table that they are made of."""
        made: Any = self.recipe
        return made  # type: ignore[no-any-return]

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
        from drivetrain.learn.tabular.tabular_pandas import TabularPandas

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
