"""From a torch module to an ONNX program."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from drivetrain.engine import onnxruntime

if TYPE_CHECKING:
    import onnx

_log = logging.getLogger(__name__)

LOGGERS = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")
TOLERANCE = 1e-3
"""How far a traced program may be from its module, as a part of the largest number answered: two
engines differ by less than a hundredth of that, and what a trace gets wrong by far more."""


def to_onnx(
    module: nn.Module, example: Tensor, *, inputs: Sequence[str], outputs: Sequence[str]
) -> bytes:
    """An ONNX program with the module's answers, for any batch size.

    The module is traced, which is ten times faster than to follow its code. Where a trace is not
    possible, or does not answer another batch as the module does, the code is followed.

    Arguments:
        module: In evaluation mode; its ``forward`` takes one argument named ``x``.
        example: An input with a batch of two or more.
        inputs: The name of the input.
        outputs: The names of the outputs.
    """
    module, example = module.eval().cpu(), example.cpu()
    with warnings.catch_warnings(), _quiet(), one_torch_thread():
        warnings.simplefilter("ignore")
        return _traced(module, example, inputs, outputs) or _followed(
            module, example, inputs, outputs
        )


def _traced(
    module: nn.Module, example: Tensor, inputs: Sequence[str], outputs: Sequence[str]
) -> bytes | None:
    """By torch's older exporter; None where it is missing, fails or gives other answers."""
    file = io.BytesIO()
    try:
        torch.onnx.export(
            module,
            (example,),
            file,  # type: ignore[arg-type]  # the older exporter takes open files too
            dynamo=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in (*inputs, *outputs)},
            # An operation that it does not know is then passed on, and onnxruntime refuses it.
            # Otherwise the exporter prints the whole network to standard output, and fails.
            operator_export_type=torch.onnx.OperatorExportTypes.ONNX_FALLTHROUGH,
        )
        program = _without_traces(file.getvalue())
        return program if _answers_alike(program, module, example) else None
    except Exception:  # the other exporter is the answer to all of them
        _log.debug("The module could not be traced.", exc_info=True)
        return None


def _followed(
    module: nn.Module, example: Tensor, inputs: Sequence[str], outputs: Sequence[str]
) -> bytes:
    """By torch's newer exporter."""
    program = torch.onnx.export(
        module,
        (example,),
        dynamo=True,
        external_data=False,
        verbose=False,
        input_names=list(inputs),
        output_names=list(outputs),
        dynamic_shapes={"x": {0: torch.export.Dim("batch")}},
    )
    assert program is not None, "the exporter returned nothing"
    return _without_traces(program.model_proto)


def _answers_alike(program: bytes, module: nn.Module, example: Tensor) -> bool:
    """Whether what was a number in the trace follows the input: another picture, another batch."""
    random = np.random.default_rng(0)
    shape = (1, *example.shape[1:])
    picture = random.random(shape, np.float32) * (1 if example.is_floating_point() else 255)
    x = torch.from_numpy(picture).to(example.dtype)
    with torch.inference_mode():
        answers = module(x)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # a program that fails is not taken, and nobody need know
    session = onnxruntime.InferenceSession(program, options, providers=["CPUExecutionProvider"])
    found = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    expected = [answers] if isinstance(answers, Tensor) else list(answers)
    return all(_alike(one, other.numpy()) for one, other in zip(found, expected, strict=True))


def _alike(found: NDArray[np.float32], expected: NDArray[np.float32]) -> bool:
    tolerance = TOLERANCE * float(np.abs(expected).max())
    return found.shape == expected.shape and np.allclose(found, expected, rtol=0, atol=tolerance)


def _without_traces(program: bytes | onnx.ModelProto) -> bytes:
    """The program without the exporter's notes, which hold paths of this machine."""
    import onnx

    model = onnx.load_from_string(program) if isinstance(program, bytes) else program
    graph = model.graph
    noted = [model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info]
    for part in [*noted, *graph.initializer, *model.functions]:
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    serialized: bytes = model.SerializeToString()
    return serialized


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


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch work alone inside: where steps are short, a second thread only waits.

    On a busy machine it waits long.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
