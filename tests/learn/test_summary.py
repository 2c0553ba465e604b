"""The summary: every step of a data block on a source, and where it would fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from conftest import colour_block, colour_photo

from drivetrain.data import ColReader, IndexSplitter, get_image_files
from drivetrain.errors import DrivetrainError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, RegressionBlock
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.summary import summarize
from drivetrain.learn.transforms import RandomResizedCrop, Resize

pytestmark = pytest.mark.usefixtures("one_torch_thread")

WORKS = "All steps work."


def told(text: str, step: str) -> list[str]:
    """What the summary says of a step."""
    lines = text.split("\n")
    return [line.removeprefix(step).strip() for line in lines if line.startswith(f"{step} ")]


def test_a_block_that_works_is_walked_through_to_the_end(colours: Path) -> None:
    block = colour_block().new(RandomResizedCrop(24), [lambda x, _: x.flip(-1)])
    text = summarize(block, colours, bs=5)
    assert told(text, "blocks") == ["ImageBlock, CategoryBlock: 1 in"]
    first = get_image_files(colours)[0]
    assert told(text, "get_items") == [f"36 items, the first is {type(first).__name__} {first}"]
    assert told(text, "get_y") == ["gives str 'blue' for it"]
    assert told(text, "encoded") == ["int64 [36], the first is blue; 3 classes: blue, green, red"]
    assert told(text, "splitter") == ["27 train, 9 validate"]
    (decoded,) = told(text, "decoded")
    assert "uint8 [40, 48, 3]" in decoded
    assert str(colours) in decoded
    assert told(text, "item_tfms") == ["in training uint8 [24, 24, 3]"]
    assert "in validation and production uint8 [24, 24, 3]" in text
    assert told(text, "batch")[0].startswith("float32 [5, 3, 24, 24] from 0.")
    assert told(text, "batch_tfms")[0].startswith("function: float32 [5, 3, 24, 24]")
    assert text.endswith(WORKS)


def test_it_is_printed(colours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colour_block().summary(colours)
    assert capsys.readouterr().out == summarize(colour_block(), colours) + "\n"


def test_two_inputs_numbers_and_statistics_are_shown_too(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(6)]
    for number, file in enumerate(files):
        colour_photo("red", number).save(file)
    block = DataBlock(
        blocks=(ImageBlock, ImageBlock, RegressionBlock),
        get_x=[lambda pair: pair[0], lambda pair: pair[1]],
        get_y=lambda pair: int(pair[0].stem) / 4,
        splitter=IndexSplitter([0]),
        item_tfms=Resize((16, 12)),
        batch_tfms=[*aug_transforms(), Normalize.from_stats([0.5] * 3, [0.5] * 3)],
    )
    text = summarize(block, list(zip(files, files[::-1], strict=True)))
    assert told(text, "blocks") == ["ImageBlock, ImageBlock, RegressionBlock: 2 in"]
    assert len(told(text, "get_x")) == len(told(text, "decoded")) == len(told(text, "batch")) == 2
    assert told(text, "encoded") == ["float32 [6, 1], the first is 0"]
    assert "inside the network" in told(text, "batch_tfms")[-1]
    assert text.endswith(WORKS)


def test_pictures_in_memory_are_described_by_their_size() -> None:
    photos = [np.asarray(colour_photo("red", number)) for number in range(4)]
    block = DataBlock(splitter=lambda _: ([0, 1, 2], [3]), item_tfms=Resize(16))
    labels = dict(zip(map(id, photos), "abab", strict=True))
    text = summarize(replace(block, get_y=lambda photo: labels[id(photo)]), photos)
    assert told(text, "get_items") == ["4 items, the first is array uint8 [40, 48, 3]"]
    images = [colour_photo("red", number) for number in range(4)]
    labels = dict(zip(map(id, images), "abab", strict=True))
    text = summarize(replace(block, get_y=lambda photo: labels[id(photo)]), images)
    assert "Image of 48 × 40 pixels, RGB" in told(text, "get_items")[0]


# ---- where it fails ------------------------------------------------------------------------


def fail(_: Any) -> Any:
    raise ZeroDivisionError("by nothing")


def failing_batch(x: Any, _: Any) -> Any:
    raise TypeError(f"{len(x)} pictures")


class Forgetful(Resize):
    def vary(self, base: Any, random: np.random.Generator) -> Any:  # noqa: ARG002
        return base[:-1]


FAULTS: dict[str, tuple[Callable[[DataBlock], DataBlock], str]] = {
    "no target": (lambda block: replace(block, blocks=(ImageBlock,)), "blocks"),
    "no get_items": (lambda block: replace(block, get_items=None), "get_items"),
    "items that are none": (lambda block: replace(block, get_items=lambda _: []), "get_items"),
    "a failing get_items": (lambda block: replace(block, get_items=fail), "get_items"),
    "a failing get_y": (lambda block: replace(block, get_y=fail), "get_y"),
    "one class": (lambda block: replace(block, get_y=lambda _: "all"), "get_y"),
    "a foreign class": (
        lambda block: replace(block, blocks=(ImageBlock, CategoryBlock(vocab=["red", "blue"]))),
        "get_y",
    ),
    "a failing get_x": (lambda block: replace(block, get_x=fail), "get_x"),
    "files that are not there": (lambda block: replace(block, get_x=lambda _: "no.jpg"), "get_x"),
    "an empty side": (lambda block: replace(block, splitter=IndexSplitter([])), "splitter"),
    "a class in validation only": (
        lambda block: replace(block, splitter=IndexSplitter(range(12))),
        "splitter",
    ),
    "two item transforms": (lambda block: block.new([Resize(8), Resize(9)]), "blocks"),
    "a failing batch transform": (lambda block: block.new(batch_tfms=failing_batch), "batch_tfms"),
    "another shape than promised": (lambda block: block.new(Forgetful(16)), "batch_tfms"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_would_fail_is_told_at_its_step_in_the_words_of_the_loaders(
    colours: Path, fault: str
) -> None:
    spoil, step = FAULTS[fault]
    block = spoil(colour_block())
    text = summarize(block, colours)
    with pytest.raises(DrivetrainError) as caught:
        list(block.dataloaders(colours, bs=4, device="cpu").train.batches())
    assert told(text, step)[-1] == "fails"
    problem = text.split("It would fail here: ")[1]
    assert WORKS not in text
    message = caught.value.message
    if fault not in ("a failing batch transform", "another shape than promised"):
        assert problem.split("\n")[0] == message
    assert caught.value.hint in problem
    assert caught.value.hint != ""


def test_a_photo_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(6)]
    for number, file in enumerate(files):
        colour_photo("red", number).save(file)
    files[0].write_bytes(b"no picture")
    block = DataBlock(get_y=lambda file: int(file.stem) % 2, splitter=IndexSplitter([5]))
    text = summarize(block, files)
    assert told(text, "left out") == [
        f"{files[0]} is not a picture that can be read. JPEG, PNG, WebP, GIF, BMP, TIFF and AVIF "
        "are read; convert it to one of them."
    ]
    assert text.endswith("All steps work.")


def test_where_no_photo_can_be_read_the_summary_fails_by_name(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.jpg" for number in range(6)]
    for file in files:
        file.write_bytes(b"no picture")
    block = DataBlock(get_y=lambda file: int(file.stem) % 2, splitter=IndexSplitter([5]))
    text = summarize(block, files)
    assert told(text, "item_tfms") == ["fails"]
    assert f"It would fail here: {files[4]} is not a picture" in text


def test_what_passes_in_the_summary_passes_in_the_loaders(colours: Path) -> None:
    """A table whose last row is wrong: the summary looks at all rows, as the loaders do."""
    table = pandas.DataFrame(
        [{"file": file, "label": file.parent.name} for file in get_image_files(colours)]
    )
    table["label"] = table["label"].astype(object)
    table.loc[35, "label"] = None
    block = DataBlock(get_x=ColReader("file"), get_y=ColReader("label"), item_tfms=Resize(16))
    text = summarize(block, table)
    with pytest.raises(DrivetrainError) as caught:
        block.dataloaders(table)
    assert f"It would fail here: {caught.value.message}" in text
    assert "row 35" in caught.value.message
    whole = table.iloc[:35]
    assert summarize(block, whole).endswith(WORKS)
    assert block.dataloaders(whole, bs=4, device="cpu").one_batch()[0].shape == (4, 3, 16, 16)


def test_it_draws_no_random_numbers_and_keeps_nothing(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "cache"))
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    first = summarize(colour_block().new(RandomResizedCrop(16), aug_transforms()), colours)
    assert first == summarize(colour_block().new(RandomResizedCrop(16), aug_transforms()), colours)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]
    assert not (tmp_path / "cache").exists()
