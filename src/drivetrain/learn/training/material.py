"""What a training goes through: pixels through the whole model, or embeddings through its head."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from typing import Protocol

from torch import nn

from drivetrain.learn.batches import Batch
from drivetrain.learn.features import FrozenFeatures, Track
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.training.speed import fast_memory


class Material(Protocol):
    """The batches of a training, and the network that they go through."""

    stage: str
    network: nn.Module

    def memory(self) -> AbstractContextManager[None]:
        """How memory is dealt with while training."""
        ...

    def prepare(self, epoch: int) -> None:
        """Make what an epoch needs before its first batch."""
        ...

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        ...

    def train(self, epoch: int) -> Iterator[Batch]:
        """The training batches of an epoch."""
        ...

    def valid(self) -> Iterator[Batch]:
        """The validation batches."""
        ...


class Pixels:
    """Photos through the whole model."""

    stage = "epoch"

    def __init__(self, model: nn.Module, dls: DataLoaders, track: Track) -> None:
        self.network = model
        self._dls, self._track = dls, track

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return len(self._dls.train)

    def memory(self) -> AbstractContextManager[None]:
        """Kept from step to step: each takes and frees gigabytes."""
        return fast_memory(self._dls.train.device)

    def prepare(self, epoch: int) -> None:
        """Nothing: the loaders read ahead by themselves."""

    def train(self, epoch: int) -> Iterator[Batch]:
        """The training batches of an epoch."""
        return self._track(self._dls.train, "train", epoch)

    def valid(self) -> Iterator[Batch]:
        """The validation batches."""
        return self._track(self._dls.valid, "validate")


class Embeddings:
    """Embeddings of a frozen body through the head, several times an epoch.

    Arguments:
        model: The classifier.
        features: What its body makes of the photos.
        passes: How often an epoch goes through its view.
        expected_steps: Batches a pass before anything was embedded.
    """

    stage = "frozen"

    def __init__(
        self, model: ImageClassifier, features: FrozenFeatures, passes: int, expected_steps: int
    ) -> None:
        self.network: nn.Module = model.head
        self._features, self._passes = features, passes
        self._steps_a_pass = expected_steps

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return self._steps_a_pass * self._passes

    def memory(self) -> AbstractContextManager[None]:
        """As the system does it: a head's steps are small."""
        return nullcontext()

    def prepare(self, epoch: int) -> None:
        """Embed the epoch's view."""
        self._features.see(epoch)
        self._steps_a_pass = len(self._features.train)

    def train(self, epoch: int) -> Iterator[Batch]:
        """The training batches of an epoch."""
        first = epoch * self._passes
        side = self._features.train
        return chain.from_iterable(side.batches(first + number) for number in range(self._passes))

    def valid(self) -> Iterator[Batch]:
        """The validation batches."""
        return self._features.valid.batches()
