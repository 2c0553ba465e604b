"""The learner's unfrozen training step beside a bare torch loop, in one process and in turns.

``step.py FOLDER TURNS`` prints the seconds a step of each. The learner's epoch is everything
between the moments ``before_epoch`` and ``before_validate``: data, augmentation, callbacks. The
bare loop has the epoch's tensors in memory, and the learner's model, optimizer, memory format,
precision, threads and allocator.
"""

from __future__ import annotations

import copy
import inspect
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from drivetrain import (
    Callback,
    CategoryBlock,
    DataBlock,
    ImageBlock,
    RandomResizedCrop,
    RandomSplitter,
    aug_transforms,
    get_image_files,
    parent_label,
    vision_learner,
)
from drivetrain.learn.training.speed import fast_memory

LEARNING_RATE = 1e-4
CPU = torch.device("cpu")
Batches = Sequence[tuple[Tensor, Tensor]]


class Stopwatch(Callback):
    """Times each epoch up to its validation, and sees with what it trains."""

    def __init__(self) -> None:
        self.steps = 0
        self.seconds = 0.0
        self.optimizer: Any = None
        self.threads = 0
        self.channels_last = False
        self.precision: torch.dtype | None = None

    def before_epoch(self, learn: Any) -> None:
        """Start."""
        del learn
        self.steps, self.started = 0, time.perf_counter()

    def after_batch(self, learn: Any) -> None:
        """Count, and look at the first step."""
        self.steps += 1
        if self.steps == 1:
            self.optimizer = learn.optimizer
            self.threads = torch.get_num_threads()
            self.channels_last = any(map(is_channels_last, learn.model.parameters()))
            self.precision = getattr(learn, "precision", None)

    def before_validate(self, learn: Any) -> None:
        """Stop."""
        del learn
        self.seconds = time.perf_counter() - self.started


def is_channels_last(weights: Tensor) -> bool:
    """Whether the weights of a convolution lie channel by channel for each pixel."""
    return (
        weights.ndim == 4
        and weights.is_contiguous(memory_format=torch.channels_last)
        and not weights.is_contiguous()
    )


class BareLoop:
    """Five lines over tensors that are there, with copies of what the learner trains with."""

    def __init__(self, learn: Any, seen: Stopwatch, batches: Batches) -> None:
        self.model: nn.Module = copy.deepcopy(learn.model)
        layout = torch.channels_last if seen.channels_last else torch.contiguous_format
        self.model.to(memory_format=layout)
        self.batches = [(x.contiguous(memory_format=layout), y) for x, y in batches]
        self.optimizer = optimizer_like(seen.optimizer, learn.model, self.model)
        self.precision = seen.precision

    def epoch(self) -> None:
        """Pass over the tensors once."""
        self.model.train()
        for x, y in self.batches:
            with torch.autocast("cpu", self.precision) if self.precision else nullcontext():
                loss = cross_entropy(self.model(x), y)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.optimizer.zero_grad()


def optimizer_like(optimizer: Any, model: nn.Module, copied: nn.Module) -> Any:
    """An optimizer of the same class and settings over the same groups of a model's copy."""
    twin = dict(zip(model.parameters(), copied.parameters(), strict=True))
    kind = type(optimizer)
    accepted = set(inspect.signature(kind).parameters)

    def settings(given: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in given.items() if name in accepted - {"params"}}

    groups = [
        settings(group) | {"params": [twin[one] for one in group["params"]], "lr": LEARNING_RATE}
        for group in optimizer.param_groups
    ]
    return kind(groups, **settings(optimizer.defaults))


def timed(act: Callable[[], None]) -> float:
    """The seconds that it takes."""
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def main() -> None:
    """Measure in turns, after one turn that does not count."""
    folder, turns = sys.argv[1], int(sys.argv[2])
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.2, seed=1),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(224, min_scale=0.5),
        batch_tfms=aug_transforms(),
    )
    dls = block.dataloaders(folder, bs=32, seed=1)
    learn = vision_learner(dls)
    learn.unfreeze()
    watch = Stopwatch()
    batches = [(x, y) for x, y in dls.train]
    seconds: dict[str, list[float]] = {"learner": [], "bare": []}
    loop: BareLoop | None = None
    for turn in range(turns + 1):
        with learn.no_bar():
            learn.fit_one_cycle(1, LEARNING_RATE, cbs=watch)
        assert watch.steps == len(batches)
        loop = loop or BareLoop(learn, watch, batches)
        torch.set_num_threads(watch.threads)
        with fast_memory(CPU):
            bare = timed(loop.epoch)
        if turn:
            seconds["learner"].append(watch.seconds / len(batches))
            seconds["bare"].append(bare / len(batches))
    setting = {
        "steps": len(batches),
        "threads": watch.threads,
        "optimizer": type(watch.optimizer).__name__,
        "channels_last": watch.channels_last,
        "precision": str(watch.precision or torch.float32).removeprefix("torch."),
    }
    print(json.dumps({"event": "steps", "seconds": seconds} | setting), flush=True)


if __name__ == "__main__":
    main()
