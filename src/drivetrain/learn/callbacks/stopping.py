"""Watching a column of the record: stop early, or lower the learning rate."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner

LESS_IS_BETTER = ("loss", "error", "mae", "mse", "perplexity", "brier", "seconds")
"""Words in the names of columns where a smaller number is better."""


class TrackerCallback(Callback):
    """Watches one column of ``learn.recorder``; every training begins without a best value.

    NaN is never better than anything.

    Example:
        >>> TrackerCallback("error_rate").higher_is_better
        False
        >>> TrackerCallback("accuracy").higher_is_better
        True

    Arguments:
        monitor: The column, such as ``valid_loss`` or a metric's name.
        min_delta: By how much a value has to be better than the best one to count as better.
        higher_is_better: Whether larger numbers are better; by the column's name when left out.

    Raises:
        ConfigError: A setting that cannot work; after the first epoch, that there is no such
            column.
    """

    order = 70
    best: float | None
    best_epoch: int | None
    wait: int

    def __init__(
        self,
        monitor: str = "valid_loss",
        *,
        min_delta: float = 0.0,
        higher_is_better: bool | None = None,
    ) -> None:
        if not 0.0 <= min_delta < float("inf"):
            raise ConfigError(f"min_delta is {min_delta}, and it has to be 0 or above.")
        self.monitor, self.min_delta = monitor, min_delta
        if higher_is_better is None:
            higher_is_better = not any(word in monitor.lower() for word in LESS_IS_BETTER)
        self.higher_is_better = higher_is_better
        self._at_work = False
        self._to_go_on_from: dict[str, Any] = {}
        self._begin({})

    def before_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """Begin without a best value, or go on from the training that was cut off."""
        self._begin(self._to_go_on_from)
        self._to_go_on_from, self._at_work = {}, True

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Judge the epoch: ``best``, its epoch from 1 and how many epochs waited since.

        Raises:
            ConfigError: There is no such column.
        """
        value = self._watched(learn)
        self.is_better = self._beats_the_best(value)
        self.wait += 1
        if self.is_better:
            self.best, self.best_epoch, self.wait = value, learn.epoch + 1, 0

    def after_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """Keep what was best for whoever wants to read it."""
        self._at_work = False

    def state(self) -> dict[str, Any]:
        """The best value, its epoch and the epochs since; nothing between two trainings."""
        if not self._at_work:
            return {}
        return {"best": self.best, "best_epoch": self.best_epoch, "wait": self.wait}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from there, in this training or in the one that begins next."""
        if self._at_work:
            self._begin(state)
        else:
            self._to_go_on_from = state

    def _begin(self, state: dict[str, Any]) -> None:
        self.best = state.get("best")
        self.best_epoch = state.get("best_epoch")
        self.wait = state.get("wait", 0)
        self.is_better = False

    def _watched(self, learn: Learner[Any]) -> float:
        row = learn.recorder[-1]
        if self.monitor in row:
            return float(row[self.monitor])
        close = difflib.get_close_matches(self.monitor, row, n=1)
        meant = f"Did you mean {close[0]!r}? " if close else ""
        raise ConfigError(
            f"{type(self).__name__} watches {self.monitor!r}, and the record has no such column.",
            hint=f"{meant}The columns are {', '.join(row)}.",
        )

    def _beats_the_best(self, value: float) -> bool:
        best = self.best
        if best is None:
            return float("-inf") < value < float("inf")
        if self.higher_is_better:
            return best + self.min_delta < value < float("inf")
        return float("-inf") < value < best - self.min_delta


class EarlyStoppingCallback(TrackerCallback):
    """Ends training when a column has not become better for some epochs.

    Example:
        >>> EarlyStoppingCallback("error_rate", patience=3).patience
        3

    Arguments:
        monitor: The column to watch.
        patience: Training ends after this many epochs in a row that were not better.
        min_delta: By how much a value has to be better to count.
        higher_is_better: Whether larger numbers are better; by the column's name when left out.

    Raises:
        ConfigError: A setting that cannot work, or no such column.
    """

    def __init__(
        self,
        monitor: str = "valid_loss",
        *,
        patience: int = 1,
        min_delta: float = 0.0,
        higher_is_better: bool | None = None,
    ) -> None:
        super().__init__(monitor, min_delta=min_delta, higher_is_better=higher_is_better)
        self.patience = _patience(patience)

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Judge the epoch, and end training when patience is over."""
        super().after_epoch(learn)
        if self.wait >= self.patience:
            learn.stop = True
            learn.reporter.say(
                f"Stopped after epoch {learn.epoch + 1} of {learn.n_epoch}: {self.monitor} "
                f"{_since(self.best, self.best_epoch)}."
            )


