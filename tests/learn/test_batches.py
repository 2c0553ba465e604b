"""Batches that threads fill: memory that is used again, and items that are drawn again."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from drivetrain.learn.batches import Memory
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.loaders import DataLoader
from drivetrain.learn.targets import OneOf
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.schema import Vocab

VOCAB = Vocab(("even", "odd"))


def loader(count: int, **settings: Any) -> DataLoader:
    photos = [np.full((8, 8, 3), number, np.uint8) for number in range(count)]
    given: dict[str, Any] = {"bs": 2, "training": False} | settings
    return DataLoader(
        inputs=(Input(photos, given.pop("transform", Resize(8))),),
        labels=(Target(np.arange(count) % 2, OneOf(VOCAB)),),
        **given,
    )


def test_batches_that_are_kept_never_change() -> None:
    kept = [x for x, _ in loader(20)]
    seen = [round(float(x[place].mean()) * 255) for x in kept for place in range(2)]
    assert seen == list(range(20))


def test_a_part_or_a_numpy_view_keeps_a_batch_too() -> None:
    parts = [x[1:, 0, 0, 0] for x, _ in loader(20)]
    views = [x.numpy()[0, 0, 0, :1] for x, _ in loader(20)]
    assert [round(float(part) * 255) for part in parts] == list(range(1, 20, 2))
    assert [round(float(view[0]) * 255) for view in views] == list(range(0, 20, 2))


def test_memory_is_used_again_once_nobody_holds_it() -> None:
    memory = Memory()
    places = {memory.take((4, 4)).ctypes.data for _ in range(5)}
    assert len(places) == 1
    held = [memory.take((4, 4)) for _ in range(3)]
    assert len({array.ctypes.data for array in held}) == 3
    tensor = torch.from_numpy(memory.take((2, 2))).view(4)
    assert memory.take((2, 2)).ctypes.data != tensor.data_ptr()


def test_an_item_that_is_drawn_again_is_varied_anew() -> None:
    photo = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    dl = DataLoader(
        inputs=(Input([photo, photo], RandomResizedCrop(8, min_scale=0.1)),),
        labels=(Target(np.array([0, 1]), OneOf(VOCAB)),),
        training=True,
        bs=16,
        sampling=np.array([1.0, 0.0]),
    )
    (batch,) = dl.batches()
    assert batch.positions == [0, 0]
    assert not torch.equal(batch.x[0], batch.x[1])
    (again,) = dl.batches()
    assert torch.equal(batch.x, again.x)
