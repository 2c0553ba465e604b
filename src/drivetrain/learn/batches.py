"""Batches of prepared items: threads fill them ahead while the model works."""

from __future__ import annotations

import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.errors import ConfigError, InputError, UnreadableInputError
from drivetrain.learn.columns import Input, Planes
from drivetrain.threads import leave

BatchTransform = Callable[[Tensor, torch.Generator], Tensor]
"""From float32 [N, 3, H, W] in 0..1 to the same, with the random numbers it is given."""

Problems = dict[str, InputError]
"""What could not be read, by the item's name."""

BATCHES_AHEAD = 2
ITEMS_A_TASK = 8


@dataclass
class Batch:
    """Some prepared items.

    Arguments:
        xs: The inputs: float32 [N, 3, H, W] in 0..1, or embeddings [N, D].
        ys: The targets: int64 [N] positions in the vocabulary, or as their kind encodes them.
        positions: Where the items stand in their loader.
    """

    xs: tuple[Tensor, ...]
    ys: tuple[Tensor, ...]
    positions: list[int]

    @property
    def x(self) -> Tensor:
        """The first input, which most often is the only one."""
        return self.xs[0]

    @property
    def y(self) -> Tensor:
        """The first target, which most often is the only one."""
        return self.ys[0]


@dataclass
class Filled:
    """A batch that was read: what could be read of it, and what could not.

    Arguments:
        number: Its number in the epoch, from 0.
        arrays: float32 [N, 3, H, W] for each input.
        positions: The items that are in it.
        problems: Those that are not, with the reason.
    """

    number: int
    arrays: list[Planes]
    positions: list[int]
    problems: Problems


class ReadAhead:
    """Fills batches on threads, some ahead of whoever takes them, in order.

    Arguments:
        inputs: What is read for each item.
        seed: What the random numbers of training follow from, with epoch and item.
        epoch: Likewise.
        training: Whether items are varied.
        left_out: What could not be read before and is not tried again: name to reason.
    """

    def __init__(
        self,
        inputs: Sequence[Input],
        *,
        seed: int,
        epoch: int,
        training: bool,
        left_out: dict[str, str],
    ) -> None:
        self.inputs, self.left_out = inputs, left_out
        self.seed, self.epoch, self.training = seed, epoch, training

    def batches(self, groups: Sequence[Sequence[int]], workers: int | None) -> Iterator[Filled]:
        """A filled batch for each group of positions."""
        threads = workers or os.cpu_count() or 1
        self._memory, self._drawn = Memory(), Counter[int]()
        pool = ThreadPoolExecutor(threads, thread_name_prefix="drivetrain-read")
        todo = iter(enumerate(groups))
        ahead: deque[_Filling] = deque()
        try:
            for number, group in islice(todo, BATCHES_AHEAD):
                ahead.append(self._begin(pool, number, group))
            while ahead:
                filled = ahead.popleft().result()
                if upcoming := next(todo, None):
                    ahead.append(self._begin(pool, *upcoming))
                yield filled
        finally:
            leave(pool)

    def _begin(self, pool: ThreadPoolExecutor, number: int, group: Sequence[int]) -> _Filling:
        arrays = [
            self._memory.take((len(group), *given.shape(training=self.training)))
            for given in self.inputs
        ]
        seeds = [self._seed_of(position) for position in group]
        tasks = [
            pool.submit(
                self._fill,
                arrays,
                group,
                seeds,
                range(start, min(start + ITEMS_A_TASK, len(group))),
            )
            for start in range(0, len(group), ITEMS_A_TASK)
        ]
        return _Filling(number, group, arrays, tasks)

    def _fill(
        self,
        arrays: list[Planes],
        group: Sequence[int],
        seeds: list[tuple[int, ...] | None],
        places: range,
    ) -> _Problems:
        problems: _Problems = {}
        for place in places:
            for given, array in zip(self.inputs, arrays, strict=True):
                name = given.names[group[place]]
                try:
                    if self.left_out and (reason := self.left_out.get(name)):
                        raise UnreadableInputError(reason)
                    seed = seeds[place]
                    random = None if seed is None else np.random.default_rng(seed)
                    given.read(group[place], array[place], random)
                except InputError as problem:
                    problems[place] = (name, problem)
                    break
        return problems

    def _seed_of(self, position: int) -> tuple[int, ...] | None:
        """What an item's random numbers follow from; an item drawn again is varied anew."""
        if not self.training:
            return None
        again = self._drawn[position]
        self._drawn[position] += 1
        return (self.seed, self.epoch, position, *([again] if again else []))


