"""From a bundle to predictions: the only inference path, on numpy and onnxruntime alone."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.manifest import Sample
from drivetrain.bundle.reader import Bundle
from drivetrain.errors import (
    BundleCorruptError,
    InputError,
    SampleMismatchError,
    UnreadableInputError,
)
from drivetrain.judge.judgement import joined
from drivetrain.network import Network
from drivetrain.prepare.group import Group, Remarks
from drivetrain.schema import Prediction, Predictions, Vocab
from drivetrain.threads import mapped

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
        self.outputs = bundle.outputs
        self.preparation = bundle.preparation
        self.judgement = bundle.judgement
        self.network = Network(
            bundle.model,
            bundle.manifest.network,
            shape=bundle.preparation.array_shape,
            kind=bundle.preparation.array_type,
            num_outputs=len(bundle.outputs),
            name=bundle.name,
            threads=threads,
        )

    @property
    def vocab(self) -> Vocab:
        """The classes, in the order of the probabilities."""
        return self.bundle.vocab

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
            inputs: For photos a path, bytes, a Pillow image or a uint8 array; for tables a row as
                a dictionary, a named tuple, a pandas row or JSON; or a list of those, or a data
                frame.

        Raises:
            InputError: An input cannot be read; for a list, the first such. To have the
                others answered all the same, use :meth:`predict_each`.
        """
        if self.preparation.fields and hasattr(inputs, "columns"):
            return list(self.predict_all(inputs))
        if not isinstance(inputs, list):
            answer = self._judge(self.preparation(inputs)[None])[0]
            return _remarked(answer, self.preparation.remarks(inputs))
        answers = []
        for outcome in self.predict_each(inputs):
            if isinstance(outcome, InputError):
                raise outcome
            answers.append(outcome)
        return answers

    def predict_each(self, inputs: Iterable[Any]) -> Iterator[Prediction | InputError]:
        """A prediction or the reason why there is none for each of many inputs, in order.

        Inputs are read ahead a few at a time, so that memory stays flat.
        """
        for group in self.preparation.groups(inputs, threads=self.network.threads):
            answers = iter(self._judge(group.arrays) if len(group.arrays) else ())
            for answer, remarks in group.outcomes(answers):
                yield answer if isinstance(answer, InputError) else _remarked(answer, remarks)

    def predict_all(self, inputs: Any) -> Predictions:
        """The predictions for many inputs as columns, which is fastest for large tables.

        Arguments:
            inputs: A data frame, a mapping from column to values, or inputs as :meth:`predict`
                takes them.

        Raises:
            InputError: There are none, or one cannot be read: the first such, with its number.
        """
        threads = self.network.threads
        remarks: dict[int, Remarks] = {}
        arrays = self._all_arrays(self.preparation.groups(inputs, threads=threads), remarks)
        parts = list(mapped(self._judge, arrays, threads=threads))
        if not parts:
            raise UnreadableInputError("There is nothing to answer.", hint="Give some inputs.")
        return replace(joined(parts), remarks=remarks)

    def _all_arrays(
        self, groups: Iterator[Group], remarks: dict[int, Remarks]
    ) -> Iterator[NDArray[Any]]:
        """The arrays of all groups; what is remarked is put into ``remarks``."""
        before = 0
        for group in groups:
            for place, problem in sorted(group.problems.items()):
                one, _ = self.preparation.noun
                raise type(problem)(
                    f"{one.capitalize()} {before + place}: {problem.message}", hint=problem.hint
                )
            remarks |= {before + place: said for place, said in group.remarks.items()}
            before += group.count
            yield group.arrays

    def verify(self) -> float:
        """Answer the stored samples once more and compare.

        Returns:
            The largest difference of a probability from the stored one, of a number in units of
            its standard deviation, or of a domain score as a part of itself.

        Raises:
            SampleMismatchError: A sample gives another answer here than it gave at export.
        """
        largest = 0.0
        intervals = self.bundle.manifest.intervals
        scales = np.array(intervals.scales if intervals else (1.0,))
        for sample in self.bundle.manifest.samples:
            try:
                answer = self.predict(self.bundle.members[sample.member])
            except InputError as problem:
                raise BundleCorruptError(
                    f"{self.bundle.name} holds the sample {sample.member}, which cannot be "
                    f"read: {problem.message}",
                    hint="Take a fresh copy, or export the bundle again.",
                ) from None
            difference = _difference(answer, sample, scales)
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

    def _judge(self, arrays: NDArray[Any]) -> Predictions:
        return self.judgement(*self.network(arrays))


def _difference(answer: Prediction, sample: Sample, scales: NDArray[np.float64]) -> float:
    apart = np.abs(np.array(answer.numbers) - np.array(sample.answer)) / scales
    if (answer.domain_score is None) != (sample.domain_score is None):
        return math.inf
    score = sample.domain_score or 0.0
    off = abs((answer.domain_score or 0.0) - score) / max(score, 1.0)
    return float(np.max([*apart, off]))


def _remarked(answer: Prediction, remarks: tuple[str, ...]) -> Prediction:
    return replace(answer, remarks=remarks) if remarks else answer
