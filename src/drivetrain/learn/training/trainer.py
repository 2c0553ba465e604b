"""The loop that trains a model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drivetrain.errors import ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.training import guards
from drivetrain.learn.training.checkpoints import Checkpoints, run_of
from drivetrain.learn.training.equipment import CallbacksGiven, LoadersT
from drivetrain.learn.training.groups import LearningRate, parameter_groups, rates
from drivetrain.learn.training.material import Material
from drivetrain.learn.training.plans import plan_of
from drivetrain.learn.training.resuming import Resuming
from drivetrain.learn.training.schedule import Flat, OneCycle, Schedule
from drivetrain.learn.training.seeds import own_random_numbers
from drivetrain.learn.training.steps import Steps


class Trainer(Steps[LoadersT]):
    """Trains a model: what :class:`~drivetrain.Learner` is built on.

    It takes the arguments of :class:`~drivetrain.learn.training.equipment.Equipment`. The steps
    on a batch are those of :class:`~drivetrain.learn.training.steps.Steps`; callbacks join in at
    the moments that :class:`Callback` names.
    """

    def fine_tune(
        self,
        epochs: int | None = None,
        base_lr: float = 2e-3,
        freeze_epochs: int = 1,
        *,
        cbs: CallbacksGiven = (),
        resume: bool = False,
        budget: str | float | None = None,
        **cycle: Any,
    ) -> None:
        """Train the head on the frozen body, then ``epochs`` of the whole model.

        ``fine_tune(0)`` stops after the frozen part, which is often good enough and takes a
        fraction of the time.

        Arguments:
            epochs: Epochs of the whole model.
            base_lr: The head's highest learning rate in the frozen part; half of it, and a
                hundredth of that for the body, afterwards.
            freeze_epochs: Epochs of the frozen part.
            cbs: Further callbacks, for this training only.
            resume: Go on where a training of the same data, model and seed was cut off.
            budget: The time to take, such as ``"60s"``, ``"5min"`` or a number of seconds, in
                place of ``epochs``: see
                :func:`drivetrain.learn.training.budget.fine_tune_within`.
            cycle: Settings of :class:`OneCycle`, such as ``pct_start`` and ``div``.
        """
        if budget is not None:
            from drivetrain.learn.training.budget import fine_tune_within

            if resume:
                raise ConfigError(
                    "A training within a budget cannot be resumed: what fits depends on the "
                    "machine and the moment.",
                    hint="Leave resume out, or repeat the plan that was told: fine_tune(EPOCHS).",
                )
            fine_tune_within(self, budget, epochs=epochs, base_lr=base_lr, cbs=cbs, **cycle)
            return
        if epochs is None or epochs < 0:
            raise ConfigError(
                f"epochs is {epochs}, and it is at least 0.",
                hint='Give a number, or a time to keep to: fine_tune(budget="60s").',
            )
        further: dict[str, Any] = {"cbs": cbs, "resume": resume}
        with self._one_call():
            self.freeze()
            self.fit_one_cycle(freeze_epochs, base_lr, **further, **({"pct_start": 0.25} | cycle))
            if epochs:
                self.unfreeze()
                lr = slice(base_lr / 200, base_lr / 2)
                cycle = {"pct_start": 0.3, "div": 5.0} | cycle
                self.fit_one_cycle(epochs, lr, **further, **cycle)

    def fit_one_cycle(
        self,
        n_epoch: int,
        lr_max: LearningRate | None = None,
        *,
        wd: float | None = None,
        cbs: CallbacksGiven = (),
        resume: bool = False,
        **cycle: Any,
    ) -> None:
        """Train for some epochs while the learning rate goes up and down once.

        Arguments:
            n_epoch: Epochs; on a frozen model, how often every item is embedded, unless a
                callback needs pixels: then every epoch sends the photos through the body.
            lr_max: The highest learning rate; a slice gives the body the first and the head the
                last; the learner's own when left out.
            wd: Weight decay; the learner's own when left out.
            cbs: Further callbacks, for this training only.
            resume: Go on where a training of the same data, model and seed was cut off.
            cycle: Settings of :class:`OneCycle`, such as ``pct_start`` and ``div``.
        """
        self.fit_by(OneCycle(**cycle), n_epoch, lr_max, wd=wd, cbs=cbs, resume=resume)

    def fit(
        self,
        n_epoch: int,
        lr: LearningRate | None = None,
        *,
        wd: float | None = None,
        cbs: CallbacksGiven = (),
        resume: bool = False,
    ) -> None:
        """Train for some epochs at one learning rate; see :meth:`fit_one_cycle`."""
        self.fit_by(Flat(), n_epoch, lr, wd=wd, cbs=cbs, resume=resume)

    def fit_by(
        self,
        schedule: Schedule,
        n_epoch: int,
        lr: LearningRate | None = None,
        *,
        wd: float | None = None,
        cbs: CallbacksGiven = (),
        resume: bool = False,
    ) -> None:
        """Train by a schedule of one's own; see :meth:`fit_one_cycle`.

        Arguments:
            schedule: Sets the rates of the optimizer before each step.
            n_epoch: Epochs.
            lr: The rate, or the rates, that the schedule is about.
            wd: Weight decay; the learner's own when left out.
            cbs: Further callbacks, for this training only.
            resume: Go on where a training of the same data, model and seed was cut off.
        """
        if n_epoch < 1:
            raise ConfigError(f"n_epoch is {n_epoch}, and training takes at least one epoch.")
        groups = parameter_groups(self.model, self.splitter)
        lrs = rates(self.lr if lr is None else lr, len(groups))
        wd = self.wd if wd is None else wd
        with self._one_call(), self._joined_by(cbs):
            plan = plan_of(self, n_epoch, schedule, lrs, wd)
            run = self._run(resume=resume)
            if run.is_over(plan):
                run.skip(self, plan)
                return
            self.optimizer = self.make_optimizer(lrs, wd)
            material = self.material()
            self.n_epoch, self.network, self.stop = n_epoch, material.network, False
            try:
                self._call("before_fit")
                with material.memory():
                    for epoch in range(run.go_on(self, plan), n_epoch):
                        self.epoch = epoch
                        self.train_epoch(material, schedule)
                        if self.stop:
                            break
                        if self.epoch + 1 < n_epoch:
                            run.save(self, self.epoch + 1)
            finally:
                self._call("after_fit")
                self.network = self.model
            run.end(self, self.epoch + 1)

    def train_epoch(self, material: Material, schedule: Schedule) -> None:
        """Train on every batch once, validate, and write the epoch's row."""
        started = time.perf_counter()
        first = len(self.recorder.losses)
        with own_random_numbers(self.seed, self.epochs_trained):
            material.prepare(self.epochs_trained)
            self._call("before_epoch")
            self._to_training_mode()
            when = f"the end of epoch {self.epoch}" if self.epoch else "before this training"
            good = guards.GoodWeights.of(self.network, when)
            self.zero_grad(self.optimizer)
            steps, batches = material.steps, material.train(self.epochs_trained)
            for number, (batch, is_last) in enumerate(_and_whether_last(batches)):
                schedule.apply(self.optimizer, (self.epoch + number / steps) / self.n_epoch)
                self.batch, self.is_last_batch = batch, is_last
                self._good, self._where = good, f"batch {number + 1} of epoch {self.epoch + 1}"
                self.train_batch()
                self.recorder.losses.append(float(self.loss))
                self.recorder.lrs.append(self.optimizer.param_groups[-1]["lr"])
                if self.stop:
                    break
        good.check_sound(f"epoch {self.epoch + 1}", rate=self._highest_rate())
        self._call("before_validate")
        losses = self.recorder.losses[first:]
        row = {"train_loss": sum(losses) / max(1, len(losses))} | self._measured(material.valid())
        self._call("after_validate")
        row["seconds"] = time.perf_counter() - started
        self.epochs_trained += 1
        self.recorder.end_epoch(row)
        self.reporter.epoch(material.stage, self.epoch + 1, self.n_epoch, row)
        self._call("after_epoch")

    def _run(self, *, resume: bool) -> Resuming:
        """The run that this training belongs to; one that does not resume starts a new one."""
        run = self._resuming
        if run is not None and run.cut_off and resume:
            run = run.again()
        elif run is None or run.cut_off or (not run.resumed if resume else run.waits):
            kept = Checkpoints.of(self._checkpoints_wanted, run_of(self))
            run = Resuming(kept, resumed=resume)
        self._resuming = run
        return run

    @contextmanager
    def _one_call(self) -> Iterator[None]:
        """What is called from outside: when it is cut off, its first training comes first again."""
        if self._in_call:
            yield
            return
        before = self._resuming
        begun = 0 if before is None else before.trainings
        self._in_call = True
        try:
            yield
        except BaseException:
            if (run := self._resuming) is not None:
                first = begun if run is before else run.first
                if run.trainings > first:
                    run.cut_off_in(first)
            raise
        finally:
            self._in_call = False


def _and_whether_last(batches: Iterator[Batch]) -> Iterator[tuple[Batch, bool]]:
    """Each batch, and whether it is the last one: some items may turn out to be unreadable."""
    held = next(batches, None)
    while held is not None:
        upcoming = next(batches, None)
        yield held, upcoming is None
        held = upcoming
