"""What a model is asked for: a class, several classes at once, or numbers.

Each kind knows how labels become numbers, how a model's outputs become answers, and which loss
goes with them. It is fitted to the labels of a data set and never changes afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from drivetrain.bundle.manifest import TargetKindName
from drivetrain.errors import DataError
from drivetrain.learn.losses import BCEWithLogitsLossFlat, CrossEntropyLossFlat
from drivetrain.schema import Vocab

LossFunction = Callable[..., Tensor]
"""From logits [N, ...] and one target or more to one number."""

Values = NDArray[Any]
"""The targets of all items as numbers: their first axis is the items."""


class TargetKind(Protocol):
    """What every kind of target provides."""

    picks_one: ClassVar[bool]
    """Whether an answer is one class out of several."""

    words: ClassVar[str]
    """What an answer is, in words."""

    name: ClassVar[TargetKindName]
    """What a bundle calls it."""

    @property
    def size(self) -> int:
        """How many outputs a model needs for it."""
        ...

    @property
    def vocab(self) -> Vocab | None:
        """The classes, when there are any."""
        ...

    @property
    def outputs(self) -> tuple[str, ...]:
        """What a model's outputs are called."""
        ...

    def encode(self, labels: Sequence[Any]) -> Values:
        """Labels as numbers."""
        ...

    def unknown(self, count: int) -> Values:
        """What stands in for the labels of items that have none."""
        ...

    def describe(self, value: Any) -> str:
        """One encoded target in words."""
        ...

    def loss(self, class_weights: Tensor | None = None) -> LossFunction:
        """The usual loss."""
        ...

    def answers(self, logits: Tensor) -> Tensor:
        """What outputs mean: probabilities, or the numbers themselves."""
        ...

    def decide(self, answers: Tensor) -> Tensor:
        """The answers as encoded targets are, for metrics."""
        ...


@dataclass(frozen=True)
class OneOf:
    """One class out of several: int64 [N]."""

    picks_one: ClassVar[bool] = True
    words: ClassVar[str] = "one class out of several"
    name: ClassVar[TargetKindName] = "category"
    vocab: Vocab

    @property
    def outputs(self) -> tuple[str, ...]:
        """The classes."""
        return self.vocab.classes

    @property
    def size(self) -> int:
        """One output a class."""
        return len(self.vocab)

    def encode(self, labels: Sequence[Any]) -> Values:
        """Positions in the vocabulary, int64 [N]."""
        places = {name: place for place, name in enumerate(self.vocab)}
        return np.array([_place(str(label), places, self.vocab) for label in labels], np.int64)

    def unknown(self, count: int) -> Values:
        """-1 for each item."""
        return np.full(count, -1, np.int64)

    def describe(self, value: Any) -> str:
        """The class's name; nothing for an item without a label."""
        return self.vocab[int(value)] if int(value) >= 0 else ""

    def loss(self, class_weights: Tensor | None = None) -> LossFunction:
        """Cross-entropy, weighted by class when weights are given."""
        if class_weights is None:
            return functional.cross_entropy
        return CrossEntropyLossFlat(weight=class_weights)

    def answers(self, logits: Tensor) -> Tensor:
        """Probabilities float32 [N, C] that sum to 1."""
        return logits.softmax(1)

    def decide(self, answers: Tensor) -> Tensor:
        """The most probable class, int64 [N]."""
        return answers.argmax(1)


@dataclass(frozen=True)
class AnyOf:
    """Any number of classes at once: float32 [N, C] of zeros and ones."""

    picks_one: ClassVar[bool] = False
    words: ClassVar[str] = "any number of classes at once"
    name: ClassVar[TargetKindName] = "categories"
    vocab: Vocab

    @property
    def outputs(self) -> tuple[str, ...]:
        """The classes."""
        return self.vocab.classes

    @property
    def size(self) -> int:
        """One output a class."""
        return len(self.vocab)

    def encode(self, labels: Sequence[Any]) -> Values:
        """A one for each class that an item has, float32 [N, C]."""
        places = {name: place for place, name in enumerate(self.vocab)}
        values = np.zeros((len(labels), len(self.vocab)), np.float32)
        for row, several in zip(values, labels, strict=True):
            row[[_place(str(label), places, self.vocab) for label in several]] = 1.0
        return values

    def unknown(self, count: int) -> Values:
        """No class for any item."""
        return np.zeros((count, len(self.vocab)), np.float32)

    def describe(self, value: Any) -> str:
        """The classes' names with semicolons between them."""
        return ";".join(name for name, there in zip(self.vocab, value, strict=True) if there)

    def loss(self, class_weights: Tensor | None = None) -> LossFunction:
        """Binary cross-entropy of every class; weights count where an item has the class."""
        if class_weights is None:
            return functional.binary_cross_entropy_with_logits
        return BCEWithLogitsLossFlat(pos_weight=class_weights)

    def answers(self, logits: Tensor) -> Tensor:
        """A probability for each class by itself, float32 [N, C]."""
        return logits.sigmoid()

    def decide(self, answers: Tensor) -> Tensor:
        """A one where the probability is above a half, float32 [N, C]."""
        return (answers > 0.5).float()


@dataclass(frozen=True)
class Numbers:
    """Numbers: float32 [N, K].

    Arguments:
        size: How many an item has.
        names: What they are called.
    """

    picks_one: ClassVar[bool] = False
    words: ClassVar[str] = "numbers"
    name: ClassVar[TargetKindName] = "numbers"
    size: int = 1
    vocab: None = None
    names: tuple[str, ...] = ()

    @property
    def outputs(self) -> tuple[str, ...]:
        """Their names; where they have none, ``value``, or ``value 1`` and so on."""
        if self.names:
            return self.names
        numbered = tuple(f"value {number}" for number in range(1, self.size + 1))
        return ("value",) if self.size == 1 else numbered

    def encode(self, labels: Sequence[Any]) -> Values:
        """The numbers, float32 [N, K]."""
        values = np.array([np.ravel(label) for label in labels], np.float32)
        return values.reshape(len(labels), self.size)

    def unknown(self, count: int) -> Values:
        """No number for any item."""
        return np.full((count, self.size), np.nan, np.float32)

    def describe(self, value: Any) -> str:
        """The numbers, with three digits that count."""
        return ", ".join(f"{float(number):.3g}" for number in np.ravel(value))

    def loss(self, class_weights: Tensor | None = None) -> LossFunction:  # noqa: ARG002
        """The mean squared error."""
        return functional.mse_loss

    def answers(self, logits: Tensor) -> Tensor:
        """The outputs as they are."""
        return logits

    def decide(self, answers: Tensor) -> Tensor:
        """Likewise."""
        return answers


def _place(label: str, places: dict[str, int], vocab: Vocab) -> int:
    if label in places:
        return places[label]
    raise DataError(
        f"The label {label!r} is none of the {len(vocab)} classes {list(vocab)}.",
        hint="Add it to the vocabulary, or leave it out to take the classes that are found.",
    )
