"""Both sides item by item: whole photos, upright and in RGB, beside their targets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import COLOURS, PHOTOS_A_CLASS, colour_block
from PIL import Image

from drivetrain.data import IndexSplitter, parent_label
from drivetrain.errors import UnreadableInputError
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import ImageBlock, RegressionBlock
from drivetrain.learn.transforms import RandomResizedCrop


def test_the_sides_are_those_of_the_loaders(colours: Path) -> None:
    datasets = colour_block().datasets(colours)
    dls = colour_block().dataloaders(colours, device="cpu")
    for dataset, loader in ((datasets.train, dls.train), (datasets.valid, dls.valid)):
        assert dataset.items == loader.items
        assert [int(target) for _, target in dataset] == loader.targets.tolist()
    assert len(datasets.train) + len(datasets.valid) == len(COLOURS) * PHOTOS_A_CLASS
    assert datasets.vocab == datasets.valid.vocab == dls.vocab


def test_an_item_is_the_whole_photo_before_any_transform(colours: Path) -> None:
    datasets = colour_block().new(item_tfms=RandomResizedCrop(16)).datasets(colours)
    for position in (0, -1):
        photo, target = datasets.train[position]
        file = datasets.train.items[position]
        assert isinstance(photo, Image.Image)
        assert (photo.size, photo.mode) == ((48, 40), "RGB")
        with Image.open(file) as expected:
            np.testing.assert_array_equal(np.asarray(photo), np.asarray(expected))
        assert datasets.vocab is not None
        assert datasets.vocab[int(target)] == parent_label(file)
    with pytest.raises(IndexError):
        _ = datasets.train[len(datasets.train)]


def test_a_photo_is_turned_upright_and_brought_to_rgb(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it a quarter clockwise
    grey = np.repeat(np.linspace(0, 250, 30).astype(np.uint8)[None], 20, axis=0)
    for name in "abcd":
        Image.fromarray(grey).save(tmp_path / f"{name}.png", exif=exif)
    block = DataBlock(
        get_y=lambda file: file.stem in "ab",
        splitter=IndexSplitter([0]),
        keep_duplicates_together=False,
    )
    (photo, _), *_ = block.datasets(
        [tmp_path / f"{name}.png" for name in "bacd"]
    ).train  # a, c and d: b validates
    assert (photo.size, photo.mode) == ((20, 30), "RGB")
    np.testing.assert_array_equal(np.asarray(photo), np.stack([np.rot90(grey, -1)] * 3, axis=2))


def test_targets_are_tensors_of_their_kind(colours: Path) -> None:
    numbers = replace(
        colour_block(), blocks=(ImageBlock, RegressionBlock), get_y=lambda file: int(file.stem)
    ).datasets(colours)
    _, target = numbers.valid[0]
    assert torch.equal(target, torch.tensor([float(numbers.valid.items[0].stem)]))
    assert numbers.vocab is None
    _, target = colour_block().datasets(colours).valid[0]
    assert (target.dtype, target.shape) == (torch.int64, ())


def test_two_inputs_come_before_the_target(colours: Path) -> None:
    block = replace(
        colour_block(),
        blocks=(ImageBlock, *colour_block().blocks),
        get_x=[lambda file: file, lambda file: file.with_name("00.jpg")],
        keep_duplicates_together=False,
    )
    datasets = block.datasets(colours)
    left, right, target = datasets.valid[0]
    file = datasets.valid.items[0]
    with Image.open(file) as first, Image.open(file.with_name("00.jpg")) as second:
        np.testing.assert_array_equal(np.asarray(left), np.asarray(first))
        np.testing.assert_array_equal(np.asarray(right), np.asarray(second))
    assert int(target) == list(COLOURS).index(parent_label(file))


def test_a_photo_that_cannot_be_read_is_named_when_it_is_asked_for(
    colours: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    items = [broken, *(colours / colour / f"0{n}.jpg" for colour in COLOURS for n in range(3))]
    block = replace(
        colour_block(),
        get_items=None,
        get_y=lambda file: "red" if file == broken else parent_label(file),
        splitter=IndexSplitter([0, 3, 6]),
    )
    datasets = block.datasets(items)
    with pytest.raises(UnreadableInputError, match=r"broken\.jpg"):
        _ = datasets.valid[0]
    assert len(list(datasets.train)) == 7
