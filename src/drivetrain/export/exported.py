"""A learner's network on its way into a bundle."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drivetrain.bundle.manifest import NetworkSettings, Parity
from drivetrain.errors import ConfigError
from drivetrain.export.answers import Answers, arrays_of, ask, spread
from drivetrain.export.onnx import to_onnx
from drivetrain.export.quantize import CALIBRATION_ITEMS, COMPARED_ITEMS, quantized, why_not
from drivetrain.judge.calibration import softmax
from drivetrain.network import Network
from drivetrain.prepare import Preparation


class ExportedNetwork:
    """A learner's network on its way into a bundle."""

    def __init__(self, learn: Any) -> None:
        if not hasattr(learn.model, "embed"):
            raise ConfigError(
                f"A {type(learn.model).__name__} cannot be exported: it has no body and head.",
                hint="Make the model with vision_learner.",
            )
        self.preparation: Preparation = learn.dls.valid.item_transform.preparation
        self.classes = len(learn.dls.vocab)
        self.settings = NetworkSettings(
            arch=learn.arch,
            pretrained_from=learn.weights_origin,
            embedding_size=learn.model.head[0].num_features,
        )
        answering = _Answering(copy.deepcopy(learn.model).cpu().eval())
        example = torch.zeros((2, *self.preparation.array_shape), dtype=torch.uint8)
        self.program = to_onnx(
            answering,
            example,
            inputs=[self.settings.input],
            outputs=list(self.settings.outputs),
        )

    def opened(self, program: bytes | None = None, *, threads: int | None = None) -> Network:
        """The network, ready to answer."""
        return Network(
            program or self.program,
            self.settings,
            shape=self.preparation.array_shape,
            num_classes=self.classes,
            threads=threads,
        )


def made_smaller(
    network: ExportedNetwork, opened: Network, said: Answers, train: Any, valid: Any
) -> tuple[Answers, list[Parity]]:
    """The network in 8 bits where that is good enough; else why it is not.

    Arguments:
        network: The network in 32 bits; it becomes the one in 8.
        opened: The same, opened.
        said: What it said of validation items.
        train: Training items: some give the ranges, others must keep their labels.
        valid: The validation items.
    """
    places = range(len(train.items))
    ranges = train.take(spread(places, CALIBRATION_ITEMS))
    arrays = np.concatenate([arrays_of(batch.x) for batch in ranges.batches(keep_lone=True)])
    program = quantized(network.program, arrays, input_name=network.settings.input)
    twin = network.opened(program)
    small = ask(twin, valid)
    more = train.take(spread(places, COMPARED_ITEMS))
    known = ask(opened, more), ask(twin, more)
    reason = why_not(said, small, known)
    if reason:
        network.settings = network.settings.model_copy(update={"precision_note": reason})
        return said, []
    network.program = program
    network.settings = network.settings.model_copy(update={"precision": "int8"})
    differences = np.abs(softmax(small.logits) - softmax(said.logits))
    between = Parity(
        of="32 bits and 8",
        items=len(said.targets),
        same_labels=float((small.labels == said.labels).mean()),
        largest_difference=float(differences.max()),
        tolerance=1.0,
    )
    return small, [between]


class _Answering(nn.Module):
    """The network as production calls it: raw pixels in, logits and embedding out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Uint8 [N, H, W, 3] to logits float32 [N, C] and embeddings float32 [N, D]."""
        embedding = self.model.embed(x.permute(0, 3, 1, 2).float().div(255))  # type: ignore[operator]
        return self.model.head(embedding), embedding  # type: ignore[operator]
