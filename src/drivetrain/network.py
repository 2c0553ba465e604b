"""A bundle's network on onnxruntime: arrays in, logits and embeddings out."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import NetworkSettings
from drivetrain.engine import onnxruntime
from drivetrain.errors import BundleCorruptError

Arrays = NDArray[Any]
"""uint8 or float32 [N, ...]: inputs as the preparation gives them."""

Outputs = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Logits float32 [N, C] and embeddings float32 [N, D]."""

SHOW_NOTHING = 4
BATCH = 8
"""Inputs that answer together where it is compared how inputs are sent."""


class Network:
    """An opened network. Threads may share one.

    Arguments:
        program: The ONNX program.
        settings: What it is said to take and to give.
        shape: The shape of one input.
        kind: The type of its numbers.
        num_outputs: How many logits or numbers it gives.
        name: What to call the bundle in a message.
        threads: Threads that work on one run; by default one a core.

    Raises:
        BundleCorruptError: It is no program, or takes or gives something else.
    """

    def __init__(
        self,
        program: bytes,
        settings: NetworkSettings,
        *,
        shape: tuple[int, ...],
        kind: np.dtype[Any],
        num_outputs: int,
        name: str = "the bundle",
        threads: int | None = None,
    ) -> None:
        self.settings = settings
        self.threads = threads or os.cpu_count() or 1
        self._name = name
        self._session = self._open(program)
        self._check_signature()
        self._try_out(np.zeros((1, *shape), kind), num_outputs)

    def __call__(self, arrays: Arrays) -> Outputs:
        """Answer some inputs.

        Raises:
            BundleCorruptError: An answer is no number.
        """
        logits, embeddings = self._session.run(
            list(self.settings.outputs), {self.settings.input: arrays}
        )
        if not (np.isfinite(logits).all() and np.isfinite(embeddings).all()):
            raise self._corrupt("answers with something that is no number")
        return logits, embeddings

    def _open(self, program: bytes) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = SHOW_NOTHING
        try:
            return onnxruntime.InferenceSession(
                program, options, providers=["CPUExecutionProvider"]
            )
        except Exception as problem:  # onnxruntime raises kinds of its own for every fault
            raise self._corrupt("cannot be read by onnxruntime") from problem

    def _check_signature(self) -> None:
        inputs = [tensor.name for tensor in self._session.get_inputs()]
        outputs = [tensor.name for tensor in self._session.get_outputs()]
        expected = self.settings
        if inputs != [expected.input] or not set(expected.outputs) <= set(outputs):
            raise self._corrupt(
                f"has inputs {inputs} and outputs {outputs}, and its manifest describes "
                f"{expected.input} and {list(expected.outputs)}"
            )

    def _try_out(self, zeros: Arrays, num_outputs: int) -> None:
        """One run on zeros: the network fits its manifest, and is warm."""
        try:
            answers: list[Any] = self._session.run(
                list(self.settings.outputs), {self.settings.input: zeros}
            )
        except Exception as problem:  # onnxruntime raises kinds of its own for every fault
            raise self._corrupt("does not take what its preparation gives") from problem
        shapes = [getattr(answer, "shape", None) for answer in answers]
        kinds = {getattr(answer, "dtype", None) for answer in answers}
        expected = [(1, num_outputs), (1, self.settings.embedding_size)]
        if shapes != expected or kinds != {np.dtype(np.float32)}:
            raise self._corrupt(f"answers with the shapes {shapes} in place of {expected}")

    def _corrupt(self, what: str) -> BundleCorruptError:
        return BundleCorruptError(
            f"{self._name} holds a network that {what}.",
            hint="Take a fresh copy, or export the bundle again.",
        )
