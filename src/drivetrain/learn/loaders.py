"""Batches of prepared items: threads decode ahead while the model works."""

from __future__ import annotations

import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from drivetrain.errors import DataError, InputError, UnreadableInputError
from drivetrain.learn.transforms import ItemTransform
from drivetrain.prepare.image import ImageArray
from drivetrain.schema import Vocab

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BatchTransform = Callable[[Tensor, torch.Generator], Tensor]
"""From float32 [N, 3, H, W] in 0..1 to the same, with the random numbers it is given."""

BATCHES_AHEAD = 2


class SkippedItemWarning(UserWarning):
    """An item could not be read; it was left out and nothing else was."""


@dataclass
class Batch:
    """Some prepared items.

    Arguments:
        x: float32 [N, 3, H, W] in 0..1, or embeddings [N, D].
        y: int64 [N], positions in the vocabulary.
        positions: Where the items stand in their loader.
    """

    x: Tensor
    y: Tensor
    positions: list[int]


@dataclass
class DataLoader:
    """One side of a split, batch by batch.

    An item that cannot be read is left out with a :class:`SkippedItemWarning`, once; it is kept
    by name in ``skipped``. The order and the augmentation of an epoch follow from ``seed`` and
    the epoch's number alone, whatever ``num_workers`` is.

    Arguments:
        items: What is read: paths, bytes, Pillow images or arrays.
        targets: int64 [N], positions in the vocabulary.
        vocab: The classes.
        item_transform: How an item becomes an array.
        training: Whether to shuffle and augment.
        bs: Items a batch.
        seed: What order and augmentation follow from.
        num_workers: Threads that decode; by default one a core.
        batch_transforms: Augmentation, applied in training only.
        device: Where the batches go.
    """

    items: Sequence[Any]
    targets: np.ndarray[Any, np.dtype[np.int64]]
    vocab: Vocab
    item_transform: ItemTransform
    training: bool
    bs: int = 64
    seed: int = 42
    num_workers: int | None = None
    batch_transforms: Sequence[BatchTransform] = ()
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    skipped: dict[str, str] = field(default_factory=dict)
    _next_epoch: int = field(default=0, repr=False)

    def __len__(self) -> int:
        """The number of batches in an epoch; in training a lone last item is left out."""
        whole, rest = divmod(len(self.items), self.bs)
        return whole + bool(rest > 1 or (rest and not (self.training and whole)))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of the next epoch as pairs of x and y."""
        epoch, self._next_epoch = self._next_epoch, self._next_epoch + 1
        return ((batch.x, batch.y) for batch in self.batches(epoch))

    def batches(self, epoch: int = 0, *, keep_lone: bool = False) -> Iterator[Batch]:
        """The batches of one epoch.

        Arguments:
            epoch: What the order and the augmentation follow from, beside the seed.
            keep_lone: Whether a training batch of one item stays. It has no batch statistics
                to train on, and is left out.

        Raises:
            DataError: Not one item could be read, or only one to train on.
        """
        drop_lone = self.training and self.bs > 1 and len(self.items) > 1 and not keep_lone
        read, given = 0, 0
        for number, arrays, positions in self._arrays(self._order(epoch), epoch):
            read += len(positions)
            if drop_lone and len(positions) == 1:
                continue
            given += len(positions)
            y = torch.from_numpy(self.targets[positions]).to(self.device)
            yield Batch(self._to_model(arrays, epoch, number), y, positions)
        if not given:
            reason = next(iter(self.skipped.values()), "There are none.")
            found = "Too few" if read else "None"
            raise DataError(f"{found} of the {len(self.items)} items could be read. {reason}")

    @property
    def readable_items(self) -> list[Any]:
        """The items without those that were left out so far."""
        return [item for item in self.items if str(item) not in self.skipped]

    @property
    def readable_targets(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """The targets of the readable items, int64 [N]."""
        kept = [str(item) not in self.skipped for item in self.items]
        targets: np.ndarray[Any, np.dtype[np.int64]] = self.targets[np.array(kept, dtype=bool)]
        return targets

    def one_batch(self) -> tuple[Tensor, Tensor]:
        """The first batch of an epoch as x and y."""
        first = next(self.batches(self._next_epoch))
        return first.x, first.y

    def show_batch(
        self,
        max_n: int = 9,
        nrows: int | None = None,
        ncols: int | None = None,
        *,
        figsize: tuple[float, float] | None = None,
        unique: bool = False,
    ) -> Figure:
        """Draw some items as the model will see them.

        Arguments:
            max_n: How many to show.
            nrows: Rows of the grid.
            ncols: Columns of the grid.
            figsize: Width and height in inches.
            unique: Show one item again and again, to see what augmentation does to it.
        """
        from drivetrain.interpret.gallery import show_pictures

        order = self._order(0)[:max_n]
        x, titles = [], []
        for epoch, position in enumerate(order):
            chosen = order[0] if unique else position
            for _, arrays, positions in self._arrays([chosen], epoch if unique else 0):
                x.append(self._to_model(arrays, epoch, 0)[0])
                titles.append(self.vocab[int(self.targets[positions[0]])])
        return show_pictures(
            [(image * 255).round().byte().permute(1, 2, 0).cpu().numpy() for image in x],
            titles,
            nrows=nrows,
            ncols=ncols,
            figsize=figsize,
        )

    def _order(self, epoch: int) -> list[int]:
        count = len(self.items)
        if not self.training:
            return list(range(count))
        order: list[int] = np.random.default_rng((self.seed, epoch)).permutation(count).tolist()
        return order

    def _arrays(
        self, order: Sequence[int], epoch: int
    ) -> Iterator[tuple[int, list[ImageArray], list[int]]]:
        """Batch number, arrays and positions: decoded ahead, in order, bad items left out."""
        groups = [order[start : start + self.bs] for start in range(0, len(order), self.bs)]
        workers = self.num_workers or os.cpu_count() or 1
        with ThreadPoolExecutor(workers, thread_name_prefix="drivetrain-decode") as pool:
            todo = iter(enumerate(groups))
            ahead: deque[tuple[int, Sequence[int], list[Future[ImageArray]]]] = deque()

            def submit(number: int, group: Sequence[int]) -> None:
                futures = [pool.submit(self._read, position, epoch) for position in group]
                ahead.append((number, group, futures))

            try:
                for number, group in islice(todo, BATCHES_AHEAD):
                    submit(number, group)
                while ahead:
                    number, group, futures = ahead.popleft()
                    arrays, positions = self._readable(group, futures)
                    if upcoming := next(todo, None):
                        submit(*upcoming)
                    if arrays:
                        yield number, arrays, positions
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, position: int, epoch: int) -> ImageArray:
        item = self.items[position]
        if self.skipped and (reason := self.skipped.get(str(item))):
            raise UnreadableInputError(reason)  # left out once, left out for good
        if not self.training:
            return self.item_transform.preparation(item)
        random = np.random.default_rng((self.seed, epoch, position))
        return self.item_transform.for_training(item, random)

    def _readable(
        self, group: Sequence[int], futures: Sequence[Future[ImageArray]]
    ) -> tuple[list[ImageArray], list[int]]:
        arrays, positions = [], []
        for position, future in zip(group, futures, strict=True):
            try:
                arrays.append(future.result())
                positions.append(position)
            except InputError as problem:
                self._skip(position, problem)
        return arrays, positions

    def _skip(self, position: int, problem: InputError) -> None:
        name = str(self.items[position])
        if name not in self.skipped:
            self.skipped[name] = str(problem)
            warnings.warn(f"Left out: {problem}", SkippedItemWarning, stacklevel=2)

    def _to_model(self, arrays: Sequence[ImageArray], epoch: int, number: int) -> Tensor:
        pixels = torch.from_numpy(np.stack(arrays)).to(self.device)
        x = pixels.permute(0, 3, 1, 2).float().div(255)
        if self.training and self.batch_transforms:
            random = torch.Generator(device=self.device)
            random.manual_seed(
                int(np.random.default_rng((self.seed, epoch, number)).integers(2**62))
            )
            for transform in self.batch_transforms:
                x = transform(x, random)
        return x


@dataclass
class DataLoaders:
    """Both sides of a split: ``train`` and ``valid``.

    Arguments:
        train: The side that trains, shuffled and augmented.
        valid: The side that validates, prepared as in production.
    """

    train: DataLoader
    valid: DataLoader

    @property
    def vocab(self) -> Vocab:
        """The classes."""
        return self.train.vocab

    def one_batch(self) -> tuple[Tensor, Tensor]:
        """The first training batch as x and y."""
        return self.train.one_batch()

    def show_batch(self, *args: Any, **kwargs: Any) -> Figure:
        """Draw training items as the model will see them; see :meth:`DataLoader.show_batch`."""
        return self.train.show_batch(*args, **kwargs)

    def test_dl(self, items: Sequence[Any]) -> DataLoader:
        """New items without labels, prepared as in production, for ``get_preds(dl=...)``."""
        unlabelled = np.full(len(items), -1, dtype=np.int64)
        return DataLoader(
            items=list(items),
            targets=unlabelled,
            vocab=self.vocab,
            item_transform=self.valid.item_transform,
            training=False,
            bs=self.valid.bs,
            num_workers=self.valid.num_workers,
            device=self.valid.device,
        )
