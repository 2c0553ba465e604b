"""The two sides of a split, batch by batch."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.batches import Batch, BatchTransform, Filled, ReadAhead, augment, epoch_order
from drivetrain.learn.columns import Input, Target, names_of
from drivetrain.learn.targets import TargetKind
from drivetrain.learn.transforms import ItemTransform, varies
from drivetrain.schema import Vocab

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class SkippedItemWarning(UserWarning):
    """An item could not be read; it was left out and nothing else was."""


@dataclass
class DataLoader:
    """One side of a split, batch by batch.

    An item that cannot be read is left out with a :class:`SkippedItemWarning`, once; it is kept
    by name in ``skipped``. The order and the augmentation of an epoch follow from ``seed`` and
    the epoch's number alone, whatever ``num_workers`` is.

    Arguments:
        inputs: What is read for each item.
        labels: What the model is asked for, item by item.
        training: Whether to shuffle and augment.
        bs: Items a batch.
        seed: What order and augmentation follow from.
        num_workers: Threads that read; by default one a core.
        batch_transforms: Augmentation, applied in training only.
        device: Where the batches go.
        sampling: How often each item is drawn in training, float64 [N]; each once when left out.
    """

    inputs: tuple[Input, ...]
    labels: tuple[Target, ...]
    training: bool
    bs: int = 64
    seed: int = 42
    num_workers: int | None = None
    batch_transforms: Sequence[BatchTransform] = ()
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    sampling: NDArray[np.float64] | None = None
    skipped: dict[str, str] = field(default_factory=dict)
    _next_epoch: int = field(default=0, repr=False)

    def __len__(self) -> int:
        """The number of batches in an epoch; in training a lone last item is left out."""
        whole, rest = divmod(len(self.items), self.bs)
        return whole + bool(rest > 1 or (rest and not (self.training and whole)))

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        """The batches of the next epoch: the inputs, then the targets."""
        epoch, self._next_epoch = self._next_epoch, self._next_epoch + 1
        return ((*batch.xs, *batch.ys) for batch in self.batches(epoch))

    @property
    def items(self) -> Sequence[Any]:
        """What is read as the first input."""
        return self.inputs[0].items

    @property
    def item_transform(self) -> ItemTransform:
        """How the first input becomes an array."""
        return self.inputs[0].transform

    @property
    def varies(self) -> bool:
        """Whether training sees an item differently from epoch to epoch."""
        return bool(self.batch_transforms) or any(varies(given.transform) for given in self.inputs)

    @property
    def kind(self) -> TargetKind:
        """What the first target means."""
        return self.labels[0].kind

    @property
    def targets(self) -> NDArray[Any]:
        """The first target of every item, as its kind encodes it."""
        return self.labels[0].values

    @property
    def vocab(self) -> Vocab:
        """The classes of the first target.

        Raises:
            DataError: It has none, as numbers have.
        """
        if self.kind.vocab is None:
            raise DataError("The target is a number, which has no classes.")
        return self.kind.vocab

    def new(self, **changes: Any) -> DataLoader:
        """The same side with other settings, such as ``bs`` or ``num_workers``.

        Raises:
            ConfigError: There is no such setting.
        """
        known = ("bs", "seed", "num_workers", "batch_transforms", "device", "training", "sampling")
        if unknown := set(changes) - set(known):
            raise ConfigError(
                f"A DataLoader has no setting {min(unknown)!r}.",
                hint=f"These can be changed: {', '.join(known)}.",
            )
        check_settings(**({"bs": self.bs, "num_workers": None} | changes))
        return replace(self, **changes, _next_epoch=0)

    def take(self, positions: Sequence[int]) -> DataLoader:
        """A loader of some of the items, in that order."""
        return replace(
            self,
            inputs=tuple(given.take(positions) for given in self.inputs),
            labels=tuple(label.take(positions) for label in self.labels),
            sampling=None if self.sampling is None else self.sampling[list(positions)],
            skipped=dict(self.skipped),
            _next_epoch=0,
        )

    def batches(
        self, epoch: int = 0, *, keep_lone: bool = False, each_once: bool = False
    ) -> Iterator[Batch]:
        """The batches of one epoch.

        Arguments:
            epoch: What the order and the augmentation follow from, beside the seed.
            keep_lone: Whether a training batch of one item stays. It has no batch statistics
                to train on, and is left out.
            each_once: Whether every item comes once whatever ``sampling`` says.

        Raises:
            DataError: Not one item could be read, or only one to train on.
        """
        drop_lone = self.training and self.bs > 1 and len(self.items) > 1 and not keep_lone
        read, given = 0, 0
        for filled in self._filled(self._order(epoch, each_once=each_once), epoch):
            count = len(filled.positions)
            read += count
            if not count or (drop_lone and count == 1):
                continue
            given += count
            yield Batch(
                self._to_model(filled, epoch),
                tuple(self._labels(filled.positions)),
                filled.positions,
            )
        if not given:
            reason = next(iter(self.skipped.values()), "There are none.")
            found = "Too few" if read else "None"
            raise DataError(
                f"{found} of the {len(self.items)} items could be read. {reason}",
                hint="drivetrain check, or the data block's check, names all that is wrong.",
            )

    @property
    def readable(self) -> NDArray[np.bool_]:
        """Which items were not left out so far, bool [N]."""
        sides = [[name not in self.skipped for name in given.names] for given in self.inputs]
        kept: NDArray[np.bool_] = np.logical_and.reduce(np.array(sides, bool), axis=0)
        return kept

    @property
    def readable_items(self) -> list[Any]:
        """The items without those that were left out so far."""
        return [item for item, kept in zip(self.items, self.readable, strict=True) if kept]

    @property
    def readable_targets(self) -> NDArray[Any]:
        """The targets of the readable items."""
        targets: NDArray[Any] = self.targets[self.readable]
        return targets

    def one_batch(self) -> tuple[Tensor, ...]:
        """The first batch of an epoch: the inputs, then the targets."""
        first = next(self.batches(self._next_epoch))
        return (*first.xs, *first.ys)

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
            for filled in self._filled([chosen], epoch if unique else 0):
                if filled.positions:
                    seen = self._to_model(filled, epoch)
                    x.append(torch.cat([each[0] for each in seen], dim=-1))
                    titles.append(self._title(filled.positions[0]))
        return show_pictures(
            [(image * 255).round().byte().permute(1, 2, 0).cpu().numpy() for image in x],
            titles,
            nrows=nrows,
            ncols=ncols,
            figsize=figsize,
        )

    def _title(self, position: int) -> str:
        words = [label.kind.describe(label.values[position]) for label in self.labels]
        return "\n".join(word for word in words if word)

    def _order(self, epoch: int, *, each_once: bool = False) -> list[int]:
        if not self.training:
            return list(range(len(self.items)))
        sampling = None if each_once else self.sampling
        return epoch_order(len(self.items), self.seed, epoch, sampling)

    def _filled(self, order: Sequence[int], epoch: int) -> Iterator[Filled]:
        """The batches of an order; what could not be read is told and kept in ``skipped``."""
        groups = [order[start : start + self.bs] for start in range(0, len(order), self.bs)]
        ahead = ReadAhead(
            self.inputs,
            seed=self.seed,
            epoch=epoch,
            training=self.training,
            left_out=self.skipped,
        )
        for filled in ahead.batches(groups, self.num_workers):
            for name, problem in filled.problems.items():
                if name not in self.skipped:
                    reason = str(problem) if name in problem.message else f"{name}: {problem}"
                    self.skipped[name] = reason
                    warnings.warn(f"Left out: {reason}", SkippedItemWarning, stacklevel=2)
            yield filled

    def _to_model(self, filled: Filled, epoch: int) -> tuple[Tensor, ...]:
        xs = tuple(torch.from_numpy(array).to(self.device) for array in filled.arrays)
        if not (self.training and self.batch_transforms):
            return xs
        random = torch.Generator(device=self.device)
        draw = np.random.default_rng((self.seed, epoch, filled.number))
        random.manual_seed(int(draw.integers(2**62)))
        return tuple(augment(x, self.batch_transforms, random) for x in xs)

    def _labels(self, positions: Sequence[int]) -> Iterator[Tensor]:
        for label in self.labels:
            yield torch.from_numpy(label.values[list(positions)]).to(self.device)


class Recipe(Protocol):
    """What made some loaders, and can prepare further items in the same way."""

    def columns(
        self, items: Any, *, with_labels: bool
    ) -> tuple[tuple[Any, ...], tuple[Target, ...]]:
        """The inputs and the targets of further items."""
        ...


def check_settings(*, bs: Any, num_workers: Any, **_: Any) -> None:
    """Refuse a batch size or a number of threads that cannot be."""
    if not isinstance(bs, int | np.integer) or bs < 2:
        raise ConfigError(
            f"bs is {bs!r}, and training takes a whole number of at least two items a batch.",
            hint="Give bs=8 or more; it may be more than there are items.",
        )
    if num_workers is not None and (not isinstance(num_workers, int) or num_workers < 0):
        raise ConfigError(
            f"num_workers is {num_workers!r}, and it is a whole number of threads.",
            hint="Leave it out for one a core.",
        )


@dataclass
class DataLoaders:
    """Both sides of a split: ``train`` and ``valid``.

    Arguments:
        train: The side that trains, shuffled and augmented.
        valid: The side that validates, prepared as in production.
        recipe: How further items become inputs and targets.
        class_weights: What the loss multiplies each class by, float32 [C]; None for all alike.
        normalize: Statistics that the model takes in place of its own; None for its own.
        kept_together: How many pairs of near-duplicates the split would have torn apart if it
            did not know of them.
    """

    train: DataLoader
    valid: DataLoader
    recipe: Recipe | None = None
    class_weights: Tensor | None = None
    normalize: Any = None
    kept_together: int = 0

    @property
    def vocab(self) -> Vocab:
        """The classes."""
        return self.train.vocab

    @property
    def kind(self) -> TargetKind:
        """What the first target means."""
        return self.train.kind

    @property
    def c(self) -> int:
        """How many outputs a model needs."""
        return self.train.kind.size

    def new(self, **changes: Any) -> DataLoaders:
        """The same split with other settings; see :meth:`DataLoader.new`."""
        return replace(self, train=self.train.new(**changes), valid=self.valid.new(**changes))

    def one_batch(self) -> tuple[Tensor, ...]:
        """The first training batch: the inputs, then the targets."""
        return self.train.one_batch()

    def show_batch(self, *args: Any, **kwargs: Any) -> Figure:
        """Draw training items as the model will see them; see :meth:`DataLoader.show_batch`."""
        return self.train.show_batch(*args, **kwargs)

    def test_dl(
        self, items: Any, *, with_labels: bool = False, bs: int | None = None
    ) -> DataLoader:
        """New items, prepared as in production, for ``get_preds(dl=...)``.

        Arguments:
            items: What the data block's ``get_x`` takes: files, one file, or a table.
            with_labels: Whether ``get_y`` labels them too.
            bs: Items a batch; by default as in validation.

        Raises:
            DataError: A label that training has not seen, or an item that is no input.
        """
        if self.recipe is None:
            items = [items] if isinstance(items, str | os.PathLike) else list(items)
            inputs: tuple[Input, ...] = (
                replace(self.valid.inputs[0], items=items, names=names_of(items)),
            )
            kind = self.kind
            labels: tuple[Target, ...] = (Target(kind.unknown(len(items)), kind),)
        else:
            inputs, labels = self.recipe.columns(items, with_labels=with_labels)
        return replace(self.valid, inputs=inputs, labels=labels, bs=bs or self.valid.bs, skipped={})
