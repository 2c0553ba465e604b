"""The learning rate test: try rising rates, look at the loss, and leave everything as it was."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from drivetrain.errors import ConfigError, TrainingError
from drivetrain.learn.batches import Batch
from drivetrain.learn.training.groups import parameter_groups
from drivetrain.learn.training.guards import GoodWeights
from drivetrain.learn.training.schedule import Rising
from drivetrain.learn.training.suggestions import Curve, SuggestFunction, valley
from drivetrain.learn.training.trial import on_trial

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner
    from drivetrain.learn.training.material import Material

RUN_AWAY = 4.0
"""The loss has run away where it is that many times the smallest one."""

SETTLING = 0.1
"""The share of the batches before the running mean is trusted: single ones may be easy."""

ONLINE_BETA = 0.98
"""How much of the running mean, which decides whether the loss has run away, is kept."""

SMOOTHING = 0.025
"""The width of the bell that smooths the curve, as a share of the batches asked for."""


class SuggestedLRs(tuple[float, ...]):
    """Learning rates by the names of the functions that suggested them.

    Example:
        >>> rates = SuggestedLRs(valley=0.002, steep=0.01)
        >>> rates
        SuggestedLRs(valley=0.002, steep=0.01)
        >>> rates.valley
        0.002
        >>> lr, further = rates

    Arguments:
        rates: A rate for each name.
    """

    _names: tuple[str, ...]

    def __new__(cls, /, **rates: float) -> SuggestedLRs:
        """Rates by name, in that order."""
        made = super().__new__(cls, rates.values())
        made._names = tuple(rates)
        return made

    def __getattr__(self, name: str) -> float:
        if name != "_names" and name in self._names:
            return self[self._names.index(name)]
        known = ", ".join(self._names) if name != "_names" else ""
        raise AttributeError(f"There is no suggestion {name!r}; there are: {known}.")

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._names]

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, float]]:
        return (), self._asdict()

    def __repr__(self) -> str:
        shown = (f"{name}={rate:.2g}" for name, rate in self._asdict().items())
        return f"SuggestedLRs({', '.join(shown)})"

    def _asdict(self) -> dict[str, float]:
        """The rates by name, as named tuples give them."""
        return dict(zip(self._names, self, strict=True))


def find(
    learn: Learner[Any],
    start_lr: float,
    end_lr: float,
    num_it: int,
    *,
    stop_div: bool,
    show_plot: bool,
    suggest_funcs: Callable[..., Any] | Sequence[Callable[..., Any]] | None,
) -> SuggestedLRs:
    """What ``Learner.lr_find`` does (Smith 2017, "Cyclical learning rates", section 3.3).

    See :func:`drivetrain.learn.training.trial.on_trial` for what stays as it was, and for the
    callbacks that take part.

    Raises:
        ConfigError: Rates that do not rise from above 0, too few batches, or a function that
            suggests no rate.
        TrainingError: The loss is no number in the first batch already.
    """
    _check(start_lr, end_lr, num_it)
    functions = _by_name(suggest_funcs)
    schedule = Rising(start=start_lr, end=end_lr)
    with on_trial(learn):
        lrs, losses = _try_rates(learn, schedule, num_it, stop_div=stop_div)
    curve = _smoothed(losses, SMOOTHING * num_it)
    suggestions = {
        name: _ask(name, function, lrs, curve, num_it) for name, function in functions.items()
    }
    if show_plot:
        from drivetrain.interpret.curves import draw_lr_find

        draw_lr_find(lrs.tolist(), losses.tolist(), curve.tolist(), suggestions)
    return SuggestedLRs(**{name: rate for name, (rate, _) in suggestions.items()})


def _try_rates(
    learn: Learner[Any], schedule: Rising, num_it: int, *, stop_div: bool
) -> tuple[Curve, Curve]:
    """The rates that were tried, and the loss of the batch at each."""
    lrs: list[float] = []
    losses: list[float] = []
    mean, best = 0.0, math.inf
    material = _begin(learn)
    with (
        material.memory(),
        closing(_endless(learn, material)) as endless,
        closing(_shown(learn, endless, num_it)) as batches,
    ):
        for number, batch in enumerate(batches):
            schedule.apply(learn.optimizer, number / (num_it - 1))
            learn.batch, learn.is_last_batch = batch, number + 1 == num_it
            learn._where = f"batch {number + 1} of lr_find"
            try:
                learn.train_batch()
            except TrainingError:
                if not losses or torch.isfinite(learn.loss):
                    raise
                break
            lrs.append(float(learn.optimizer.param_groups[-1]["lr"]))
            losses.append(float(learn.loss))
            mean = ONLINE_BETA * mean + (1 - ONLINE_BETA) * losses[-1]
            level = mean / (1 - ONLINE_BETA ** len(losses))
            if number >= num_it * SETTLING:
                best = min(best, level)
            if learn.stop or (stop_div and best > 0 and level > RUN_AWAY * best):
                break
    return np.array(lrs), np.array(losses)


def _begin(learn: Learner[Any]) -> Material:
    count = len(parameter_groups(learn.model, learn.splitter))
    learn.optimizer = learn.make_optimizer([1.0] * count, learn.wd)
    material = learn.material()
    learn.network, learn.stop = material.network, False
    learn.epoch, learn.n_epoch = 0, 1
    # The weights come back anyway: none are kept for the error of a loss that is no number.
    learn._good = GoodWeights(nn.Module(), {}, "before lr_find")
    learn._call("before_fit")
    material.prepare(learn.epochs_trained)
    learn._call("before_epoch")
    learn._to_training_mode()
    return material


def _endless(learn: Learner[Any], material: Material) -> Generator[Batch]:
    """Batches of one epoch after the other; a frozen body's embeddings are those of the first."""
    epoch = learn.epochs_trained
    while True:
        batches = material.train(epoch)
        with learn.reporter.hushed():  # the bar is that of the whole test
            first = next(batches)
        yield first
        yield from batches
        epoch += 1


