"""One training of either side: its times, its errors and its memory."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.measure import Run

GOOD_ERROR = 0.0362
"""3.6 %: three of the 83 bears that validate (0.03614)."""


@dataclass(frozen=True)
class Training:
    """What one process came to.

    Arguments:
        trained: Seconds to the trained model.
        written: Seconds to the file with it.
        good: Seconds to the first error that is low enough; infinite when there was none.
        error: The last error.
        epochs: Seconds of each epoch, the frozen ones first.
        peak_mb: The most memory that its largest process held.
        tree_mb: The most that its processes were seen to hold together.
    """

    trained: float
    written: float
    good: float
    error: float
    epochs: list[float]
    peak_mb: float
    tree_mb: float

    @classmethod
    def of_peer(cls, run: Run) -> Training:
        """What fastai announced."""
        begins, ends = run.events("event", "begin"), run.events("event", "epoch")
        good = (line.seconds for line in ends if line.event["error_rate"] <= GOOD_ERROR)
        return cls(
            trained=run.at("trained"),
            written=run.at("exported"),
            good=next(good, math.inf),
            error=ends[-1].event["error_rate"],
            epochs=[end.seconds - begin.seconds for begin, end in zip(begins, ends, strict=True)],
            peak_mb=run.peak_mb,
            tree_mb=run.tree_mb,
        )

    @classmethod
    def of_ours(cls, run: Run) -> Training:
        """What ours announced; its frozen part ends with the first row."""
        rows = run.events("event", "trained")[0].event["epochs"]
        spent = [row["seconds"] for row in rows]
        trained, bundles = run.at("trained"), run.events("bundle")
        ends = [trained - sum(spent[position + 1 :]) for position in range(len(spent))]
        good = (end for end, row in zip(ends, rows, strict=True) if row["error_rate"] <= GOOD_ERROR)
        return cls(
            trained=trained,
            written=bundles[0].seconds if bundles else math.nan,
            good=next(good, math.inf),
            error=rows[-1]["error_rate"],
            epochs=spent,
            peak_mb=run.peak_mb,
            tree_mb=run.tree_mb,
        )

    def as_dict(self) -> dict[str, Any]:
        """The figures for the record; what was never reached or measured is null there."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }
