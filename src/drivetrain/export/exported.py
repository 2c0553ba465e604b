"""A learner's network on its way into a bundle."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drivetrain.bundle.manifest import NetworkSettings, Parity
from drivetrain.errors import ConfigError
from drivetrain.export.answers import Answers, ask, spread
from drivetrain.export.onnx import to_onnx
from drivetrain.export.quantize import CALIBRATION_ITEMS, COMPARED_ITEMS, quantized, why_not
from drivetrain.judge.calibration import softmax
from drivetrain.network import Network
from drivetrain.prepare import Preparation


class ExportedNetwork:
    """A learner's network on its way into a bundle."""

    def __init__(self, learn: Any) -> None:
        if not hasattr(learn.model, "with_embedding"):
            raise ConfigError(
                f"A {type(learn.model).__name__} cannot be exported: it gives no embedding.",
                hint="Make the model with vision_learner or tabular_learner.",
            )
        given = learn.dls.valid.inputs[0]
        self.preparation: Preparation = given.transform.preparation
        self.num_outputs = len(learn.dls.kind.outputs)
        answering = _Answering(copy.deepcopy(learn.model).cpu().eval(), given.to_model)
        example = torch.from_numpy(
            np.zeros((2, *self.preparation.array_shape), self.preparation.array_type)
        )
        with torch.inference_mode():
            _, embedding = answering(example)
        self.settings = NetworkSettings(
            arch=learn.arch,
            settings=getattr(learn.model, "settings", {}),
            pretrained_from=learn.weights_origin,
            embedding_size=embedding.shape[1],
        )
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
            kind=self.preparation.array_type,
            num_outputs=self.num_outputs,
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
    given = ranges.inputs[0]
    arrays = np.concatenate([given.from_model(batch.x) for batch in ranges.batches(keep_lone=True)])
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
    """The network as production calls it: prepared inputs in, outputs and embedding out."""

    def __init__(self, model: nn.Module, to_model: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.model, self.to_model = model, to_model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Prepared inputs [N, ...] to outputs float32 [N, C] and embeddings float32 [N, D]."""
        answered: tuple[Tensor, Tensor] = self.model.with_embedding(self.to_model(x))  # type: ignore[operator]
        return answered
