"""A run of trainings, one after the other, that can be cut off anywhere and gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drivetrain.learn.training.checkpoints import Checkpoints
from drivetrain.learn.training.state import (
    Checkpoint,
    Plan,
    check_same_plan,
    in_memory,
    restore_callbacks,
    restore_training,
    restore_weights,
)

if TYPE_CHECKING:
    from drivetrain.learn.training.trainer import Trainer


class Resuming:
    """Which trainings of a run are over, and where the one at work goes on.

    Arguments:
        checkpoints: Where the run keeps its checkpoints.
        resumed: Whether to go on with what is there.
    """

    def __init__(self, checkpoints: Checkpoints, *, resumed: bool) -> None:
        self.checkpoints, self.resumed = checkpoints, resumed
        self._plans: list[Plan] = []
        self._saved: Checkpoint | None = checkpoints.load() if resumed else None
        self._is_kept = self._saved is not None
        self._beginning: Checkpoint | None = None
        self._cut_off_in: int | None = None
        self.first = 0
        """The number of the training that it begins with."""

    @property
    def trainings(self) -> int:
        """How many trainings of the run have begun."""
        return len(self._plans)

    @property
    def cut_off(self) -> bool:
        """Whether the run was cut off in this process."""
        return self._cut_off_in is not None

    @property
    def waits(self) -> bool:
        """Whether there is a training to go on with."""
        return self._saved is not None and len(self._plans) < len(self._saved.plans)

    def cut_off_in(self, training: int) -> None:
        """Note that it was cut off, in a call that had begun with that training, from 0."""
        self._cut_off_in = training

    def again(self) -> Resuming:
        """The same run from the call on that was cut off in this process.

        Where nothing was written yet, it goes on from the beginning of the training, which is
        kept in memory until something is.
        """
        run = Resuming(self.checkpoints, resumed=self._is_kept)
        run.resumed = True
        run._plans = self._plans[: self._cut_off_in]
        run.first = len(run._plans)
        if run._saved is None:
            run._saved = run._beginning = self._beginning
        return run

    def is_over(self, plan: Plan) -> bool:
        """Whether the next training was finished before the run was cut off.

        Raises:
            ConfigError: The training that was cut off had other settings.
        """
        saved, number = self._saved, len(self._plans)
        if saved is None or number >= len(saved.plans):
            self._saved = None
            return False
        if number == 0 and saved.finished and saved.plans[0] != plan:
            self._saved = None  # that run was not cut off, and this is another one
            self._is_kept = False
            return False
        check_same_plan(saved.plans[number], plan)
        return number + 1 < len(saved.plans) or saved.finished

    def skip(self, learn: Trainer[Any], plan: Plan) -> None:
        """Count a training that is over, and give the learner what came of the run so far."""
        assert self._saved is not None
        self._plans.append(plan)
        restore_weights(learn, self._saved)
        if self._saved.finished and len(self._plans) == len(self._saved.plans):
            restore_callbacks(learn, self._saved)
        learn.reporter.say(f"resumed: {plan['epochs']} epochs were trained before")

    def go_on(self, learn: Trainer[Any], plan: Plan) -> int:
        """The first epoch to train, with the learner as it was at its beginning."""
        self._plans.append(plan)
        saved = self._saved
        self._saved = None
        if saved is None:
            if not self._is_kept:
                self._beginning = in_memory(learn, self._plans)
            return 0
        restore_weights(learn, saved)
        restore_training(learn, saved)
        learn.reporter.say(f"resumed after epoch {saved.epochs_done} of {plan['epochs']}")
        return saved.epochs_done

    def save(self, learn: Trainer[Any], epochs_done: int) -> None:
        """Keep a checkpoint at the end of an epoch."""
        self._keep(learn, epochs_done, finished=False)

    def end(self, learn: Trainer[Any], epochs_done: int) -> None:
        """Keep a checkpoint of a training that is over."""
        self._keep(learn, epochs_done, finished=True)

    def _keep(self, learn: Trainer[Any], epochs_done: int, *, finished: bool) -> None:
        if self.checkpoints.save(learn, self._plans, epochs_done, finished=finished):
            self._is_kept, self._beginning = True, None
