"""Which rows of a table train and which validate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from drivetrain.data.splits.drawn import RandomSplitter, Split, split_items
from drivetrain.errors import DataError

MOSTLY_DIFFERENT = 0.5
"""The share of rows that are unlike all others from which on copies are held to be copies."""


def split_rows(frame: pd.DataFrame, given: Any, names: Sequence[str]) -> Split:
    """The positions of both sides; rows that are alike in all that is learned from stay together.

    Otherwise validation would ask what training has seen. Where most rows are like others, because
    there is little to tell them apart by, that is how the world is, and they are drawn singly.
    """
    if given is None:
        given = RandomSplitter(valid_pct=0.2, seed=42)
    if callable(given):
        hashes = pd.util.hash_pandas_object(frame[list(names)].astype(str), index=False)
        groups, different = pd.factorize(hashes)
        copies_are_rare = len(different) > MOSTLY_DIFFERENT * len(frame)
        together = groups.tolist() if copies_are_rare else None
        return split_items(given, range(len(frame)), together=together)
    train, valid = ([int(place) for place in side] for side in given)
    for place in (*train, *valid):
        if not 0 <= place < len(frame):
            raise DataError(
                f"splits names row {place}, and the table has {len(frame)} rows from 0 on.",
                hint="Give positions, as RandomSplitter()(range_of(df)) makes them.",
            )
    if shared := set(train) & set(valid):
        raise DataError(
            f"splits puts {len(shared)} rows on both sides, so the score would flatter.",
            hint="Give each row to one side only.",
        )
    if len(train) < 2 or not valid:
        raise DataError(
            f"The split leaves {len(train)} rows to train on and {len(valid)} to validate on."
        )
    return train, valid
