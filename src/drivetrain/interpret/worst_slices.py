"""The parts of a table in which a model does worse than elsewhere, found over all columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from drivetrain.interpret.slice_scores import (
    Comparison,
    Counts,
    Floats,
    corrected,
    means_of,
    score_name,
    score_of,
    told,
    worse_sign,
)
from drivetrain.interpret.slices import check_bins
from drivetrain.interpret.table_answers import TableAnswers
from drivetrain.interpret.table_columns import Sliced, part_named, sliced

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Cut:
    """The rows cut by one column or by two.

    Arguments:
        rows: The slices and their codes.
        than: The score that each slice has to be worse than: that of all rows, or of a pair's two
            columns the worse one.
        chance: How likely so much is by chance.
    """

    rows: Sliced
    than: Floats
    chance: Floats


def worst_slices(
    answered: TableAnswers,
    k: int = 10,
    *,
    pairs: bool = False,
    bins: int = 4,
    min_rows: int = 10,
    seed: int = 42,
) -> pd.DataFrame:
    """The slices of all columns in which the answers are worse than elsewhere.

    A pair of columns has to be worse than each of its two slices too, by more than chance (an
    intersection-union test, Berger 1982), so that it says what they do not.

    Arguments:
        answered: The rows and their answers.
        k: How many.
        pairs: Whether to look at the slices of two columns together too.
        bins: Quantiles of a number.
        min_rows: Slices of fewer rows are passed over.
        seed: What the bootstrap follows from.

    Returns:
        As :func:`~drivetrain.interpret.slices.slices`, those that differ by more than chance
        first, and of these the ones with the largest ``excess``: the mistakes, or the sum of
        errors, above what the rate of all rows, or that of a pair's worse column, would give.
        ``attrs["looked_at"]`` says how many slices there were.

    Raises:
        ConfigError: Fewer than two bins.
    """
    import pandas as pd

    check_bins(bins)
    score, sign = score_of(answered), worse_sign(answered)
    found, cuts = [], list(_cuts(answered, bins, pairs=pairs))
    for number, cut in enumerate(cuts):
        rows, value, rest = means_of(score, cut.rows.codes, len(cut.rows.labels))
        worse = sign * (value - cut.than)
        for place in np.flatnonzero((rows >= max(min_rows, 1)) & (rows < len(score))).tolist():
            found.append((number, place, rows[place], rest[place], worse[place], cut.chance[place]))
    table = pd.DataFrame(found, columns=["cut", "place", "rows", "rest", "worse", "p"])
    table = corrected(table)
    table["excess"] = table["rows"] * table["worse"]
    kept = table[table["worse"] > 0]
    kept = kept.sort_values(["differs", "excess"], ascending=False, kind="stable").head(max(k, 0))
    named = ["slice", "rows", score_name(answered), "low", "high", "rest", "loss"]
    last = ["p", "p_corrected", "differs", "excess"]
    shown = []
    for row in kept.to_dict("records"):
        rows = cuts[row["cut"]].rows
        inside = rows.codes == row["place"]
        one = {"slice": rows.labels[row["place"]], "rows": row["rows"]}
        one |= told(answered, score, inside, row["rest"], seed)
        shown.append(one | {name: row[name] for name in last})
    made = pd.DataFrame(shown) if shown else pd.DataFrame(columns=[*named, *last])
    made.attrs["looked_at"] = f"{len(table):,} slices of {len(answered):,} rows"
    return made


def _cuts(answered: TableAnswers, bins: int, *, pairs: bool) -> Iterator[_Cut]:
    """The rows cut by each column, and by each two."""
    arrays, score, tested = answered.arrays.numpy(), score_of(answered), Comparison.of(answered)
    worst = np.maximum if worse_sign(answered) > 0 else np.minimum
    sides: dict[str, Sliced] = {}
    for column in answered.preparation.columns:
        part = part_named(answered.preparation, column.name)
        rows = sides[column.name] = sliced(part, answered.frame, arrays, bins)
        labels = tuple(f"{column.name}: {label}" for label in rows.labels)
        overall = np.full(len(labels), score.mean())
        yield _Cut(Sliced(labels, rows.codes), overall, tested.chance(rows.codes, len(labels)))
    for one, two in combinations(sides, 2) if pairs else ():
        a, b = sides[one], sides[two]
        there, codes = np.unique(a.codes * len(b.labels) + b.codes, return_inverse=True)
        first, second = np.divmod(there, len(b.labels))
        labels = tuple(
            f"{one}: {a.labels[x]}, {two}: {b.labels[y]}"
            for x, y in zip(first.tolist(), second.tolist(), strict=True)
        )
        means = (_means(score, a)[first], _means(score, b)[second])
        within: tuple[Counts | None, ...] = (None, a.codes, b.codes)
        chances = [tested.chance(codes, len(labels), inside) for inside in within]
        yield _Cut(Sliced(labels, codes), worst(*means), np.max(chances, axis=0))


def _means(score: Floats, rows: Sliced) -> Floats:
    return means_of(score, rows.codes, len(rows.labels))[1]
