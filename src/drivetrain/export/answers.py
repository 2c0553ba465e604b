"""What a bundle's network says of a learner's items: all that its evidence is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import Tensor

from drivetrain.judge.calibration import Logits
from drivetrain.judge.domain import Embeddings
from drivetrain.metrics import Indices
from drivetrain.network import Arrays, Network
from drivetrain.predictor import BATCH

LEAST_OF_A_CLASS = 10


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network said of the items that could be read.

    Arguments:
        logits: float32 [N, C].
        embeddings: float32 [N, D].
        targets: The true positions, int64 [N].
        positions: Where the items stand in their loader.
    """

    logits: Logits
    embeddings: Embeddings
    targets: Indices
    positions: tuple[int, ...]

    @property
    def labels(self) -> Indices:
        """The positions of the labels that were answered, int64 [N]."""
        places: Indices = self.logits.argmax(axis=1)
        return places


def ask(network: Network, loader: Any) -> Answers:
    """Answer all items of a loader, in its order, as production prepares them.

    Raises:
        DataError: Not one item could be read.
    """
    logits, embeddings, targets, positions = [], [], [], []
    for batch in loader.batches(keep_lone=True):
        for part in in_parts(arrays_of(batch.x)):
            said, seen = network(part)
            logits.append(said)
            embeddings.append(seen)
        targets.append(batch.y.cpu().numpy())
        positions += batch.positions
    return Answers(
        np.concatenate(logits),
        np.concatenate(embeddings),
        np.concatenate(targets),
        tuple(positions),
    )


def arrays_of(x: Tensor) -> Arrays:
    """Float32 [N, 3, H, W] in 0..1 as the uint8 [N, H, W, 3] that it was made of."""
    pixels = (x.cpu() * 255).round().byte().permute(0, 2, 3, 1)
    return np.ascontiguousarray(pixels.numpy())


def in_parts(arrays: Arrays, size: int = BATCH) -> Iterator[Arrays]:
    """Some arrays, a few at a time."""
    return (arrays[start : start + size] for start in range(0, len(arrays), size))


def as_validated(learn: Any, most: int) -> Any:
    """The training side as validation and production see it: prepared, and not varied.

    Arguments:
        learn: The learner.
        most: Of more items than this, so many are taken, evenly over each class; of a rare
            class its first few.
    """
    train, valid = learn.dls.train, learn.dls.valid
    chosen = _of_every_class(train.targets, np.flatnonzero(train.readable), most)
    taken = train.take(chosen)
    inputs = tuple(
        replace(seen, items=given.items, names=given.names)
        for seen, given in zip(valid.inputs, taken.inputs, strict=True)
    )
    return replace(valid, inputs=inputs, labels=taken.labels, skipped=taken.skipped)


def _of_every_class(targets: Indices, places: Indices, most: int) -> list[int]:
    if len(places) <= most:
        return list(map(int, places))
    chosen: list[int] = []
    for target in np.unique(targets[places]):
        members = places[targets[places] == target].tolist()
        chosen += spread(members, max(LEAST_OF_A_CLASS, most * len(members) // len(places)))
    return sorted(chosen)


def spread(items: Sequence[Any], most: int) -> list[Any]:
    """So many of some items, evenly over the whole.

    Example:
        >>> spread(range(10), 4)
        [0, 2, 5, 7]
    """
    count = min(most, len(items))
    return [items[place * len(items) // count] for place in range(count)]
