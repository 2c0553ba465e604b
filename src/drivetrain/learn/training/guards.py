"""What is watched while training, so that it fails early, with words and without loss."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drivetrain.errors import ConfigError, TrainingError
from drivetrain.learn.batches import Batch
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.targets import OneOf, TargetKind

NAMES_SHOWN = 3
SMALLEST_PART = 2
"""Items: batch statistics of one are none."""

OUT_OF_MEMORY = ("out of memory", "not enough memory", "can't allocate memory")
"""What torch says on one device or another when there is no memory left."""


class UnseenClassWarning(UserWarning):
    """Validation holds a class that training never sees."""


class SmallerBatchWarning(UserWarning):
    """Memory ran out; batches now go through the model in parts."""


@dataclass
class GoodWeights:
    """A copy of a network's weights from when they were sound."""

    network: nn.Module
    kept: dict[str, Tensor]
    when: str

    @classmethod
    def of(cls, network: nn.Module, when: str) -> GoodWeights:
        """The weights as they are."""
        kept = {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
        return cls(network, kept, when)

    @property
    def still_sound(self) -> bool:
        """Whether what the network holds now are numbers."""
        return all(_finite(tensor) for tensor in self.network.state_dict().values())

    def bring_back(self, *, blameless: bool = False) -> str:
        """Leave the network with weights that gave numbers, and say which.

        Arguments:
            blameless: Whether those that it holds now are not the cause.
        """
        if blameless and self.still_sound:
            return "the weights from before this batch"
        self.network.load_state_dict(self.kept)
        return f"the weights from {self.when}"

    def check_sound(self, where: str, *, rate: float) -> None:
        """Refuse weights that a last step made no numbers, after bringing back the last good ones.

        Raises:
            TrainingError: They are none.
        """
        if self.still_sound:
            return
        raise TrainingError(
            f"The weights are no numbers at the end of {where}. Training stopped, and the model "
            f"has {self.bring_back()}.",
            hint=f"A lower learning rate is the usual cure: it was {rate:.2g}.",
        )


def not_a_number(
    batch: Batch, names: Sequence[str], *, where: str, good: GoodWeights, rate: float
) -> TrainingError:
    """The error for a loss that is no number, which leaves the last good weights behind.

    Arguments:
        batch: The batch with that loss.
        names: What the items of the loader are called.
        where: Which batch of which epoch.
        good: What to go back to.
        rate: The highest learning rate of the step before.
    """
    shown = ", ".join(str(names[position]) for position in batch.positions[:NAMES_SHOWN])
    rest = len(batch.positions) - NAMES_SHOWN
    items = f"{shown} and {rest} more" if rest > 0 else shown
    bad = [what for what, tensors in (("inputs", batch.xs), ("targets", batch.ys)) if _any(tensors)]
    if bad:
        cause = f"The {bad[0]} of the batch already hold what is no number: mend these items."
    else:
        cause = f"A lower learning rate is the usual cure: it was {rate:.2g}."
    kept = good.bring_back(blameless=bool(bad))
    return TrainingError(
        f"The loss is no number in {where} ({items}). Training stopped, and the model has {kept}.",
        hint=cause,
    )


def is_out_of_memory(problem: BaseException) -> bool:
    """Whether an error says that memory ran out, on any device."""
    if isinstance(problem, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(problem, RuntimeError) and any(
        words in str(problem).lower() for words in OUT_OF_MEMORY
    )


def more_parts(parts: int, size: int) -> int:
    """Twice as many parts for a batch of that many items, and a warning that says so.

    Raises:
        TrainingError: The parts would be too small to learn from.
    """
    parts = _possible(parts, size)
    smaller = size // (parts * 2)
    if smaller < SMALLEST_PART:
        raise TrainingError(
            f"Memory ran out with {size // parts} items at a time.",
            hint="Take smaller pictures, such as Resize(128), or a smaller architecture.",
        )
    warnings.warn(
        f"Memory ran out with {size // parts} items at a time: batches of {size} now go through "
        f"the model in parts of about {smaller}, which takes longer. To choose it yourself: "
        f"dataloaders(..., bs={smaller}).",
        SmallerBatchWarning,
        stacklevel=2,
    )
    return parts * 2


def parts_of(batch: Batch, parts: int) -> Iterator[tuple[Batch, float]]:
    """A batch in parts of two items or more, each with its share of them."""
    parts = _possible(parts, len(batch.x))
    if parts == 1:
        yield batch, 1.0
        return
    for places in np.array_split(np.arange(len(batch.x)), parts):
        rows = torch.from_numpy(places)
        part = replace(
            batch,
            xs=tuple(x[rows.to(x.device)] for x in batch.xs),
            ys=tuple(y[rows.to(y.device)] for y in batch.ys),
            positions=[batch.positions[place] for place in places],
        )
        yield part, len(places) / len(batch.x)


def check_outputs(outputs: Any, batch: Batch, kind: TargetKind) -> None:
    """Refuse outputs that the target's own loss cannot read.

    Raises:
        ConfigError: Another shape than one row an item and one output a class or number.
    """
    expected = (len(batch.y), kind.size)
    found = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
    if found != expected:
        what = f"{kind.size} classes" if kind.vocab else f"{kind.size} numbers"
        raise ConfigError(
            f"The model answers a batch of {len(batch.y)} with {found}, and the data has {what}: "
            f"expected {expected}.",
            hint=f"Give the model's last layer {kind.size} outputs (dls.c).",
        )


def warn_of_unseen_classes(dls: DataLoaders) -> None:
    """Say it when validation holds a class that training never sees."""
    if not isinstance(dls.kind, OneOf):
        return
    counts = [
        np.bincount(side.targets[side.targets >= 0], minlength=len(dls.vocab))
        for side in (dls.train, dls.valid)
    ]
    unseen = [place for place in range(len(dls.vocab)) if counts[1][place] and not counts[0][place]]
    if unseen:
        shown = ", ".join(f"{dls.vocab[place]} ({counts[1][place]})" for place in unseen[:5])
        warnings.warn(
            f"Validation holds a class that training never sees, and every one of its items will "
            f"count as an error: {shown}. Split anew, or leave it out.",
            UnseenClassWarning,
            stacklevel=2,
        )


def _possible(parts: int, size: int) -> int:
    return max(1, min(parts, size // SMALLEST_PART))


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())


def _any(tensors: Sequence[Tensor]) -> bool:
    return not all(_finite(tensor) for tensor in tensors)
