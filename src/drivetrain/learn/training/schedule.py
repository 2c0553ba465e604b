"""How the learning rate moves over a training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from torch.optim import Optimizer

from drivetrain.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class OneCycle:
    """Up along half a cosine, then down along the other (Smith 2018, "1cycle").

    Example:
        >>> cycle = OneCycle(pct_start=0.25, div=25.0, div_final=1e5)
        >>> [round(cycle.factor(done), 3) for done in (0.0, 0.25, 1.0)]
        [0.04, 1.0, 0.0]

    Arguments:
        pct_start: The share of the steps that go up.
        div: The highest rate is that many times the first.
        div_final: The highest rate is that many times the last.
        momentums: The momentum at the start, at the highest rate and at the end.

    Raises:
        ConfigError: ``pct_start`` is not between 0 and 1, or a divisor is not positive.
    """

    pct_start: float = 0.25
    div: float = 25.0
    div_final: float = 1e5
    momentums: tuple[float, float, float] = (0.95, 0.85, 0.95)

    def __post_init__(self) -> None:
        if not 0.0 < self.pct_start < 1.0:
            raise ConfigError(
                f"pct_start is {self.pct_start}, and it has to lie between 0 and 1.",
                hint="0.25 goes up for a quarter of the steps.",
            )
        for name in ("div", "div_final"):
            if getattr(self, name) <= 0:
                raise ConfigError(f"{name} is {getattr(self, name)}, and it has to be positive.")

    def factor(self, done: float) -> float:
        """The share of the highest rate after the share ``done`` of the steps."""
        return self._between(done, 1 / self.div, 1.0, 1 / self.div_final)

    def apply(self, optimizer: Optimizer, done: float) -> None:
        """Set the rate and the momentum of every group of parameters."""
        momentum = self._between(done, *self.momentums)
        for group in optimizer.param_groups:
            group["lr"] = group["max_lr"] * self.factor(done)
            if "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            elif group.get("momentum"):
                group["momentum"] = momentum

    def _between(self, done: float, first: float, middle: float, last: float) -> float:
        if done < self.pct_start:
            return _cosine(first, middle, done / self.pct_start)
        return _cosine(middle, last, (done - self.pct_start) / (1 - self.pct_start))


@dataclass(frozen=True)
class Flat:
    """The same rate from the first step to the last.

    Example:
        >>> Flat().factor(0.5)
        1.0
    """

    def factor(self, done: float) -> float:  # noqa: ARG002
        """The whole rate, always."""
        return 1.0

    def apply(self, optimizer: Optimizer, done: float) -> None:
        """Set the rate of every group of parameters."""
        for group in optimizer.param_groups:
            group["lr"] = group["max_lr"] * self.factor(done)


@dataclass(frozen=True, kw_only=True)
class Rising:
    """Up by factors, from ``start`` to ``end``: what ``lr_find`` runs through.

    Example:
        >>> round(Rising(start=1e-4, end=1.0).factor(0.5), 6)
        0.01

    Arguments:
        start: The first rate, as a share of the highest that is asked for.
        end: The last.
    """

    start: float
    end: float

    def factor(self, done: float) -> float:
        """The rate after the share ``done`` of the steps."""
        return float(self.start * (self.end / self.start) ** done)

    def apply(self, optimizer: Optimizer, done: float) -> None:
        """Set the rate of every group of parameters."""
        for group in optimizer.param_groups:
            group["lr"] = group["max_lr"] * self.factor(done)


class Schedule(Protocol):
    """What decides the rates of a training."""

    def apply(self, optimizer: Optimizer, done: float) -> None:
        """Set the rates of every group after the share ``done`` of the steps."""
        ...


def _cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
