"""Which rows of a table train and which validate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drivetrain.data.splits.drawn import RandomSplitter, Split, split_items
from drivetrain.errors import DataError
from drivetrain.learn.targets import TargetKind

MOSTLY_DIFFERENT = 0.5
"""The share of rows that are unlike all others from which on copies are held to be copies."""


def with_every_class(split: Split, targets: NDArray[np.int64]) -> Split:
    """A random split whose training side has seen every class: rows of others move there."""
    train, valid = list(split[0]), list(split[1])
    seen = set(targets[train].tolist())
    moved = [place for place in valid if int(targets[place]) not in seen]
    kept = [place for place in valid if int(targets[place]) in seen]
    return (sorted([*train, *moved]), kept) if kept else (train, valid)


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
    sides = [list(side) for side in given]
    if any(isinstance(place, bool | np.bool_) for side in sides for place in side):
        raise DataError(
            "splits holds truths, and it is two lists of positions.",
            hint="Of a mask: splits=(np.flatnonzero(~mask), np.flatnonzero(mask)).",
        )
    train, valid = ([int(place) for place in side] for side in sides)
    for side in (train, valid):
        if len(set(side)) != len(side):
            raise DataError("splits names a row twice on one side.", hint="Name each row once.")
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


def check_every_class_trains(kind: TargetKind, targets: NDArray[Any], split: Split) -> None:
    """Refuse a split whose training side never sees a class, before anything is trained.

    Raises:
        DataError: It does not.
    """
    if not kind.picks_one:
        return
    seen = set(targets[list(split[0])].tolist())
    unseen = [name for place, name in enumerate(kind.outputs) if place not in seen]
    if unseen:
        raise DataError(
            f"Training would never see {', '.join(unseen)}: all its rows validate.",
            hint="Move some to the training side, collect more, or leave the class out.",
        )
