"""Seven messages that told people nothing, and what the same mistakes are told here.

Each test does what a person did in a public thread, and asks for the file or the item, the step,
what was expected and found, and the way on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from conftest import COLOURS, colour_block, colour_photo
from PIL import Image
from torch import Tensor

from drivetrain.data import (
    ColReader,
    GrandparentSplitter,
    RandomSplitter,
    RegexLabeller,
    get_image_files,
    parent_label,
    using_attr,
)
from drivetrain.errors import ConfigError, DataError, DrivetrainError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, RegressionBlock
from drivetrain.learn.erasing import RandomErasing
from drivetrain.learn.image_dataloaders import ImageDataLoaders
from drivetrain.learn.loaders import SkippedItemWarning
from drivetrain.learn.summary import summarize
from drivetrain.learn.transforms import RandomResizedCrop, Resize

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of many sizes in one folder, called as the pets of the book are."""
    folder = tmp_path_factory.mktemp("pets") / "images"
    folder.mkdir()
    sizes = np.random.default_rng(0).integers(40, 90, (24, 2)).tolist()
    for number, (wide, high) in enumerate(sizes):
        colour = list(COLOURS)[number % 3]
        name = f"{colour}_terrier_{number}.jpg"
        colour_photo(colour, number, size=(wide, high)).save(folder / name)
    return folder


def pet_block(**settings: Any) -> DataBlock:
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(seed=42),
        get_y=using_attr(RegexLabeller(r"(.+)_\d+.jpg$"), "name"),
    )
    return replace(block, **settings)


def refusal(step: Callable[[], Any]) -> DrivetrainError:
    """What is raised, which has to say what to do."""
    with pytest.raises(DrivetrainError) as caught:
        step()
    assert caught.value.hint
    return caught.value


def test_fastai_3861(colours: Path) -> None:
    """fastai/fastai issue 3861: the lesson's first block, and "something wrong" in the loader.

    A transform of the library itself used ``np.int``, which numpy had removed. The loaders were
    made all the same, and the message named neither the transform nor the reason.
    """

    class Outdated(Resize):
        def vary(self, base: Any, random: np.random.Generator) -> Any:
            return base.astype(np.int) + random  # type: ignore[attr-defined]

    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.2, seed=21),
        get_y=parent_label,
        item_tfms=[Outdated(192, method="squish")],
    )
    dls = block.dataloaders(colours, bs=32, device="cpu")
    problem = refusal(dls.one_batch)
    assert problem.message.startswith(f"The item transform Outdated failed on {colours}")
    assert ".jpg: AttributeError: module 'numpy' has no attribute 'int'" in problem.message
    assert "uint8 [H, W, 3]" in problem.hint
    assert "module 'numpy' has no attribute 'int'" in summarize(block, colours)


class Smaller:
    """A batch transform that brings pictures to a size, and does not know how."""

    size = (224, 224)

    def __call__(self, x: Tensor, random: torch.Generator) -> Tensor:  # noqa: ARG002
        return x.reshape(len(x), 3, *self.size)


def test_fastbook_267(pets: Path) -> None:
    """fastai/fastbook issue 267: the book's ninth cell on pets, photos made 460 and then 224.

    "Could not do one pass in your dataloader" was all that was said of the batch transforms; a
    cell further on printed a ``RuntimeError`` about stacking.
    """
    block = pet_block(item_tfms=Resize(460), batch_tfms=[Smaller()])
    problem = refusal(block.dataloaders(pets, bs=4, device="cpu").one_batch)
    assert "batch transform Smaller failed on float32 (4, 3, 460, 460)" in problem.message
    assert "RuntimeError: shape '[4, 3, 224, 224]' is invalid" in problem.message
    assert "[N, 3, H, W]" in problem.hint

    misnamed = pets / "notes on terriers.jpg"
    misnamed.write_bytes((pets / get_image_files(pets)[0]).read_bytes())
    try:
        problem = refusal(lambda: pet_block().dataloaders(pets))
    finally:
        misnamed.unlink()
    assert r"'(.+)_\\d+.jpg$' finds no label in 'notes on terriers.jpg'" in problem.message
    assert "leave this item out" in problem.hint


