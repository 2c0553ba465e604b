"""The lesson's short ways from files, tables and lists to :class:`DataLoaders`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drivetrain.data import (
    ColReader,
    ColSplitter,
    GrandparentSplitter,
    RandomSplitter,
    RegexLabeller,
    get_image_files,
    parent_label,
    using_attr,
)
from drivetrain.data.rows import column_values
from drivetrain.data.splits.drawn import Splitter
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.steps import as_items

Folder = str | os.PathLike[str]
Column = str | int

SETTINGS = ("bs", "num_workers", "device", "weighted", "cache")


class ImageDataLoaders(DataLoaders):
    """Ways to loaders for photos, each a :class:`DataBlock` that is used at once.

    Each takes ``item_tfms`` and ``batch_tfms`` as a data block does, and ``bs``,
    ``num_workers``, ``device``, ``weighted`` and ``cache`` as its ``dataloaders``. ``valid_pct``
    and ``seed`` decide a random split; ``seed`` is 42 when left out.
    """

    @classmethod
    def from_folder(
        cls,
        path: Folder,
        train: str = "train",
        valid: str = "valid",
        valid_pct: float | None = None,
        seed: int | None = None,
        vocab: Sequence[str] | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        **settings: Any,
    ) -> DataLoaders:
        """One folder a class, below folders for ``train`` and ``valid`` or split by ``valid_pct``.

        Raises:
            DataError: The folders are not there, or hold no photos.
        """
        splitter: Splitter = GrandparentSplitter(train_name=train, valid_name=valid)
        if valid_pct is not None:
            splitter = _random(valid_pct, seed)
        block = DataBlock(
            blocks=(ImageBlock, CategoryBlock(vocab=vocab)),
            get_items=get_image_files if valid_pct is not None else _files_of(train, valid),
            splitter=splitter,
            get_y=parent_label,
            item_tfms=item_tfms,
            batch_tfms=batch_tfms,
        )
        return block.dataloaders(path, **_settings(settings, seed))

    @classmethod
    def from_path_func(
        cls,
        path: Folder,
        fnames: Sequence[Folder],
        label_func: Callable[[Any], Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        **settings: Any,
    ) -> DataLoaders:
        """Files that ``label_func`` labels by their path."""
        block = DataBlock(
            blocks=(ImageBlock, CategoryBlock),
            splitter=_random(valid_pct, seed),
            get_y=label_func,
            item_tfms=item_tfms,
            batch_tfms=batch_tfms,
        )
        files = [_found(path, name) for name in fnames]
        return block.dataloaders(files, **_settings(settings, seed))

    @classmethod
    def from_name_func(
        cls,
        path: Folder,
        fnames: Sequence[Folder],
        label_func: Callable[[str], Any],
        **settings: Any,
    ) -> DataLoaders:
        """Files that ``label_func`` labels by their name."""
        return cls.from_path_func(path, fnames, using_attr(label_func, "name"), **settings)

    @classmethod
    def from_path_re(
        cls, path: Folder, fnames: Sequence[Folder], pat: str, **settings: Any
    ) -> DataLoaders:
        """Files whose label is the first group of a pattern in their path."""
        return cls.from_path_func(path, fnames, RegexLabeller(pat), **settings)

    @classmethod
    def from_name_re(
        cls, path: Folder, fnames: Sequence[Folder], pat: str, **settings: Any
    ) -> DataLoaders:
        """Files whose label is the first group of a pattern in their name.

        Example:
            >>> RegexLabeller(r"^(.*)_[0-9]+.jpg$")("great_pyrenees_173.jpg")
            'great_pyrenees'
        """
        return cls.from_name_func(path, fnames, RegexLabeller(pat), **settings)

    @classmethod
    def from_df(  # noqa: PLR0913, PLR0917
        cls,
        df: Any,
        path: Folder = ".",
        valid_pct: float = 0.2,
        seed: int | None = None,
        fn_col: Column = 0,
        folder: Folder | None = None,
        suff: str = "",
        label_col: Column | Sequence[Column] = 1,
        label_delim: str | None = None,
        y_block: Any = None,
        valid_col: Column | None = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        **settings: Any,
    ) -> DataLoaders:
        """Files and labels from the columns of a table.

        Arguments:
            df: A pandas or polars table.
            path: The folder that the file names start from.
            valid_pct: The share that validates, when there is no ``valid_col``.
            seed: What a random split follows from.
            fn_col: The column of the file names.
            folder: A folder below ``path`` that the files are in.
            suff: What is put behind each file name, such as ``.jpg``.
            label_col: The column of the labels; several for several labels or numbers.
            label_delim: What stands between labels when an item has several.
            y_block: The target's block; chosen by the labels when left out.
            valid_col: A column that is true for what validates.
            item_tfms: As in :class:`DataBlock`.
            batch_tfms: Likewise.
            settings: As in :meth:`DataBlock.dataloaders`.

        Raises:
            DataError: A column or a file that is not there, or an empty cell.
        """
        if not (hasattr(df, "iterrows") or hasattr(df, "iter_rows")):
            raise ConfigError(
                f"df is a {type(df).__name__}, and a pandas or polars table is expected.",
                hint="Use from_csv for a file, from_lists for lists.",
            )
        several = not isinstance(label_col, str | int)
        block = DataBlock(
            blocks=(ImageBlock, y_block or _target_block(df, label_col, label_delim)),
            get_x=ColReader(fn_col, pref=Path(path) / (folder or ""), suff=suff),
            get_y=ColReader(list(label_col) if several else label_col, label_delim=label_delim),  # type: ignore[arg-type]
            splitter=_random(valid_pct, seed) if valid_col is None else ColSplitter(valid_col),
            item_tfms=item_tfms,
            batch_tfms=batch_tfms,
        )
        return block.dataloaders(df, **_settings(settings, seed))

    @classmethod
    def from_csv(
        cls,
        path: Folder,
        csv_fname: str = "labels.csv",
        header: Any = "infer",
        delimiter: str | None = None,
        **settings: Any,
    ) -> DataLoaders:
        """Files and labels from a CSV file in ``path``; see :meth:`from_df`.

        Raises:
            DataError: The file is not there, or is no table.
        """
        import pandas

        file = Path(path) / csv_fname
        try:
            table = pandas.read_csv(file, header=header, delimiter=delimiter or ",")
        except FileNotFoundError:
            raise DataError(f"{file} does not exist.", hint="Check path and csv_fname.") from None
        except (ValueError, OSError) as problem:
            raise DataError(
                f"{file} cannot be read as a table: {problem}",
                hint="Check header and delimiter.",
            ) from None
        return cls.from_df(table, path=path, **settings)

    @classmethod
    def from_lists(
        cls,
        path: Folder,
        fnames: Sequence[Folder],
        labels: Sequence[Any],
        valid_pct: float = 0.2,
        seed: int | None = None,
        y_block: Any = None,
        item_tfms: Any = None,
        batch_tfms: Any = None,
        **settings: Any,
    ) -> DataLoaders:
        """Files and their labels, in the same order.

        Raises:
            ConfigError: There are not as many labels as files.
        """
        fnames, labels = list(fnames), list(labels)
        if len(fnames) != len(labels):
            raise ConfigError(
                f"There are {len(fnames)} files and {len(labels)} labels.",
                hint="Give one label for each file, in the same order.",
            )
        block = DataBlock(
            blocks=(ImageBlock, y_block or _block_for(labels)),
            get_x=lambda pair: pair[0],
            get_y=lambda pair: pair[1],
            splitter=_random(valid_pct, seed),
            item_tfms=item_tfms,
            batch_tfms=batch_tfms,
        )
        files = [_found(path, name) for name in fnames]
        return block.dataloaders(list(zip(files, labels, strict=True)), **_settings(settings, seed))


def _found(path: Folder, name: Folder) -> Path:
    """A file as it was given, or below ``path`` when it is only there."""
    file, below = Path(name), Path(path, name)
    return below if not file.exists() and below.exists() else file


def _random(valid_pct: float, seed: int | None) -> RandomSplitter:
    return RandomSplitter(valid_pct, seed=42 if seed is None else seed)


def _settings(settings: dict[str, Any], seed: int | None) -> dict[str, Any]:
    """What :meth:`DataBlock.dataloaders` takes of what was given."""
    if unknown := set(settings) - set(SETTINGS):
        raise ConfigError(
            f"There is no setting {min(unknown)!r}.",
            hint=f"Besides its own arguments, this takes {', '.join(SETTINGS)}.",
        )
    return settings if seed is None else {"seed": seed} | settings


def _files_of(*folders: str) -> Callable[[Folder], list[Path]]:
    """The photos below some folders of the source: what else lies there is left alone."""

    def collect(path: Folder) -> list[Path]:
        missing = [name for name in folders if not (Path(path) / name).is_dir()]
        if missing:
            raise DataError(
                f"{path} has no folder {missing[0]!r}.",
                hint="Name the folders with train= and valid=, or give valid_pct=0.2 for a "
                "random split of one folder a class.",
            )
        return [file for name in folders for file in get_image_files(Path(path) / name)]

    return collect


def _target_block(df: Any, label_col: Any, label_delim: str | None) -> Any:
    if label_delim is not None:
        return MultiCategoryBlock
    if isinstance(label_col, str | int):
        return _block_for(column_values(as_items(df), label_col))
    if all(
        _is_number(value) for column in label_col for value in column_values(as_items(df), column)
    ):
        return RegressionBlock(n_out=len(label_col))
    raise ConfigError(
        f"label_col names {len(label_col)} columns that do not hold numbers.",
        hint="Give y_block, such as MultiCategoryBlock(encoded=True, vocab=[...]).",
    )


def _block_for(labels: Sequence[Any]) -> Any:
    """Floats and lists of floats are numbers to predict, other lists several classes at once."""
    first = labels[0] if len(labels) else None
    if isinstance(first, list | tuple | set | np.ndarray):
        numbers = all(_is_float(number) for number in np.ravel(list(first)))
        return RegressionBlock(n_out=len(first)) if numbers and len(first) else MultiCategoryBlock
    return RegressionBlock if _is_float(first) else CategoryBlock


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _is_float(value: Any) -> bool:
    return isinstance(value, float | np.floating)
