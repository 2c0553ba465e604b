"""How much a model relies on each column: what it loses when the column tells nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from drivetrain.errors import ConfigError
from drivetrain.interpret.table_answers import Metric, TableAnswers, metric_name, rows_told
from drivetrain.interpret.table_columns import parts_of, unknown

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 20_000
Z = 1.96


def permutation_importance(
    answered: TableAnswers,
    repeats: int = 5,
    metric: Metric | None = None,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    seed: int = 42,
    most_rows: int = MOST_ROWS,
) -> pd.DataFrame:
    """How much the loss grows when a column's values change places between rows.

    Breiman 2001, "Random Forests", section 10; Fisher, Rudin and Dominici 2019, "All Models are
    Wrong, but Many are Useful", section 3. A column moves as a whole: all parts of a date, all
    features of a text. Columns that tell the same share the importance, or hide each other's:
    while one is shuffled, the model still reads the other. Put such columns into a group, which
    moves together. A column with nothing to tell lies around 0.

    Arguments:
        answered: The rows and their answers.
        repeats: How often each column is shuffled.
        metric: A metric as a learner takes it, whose drop is told beside the loss; for errors,
            which grow, it is below 0.
        groups: Names for columns that are shuffled together, in place of each by itself.
        seed: What the shuffles follow from.
        most_rows: Rows that are asked about, drawn at random if there are more.

    Returns:
        For each column, the most important first: the ``mean`` growth of the loss, its ``std``
        over the repeats, ``low`` and ``high``, which hold the mean with 95 % confidence over
        other rows like these, and the ``rows`` that were asked about.

    Raises:
        ConfigError: A group names a column that there is not; fewer than one repeat or two rows.
    """
    import pandas as pd

    if repeats < 1 or most_rows < 2:
        raise ConfigError(
            f"repeats is {repeats} and most_rows {most_rows}, and at least one repeat over two "
            "rows is needed."
        )
    side = answered.sample(most_rows, seed)
    count, shuffled = len(side), side.arrays.clone()
    orders = [
        torch.from_numpy(np.random.default_rng((seed, turn)).permutation(count))
        for turn in range(repeats)
    ]
    before = None if metric is None else side.measured(metric, side.answers, side.targets)
    found = []
    for name, places in _blocks(answered, groups).items():
        kept = side.arrays[:, places]
        same = bool((kept == kept[:1]).all())
        grown, drops = np.zeros((repeats, count)), np.zeros(repeats)
        for turn, order in enumerate([] if same else orders):
            shuffled[:, places] = kept[order]
            answers, losses = side.ask(shuffled)
            grown[turn] = losses - side.losses
            if metric is not None and before is not None:
                drops[turn] = before - side.measured(metric, answers, side.targets)
        shuffled[:, places] = kept
        half = Z * _spread(grown.mean(0)) / np.sqrt(count)
        mean = float(grown.mean())
        row = {"column": name, "mean": mean, "std": _spread(grown.mean(1))}
        row |= {"low": mean - half, "high": mean + half}
        if metric is not None:
            called = metric_name(metric)
            row |= {f"{called}_drop": float(drops.mean()), f"{called}_std": _spread(drops)}
        found.append(row | {"rows": count})
    made = pd.DataFrame(found).sort_values("mean", ascending=False, kind="stable")
    made.attrs["looked_at"] = rows_told(count, len(answered))
    return made.reset_index(drop=True)


def _blocks(
    answered: TableAnswers, groups: Mapping[str, Sequence[str]] | None
) -> dict[str, list[int]]:
    """What is shuffled together: by name, the places in a prepared row."""
    parts = parts_of(answered.preparation)
    blocks = {
        column.name: list(parts[column.name].places) for column in answered.preparation.columns
    }
    together: dict[str, list[int]] = {}
    grouped: set[str] = set()
    for name, members in (groups or {}).items():
        listed = [members] if isinstance(members, str) else list(members)
        for member in listed:
            if member not in blocks:
                raise unknown("column", member, blocks)
        if not listed or (name in blocks and name not in listed):
            raise ConfigError(
                f"The group {name!r} "
                + ("has no column." if not listed else "is called as a column outside of it."),
                hint='Give groups={"NAME": ["column", "column"]}.',
            )
        together[name] = sorted({place for member in listed for place in blocks[member]})
        grouped |= set(listed)
    return together | {name: each for name, each in blocks.items() if name not in grouped}


def _spread(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0