def test_fastai2_352(pets: Path) -> None:
    """fastai/fastai2 issue 352: the summary was content, and the first batch a ``TypeError``.

    The items came from a table whose cells held whole arrays of numbers; the summary looked at a
    few items, the loaders then met objects that cannot be put together.
    """
    files = get_image_files(pets)
    table: Any = pandas.DataFrame({"file": files, "where": [[0.5, 0.25]] * len(files)})
    table.at[19, "where"] = [0.5]
    block = DataBlock(
        blocks=(ImageBlock, RegressionBlock),
        get_x=ColReader("file"),
        get_y=ColReader("where"),
        item_tfms=Resize(16),
    )
    problem = refusal(lambda: block.dataloaders(table))
    assert "get_y gives [0.5] for row 19" in problem.message
    assert "takes 2 finite numbers for each item" in problem.message
    assert f"It would fail here: {problem.message}" in summarize(block, table)

    waves: Any = pandas.DataFrame({"wave": [[0.1, 0.2, 0.3]] * 8, "label": list("abababab")})
    block = DataBlock(get_x=ColReader("wave"), get_y=ColReader("label"))
    problem = refusal(lambda: block.dataloaders(waves))
    assert "An ImageBlock reads paths, bytes, Pillow images or arrays" in problem.message
    assert "get_x gives a list" in problem.message
    assert f"It would fail here: {problem.message}" in summarize(block, waves)

    waves["wave"] = [np.array([0.1, 0.2, 0.3])] * 8
    dls = replace(block, splitter=lambda _: ([0, 1, 2, 3], [4, 5, 6, 7])).dataloaders(waves, bs=4)
    with (
        pytest.warns(SkippedItemWarning, match="array of float64"),
        pytest.raises(DataError, match="None of the 4 items could be read") as caught,
    ):
        dls.one_batch()
    assert "item " in caught.value.message
    assert "is an array of float64, and arrays are taken as uint8 only" in caught.value.message
    assert ".astype('uint8')" in caught.value.message


class FlipItem:
    """Augmentation of single items, as another library has it."""

    def __init__(self, p: float) -> None:
        self.p = p


def test_fastai2_220(tmp_path: Path) -> None:
    """fastai/fastai2 issue 220: the script of a leaderboard ended in a ``RuntimeError``.

    It gave two item transforms, a crop and a flip, and erased in batches; the first batch could
    not be stacked, and nothing said which photo or which transform was the reason.
    """
    for side, seeds in (("train", range(6)), ("val", range(6, 9))):
        for number, colour in enumerate(COLOURS):
            (tmp_path / side / colour).mkdir(parents=True)
            for seed in seeds:
                file = tmp_path / side / colour / f"{seed}.jpg"
                colour_photo(colour, 10 * number + seed).save(file)
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        splitter=GrandparentSplitter(valid_name="val"),
        get_items=get_image_files,
        get_y=parent_label,
        item_tfms=[RandomResizedCrop(32, min_scale=0.35), FlipItem(0.5)],
        batch_tfms=RandomErasing(p=0.9, max_count=3, sh=0.3),
    )
    problem = refusal(lambda: block.dataloaders(tmp_path, bs=4, device="cpu"))
    assert isinstance(problem, ConfigError)
    assert "item_tfms holds 2 transforms" in problem.message
    assert "put augmentation into batch_tfms" in problem.hint

    mended = block.new(item_tfms=[RandomResizedCrop(32, min_scale=0.35)])
    dls = mended.dataloaders(tmp_path, bs=4, device="cpu")
    assert dls.one_batch()[0].shape == (4, 3, 32, 32)
    usual = replace(mended, splitter=GrandparentSplitter())
    assert "'valid'" in refusal(lambda: usual.dataloaders(tmp_path)).message


