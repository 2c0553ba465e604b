"""Some inputs that were prepared together, and those of them that could not be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from drivetrain.errors import InputError

Remarks = tuple[str, ...]
"""What is worth knowing of an input that was taken."""


@dataclass(frozen=True, eq=False)
class Group:
    """Some inputs of many, in their order.

    Arguments:
        count: How many inputs there were.
        arrays: Those that could be prepared, [K, ...].
        problems: Why others could not, by their place.
        remarks: What is worth knowing of some, by their place.
    """

    count: int
    arrays: NDArray[Any]
    problems: dict[int, InputError] = field(default_factory=dict)
    remarks: dict[int, Remarks] = field(default_factory=dict)

    def outcomes(self, answers: Iterator[Any]) -> Iterator[tuple[Any, Remarks]]:
        """An answer or a problem for each place, with its remarks.

        Arguments:
            answers: One for each prepared input, in order.
        """
        for place in range(self.count):
            problem = self.problems.get(place)
            yield problem or next(answers), self.remarks.get(place, ())


@dataclass(frozen=True)
class Unpacked:
    """The inputs that were sent together.

    Arguments:
        items: Each as the preparation takes it.
        several: Whether they were sent as several, also if it is only one.
    """

    items: list[Any]
    several: bool = False
