"""What of a fine-tuning fits into a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from drivetrain.errors import ConfigError

UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
MOST_EPOCHS = 12
"""More of the whole model seldom help on as many photos as a budget is for."""

MOST_VIEWS = 5
SMALLER = 0.714
"""Of the side: half the pixels (224 to 160). Training on smaller pictures than one validates on
costs little or nothing (Touvron et al. 2019, "Fixing the train-test resolution discrepancy")."""

MARGIN = 0.9
"""The share of the time left that is planned with; machines are never even."""


@dataclass(frozen=True)
class Speeds:
    """What was measured.

    Arguments:
        frozen: Seconds of a frozen epoch.
        step: Seconds of a training step of the whole model.
        answer: Seconds for a batch of validation.
    """

    frozen: float
    step: float
    answer: float


@dataclass(frozen=True)
class TimePlan:
    """What fits into the time that is left after a first frozen epoch.

    Arguments:
        views: Further frozen epochs.
        epochs: Epochs of the whole model.
        scale: The side of the training pictures in them, as a share of the full one.
        seconds: What it is expected to take.
    """

    views: int = 0
    epochs: int = 0
    scale: float = 1.0
    seconds: float = 0.0

    def words(self, size: tuple[int, int]) -> str:
        """The plan in a sentence.

        Arguments:
            size: Height and width of the training pictures.
        """
        if self.epochs:
            high, wide = (round(side * self.scale) for side in size)
            what = f"{_count(self.epochs, 'epoch')} of the whole model at {high} × {wide} pixels"
        elif self.views:
            what = f"{_count(self.views, 'further frozen view')}"
        else:
            return "the frozen part is all that fits, or that helps."
        return f"then {what}, about {self.seconds:.0f} s."


def seconds_of(budget: str | float) -> float:
    """A budget in seconds.

    Example:
        >>> seconds_of("60s"), seconds_of("5 min"), seconds_of(90)
        (60.0, 300.0, 90.0)

    Raises:
        ConfigError: It is no time, or none that is above 0.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", str(budget).lower())
    unit = UNITS.get(match[2]) if match else None
    if match is None or unit is None or not float(match[1]) > 0:
        raise ConfigError(
            f"budget is {budget!r}, which is no time.",
            hint='Give seconds, or a text such as "60s", "5min" or "1h".',
        )
    return float(match[1]) * unit


def plan_for(seconds: float, speeds: Speeds, *, steps: int, answers: int, varies: bool) -> TimePlan:
    """The most that fits: epochs of the whole model, on smaller pictures if need be, or views.

    Example:
        >>> speeds = Speeds(frozen=4.0, step=1.0, answer=0.5)
        >>> plan_for(50.0, speeds, steps=10, answers=4, varies=True)
        TimePlan(views=0, epochs=3, scale=1.0, seconds=36.0)

    Arguments:
        seconds: What is left.
        speeds: What was measured.
        steps: Training batches an epoch.
        answers: Validation batches.
        varies: Whether a further frozen view would differ from the first.
    """
    usable = max(0.0, seconds) * MARGIN
    for scale in (1.0, SMALLER):
        epoch = steps * speeds.step * scale**2 + answers * speeds.answer
        epochs = min(MOST_EPOCHS, int(usable / epoch))
        if epochs:
            return TimePlan(epochs=epochs, scale=scale, seconds=epochs * epoch)
    views = min(MOST_VIEWS, int(usable / speeds.frozen)) if varies else 0
    return TimePlan(views=views, seconds=views * speeds.frozen)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
