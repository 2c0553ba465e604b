"""What a split does to pictures that show the same: on both sides of it, they flatter the score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from drivetrain.data.looks.duplicates import Pair
from drivetrain.data.splits.drawn import Split, Splitter, pairs_across
from drivetrain.errors import DataError

LONGEST_NAME_OF_A_SPLITTER = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicatePair:
    """Two files that show the same picture, exactly or nearly; labels are "" without labels."""

    first: str
    second: str
    first_label: str
    second_label: str
    exact: bool
    similarity: float


@dataclass(frozen=True, kw_only=True)
class Leakage:
    """What a split does to pairs that show the same picture.

    Arguments:
        split: How it is drawn.
        train: How many items train.
        valid: How many items validate.
        torn: Pairs with one item on each side if nothing is done about it.
        left: Pairs that remain so once pairs are kept together.
        pairs: Those that remain.
        problem: Why pairs cannot be kept together, "" when they can.
    """

    split: str
    train: int
    valid: int
    torn: int
    left: int
    pairs: tuple[DuplicatePair, ...] = ()
    problem: str = ""


def leakage_of(
    splitter: Splitter,
    plain: Split,
    keep_together: Callable[[], Split],
    found: Sequence[Pair],
    named: Sequence[DuplicatePair],
) -> Leakage:
    """Compare a split with the one that keeps pairs together.

    Arguments:
        splitter: What draws them.
        plain: The split drawn as if there were no pairs.
        keep_together: Draws the other one.
        found: The pairs.
        named: The same pairs with names.
    """
    kept, problem = plain, ""
    if found:
        try:
            kept = keep_together()
        except DataError as refused:
            problem = refused.message
    side = dict.fromkeys(kept[0], "train") | dict.fromkeys(kept[1], "valid")
    left = tuple(
        name
        for pair, name in zip(found, named, strict=True)
        if {side.get(pair.first), side.get(pair.second)} == {"train", "valid"}
    )
    return Leakage(
        split=_how(splitter),
        train=len(kept[0]),
        valid=len(kept[1]),
        torn=pairs_across(plain, [(pair.first, pair.second) for pair in found]),
        left=len(left),
        pairs=left,
        problem=problem,
    )


def _how(splitter: Splitter) -> str:
    name = str(splitter)
    is_long = len(name) > LONGEST_NAME_OF_A_SPLITTER or name.startswith("<")
    return str(getattr(splitter, "__name__", type(splitter).__name__)) if is_long else name
