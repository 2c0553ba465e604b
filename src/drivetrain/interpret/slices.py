"""How good the answers are in each part of a table, by the values of one column."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import ConfigError
from drivetrain.interpret.slice_scores import Comparison, corrected, means_of, score_of, told
from drivetrain.interpret.table_answers import Metric, TableAnswers, metric_name
from drivetrain.interpret.table_columns import part_named, sliced

if TYPE_CHECKING:
    import pandas as pd

METRIC_DRAWS = 100
"""Bootstrap samples of a metric, which takes its time."""


def slices(
    answered: TableAnswers,
    column: str,
    bins: int = 4,
    *,
    metric: Metric | None = None,
    seed: int = 42,
) -> pd.DataFrame:
    """How good the answers are for each word of a column, or each quantile of a number.

    A slice is set against all other rows as ``drivetrain.interpret.slice_scores.Comparison``
    does. ``p_corrected`` allows for how many slices are looked at (Benjamini and Hochberg 1995).
    Texts are sliced by length, dates by time or, as ``sold.Month``, by a part.

    Arguments:
        answered: The rows and their answers.
        column: The column, or a part of a date.
        bins: Quantiles of a number.
        metric: A metric as a learner takes it, which is told too, with the 95 % interval of its
            bootstrap; NaN where a slice cannot be measured by it.
        seed: What the bootstrap follows from.

    Returns:
        For each slice its ``rows``; ``accuracy``, or ``all_right`` for several classes at once,
        or the mean absolute error ``mae`` for numbers; ``low`` and ``high``, which hold it with
        95 % confidence; ``rest``, the same over all other rows; the mean ``loss``; ``truth`` and
        ``answered``, the mean of both where there is one to speak of; ``p``, ``p_corrected`` and
        whether the slice ``differs``.

    Raises:
        ConfigError: There is no such column, or fewer than two bins.
    """
    import pandas as pd

    check_bins(bins)
    part = part_named(answered.preparation, column)
    rows = sliced(part, answered.frame, answered.arrays.numpy(), bins)
    score, count = score_of(answered), len(rows.labels)
    _, _, rest = means_of(score, rows.codes, count)
    chance = Comparison.of(answered).chance(rows.codes, count)
    found: list[dict[str, Any]] = []
    for place, label in enumerate(rows.labels):
        inside = rows.codes == place
        row = {"slice": label, "rows": int(inside.sum())}
        row |= told(answered, score, inside, float(rest[place]), seed)
        if metric is not None:
            row |= _by_metric(answered, metric, np.flatnonzero(inside), seed)
        found.append(row | {"p": chance[place]})
    return corrected(pd.DataFrame(found))


def check_bins(bins: int) -> None:
    """Refuse a number of quantiles that cuts nothing.

    Raises:
        ConfigError: It is below two.
    """
    if bins < 2:
        raise ConfigError(f"bins is {bins}, and a number is cut into at least two.")


def _by_metric(
    answered: TableAnswers, metric: Metric, positions: NDArray[np.int64], seed: int
) -> dict[str, float]:
    random, name = np.random.default_rng(seed), metric_name(metric)

    def value(places: NDArray[np.int64]) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return answered.measured(metric, answered.answers[places], answered.targets[places])
            except ConfigError:
                raise
            except ValueError:  # scikit-learn's word for a slice without one of the classes
                return np.nan

    draws = METRIC_DRAWS if len(positions) > 1 else 0
    drawn = [value(random.choice(positions, len(positions))) for _ in range(draws)]
    known = [each for each in drawn if np.isfinite(each)]
    low, high = np.quantile(known, [0.025, 0.975]) if len(known) > 1 else (np.nan, np.nan)
    return {name: value(positions), f"{name}_low": float(low), f"{name}_high": float(high)}
