"""The data block: what the items are, how they are labelled, split and prepared."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from drivetrain.data.cache import PhotoCache
from drivetrain.data.splits.drawn import Splitter
from drivetrain.errors import ConfigError
from drivetrain.learn.assembly import Assembly, assemble
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.datasets import Datasets
from drivetrain.learn.loaders import DataLoaders, check_settings

if TYPE_CHECKING:
    from drivetrain.data.report.ingest import IngestReport

Getter = Callable[[Any], Any]


@dataclass(frozen=True)
class DataBlock:
    """A recipe from a source to :class:`DataLoaders`, as in the lesson.

    Example:
        >>> from drivetrain import get_image_files, parent_label, RandomSplitter, Resize
        >>> bears = DataBlock(
        ...     blocks=(ImageBlock, CategoryBlock),
        ...     get_items=get_image_files,
        ...     splitter=RandomSplitter(valid_pct=0.2, seed=42),
        ...     get_y=parent_label,
        ...     item_tfms=Resize(128),
        ... )
        >>> bears.new(item_tfms=Resize(224)).item_tfms.preparation.size
        (224, 224)

    Arguments:
        blocks: The inputs' blocks and then the targets', as classes or made with arguments.
        n_inp: How many of the blocks are inputs; all but the last when left out.
        get_items: From the source to its items; left out, the source is the items, and the rows
            of a table are.
        splitter: From the items to the positions that train and that validate.
        get_y: From an item to its label; with several targets, a list with one for each. It
            never leaves training: a lambda is fine.
        get_x: From an item to what is read: a path, bytes, a picture or an array; with several
            inputs, a list with one for each.
        item_tfms: ``Resize(...)`` or ``RandomResizedCrop(...)``; ``Resize(224)`` when left out.
        batch_tfms: Augmentation on whole batches, such as ``aug_transforms()``.
        keep_duplicates_together: Whether near-duplicates, of the first input, are found and kept
            on one side when the splitter draws at random.

    Raises:
        ConfigError: Blocks or arguments that cannot work together.
    """

    blocks: Sequence[Any] = (ImageBlock, CategoryBlock)
    n_inp: int | None = None
    get_items: Callable[[Any], Sequence[Any]] | None = None
    splitter: Splitter | None = None
    get_y: Getter | Sequence[Getter] | None = None
    get_x: Getter | Sequence[Getter] | None = None
    item_tfms: Any = None
    batch_tfms: Any = None
    keep_duplicates_together: bool = True

    def new(self, item_tfms: Any = None, batch_tfms: Any = None) -> DataBlock:
        """The same recipe with other transforms; what is left out stays."""
        return replace(
            self,
            item_tfms=self.item_tfms if item_tfms is None else item_tfms,
            batch_tfms=self.batch_tfms if batch_tfms is None else batch_tfms,
        )

    def dataloaders(
        self,
        source: Any,
        bs: int | np.integer[Any] = 64,
        *,
        seed: int = 42,
        num_workers: int | None = None,
        device: str | torch.device | None = None,
        weighted: Literal["sampling", "loss"] | bool = False,
        cache: bool = True,
    ) -> DataLoaders:
        """Collect, label and split the items of a source.

        Arguments:
            source: What ``get_items`` takes: most often a folder, or a table.
            bs: Items a batch.
            seed: What the order of training and its augmentation follow from.
            num_workers: Threads that read; by default one a core.
            device: Where the batches go; by default the fastest device at hand.
            weighted: Makes rare classes count as much as frequent ones: ``"sampling"`` (or
                True) draws them more often, ``"loss"`` weighs their errors more.
            cache: Whether decoded photos are kept on the disk for the next epoch and run.

        Raises:
            ConfigError: ``bs`` is below 2, or blocks or transforms that cannot work.
            DataError: No items, labels that are none, one class only, or a class that training
                never sees.
        """
        check_settings(bs=bs, num_workers=num_workers)
        check_weighted(weighted)
        return self._assemble(source, cache=cache).loaders(
            bs=int(bs), seed=seed, num_workers=num_workers, device=device, weighted=weighted
        )

    def datasets(self, source: Any) -> Datasets:
        """Both sides of the split item by item, as they are before any transform."""
        return Datasets.of(self._assemble(source, cache=False))

    def summary(self, source: Any, bs: int = 4) -> None:
        """Print what happens to one item at every step, and where it would fail.

        The steps are those of :meth:`dataloaders`, run on the whole source: what passes here
        passes there.
        """
        from drivetrain.learn.summary import summarize

        print(summarize(self, source, bs=bs))  # noqa: T201

    def check(
        self,
        source: Any,
        *,
        html: str | os.PathLike[str] | None = None,
        split_test: bool = True,
    ) -> IngestReport:
        """Look at every item before training, print what is wrong, and return it.

        Arguments:
            source: As for :meth:`dataloaders`.
            html: Where to write a page with the pictures.
            split_test: Whether to test if a random split flatters, on what a frozen network sees.

        Raises:
            DataError: Items or labels that cannot be learned from.
        """
        from drivetrain.learn.checking import check_block

        return check_block(self, source, html=html, split_test=split_test)

    def _assemble(self, source: Any, *, cache: bool) -> Assembly:
        return assemble(self, source, cache=PhotoCache.default() if cache else PhotoCache(None))


def check_weighted(weighted: object) -> None:
    """Refuse a way of weighing classes that there is not.

    Raises:
        ConfigError: It is none.
    """
    if weighted not in (True, False, "sampling", "loss"):
        raise ConfigError(
            f"weighted is {weighted!r}, and it is 'sampling', 'loss', True or False.",
            hint="'sampling' draws rare classes more often, 'loss' weighs their errors more.",
        )
