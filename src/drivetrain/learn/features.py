"""Embeddings from a frozen body: every picture goes through it once, the head trains on that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drivetrain.data.splits.drawn import Split
from drivetrain.engine import onnxruntime
from drivetrain.errors import DataError
from drivetrain.export.onnx import to_onnx
from drivetrain.learn.batches import Batch, epoch_order
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.targets import OneOf, TargetKind
from drivetrain.schema import Vocab

Track = Callable[..., Iterator[Batch]]
"""Passes on the batches of a loader and shows how far it is."""

PICTURES_AT_ONCE = 16
"""More do not fit a processor's cache and are slower a picture."""


class Embedder:
    """A frozen body on the fastest engine at hand: onnxruntime on a CPU, torch elsewhere.

    Arguments:
        model: The classifier whose body embeds.
    """

    def __init__(self, model: ImageClassifier) -> None:
        self.model = model.eval()
        self._session: onnxruntime.InferenceSession | None = None

    def __call__(self, x: Tensor) -> Tensor:
        """Float32 [N, 3, H, W] in 0..1 to embeddings float32 [N, D] on the CPU."""
        if x.device.type != "cpu":
            with torch.inference_mode():
                return self.model.embed(x).cpu()
        session = self._session or self._open_session(x)
        parts = [
            session.run(None, {"x": part.numpy()})[0] for part in torch.split(x, PICTURES_AT_ONCE)
        ]
        return torch.from_numpy(np.concatenate(parts))

    def _open_session(self, x: Tensor) -> onnxruntime.InferenceSession:
        program = to_onnx(
            _Body(self.model), torch.zeros(2, *x.shape[1:]), inputs=["x"], outputs=["embedding"]
        )
        self._session = onnxruntime.InferenceSession(program, providers=["CPUExecutionProvider"])
        return self._session


class _Body(nn.Module):
    def __init__(self, model: ImageClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model.embed(x)


@dataclass
class FeatureLoader:
    """Batches of embeddings that are already in memory.

    Arguments:
        views: Embeddings float32 [N, D] of each view of the items; epoch e shows view e modulo
            their number.
        targets: int64 [N].
        training: Whether to shuffle.
        bs: Embeddings a batch.
        seed: What the order follows from.
        sampling: How often each is drawn in training, [N]; each once when left out.
    """

    views: Sequence[Tensor]
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
        view = self.views[epoch % len(self.views)]
        order = torch.arange(len(view))
        if self.training:
            order = torch.tensor(epoch_order(len(view), self.seed, epoch, self.sampling))
        for part in torch.split(order, self.bs)[: len(self)]:
            yield Batch((view[part],), (self.targets[part],), part.tolist())


@dataclass
class FeatureLoaders:
    """Both sides of a split as embeddings: what a head trains and validates on."""

    train: FeatureLoader
    valid: FeatureLoader
    kind: TargetKind

    @property
    def vocab(self) -> Vocab | None:
        """The classes, when there are any."""
        return self.kind.vocab

    @classmethod
    def of(
        cls, embeddings: Tensor, targets: Tensor, vocab: Vocab, split: Split, *, bs: int, seed: int
    ) -> FeatureLoaders:
        """Both sides of a split of embeddings [N, D] that are there already."""

        def side(positions: Sequence[int], *, training: bool) -> FeatureLoader:
            chosen = torch.tensor(positions)
            return FeatureLoader([embeddings[chosen]], targets[chosen], training, bs, seed)

        return cls(side(split[0], training=True), side(split[1], training=False), OneOf(vocab))

    @classmethod
    def embed(
        cls,
        embedder: Embedder,
        dls: DataLoaders,
        *,
        views: int,
        track: Track,
        first_epoch: int = 0,
    ) -> FeatureLoaders:
        """Embed both sides of ``dls``, the training side ``views`` times as it is augmented.

        Raises:
            DataError: Fewer than two training items could be read.
        """

        def loader(parts: Sequence[tuple[Tensor, Tensor]], *, training: bool) -> FeatureLoader:
            return FeatureLoader(
                views=[embeddings for embeddings, _ in parts],
                targets=parts[0][1],
                training=training,
                bs=dls.train.bs,
                seed=dls.train.seed,
                sampling=dls.train.readable_sampling if training else None,
            )

        names = [f"embed {view + 1}/{views}" for view in range(views)]
        train = [
            embed_items(
                embedder, track(dls.train, name, first_epoch + view, keep_lone=True, each_once=True)
            )
            for view, name in enumerate(names)
        ]
        if len(train[0][1]) < 2:
            raise DataError(
                f"Only one of {len(dls.train.items)} training items could be read.",
                hint="See the warnings for what is wrong with the others.",
            )
        valid = [embed_items(embedder, track(dls.valid, "embed valid"))]
        return cls(loader(train, training=True), loader(valid, training=False), dls.kind)


def embed_items(embedder: Embedder, batches: Iterator[Batch]) -> tuple[Tensor, Tensor]:
    """Embeddings [N, D] and targets [N] of the items, in their own order."""
    embeddings, targets, positions = [], [], []
    for batch in batches:
        embeddings.append(embedder(batch.x))
        targets.append(batch.y.cpu())
        positions += batch.positions
    order = torch.tensor(positions).argsort()
    return torch.cat(embeddings)[order], torch.cat(targets)[order]