def test_fastai_2878(pets: Path) -> None:
    """fastai/fastai pull request 2878: "something wrong", and below it a flip that failed.

    Under a newer PyTorch the library's own flip called ``new_ones`` without a size; that only
    showed when ``show_batch`` was tried, at the end of a long traceback.
    """

    def flip(x: Tensor, random: torch.Generator) -> Tensor:  # noqa: ARG001
        return x.new_ones()

    dls = ImageDataLoaders.from_name_re(
        pets,
        get_image_files(pets),
        r"^(.*)_\d+.jpg$",
        item_tfms=Resize(32),
        batch_tfms=flip,
        bs=4,
        device="cpu",
    )
    for step in (dls.one_batch, dls.show_batch):
        problem = refusal(step)
        assert problem.message.startswith("The batch transform flip failed on float32 (")
        assert "(4, 3, 32, 32)" in problem.message or step == dls.show_batch
        assert "TypeError: new_ones()" in problem.message
        assert "takes a batch [N, 3, H, W]" in problem.hint
        assert isinstance(problem.__cause__, TypeError)


def test_docker_containers_55(pets: Path) -> None:
    """fastai/docker-containers issue 55: ``summary`` on pets, and tensors of unequal size.

    The block had no item transform, so that photos of several sizes met in a batch. Here they
    are brought to one size; a transform that forgets to is named, with the photo.
    """
    assert summarize(pet_block(), pets).endswith("All steps work.")
    assert "uint8 [224, 224, 3]" in summarize(pet_block(), pets)

    class AsItIs(Resize):
        def vary(self, base: Any, random: np.random.Generator) -> Any:  # noqa: ARG002
            return base[: 400 + int(base[0, 0, 0]) % 2]

    block = pet_block(item_tfms=AsItIs(460))
    problem = refusal(block.dataloaders(pets, bs=4, device="cpu").one_batch)
    assert "The item transform made uint8 (40" in problem.message
    assert f" of {pets}" in problem.message
    assert "every item of a batch is uint8 (460, 460, 3)" in problem.message
    assert "Bring every photo to one size, with Resize or RandomResizedCrop" in problem.hint
    assert "It would fail here: The item transform made uint8 (40" in summarize(block, pets)


def test_fastai2_pull_request_31(pets: Path, tmp_path: Path) -> None:
    """fastai/fastai2 pull request 31: a batch size above the number of photos.

    Incomplete batches were dropped, so that nothing was left, and what failed was something
    else. Here such a batch holds all there is; where nothing is left the counts are told.
    """
    block = pet_block(item_tfms=RandomResizedCrop(32), batch_tfms=aug_transforms())
    dls = block.dataloaders(pets, bs=64, device="cpu")
    assert len(dls.train) == 1
    assert dls.one_batch()[0].shape == (20, 3, 32, 32)
    assert len(dls.show_batch(max_n=4).axes) == 4

    problem = refusal(lambda: block.dataloaders(pets, bs=0))
    assert "bs is 0, and training takes a whole number of at least two items" in problem.message
    assert "it may be more than there are items" in problem.hint

    for name in ("red_terrier_1", "blue_terrier_2"):
        Image.new("RGB", (40, 40), name.split("_")[0]).save(tmp_path / f"{name}.jpg")
    problem = refusal(lambda: block.dataloaders(tmp_path))
    assert isinstance(problem, DataError)
    assert "1 items to train on and 1 to validate on" in problem.message
    assert "Collect more" in problem.hint


def test_the_lessons_own_block_needs_none_of_this(colours: Path) -> None:
    dls = colour_block().new(RandomResizedCrop(16), aug_transforms()).dataloaders(
        colours, bs=8, device="cpu"
    )  # fmt: skip
    assert dls.one_batch()[0].shape == (8, 3, 16, 16)
