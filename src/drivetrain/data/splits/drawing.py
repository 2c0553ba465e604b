"""Drawing items for validation so that what hangs together stays together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from drivetrain.errors import ConfigError, DataError

Strata = Sequence[tuple[int, ...]]
"""For each item the numbers of the classes that it belongs to; at least one."""


def check_share(share: object, name: str = "valid_pct") -> None:
    """Refuse a share that is no number between 0 and 1."""
    is_number = isinstance(share, int | float | np.integer | np.floating)
    if not is_number or not 0.0 < float(share) < 1.0:  # type: ignore[arg-type]
        raise ConfigError(
            f"{name} is {share!r}, and it has to lie between 0 and 1.",
            hint="0.2 keeps a fifth of the items for validation.",
        )


def check_seed(seed: object, name: str = "seed") -> None:
    """Refuse a seed that is neither None nor a whole number from 0."""
    is_whole = isinstance(seed, int | np.integer) and not isinstance(seed, bool)
    if seed is None or (is_whole and int(seed) >= 0):  # type: ignore[call-overload]
        return
    raise ConfigError(
        f"{name} is {seed!r}, and it has to be a whole number from 0.",
        hint="Give a number such as 42, or None for another split each time.",
    )


def count_of_share(items: int, share: float) -> int:
    """How many of the items are that share, with at least one on each side."""
    check_enough(items)
    return min(items - 1, max(1, int(items * share)))


def check_enough(items: int) -> None:
    """Refuse what has too few items for two sides."""
    if items < 2:
        raise DataError(
            f"{items} items cannot be split into training and validation.",
            hint="Collect more; some tens a class are a start.",
        )


def components(count: int, *numberings: Sequence[Any] | None) -> list[int]:
    """For each position the smallest one that it hangs together with, by any of the numberings."""
    parent = list(range(count))

    def root(position: int) -> int:
        while parent[position] != position:
            parent[position] = parent[parent[position]]
            position = parent[position]
        return position

    for numbers in numberings:
        if numbers is None:
            continue
        if len(numbers) != count:
            raise ConfigError(
                f"There are {count} items, and {len(numbers)} numbers that say which of them "
                "belong together.",
                hint="Give one number an item.",
            )
        first: dict[Any, int] = {}
        for position, number in enumerate(numbers):
            one, other = root(first.setdefault(number, position)), root(position)
            parent[max(one, other)] = min(one, other)
    return [root(position) for position in range(count)]


def draw(order: Sequence[int], component: Sequence[int], strata: Strata, wanted: int) -> set[int]:
    """Draw about ``wanted`` positions, whole components only, from every class its share.

    Classes are served from the rarest on. Of each class the walk takes components in their order
    until its share is reached, and passes over one that would overshoot by more than half of what
    is missing. A class that can be on both sides is; one that cannot is not drawn.

    Arguments:
        order: The positions to draw from, in the order of the walk.
        component: For every position the number of its component.
        strata: For every position its classes.
        wanted: How many positions, below ``len(order)``.

    Raises:
        DataError: All positions are one component.
    """
    if len({component[position] for position in order}) < 2:
        raise DataError(
            f"All {len(order)} items hang together, so none can validate what the others teach.",
            hint="Collect photos of other things or occasions, or give a splitter of your own.",
        )
    drawing = _Drawing(order, component, strata)
    for stratum, target in _targets(drawing, wanted):
        drawing.serve(stratum, target)
    return drawing.drawn or draw(order, component, [(0,)] * len(strata), wanted)


class _Drawing:
    """What is drawn so far, and what is settled to stay."""

    def __init__(self, order: Sequence[int], component: Sequence[int], strata: Strata) -> None:
        self.items: dict[int, list[int]] = defaultdict(list)  # in the order of the walk
        self.sizes: dict[int, Counter[int]] = defaultdict(Counter)  # of each class in a component
        for position in order:
            self.items[component[position]].append(position)
            self.sizes[component[position]].update(strata[position])
        self.members: dict[int, list[int]] = defaultdict(list)  # the components of a class
        self.totals: Counter[int] = Counter()
        for number, sizes in self.sizes.items():
            self.totals.update(sizes)
            for stratum in sizes:
                self.members[stratum].append(number)
        self.taken: Counter[int] = Counter()
        self.settled: set[int] = set()
        self.drawn: set[int] = set()

    def serve(self, stratum: int, target: int) -> None:
        """Draw about as many items of a class; what is not drawn of it then stays."""
        waiting = [number for number in self.members[stratum] if number not in self.settled]
        passed: list[int] = []
        for number in waiting:
            missing = target - self.taken[stratum]
            overshoot = self.sizes[number][stratum] - missing
            if missing <= 0:
                break
            if 2 * overshoot <= missing and self._leaves_some(number):
                self._take(number)
            else:
                passed.append(number)
        missing = target - self.taken[stratum]
        fitting = [number for number in passed if self._leaves_some(number)]
        if missing > 0 and fitting:
            smallest = min(fitting, key=lambda number: self.sizes[number][stratum])
            if not self.taken[stratum] or self.sizes[smallest][stratum] < 2 * missing:
                self._take(smallest)
        self.settled.update(waiting)

    def _leaves_some(self, number: int) -> bool:
        """Whether every class of a component keeps an item that is not drawn."""
        return all(
            self.taken[stratum] + size < self.totals[stratum]
            for stratum, size in self.sizes[number].items()
        )

    def _take(self, number: int) -> None:
        self.drawn.update(self.items[number])
        self.taken.update(self.sizes[number])
        self.settled.add(number)


def _targets(drawing: _Drawing, wanted: int) -> Iterable[tuple[int, int]]:
    """How many items of each class to draw, from the rarest class on.

    One of each class that has several components; the rest in proportion, by largest remainders.
    """
    totals, items = drawing.totals, sum(map(len, drawing.items.values()))
    classes = sorted(totals, key=lambda stratum: (totals[stratum], stratum))
    divisible = [stratum for stratum in classes if len(drawing.members[stratum]) > 1]
    everything = sum(totals[stratum] for stratum in divisible)
    aim = round(wanted * sum(totals.values()) / items)
    rest = max(0, aim - len(divisible))
    above_one = [max(0.0, totals[stratum] * aim / everything - 1) for stratum in divisible]
    shares = [above * rest / (sum(above_one) or 1) for above in above_one]
    room = [totals[stratum] - 2 for stratum in divisible]  # one is drawn and one stays anyway
    more = [min(int(share), free) for share, free in zip(shares, room, strict=True)]
    while (left := rest - sum(more)) > 0:
        open_ones = [which for which in range(len(more)) if more[which] < room[which]]
        if not open_ones:
            break
        for which in sorted(open_ones, key=lambda which: more[which] - shares[which])[:left]:
            more[which] += 1
    targets = {stratum: 1 + extra for stratum, extra in zip(divisible, more, strict=True)}
    return [(stratum, targets.get(stratum, 0)) for stratum in classes]
