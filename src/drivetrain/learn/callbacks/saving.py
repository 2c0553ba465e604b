"""Keeping the weights of the best epoch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.stopping import TrackerCallback
from drivetrain.learn.weights import copied_weights, write_weights

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner

SUFFIX = ".safetensors"
WEIGHT = "weights."


class SaveModelCallback(TrackerCallback):
    """Keeps the weights of the best epoch, and gives them to the model when training ends.

    They are the weights that validation judged: with :class:`EMACallback` the averages.

    Example:
        >>> SaveModelCallback("accuracy", fname="best").fname
        'best'

    Arguments:
        monitor: The column to watch.
        fname: Write the best weights to ``learn.path/learn.model_dir/fname.safetensors`` too,
            whenever there are better ones.
        every_epoch: Also write each epoch's weights, as ``fname_0``, ``fname_1`` and so on over
            all trainings of the learner.
        at_end: Whether the model gets the best weights at the end, also when training failed.
        min_delta: By how much a value has to be better to count.
        higher_is_better: Whether larger numbers are better; by the column's name when left out.

    Raises:
        ConfigError: A setting that cannot work, or no such column.
        OutputError: A file cannot be written.
    """

    _weights: dict[str, Tensor]

    def __init__(
        self,
        monitor: str = "valid_loss",
        *,
        fname: str | None = None,
        every_epoch: bool = False,
        at_end: bool = True,
        min_delta: float = 0.0,
        higher_is_better: bool | None = None,
    ) -> None:
        if every_epoch and not fname:
            raise ConfigError(
                "every_epoch writes a file an epoch, and fname is left out.",
                hint='Give one, such as fname="bears".',
            )
        self.fname = None if fname is None else fname.removesuffix(SUFFIX)
        self.every_epoch, self.at_end = every_epoch, at_end
        self._judged: dict[str, Tensor] = {}
        self._number = 0
        super().__init__(monitor, min_delta=min_delta, higher_is_better=higher_is_better)

    def before_epoch(self, learn: Learner[Any]) -> None:
        """Nothing of this epoch was judged yet."""
        self._judged, self._number = {}, learn.epochs_trained

    def before_validate(self, learn: Learner[Any]) -> None:
        """Copy the weights that are about to be judged."""
        self._judged = copied_weights(learn.model)

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Judge the epoch, and keep its weights when they are the best so far."""
        judged, self._judged = self._judged or copied_weights(learn.model), {}
        if self.every_epoch:
            write_weights(judged, _place(learn, f"{self.fname}_{self._number}"))
        super().after_epoch(learn)
        if self.is_better:
            self._weights = judged
            if self.fname is not None:
                write_weights(judged, _place(learn, self.fname))

    def after_fit(self, learn: Learner[Any]) -> None:
        """Give the model the best weights, and say which they are."""
        super().after_fit(learn)
        weights, self._weights, self._judged = self._weights, {}, {}
        if not weights or not self.at_end:
            return
        learn.model.load_state_dict(weights)
        learn.reporter.say(
            f"The model has the weights of epoch {self.best_epoch} of {learn.n_epoch}, the best "
            f"by {self.monitor} ({self.best:.4f})."
        )

    def state(self) -> dict[str, Any]:
        """The best value, its epoch, the epochs since, and the best weights."""
        return super().state() | {WEIGHT + name: each for name, each in self._weights.items()}

    def _begin(self, state: dict[str, Any]) -> None:
        super()._begin(state)
        self._weights = {
            name.removeprefix(WEIGHT): value
            for name, value in state.items()
            if name.startswith(WEIGHT)
        }


def _place(learn: Learner[Any], name: str) -> Path:
    return Path(learn.path) / learn.model_dir / f"{name}{SUFFIX}"
