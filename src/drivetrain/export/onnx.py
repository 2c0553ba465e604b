"""From a torch module to an ONNX program."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import onnx
import torch
from torch import Tensor, nn

LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")


def to_onnx(
    module: nn.Module, example: Tensor, *, inputs: Sequence[str], outputs: Sequence[str]
) -> bytes:
    """An ONNX program with the module's answers, for any batch size.

    Arguments:
        module: In evaluation mode; its ``forward`` takes one argument named ``x``.
        example: An input with a batch of two or more.
        inputs: The name of the input.
        outputs: The names of the outputs.
    """
    batch = torch.export.Dim("batch")
    with warnings.catch_warnings(), _quiet():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval().cpu(),
            (example.cpu(),),
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_shapes={"x": {0: batch}},
        )
    assert program is not None, "the exporter returned nothing"
    serialized: bytes = _without_traces(program.model_proto).SerializeToString()
    return serialized


def _without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """The program without the exporter's notes, which hold paths of this machine."""
    graph = model.graph
    noted = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info]
    for part in [*noted, *graph.initializer, *model.functions]:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide what exporters log for their authors."""
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
