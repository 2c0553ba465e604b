"""From a bundle to predictions: the only inference path, on numpy and onnxruntime alone."""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import Sample
from drivetrain.bundle.reader import Bundle
from drivetrain.errors import BundleCorruptError, InputError, SampleMismatchError
from drivetrain.network import Network
from drivetrain.schema import Prediction
from drivetrain.threads import leave

BATCH = 8
"""Inputs a run of the network: more do not fit a processor's cache and are slower each."""

SAMPLE_TOLERANCE = 1e-3
"""How far a number may lie from the stored one: processors round differently."""


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
        self.judgement = bundle.judgement
        self.network = Network(
            bundle.model,
            bundle.manifest.network,
            shape=bundle.preparation.array_shape,
            num_classes=len(bundle.vocab),
            name=bundle.name,
            threads=threads,
        )

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
            return self._judge([self.preparation(inputs)])[0]
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
        pool = ThreadPoolExecutor(self.network.threads, thread_name_prefix="drivetrain-read")
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

    def verify(self) -> float:
        """Answer the stored samples once more and compare.

        Returns:
            The largest difference of a probability from the stored one, or of a domain score
            as a part of itself.

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
            difference = _difference(answer, sample)
            if not difference <= SAMPLE_TOLERANCE:
                raise SampleMismatchError(
                    f"{self.bundle.name} answers its sample {sample.member} on this machine with "
                    f"numbers that differ by {difference:.4f} from those it was exported with "
                    f"(allowed: {SAMPLE_TOLERANCE}).",
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
        judged = iter(self._judge(arrays) if arrays else ())
        for outcome in prepared:
            yield outcome if isinstance(outcome, InputError) else next(judged)

    def _judge(self, arrays: Sequence[NDArray[np.uint8]]) -> list[Prediction]:
        return self.judgement(*self.network(np.stack(arrays)))


def _difference(answer: Prediction, sample: Sample) -> float:
    apart = np.abs(answer.probabilities - np.array(sample.probabilities, np.float32))
    if (answer.domain_score is None) != (sample.domain_score is None):
        return math.inf
    score = sample.domain_score or 0.0
    off = abs((answer.domain_score or 0.0) - score) / max(score, 1.0)
    return float(np.max([*apart, off]))


def _outcome(future: Future[NDArray[np.uint8]]) -> NDArray[np.uint8] | InputError:
    try:
        return future.result()
    except InputError as problem:
        return problem
