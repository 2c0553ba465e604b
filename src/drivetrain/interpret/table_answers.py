"""A learner's answers to the rows of a table, and to the same rows with a column changed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.errors import ConfigError, DataError
from drivetrain.interpret.table_columns import unknown
from drivetrain.prepare.table import TablePreparation

if TYPE_CHECKING:
    import pandas as pd

AT_ONCE = 4096
"""Rows a batch, whatever the loader's own number is."""

Metric = Callable[[Any, Any], float | Mapping[str, float]]
"""As a learner takes it: from decided answers and targets, numpy arrays, to a number."""


class TableLearner(Protocol):
    """What an interpretation of tables needs of a learner."""

    dls: Any
    model: Any

    def get_preds(self, dl: Any = None, *, with_loss: bool = False) -> tuple[Any, ...]:
        """Answers [N, C], targets, and the loss of each item."""
        ...

    def no_bar(self) -> AbstractContextManager[None]:
        """Say nothing inside."""
        ...


@dataclass(frozen=True, eq=False)
class TableAnswers:
    """Rows of a table, the truth, and what a learner answered.

    Arguments:
        learn: The learner.
        loader: The rows' loader.
        answers: float32 [N, C]: probabilities, or numbers.
        targets: The truth as its kind encodes it.
        losses: float64 [N].
        left_out: How many rows had no target.
    """

    learn: TableLearner
    loader: Any
    answers: NDArray[np.float32]
    targets: NDArray[Any]
    losses: NDArray[np.float64]
    left_out: int = 0

    @classmethod
    def of(cls, learn: TableLearner, dl: Any = None) -> TableAnswers:
        """Ask a learner about its validation side, or about another loader of rows.

        Raises:
            ConfigError: The loader holds no rows of a table.
            DataError: No row has a target.
        """
        loader = learn.dls.valid if dl is None else dl
        given = loader.inputs[0]
        if not isinstance(getattr(given.transform, "preparation", None), TablePreparation):
            raise ConfigError(
                "An interpretation of tables needs a learner of rows, and this one has "
                f"{type(given).__name__}.",
                hint="Take ClassificationInterpretation for photos.",
            )
        known = _known(loader.targets)
        if not known.any():
            raise DataError(
                f"None of the {len(known)} rows has a target, so nothing can be compared.",
                hint="Make the loader with test_dl(rows, with_labels=True).",
            )
        if not known.all():
            loader = loader.take(np.flatnonzero(known).tolist())
        loader = loader.new(training=False, bs=max(loader.bs, AT_ONCE))
        answers, targets, losses = _asked(learn, loader)
        return cls(learn, loader, answers, targets, losses, int((~known).sum()))

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.losses)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as they were given."""
        frame: pd.DataFrame = self.loader.inputs[0].frame
        return frame

    @property
    def arrays(self) -> Tensor:
        """The rows prepared, float32 [N, F]."""
        arrays: Tensor = self.loader.inputs[0].arrays
        return arrays

    @property
    def preparation(self) -> TablePreparation:
        """How they were prepared."""
        preparation: TablePreparation = self.loader.inputs[0].transform.preparation
        return preparation

    @property
    def kind(self) -> Any:
        """What the learner is asked for."""
        return self.loader.kind

    @property
    def decided(self) -> NDArray[Any]:
        """The answers as targets are encoded."""
        return np.asarray(self.kind.decide(torch.from_numpy(self.answers)))

    def sample(self, most: int, seed: int) -> TableAnswers:
        """At most so many rows, drawn at random and kept in their order."""
        if len(self) <= most:
            return self
        drawn = np.random.default_rng(seed).choice(len(self), most, replace=False)
        return self.take(np.sort(drawn))

    def take(self, positions: NDArray[np.int64]) -> TableAnswers:
        """Some of the rows."""
        return replace(
            self,
            loader=self.loader.take(positions.tolist()),
            answers=self.answers[positions],
            targets=self.targets[positions],
            losses=self.losses[positions],
        )

    def ask(self, arrays: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """The answers [N, C] and the losses [N] for the same rows prepared otherwise.

        Arguments:
            arrays: float32 [N, F].
        """
        given = replace(self.loader.inputs[0], arrays=arrays)
        answers, _, losses = _asked(self.learn, replace(self.loader, inputs=(given,)))
        return answers, losses

    # ---- one of several answers --------------------------------------------------------------

    def place_of(self, answer: str | None = None) -> int:
        """Where an answer stands among the outputs.

        By default it is the second of two classes, the most frequent of more, and the first of
        several classes at once or of several numbers.

        Raises:
            ConfigError: There is no such answer.
        """
        outputs = list(self.kind.outputs)
        if answer is not None:
            if answer not in outputs:
                raise unknown("answer", answer, outputs)
            return outputs.index(answer)
        if not self.kind.picks_one:
            return 0
        if len(outputs) == 2:
            return 1
        return int(np.bincount(self.targets, minlength=len(outputs)).argmax())

    def measured(self, metric: Metric, answers: NDArray[np.float32], targets: Any) -> float:
        """A metric of some answers, which is called as a learner calls it.

        Raises:
            ConfigError: It gives several numbers.
        """
        if hasattr(metric, "for_kind"):
            metric = metric.for_kind(self.kind)
        inner: Any = metric
        while isinstance(inner, functools.partial):
            inner = inner.func
        needs_answers = getattr(inner, "needs_answers", False)
        given = answers if needs_answers else np.asarray(self.kind.decide(torch.tensor(answers)))
        found = metric(given, targets)
        if isinstance(found, Mapping):
            raise ConfigError(
                f"The metric {metric_name(metric)} gives several numbers: {', '.join(found)}.",
                hint="Take one that gives a single number.",
            )
        return float(found)


def truth_of(kind: Any, targets: NDArray[Any], place: int) -> NDArray[np.float64]:
    """The truth about one answer, float64 [N]: 0 or 1 for a class, otherwise the number."""
    if kind.picks_one:
        return np.asarray(targets == place, np.float64)
    return np.asarray(targets[:, place], np.float64)


def metric_name(metric: Any) -> str:
    """What a metric is called."""
    own = getattr(metric, "name", "")
    while isinstance(metric, functools.partial):
        metric = metric.func
    return str(own or getattr(metric, "__name__", type(metric).__name__))


def rows_told(asked: int, of: int) -> str:
    """How many rows were looked at."""
    return f"{of:,} rows" if asked == of else f"{asked:,} of {of:,} rows, drawn at random"


def _known(targets: NDArray[Any]) -> NDArray[np.bool_]:
    known = np.isfinite(targets) if targets.dtype.kind == "f" else targets >= 0
    return np.asarray(np.asarray(known).reshape(len(targets), -1).all(axis=1), np.bool_)


def _asked(learn: TableLearner, loader: Any) -> Sequence[Any]:
    with learn.no_bar():
        answers, targets, losses = learn.get_preds(loader, with_loss=True)
    return (
        answers.float().cpu().numpy(),
        targets.cpu().numpy(),
        losses.detach().double().cpu().numpy(),
    )