class Memory:
    """Arrays for batches, used again once nobody else holds them: fresh memory costs time."""

    def __init__(self) -> None:
        self._arrays: list[Planes] = []
        self._when_free = _references([np.empty(0, np.float32)])[0]

    def take(self, shape: tuple[int, ...]) -> Planes:
        """Float32 of a shape, with anything in it."""
        for place, references in enumerate(_references(self._arrays)):
            if references == self._when_free and self._arrays[place].shape == shape:
                return self._arrays[place]
        self._arrays.append(np.empty(shape, np.float32))
        return self._arrays[-1]


def _references(arrays: list[Planes]) -> list[int]:
    """How many references there are to each array; versions of Python count differently."""
    return [sys.getrefcount(array) for array in arrays]


_Problems = dict[int, tuple[str, InputError]]


@dataclass
class _Filling:
    """A batch that threads are filling."""

    number: int
    group: Sequence[int]
    arrays: list[Planes]
    tasks: list[Future[_Problems]]

    def result(self) -> Filled:
        problems: _Problems = {}
        for task in self.tasks:
            problems |= task.result()
        if not problems:
            return Filled(self.number, self.arrays, list(self.group), {})
        kept = [place for place in range(len(self.group)) if place not in problems]
        return Filled(
            number=self.number,
            arrays=[array[kept] for array in self.arrays],
            positions=[self.group[place] for place in kept],
            problems=dict(problems.values()),
        )


def epoch_order(
    count: int, seed: int, epoch: int, sampling: NDArray[np.float64] | None = None
) -> list[int]:
    """In which order an epoch of training shows its items; it follows from seed and epoch.

    Example:
        >>> sorted(epoch_order(4, seed=42, epoch=0))
        [0, 1, 2, 3]

    Arguments:
        count: The number of items.
        seed: What the order follows from.
        epoch: Likewise.
        sampling: How often each item is drawn, float64 [N]; each once when left out.
    """
    random = np.random.default_rng((seed, epoch))
    if sampling is None:
        return list(random.permutation(count).tolist())
    return list(random.choice(count, size=count, p=sampling / sampling.sum()).tolist())


def augment(x: Tensor, transforms: Sequence[BatchTransform], random: torch.Generator) -> Tensor:
    """Apply batch transforms one after the other.

    Raises:
        ConfigError: One failed, or returned something that is no batch of as many pictures.
    """
    for transform in transforms:
        before = tuple(x.shape)
        try:
            x = transform(x, random)
        except ConfigError:
            raise
        except Exception as problem:  # it may be the user's own, and raise anything
            raise ConfigError(
                f"The batch transform {_called(transform)} failed on float32 {before}: "
                f"{type(problem).__name__}: {problem}",
                hint="It takes a batch [N, 3, H, W] in 0..1 and a torch.Generator, and returns "
                "the batch.",
            ) from problem
        if not isinstance(x, Tensor) or x.ndim != 4 or tuple(x.shape[:2]) != before[:2]:
            found = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
            raise ConfigError(
                f"The batch transform {_called(transform)} made {found} of {before}.",
                hint="It has to return a batch of as many pictures with as many colours.",
            )
    return x


def _called(transform: object) -> str:
    return getattr(transform, "__name__", type(transform).__name__)