def _shown(learn: Learner[Any], batches: Iterator[Batch], num_it: int) -> Generator[Batch]:
    taken = (batch for batch, _ in zip(batches, range(num_it), strict=False))
    yield from learn.reporter.track(taken, "lr_find", total=num_it)


def _smoothed(losses: Curve, width: float) -> Curve:
    """A mean over neighbours, weighted by a bell around each: it does not lag behind."""
    places = np.arange(len(losses))
    weights = np.exp(-0.5 * ((places[:, None] - places) / max(width, 1e-6)) ** 2)
    mean: Curve = weights @ losses / weights.sum(1)
    return mean


def _by_name(given: Any) -> dict[str, SuggestFunction]:
    several = [valley] if given is None else [given] if callable(given) else list(given)
    named: dict[str, SuggestFunction] = {}
    for function in several:
        if not callable(function):
            raise ConfigError(
                f"suggest_funcs holds {function!r}, which is no function.",
                hint="Give valley, slide, steep or minimum, or several in a tuple.",
            )
        whole = getattr(function, "func", function)  # of a functools.partial
        name = getattr(whole, "__name__", type(whole).__name__)
        named[name if name not in named else f"{name}_{len(named) + 1}"] = function
    return named


def _ask(
    name: str, function: SuggestFunction, lrs: Curve, losses: Curve, num_it: int
) -> tuple[float, tuple[float, float]]:
    try:
        rate, (at_rate, at_loss) = function(lrs, losses, num_it)
        return float(rate), (float(at_rate), float(at_loss))
    except Exception as problem:  # it may be the user's own, and raise anything
        raise ConfigError(
            f"{name} suggested no rate: {type(problem).__name__}: {problem}",
            hint="It takes rates, losses and the number of batches, and returns "
            "rate, (rate, loss).",
        ) from problem


def _check(start_lr: float, end_lr: float, num_it: int) -> None:
    if not 0.0 < start_lr < end_lr < math.inf:
        raise ConfigError(
            f"The rates go from {start_lr} to {end_lr}, and they have to rise from above 0.",
            hint="The usual ones are start_lr=1e-7 and end_lr=10.",
        )
    if num_it < 2:
        raise ConfigError(
            f"num_it is {num_it}, and it takes at least two batches to compare rates.",
            hint="100 is usual.",
        )
