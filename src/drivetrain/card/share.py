"""A share that was counted, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drivetrain.metrics import wilson_interval


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of some items, with the interval that holds the true one with 95 % confidence.

    Example:
        >>> str(Share.counted(3, 60))
        '5.0% (1.7% to 13.7%)'

    Arguments:
        value: What was observed, 0 to 1.
        low: The lower end of the interval.
        high: The upper end of it.
        of: How many items were looked at.
    """

    value: float
    low: float
    high: float
    of: int

    @classmethod
    def counted(cls, hits: int, of: int) -> Share | None:
        """So many of so many, with the Wilson interval; None of nothing."""
        return cls.observed(hits / of, of) if of else None

    @classmethod
    def observed(cls, value: float, of: int) -> Share:
        """A share that someone else counted."""
        low, high = wilson_interval(value, of)
        return cls(value=value, low=low, high=high, of=of)

    @property
    def interval(self) -> str:
        """The interval in words."""
        return f"{self.low:.1%} to {self.high:.1%}"

    def __str__(self) -> str:
        return f"{self.value:.1%} ({self.interval})"

    def as_dict(self) -> dict[str, Any]:
        """The share for programs."""
        return {"value": self.value, "low": self.low, "high": self.high, "of": self.of}
