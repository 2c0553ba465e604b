"""Training within a time: measured, planned, told, and kept to."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import Optimizer

from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.training.guards import GoodWeights
from drivetrain.learn.training.schedule import OneCycle
from drivetrain.learn.training.seeds import own_random_numbers
from drivetrain.learn.training.speed import laid_out, lay_out
from drivetrain.learn.training.time_plan import MARGIN, Speeds, TimePlan, plan_for, seconds_of

if TYPE_CHECKING:
    from drivetrain.learn.training.equipment import CallbacksGiven
    from drivetrain.learn.training.trainer import Trainer

STEPS_MEASURED = 2
"""The first allocates, and counts for nothing."""


def fine_tune_within(
    learn: Trainer[Any],
    budget: str | float,
    *,
    epochs: int | None = None,
    base_lr: float = 2e-3,
    cbs: CallbacksGiven = (),
    since: float | None = None,
    **cycle: Any,
) -> TimePlan:
    """Fine-tune within a time, and leave the best model that was met on the way.

    The frozen part comes first: it is worth most for its time. Then a few steps of the whole
    model are measured, and what fits into the rest is told and trained. Where the machine turns
    out slower than measured, the schedule hurries, so that the learning rate comes down in time.
    The best model is the one with the smallest validation loss.

    What fits depends on the machine and the moment, so the same seed may come to another plan;
    the plan that is told can be repeated with ``fine_tune(epochs)``.

    Arguments:
        learn: The learner.
        budget: Seconds, or a text such as ``"60s"`` or ``"5min"``.
        epochs: The most epochs of the whole model to take.
        base_lr: As in ``fine_tune``.
        cbs: Further callbacks.
        since: When the time began, as ``time.monotonic`` tells it; now when left out.
        cycle: Settings of the schedule.

    Returns:
        The plan that was carried out after the first frozen epoch.
    """
    total = seconds_of(budget)
    started = time.monotonic() if since is None else since
    clock = Clock(started + total)
    best = Best()
    further = [*_several(cbs), clock, best]
    try:
        plan = _carry_out(learn, total, clock, further, epochs=epochs, base_lr=base_lr, **cycle)
    except BaseException:
        best.bring_back(learn, was_cut_off=True)
        raise
    best.bring_back(learn)
    return plan


def _carry_out(
    learn: Trainer[Any],
    total: float,
    clock: Clock,
    further: list[Any],
    *,
    epochs: int | None,
    base_lr: float,
    **cycle: Any,
) -> TimePlan:
    learn.freeze()
    begun = time.monotonic()
    count, others = len(learn.dls.train.items), len(learn.dls.valid.items)
    learn.embed_until = begun + MARGIN * clock.left() * count / (count + others)
    try:
        learn.fit_one_cycle(1, base_lr, cbs=further, **({"pct_start": 0.25} | cycle))
    finally:
        learn.embed_until = None
    frozen = time.monotonic() - begun
    if learn.features is not None and learn.features.cut_short:
        fitted = len(learn.features.train.targets)
        learn.reporter.say(f"{fitted:,} of {count:,} training photos fit into the time.")
    plan = TimePlan()
    if clock.left() > frozen and (epochs is None or epochs > 0):
        speeds = measured(learn, frozen)
        plan = plan_for(
            clock.left(),
            speeds,
            steps=len(learn.dls.train),
            answers=len(learn.dls.valid),
            varies=learn.dls.train.varies,
        )
        if epochs is not None and plan.epochs > epochs:
            each = plan.seconds / plan.epochs
            plan = TimePlan(epochs=epochs, scale=plan.scale, seconds=epochs * each)
        clock.reserve = len(learn.dls.valid) * speeds.answer
    size = learn.dls.train.item_transform.preparation.size
    learn.reporter.say(
        f"budget {total:.0f} s: 1 frozen view took {frozen:.1f} s; {plan.words(size)}"
    )
    if plan.views:
        learn.fit_one_cycle(plan.views, base_lr / 2, cbs=further, **cycle)
    if plan.epochs:
        learn.unfreeze()
        lr = slice(base_lr / 200, base_lr / 2)
        smaller = [SmallerPictures(plan.scale)] if plan.scale < 1 else []
        hurried: dict[str, Any] = {"pct_start": 0.3, "div": 5.0} | cycle
        schedule = Hurried(OneCycle(**hurried), clock)
        learn.fit_by(schedule, plan.epochs, lr, cbs=[*further, *smaller])
    return plan


class Clock(Callback):
    """Ends training in time for one more validation.

    Arguments:
        end: When the time is over, as ``time.monotonic`` tells it.
    """

    order = 90

    def __init__(self, end: float) -> None:
        self.end, self.reserve = end, 0.0
        self._begun = time.monotonic()

    def left(self) -> float:
        """Seconds left."""
        return self.end - time.monotonic()

    def share_gone(self) -> float:
        """The share of the time since this training began, 0 to 1."""
        whole = self.end - self.reserve - self._begun
        return min(1.0, (time.monotonic() - self._begun) / max(whole, 1e-9))

    def before_fit(self, learn: Any) -> None:  # noqa: ARG002
        """Begin to count."""
        self._begun = time.monotonic()

    def after_batch(self, learn: Any) -> None:
        """Stop where only the validation fits."""
        if self.left() < self.reserve:
            learn.stop = True

    def after_epoch(self, learn: Any) -> None:
        """Likewise."""
        self.after_batch(learn)


@dataclass
class Best(Callback):
    """Remembers the weights with the smallest validation loss, over several trainings.

    They are the weights that validation judged, also where another callback had exchanged them.
    """

    order = 80
    loss: float = float("inf")
    kept: GoodWeights | None = field(default=None, repr=False)
    _judged: GoodWeights | None = field(default=None, repr=False)

    def before_validate(self, learn: Any) -> None:
        """Copy the weights that are about to be judged."""
        self._judged = GoodWeights.of(learn.model, f"{_part(learn)} {learn.epoch + 1}")

    def after_epoch(self, learn: Any) -> None:
        """Keep them where they are the best so far."""
        loss, judged, self._judged = learn.recorder[-1]["valid_loss"], self._judged, None
        if judged is not None and loss < self.loss:
            self.loss, self.kept = loss, judged

    def bring_back(self, learn: Any, *, was_cut_off: bool = False) -> None:
        """Give the model the best weights.

        Arguments:
            learn: The learner.
            was_cut_off: Whether training has gone on since the last validation.
        """
        if self.kept is None:
            return
        if was_cut_off or learn.recorder[-1]["valid_loss"] != self.loss:
            learn.model.load_state_dict(self.kept.kept)
            learn.reporter.say(f"kept the model of {self.kept.when}, which validated best")


def _part(learn: Any) -> str:
    return "frozen epoch" if learn.frozen else "epoch"


class SmallerPictures(Callback):
    """Train on smaller pictures; validation and production see the full size.

    Arguments:
        scale: The side, as a share of the full one.
    """

    needs_pixels = True

    def __init__(self, scale: float) -> None:
        self.scale = scale

    def before_batch(self, learn: Any) -> None:
        """Shrink the pictures of ``learn.batch``."""
        learn.batch.xs = tuple(
            functional.interpolate(
                x, scale_factor=self.scale, mode="bilinear", antialias=True, align_corners=False
            )
            if x.ndim == 4
            else x
            for x in learn.batch.xs
        )


@dataclass(frozen=True)
class Hurried:
    """A schedule that runs by the steps or by the clock, whichever is further.

    Arguments:
        schedule: The schedule by steps.
        clock: The clock.
    """

    schedule: OneCycle
    clock: Clock

    def apply(self, optimizer: Optimizer, done: float) -> None:
        """Set the rates of every group of parameters."""
        self.schedule.apply(optimizer, max(done, self.clock.share_gone()))


def measured(learn: Trainer[Any], frozen: float) -> Speeds:
    """Time a step and an answer of the whole model, on a copy.

    Arguments:
        learn: The learner, after a frozen epoch.
        frozen: What that took, in seconds.
    """
    model = copy.deepcopy(learn.model).requires_grad_(True).train()
    lay_out(model, learn.dls.train.device)
    batch = next(learn.dls.train.batches(learn.epochs_trained))
    xs = tuple(map(laid_out, batch.xs))
    spent = []
    with own_random_numbers(learn.seed):
        for _ in range(STEPS_MEASURED):
            begun = time.perf_counter()
            learn.backward(learn.loss_func(model(*xs), *batch.ys))
            _wait_for(next(model.parameters()))
            spent.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    with torch.inference_mode():
        _wait_for(model.eval()(*xs))
    answer = (time.perf_counter() - begun) * learn.dls.valid.bs / len(batch.x)
    return Speeds(frozen=frozen, step=spent[-1], answer=answer)


def _several(cbs: Any) -> list[Any]:
    return list(cbs) if isinstance(cbs, list | tuple) else [] if cbs is None else [cbs]


def _wait_for(x: Tensor) -> None:
    """Return when the device is done with what made a tensor."""
    x.detach().sum().item()
