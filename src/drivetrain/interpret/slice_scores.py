"""How good the answers in a slice are, how sure that is, and whether it is more than chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.interpret.table_answers import TableAnswers, truth_of
from drivetrain.metrics import wilson_interval

if TYPE_CHECKING:
    import pandas as pd

DRAWS, MOST_DRAWN = 400, 2000
"""Bootstrap samples, and the rows above which the normal interval is the same."""

ALPHA = 0.05
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


def score_name(answered: TableAnswers) -> str:
    """What a row's score is called once it is averaged."""
    return {"category": "accuracy", "categories": "all_right"}.get(answered.kind.name, "mae")


def score_of(answered: TableAnswers) -> Floats:
    """Of each row whether it was answered right, or how far off the numbers are, float64 [N]."""
    decided, targets = answered.decided, answered.targets
    if answered.kind.name == "numbers":
        away = np.abs(answered.answers.astype(np.float64) - targets)
        return np.asarray(away.mean(axis=1), np.float64)
    same = np.asarray(decided == targets).reshape(len(targets), -1)
    return np.asarray(same.all(axis=1), np.float64)


def worse_sign(answered: TableAnswers) -> int:
    """1 where a larger score is worse, -1 where a smaller one is."""
    return 1 if answered.kind.name == "numbers" else -1


def interval(score: Floats, *, share: bool, seed: int) -> tuple[float, float]:
    """What holds the mean of a score with 95 % confidence; NaN for one number.

    Arguments:
        score: float64 [N].
        share: Whether it is 0 or 1 (Wilson 1927), not a number (percentile bootstrap, Efron 1979).
        seed: What the bootstrap follows from.
    """
    count = len(score)
    if share:
        return wilson_interval(float(score.mean()), count)
    if count < 2:
        return np.nan, np.nan
    if count > MOST_DRAWN:
        half = 1.96 * score.std(ddof=1) / np.sqrt(count)
        return float(score.mean() - half), float(score.mean() + half)
    drawn = np.random.default_rng(seed).integers(0, count, (DRAWS, count))
    low, high = np.quantile(score[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


@dataclass(frozen=True)
class Comparison:
    """What slices are compared by.

    Arguments:
        values: Of each row, float64 [N]: 1 for a mistake, or the rank of its error.
        share: Whether they are mistakes.
    """

    values: Floats
    share: bool

    @classmethod
    def of(cls, answered: TableAnswers) -> Comparison:
        """The mistakes, or the ranks of errors, which one strange row cannot sway."""
        from scipy.stats import rankdata

        score = score_of(answered)
        if answered.kind.name != "numbers":
            return cls(1 - score, True)
        return cls(np.asarray(rankdata(score), np.float64), False)

    def chance(self, codes: Counts, count: int, within: Counts | None = None) -> Floats:
        """How likely slices are to differ so much from other rows by chance, float64 [slices].

        The hypergeometric distribution of mistakes (Fisher 1935), or the normal one of rank sums
        with ties (Mann and Whitney 1947), both from two sides.

        Arguments:
            codes: The slice of each row.
            count: The number of slices.
            within: For each slice the larger one whose other rows it is compared with, as the
                code of each row there and the code of each slice's; all rows when left out.
        """
        from scipy.stats import hypergeom, norm

        rows = np.bincount(codes, minlength=count)
        sums = np.bincount(codes, self.values, minlength=count)
        whole = np.zeros(len(codes), np.int64) if within is None else within
        inside = np.zeros(count, np.int64)
        inside[codes] = whole
        of_rows = np.bincount(whole)[inside]
        of_sums = np.bincount(whole, self.values)[inside]
        if self.share:
            drawn = hypergeom(of_rows, of_sums.round().astype(np.int64), rows)
            found = sums.round().astype(np.int64)
            tail = np.minimum(drawn.cdf(found), drawn.sf(found - 1))
            return np.asarray(2 * tail, np.float64).clip(max=1.0)
        squares = np.bincount(whole, self.values**2)[inside]
        spread = (squares - of_sums**2 / of_rows) / np.maximum(of_rows - 1, 1)
        variance = rows * (of_rows - rows) / of_rows * np.maximum(spread, 0)
        away = np.abs(sums - rows * of_sums / of_rows)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = np.where(variance > 1e-9, np.maximum(away - 0.5, 0) / np.sqrt(variance), 0.0)
        return np.asarray(2 * norm.sf(z), np.float64).clip(max=1.0)


def means_of(score: Floats, codes: Counts, count: int) -> tuple[Counts, Floats, Floats]:
    """Of each slice: its rows, the mean of its scores, and that of all other rows."""
    rows = np.bincount(codes, minlength=count)
    sums = np.bincount(codes, score, minlength=count)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(rows < len(score), (score.sum() - sums) / (len(score) - rows), np.nan)
        return rows, sums / rows, rest


def told(
    answered: TableAnswers, score: Floats, inside: NDArray[np.bool_], rest: float, seed: int
) -> dict[str, Any]:
    """What a table of slices says of one of them."""
    low, high = interval(score[inside], share=answered.kind.name != "numbers", seed=seed)
    row = {score_name(answered): float(score[inside].mean()), "low": low, "high": high}
    row |= {"rest": rest, "loss": float(answered.losses[inside].mean())}
    if answered.kind.size > (2 if answered.kind.picks_one else 1):
        return row
    place = answered.place_of()
    truth = truth_of(answered.kind, answered.targets[inside], place)
    answers = answered.answers[inside, place]
    return row | {"truth": float(truth.mean()), "answered": float(answers.mean())}


def corrected(table: pd.DataFrame) -> pd.DataFrame:
    """With ``p_corrected`` and ``differs`` (Benjamini and Hochberg 1995)."""
    from scipy.stats import false_discovery_control

    p = table["p"].to_numpy(np.float64)
    table["p_corrected"] = false_discovery_control(p) if len(p) else p
    table["differs"] = table["p_corrected"] < ALPHA
    return table
