"""From a bundle to predictions: the only inference path, on numpy and onnxruntime alone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.reader import Bundle
from drivetrain.engine import onnxruntime
from drivetrain.errors import BundleCorruptError, InputError, SampleMismatchError
from drivetrain.schema import Prediction, Probabilities
from drivetrain.threads import leave

BATCH = 8
"""Inputs a run of the network: more do not fit a processor's cache and are slower each."""

SAMPLE_TOLERANCE = 1e-3
"""How far a probability may lie from the stored one: processors round differently."""


class Predictor:
    """Answers with a bundle. Threads may share one: nothing in it changes after opening.

    Example:
        >>> predictor = Predictor.open("tests/golden/format-1.bundle")
        >>> red = np.full((32, 32, 3), (200, 30, 30), np.uint8)
        >>> predictor.predict(red).label
        'red'

    Arguments:
        bundle: The opened bundle.
        threads: Threads that work on one run of the network; by default one a core.
    """

    def __init__(self, bundle: Bundle, *, threads: int | None = None) -> None:
        self.bundle = bundle
        self.vocab = bundle.vocab
        self.preparation = bundle.preparation
        self._threads = threads or os.cpu_count() or 1
        self._session = self._open_session()
        self._input = bundle.manifest.network.input
        self._check_signature()
        self._try_out()

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, threads: int | None = None) -> Predictor:
        """Open a bundle file for predictions.

        Raises:
            BundleCorruptError: Not a bundle, cut short, altered, or with foreign members.
            BundleVersionError: A newer format or a kind of data that is unknown here.
        """
        return cls(Bundle.open(path), threads=threads)

    @overload
    def predict(self, inputs: list[Any]) -> list[Prediction]: ...
    @overload
    def predict(self, inputs: Any) -> Prediction: ...
    def predict(self, inputs: Any) -> Prediction | list[Prediction]:
        """The prediction for one input, or a list of them for a list of inputs.

        Arguments:
            inputs: A path, bytes, a Pillow image or a uint8 array; or a list of those.

        Raises:
            InputError: An input cannot be read; for a list, the first such. To have the
                others answered all the same, use :meth:`predict_each`.
        """
        if not isinstance(inputs, list):
            return self._judge(self.probabilities(self.preparation(inputs)[None]))[0]
        answers = []
        for answer in self.predict_each(inputs):
            if isinstance(answer, InputError):
                raise answer
            answers.append(answer)
        return answers

    def predict_each(self, inputs: Iterable[Any]) -> Iterator[Prediction | InputError]:
        """A prediction or the reason why there is none for each of many inputs, in order.

        Inputs are read ahead by threads, a few at a time, so that memory stays flat.
        """
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="drivetrain-read")
        source = iter(inputs)
        ahead: deque[Future[NDArray[np.uint8]]] = deque()

        def read_ahead(count: int) -> None:
            ahead.extend(pool.submit(self.preparation, item) for item in islice(source, count))

        try:
            read_ahead(2 * BATCH)
            while ahead:
                group = [ahead.popleft() for _ in range(min(BATCH, len(ahead)))]
                prepared = [_outcome(future) for future in group]
                read_ahead(BATCH)
                yield from self._answer(prepared)
        finally:
            leave(pool)

    def probabilities(self, arrays: NDArray[np.uint8]) -> Probabilities:
        """Prepared inputs uint8 [N, H, W, 3] to probabilities float32 [N, C]."""
        logits = self._session.run([self.bundle.manifest.network.outputs[0]], {self._input: arrays})
        if not np.isfinite(logits[0]).all():
            raise self._corrupt("answers with something that is no number")
        return softmax(logits[0])

    def verify(self) -> float:
        """Answer the stored samples once more and compare.

        Returns:
            The largest difference of a probability from the stored one.

        Raises:
            SampleMismatchError: A sample gives another answer here than it gave at export.
        """
        largest = 0.0
        for sample in self.bundle.manifest.samples:
            try:
                answer = self.predict(self.bundle.members[sample.member])
            except InputError as problem:
                raise BundleCorruptError(
                    f"{self.bundle.name} holds the sample {sample.member}, which cannot be "
                    f"read: {problem.message}",
                    hint="Take a fresh copy, or export the bundle again.",
                ) from None
            stored = np.array(sample.probabilities, np.float32)
            difference = float(np.abs(answer.probabilities - stored).max())
            if not difference <= SAMPLE_TOLERANCE:
                raise SampleMismatchError(
                    f"{self.bundle.name} answers its sample {sample.member} on this machine with "
                    f"probabilities that differ by {difference:.4f} from those it was exported "
                    f"with (allowed: {SAMPLE_TOLERANCE}).",
                    hint="Install the versions that wrote it: "
                    + ", ".join(
                        f"{name} {version}"
                        for name, version in self.bundle.manifest.written_by.items()
                    ),
                )
            largest = max(largest, difference)
        return largest

    def _answer(
        self, prepared: Sequence[NDArray[np.uint8] | InputError]
    ) -> Iterator[Prediction | InputError]:
        arrays = [array for array in prepared if not isinstance(array, InputError)]
        judged = iter(self._judge(self.probabilities(np.stack(arrays))) if arrays else ())
        for outcome in prepared:
            yield outcome if isinstance(outcome, InputError) else next(judged)

    def _judge(self, probabilities: Probabilities) -> list[Prediction]:
        return [Prediction.of(row, self.vocab) for row in probabilities]

    def _open_session(self) -> onnxruntime.InferenceSession:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        try:
            return onnxruntime.InferenceSession(
                self.bundle.model, options, providers=["CPUExecutionProvider"]
            )
        except Exception as problem:  # onnxruntime raises kinds of its own for every fault
            raise self._corrupt("cannot be read by onnxruntime") from problem

    def _check_signature(self) -> None:
        network = self.bundle.manifest.network
        inputs = [tensor.name for tensor in self._session.get_inputs()]
        outputs = [tensor.name for tensor in self._session.get_outputs()]
        if inputs != [network.input] or not set(network.outputs) <= set(outputs):
            raise self._corrupt(
                f"has inputs {inputs} and outputs {outputs}, and its manifest describes "
                f"{network.input} and {list(network.outputs)}"
            )

    def _try_out(self) -> None:
        """One run on zeros: the network fits its manifest, and is warm."""
        network = self.bundle.manifest.network
        zeros = np.zeros((1, *self.preparation.array_shape), np.uint8)
        try:
            answers = self._session.run(list(network.outputs), {self._input: zeros})
        except Exception as problem:  # onnxruntime raises kinds of its own for every fault
            raise self._corrupt("does not take what its preparation gives") from problem
        shapes = [getattr(answer, "shape", None) for answer in answers]
        kinds = {getattr(answer, "dtype", None) for answer in answers}
        expected = [(1, len(self.vocab)), (1, network.embedding_size)]
        if shapes != expected or kinds != {np.dtype(np.float32)}:
            raise self._corrupt(f"answers with the shapes {shapes} in place of {expected}")

    def _corrupt(self, what: str) -> BundleCorruptError:
        return BundleCorruptError(
            f"{self.bundle.name} holds a network that {what}.",
            hint="Take a fresh copy, or export the bundle again.",
        )


def softmax(logits: NDArray[np.float32]) -> Probabilities:
    """Logits float32 [N, C] to probabilities that sum to 1 in each row.

    Example:
        >>> softmax(np.zeros((1, 2), np.float32)).tolist()
        [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Probabilities = powers / powers.sum(axis=1, keepdims=True)
    return shares


def _outcome(future: Future[NDArray[np.uint8]]) -> NDArray[np.uint8] | InputError:
    try:
        return future.result()
    except InputError as problem:
        return problem
