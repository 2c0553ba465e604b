"""What a bundle's network says of a learner's items: all that its evidence is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import TargetKindName
from drivetrain.judge.calibration import Logits, softmax
from drivetrain.judge.domain import Embeddings
from drivetrain.judge.judgement import ABOVE
from drivetrain.metrics import Indices
from drivetrain.network import Arrays, Network

LEAST_OF_A_CLASS = 10


@dataclass(frozen=True, eq=False)
class Answers:
    """What a network said of the items that could be read.

    Arguments:
        logits: float32 [N, C].
        embeddings: float32 [N, D].
        targets: The true positions, int64 [N]; for other targets float32 [N, C].
        positions: Where the items stand in their loader.
    """

    logits: Logits
    embeddings: Embeddings
    targets: NDArray[Any]
    positions: tuple[int, ...]

    @property
    def labels(self) -> Indices:
        """The positions of the labels that were answered, int64 [N]."""
        places: Indices = self.logits.argmax(axis=1)
        return places


@dataclass(frozen=True, eq=False)
class Meaning:
    """What a network's outputs mean, so that two ways to them can be compared.

    Arguments:
        kind: What is predicted.
        scales: The standard deviation of each predicted number, [K].
    """

    kind: TargetKindName
    scales: NDArray[np.float64]

    def __call__(self, outputs: Logits) -> NDArray[Any]:
        """Probabilities, or numbers in units of their standard deviation, [N, C]."""
        if self.kind == "category":
            return softmax(outputs)
        if self.kind == "categories":
            return 1.0 / (1.0 + np.exp(-outputs))
        return outputs / self.scales

    def alike(self, given: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether the labels that follow are the same, bool [N]; numbers have none."""
        if self.kind == "category":
            same: NDArray[np.bool_] = given.argmax(axis=1) == expected.argmax(axis=1)
            return same
        if self.kind == "categories":
            both: NDArray[np.bool_] = ((given > ABOVE) == (expected > ABOVE)).all(axis=1)
            return both
        return np.ones(len(given), bool)


def ask(network: Network, loader: Any) -> Answers:
    """Answer all items of a loader, in its order, as production prepares them.

    Raises:
        DataError: Not one item could be read.
    """
    logits, embeddings, targets, positions = [], [], [], []
    given = loader.inputs[0]
    at_once = given.transform.preparation.at_once
    for batch in loader.batches(keep_lone=True):
        for part in in_parts(given.from_model(batch.x), at_once):
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


def in_parts(arrays: Arrays, size: int) -> Iterator[Arrays]:
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
    places = np.flatnonzero(train.readable)
    if train.kind.picks_one:
        chosen = _of_every_class(train.targets, places, most)
    else:
        chosen = spread(places.tolist(), most)
    taken = train.take(chosen)
    inputs = tuple(
        given.as_prepared_by(seen) for seen, given in zip(valid.inputs, taken.inputs, strict=True)
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
