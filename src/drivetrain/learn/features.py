"""Embeddings from a frozen body: every view goes through it once, and the head trains on that."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.errors import DataError
from drivetrain.learn.batches import Batch, epoch_order
from drivetrain.learn.embedder import Embedder
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier

Track = Callable[..., Iterator[Batch]]
"""Passes on the batches of a loader and shows how far it is."""


@dataclass
class FeatureLoader:
    """Batches of embeddings that are already in memory.

    Arguments:
        embeddings: Of the items, float32 [N, D].
        targets: int64 [N], or as their kind encodes them.
        training: Whether to shuffle.
        bs: Embeddings a batch.
        seed: What the order follows from.
        sampling: How often each is drawn in training, [N]; each once when left out.
        device: Where the batches go.
    """

    embeddings: Tensor
    targets: Tensor
    training: bool
    bs: int
    seed: int
    sampling: NDArray[np.float64] | None = None
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    def __len__(self) -> int:
        """The number of batches in an epoch; in training a lone last item is left out."""
        whole, rest = divmod(len(self.targets), self.bs)
        return whole + bool(rest > 1 or (rest and not (self.training and whole)))

    def batches(self, epoch: int = 0) -> Iterator[Batch]:
        """The batches of one epoch."""
        order = torch.arange(len(self.embeddings))
        if self.training:
            order = torch.tensor(epoch_order(len(order), self.seed, epoch, self.sampling))
        for part in torch.split(order, self.bs)[: len(self)]:
            x, y = self.embeddings[part], self.targets[part]
            yield Batch((x.to(self.device),), (y.to(self.device),), part.tolist())


class FrozenFeatures:
    """What a frozen body makes of both sides of a split, computed once a view.

    The training side has a new view each epoch where augmentation makes one, and one for all
    epochs where it does not.

    Arguments:
        model: The classifier whose body is frozen.
        dls: Both sides.
        track: Shows how far it is.
        until: When to leave the rest of the training side out, as ``time.monotonic`` tells it;
            None embeds all of it.
    """

    train: FeatureLoader
    valid: FeatureLoader

    def __init__(
        self,
        model: ImageClassifier,
        dls: DataLoaders,
        track: Track,
        *,
        until: float | None = None,
    ) -> None:
        self._model, self._dls, self._track, self._until = model, dls, track, until
        self.cut_short = False
        self._weights = _weights_of(model)
        self._embedder = Embedder(model)
        self._view: int | None = None
        self._validated = False

    def still_fit(self, model: ImageClassifier, dls: DataLoaders) -> bool:
        """Whether these are the features of that body as it is now, and of that data."""
        same = model is self._model and dls is self._dls
        return same and not self.cut_short and _weights_of(model) == self._weights

    def see(self, epoch: int) -> None:
        """Embed what is not embedded yet: the training side's view of an epoch, then the other.

        Raises:
            DataError: Fewer than two training items could be read.
        """
        view = epoch if self._dls.train.varies else 0
        if view != self._view:
            self.train = self._embed_train(view)
            self._view = view
        if not self._validated:
            self.valid = self._embed_valid()
            self._validated = True

    def rest(self) -> None:
        """Give back the memory of the engine that embeds; the embeddings stay."""
        self._embedder.rest()

    def _embed_train(self, view: int) -> FeatureLoader:
        side = self._dls.train
        batches = self._track(side, "embed train", view, keep_lone=True, each_once=True)
        seen: list[int] = []
        embeddings, targets = embed_items(self._embedder, self._in_time(batches, seen))
        if len(targets) < 2:
            raise DataError(
                f"Only one of {len(side.items)} training items could be read.",
                hint="See the warnings for what is wrong with the others.",
            )
        sampling = None if side.sampling is None else side.sampling[sorted(seen)]
        return FeatureLoader(embeddings, targets, True, side.bs, side.seed, sampling, side.device)

    def _embed_valid(self) -> FeatureLoader:
        side = self._dls.valid
        embeddings, targets = embed_items(self._embedder, self._track(side, "embed valid"))
        return FeatureLoader(embeddings, targets, False, side.bs, side.seed, device=side.device)

    def _in_time(self, batches: Iterator[Batch], seen: list[int]) -> Iterator[Batch]:
        """The batches up to the time that is set, and two at least; notes their positions."""
        for number, batch in enumerate(batches):
            if self._until is not None and number >= 2 and time.monotonic() > self._until:
                self.cut_short = True
                return
            seen += batch.positions
            yield batch


def embed_items(embedder: Embedder, batches: Iterator[Batch]) -> tuple[Tensor, Tensor]:
    """Embeddings [N, D] and targets [N] of the items, in their own order."""
    positions: list[int] = []
    embeddings, targets = [], []
    for batch in batches:
        embeddings.append(embedder(batch.x))
        targets.append(batch.y.cpu())
        positions += batch.positions
    order = torch.tensor(positions).argsort()
    return torch.cat(embeddings)[order], torch.cat(targets)[order]


def _weights_of(model: ImageClassifier) -> str:
    """What changes with any number that embeddings follow from, however it was written."""
    digest = hashlib.blake2b(digest_size=16)
    for tensor in (*model.body.state_dict().values(), model.mean, model.std):
        plain = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
        digest.update(plain.numpy())
    return digest.hexdigest()
