"""The lesson's processing steps, as settings of the one preparation.

In Drivetrain words always become codes, gaps are always filled, and numbers are always scaled, in
training as in production: a step that is named changes how, not whether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drivetrain.errors import ConfigError
from drivetrain.learn.normalize import Normalize


@dataclass(frozen=True)
class Categorify:
    """Words become codes: each word of training that is frequent enough has one of its own.

    A gap has a code, and so has what is rare or was never seen, in every column.

    Arguments:
        min_count: Rows that a word needs to be told apart; a rare one counts as unseen.
    """

    min_count: int | None = None


@dataclass(frozen=True)
class FillMissing:
    """Gaps among numbers are filled by the median of training, and a flag says where.

    Arguments:
        add_col: Whether the flag is kept, in columns that had gaps in training.
    """

    add_col: bool = True


PROCS = (Categorify, FillMissing, Normalize)


@dataclass(frozen=True)
class Processing:
    """What a list of steps asks for."""

    min_count: int | None = None
    flags: bool = True

    @classmethod
    def of(cls, procs: Sequence[Any] | Any | None) -> Processing:
        """Read a list of steps, as classes or made with arguments.

        Raises:
            ConfigError: It holds something else.
        """
        listed = [] if procs is None else procs if isinstance(procs, Sequence) else [procs]
        made = [each() if isinstance(each, type) and each in PROCS else each for each in listed]
        for each in made:
            if not isinstance(each, PROCS):
                raise ConfigError(
                    f"procs holds {each!r}, and it takes Categorify, FillMissing and Normalize.",
                    hint="Change the table itself before it comes here, in a function that "
                    "production can call too.",
                )
        counts = [each.min_count for each in made if isinstance(each, Categorify)]
        fills = [each.add_col for each in made if isinstance(each, FillMissing)]
        return cls(
            min_count=next((count for count in counts if count is not None), None),
            flags=all(fills),
        )