class ReduceLROnPlateau(TrackerCallback):
    """Divides the learning rate when a column has not become better for some epochs.

    What is divided is the highest rate, which the schedule multiplies at every step.

    Example:
        >>> ReduceLROnPlateau(patience=2, factor=5).factor
        5

    Arguments:
        monitor: The column to watch.
        patience: The rate goes down after this many epochs in a row that were not better.
        factor: What the rate is divided by.
        min_lr: No group's rate is brought below this one.
        min_delta: By how much a value has to be better to count.
        higher_is_better: Whether larger numbers are better; by the column's name when left out.

    Raises:
        ConfigError: A setting that cannot work, or no such column.
    """

    _rates: list[float]

    def __init__(
        self,
        monitor: str = "valid_loss",
        *,
        patience: int = 1,
        factor: float = 10.0,
        min_lr: float = 0.0,
        min_delta: float = 0.0,
        higher_is_better: bool | None = None,
    ) -> None:
        super().__init__(monitor, min_delta=min_delta, higher_is_better=higher_is_better)
        if not 1.0 < factor < float("inf"):
            raise ConfigError(f"factor is {factor}, and the rate is divided by more than 1.")
        if not 0.0 <= min_lr < float("inf"):
            raise ConfigError(f"min_lr is {min_lr}, and it has to be 0 or above.")
        self.patience, self.factor, self.min_lr = _patience(patience), factor, min_lr

    def before_epoch(self, learn: Learner[Any]) -> None:
        """Set the rates that the training has come to, also before it was cut off."""
        for group, rate in zip(learn.optimizer.param_groups, self._rates, strict=False):
            group["max_lr"] = rate

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Judge the epoch, and divide the rates when patience is over."""
        super().after_epoch(learn)
        if self.wait < self.patience:
            return
        self.wait, groups = 0, learn.optimizer.param_groups
        before = [group["max_lr"] for group in groups]
        self._rates = [min(rate, max(rate / self.factor, self.min_lr)) for rate in before]
        self.before_epoch(learn)
        if self._rates != before:
            learn.reporter.say(
                f"Learning rate down to {max(self._rates):.3g} after epoch {learn.epoch + 1}: "
                f"{self.monitor} {_since(self.best, self.best_epoch)}."
            )

    def state(self) -> dict[str, Any]:
        """The best value, the epochs since, and the rates once they were lowered."""
        rates = self._rates if self._at_work else []
        return super().state() | {f"max_lr.{place}": rate for place, rate in enumerate(rates)}

    def _begin(self, state: dict[str, Any]) -> None:
        super()._begin(state)
        count = sum(name.startswith("max_lr.") for name in state)
        self._rates = [state[f"max_lr.{place}"] for place in range(count)]


def _patience(patience: int) -> int:
    if patience < 1:
        raise ConfigError(f"patience is {patience}, and it is at least one epoch.")
    return patience


def _since(best: float | None, best_epoch: int | None) -> str:
    if best is None:
        return "was never a number"
    return f"was best in epoch {best_epoch} ({best:.4f})"
