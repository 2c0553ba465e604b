"""What happens to one item at every step of a data block, and where it would fail."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from drivetrain.data.cache import PhotoCache
from drivetrain.errors import DrivetrainError, InputError
from drivetrain.learn.batches import augment
from drivetrain.learn.blocks import named
from drivetrain.learn.columns import Input, Target, names_of
from drivetrain.learn.steps import Steps

if TYPE_CHECKING:
    from drivetrain.learn.block import DataBlock

WIDTH = 12


def summarize(block: DataBlock, source: Any, *, bs: int = 4) -> str:
    """The steps of a data block on a source as lines of text.

    The whole source is collected, labelled and split, as training would do it; one item then
    goes through every transform, and a batch through augmentation. The last line says that all
    of it works, or what would fail and what to do.
    """
    lines: list[str] = []
    try:
        _Walk(block, lines).through(source, bs)
    except DrivetrainError as problem:
        lines += ["", f"It would fail here: {problem.message}", f"{'':{WIDTH}}{problem.hint}"]
    else:
        lines += ["", "All steps work."]
    return "\n".join(line.rstrip() for line in lines)


class _Walk:
    def __init__(self, block: DataBlock, lines: list[str]) -> None:
        self.block, self.lines = block, lines

    def through(self, source: Any, bs: int) -> None:
        with self._step("blocks"):
            steps = Steps(self.block)
            names = [type(each).__name__ for each in (*steps.input_blocks, *steps.target_blocks)]
            self._say("blocks", f"{', '.join(names)}: {len(steps.input_blocks)} in")
            transforms, batch_transforms, normalize = steps.transforms()
        with self._step("get_items"):
            items = steps.items(source)
            self._say("get_items", f"{len(items):,} items, the first is {_kind(items[0])}")
        with self._step("get_y"):
            labels = steps.labels(items)
            for each in labels:
                self._say("get_y", f"gives {_kind(each[0])} for it")
            targets = steps.targets(items)
            for target in targets:
                self._say("encoded", _target(target))
        with self._step("get_x"):
            inputs = tuple(
                Input(values, transform, names_of(values), PhotoCache(None))
                for values, transform in zip(steps.inputs(items), transforms, strict=True)
            )
            for given in inputs:
                self._say("get_x", f"gives {_kind(given.items[0])} for it")
        with self._step("splitter"):
            (train, valid), kept = steps.split(items, inputs, targets)
            together = f"; {kept} pairs of near-duplicates kept on one side" if kept else ""
            self._say("splitter", f"{len(train):,} train, {len(valid):,} validate{together}")
        with self._step("item_tfms"):
            chosen = self._readable(inputs, train, bs)
            for given in inputs:
                self._prepare(given, chosen[0])
        with self._step("batch_tfms"):
            batch = [_batch(given, chosen) for given in inputs]
            for x in batch:
                self._say("batch", _tensor(x))
            for transform in batch_transforms:
                batch = [augment(x, [transform], torch.Generator().manual_seed(0)) for x in batch]
                for x in batch:
                    self._say("batch_tfms", f"{type(transform).__name__}: {_tensor(x)}")
            if normalize is not None:
                self._say("batch_tfms", f"{normalize}: inside the network")

    def _readable(self, inputs: Sequence[Input], positions: list[int], count: int) -> list[int]:
        """The first items that can be read; training would leave out the others, too."""
        chosen: list[int] = []
        for place, position in enumerate(positions):
            try:
                for given in inputs:
                    given.base(position)
                chosen.append(position)
            except InputError as problem:
                if place == len(positions) - 1 and not chosen:
                    raise
                self._say("left out", str(problem))
            if len(chosen) == count:
                break
        return chosen

    def _prepare(self, given: Input, position: int) -> None:
        base = given.base(position)
        self._say("decoded", f"{given.names[position]} to {_array(base)}")
        varied = given.pixels(position, np.random.default_rng(0))
        self._say("item_tfms", f"in training {_array(varied)}")
        self._say("", f"in validation and production {_array(given.pixels(position))}")

    def _say(self, step: str, what: str) -> None:
        self.lines.append(f"{step:{WIDTH}}{what}")

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        try:
            yield
        except DrivetrainError:
            self._say(name, "fails")
            raise


def _batch(given: Input, positions: list[int]) -> Tensor:
    batch = np.empty((len(positions), *given.shape(training=True)), np.float32)
    for place, position in enumerate(positions):
        given.read(position, batch[place], np.random.default_rng(position))
    return torch.from_numpy(batch)


def _kind(value: Any) -> str:
    name = type(value).__name__
    if isinstance(value, os.PathLike | str):
        return f"{name} {named(value)!r}" if isinstance(value, str) else f"{name} {named(value)}"
    if isinstance(value, Image.Image):
        return f"{name} of {value.width} × {value.height} pixels, {value.mode}"
    if isinstance(value, np.ndarray):
        return f"array {_array(value)}"
    return f"{name} {named(value)}"


def _array(array: np.ndarray[Any, Any]) -> str:
    return f"{array.dtype} {list(array.shape)}"


def _tensor(x: Tensor) -> str:
    kind = str(x.dtype).removeprefix("torch.")
    return f"{kind} {list(x.shape)} from {float(x.min()):.2f} to {float(x.max()):.2f}"


def _target(target: Target) -> str:
    first = target.kind.describe(target.values[0])
    classes = ""
    if target.kind.vocab is not None:
        shown = ", ".join(list(target.kind.vocab)[:8])
        more = f" and {target.kind.size - 8} more" if target.kind.size > 8 else ""
        classes = f"; {target.kind.size} classes: {shown}{more}"
    return f"{_array(target.values)}, the first is {first}{classes}"
