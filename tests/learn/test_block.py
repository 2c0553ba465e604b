"""The data block: what it makes of a source, and every way in which it refuses one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import COLOURS, PHOTOS_A_CLASS, colour_block, colour_photo

from drivetrain.data import IndexSplitter, RandomSplitter, get_image_files, parent_label
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.transforms import RandomResizedCrop, Resize

NAMES = [f"{label}{number}" for label in "ab" for number in range(5)]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a photo for each of the names."""
    folder = tmp_path_factory.mktemp("names")
    for number, name in enumerate(NAMES):
        colour_photo(list(COLOURS)[number % 3], 100 + number).save(folder / name, "PNG")
    return folder


@pytest.fixture(autouse=True)
def beside_the_photos(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The names are paths of real files."""
    monkeypatch.chdir(photos)


def load(items: Any = NAMES, bs: int = 4, **settings: Any) -> DataLoaders:
    recipe: dict[str, Any] = {"get_y": lambda name: name[0]} | settings
    return DataBlock(**recipe).dataloaders(items, bs=bs, device="cpu")


def test_a_folder_becomes_two_labelled_sides(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, bs=8, device="cpu")
    assert list(dls.vocab) == sorted(COLOURS)
    items = [*dls.train.items, *dls.valid.items]
    assert sorted(items) == get_image_files(colours)
    assert len(dls.valid.items) == len(COLOURS) * PHOTOS_A_CLASS // 4
    for side in (dls.train, dls.valid):
        assert [dls.vocab[target] for target in side.targets] == [
            parent_label(item) for item in side.items
        ]


def test_only_the_training_side_shuffles_and_augments(colours: Path) -> None:
    block = colour_block().new(batch_tfms=aug_transforms())
    dls = block.dataloaders(colours, bs=8, device="cpu")
    assert (dls.train.training, dls.valid.training) == (True, False)
    assert len(dls.train.batch_transforms) == 1
    assert len(dls.valid.batch_transforms) == 0


def test_settings_reach_both_sides(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, bs=5, seed=7, num_workers=3, device="cpu")
    for side in (dls.train, dls.valid):
        assert (side.bs, side.seed, side.num_workers) == (5, 7, 3)
        assert side.device == torch.device("cpu")
    assert dls.train.skipped is dls.valid.skipped


def test_without_get_items_the_source_is_the_items() -> None:
    photos = [np.asarray(colour_photo(colour, seed)) for colour in COLOURS for seed in range(4)]
    brightest = DataBlock(
        get_y=lambda photo: int(photo.mean(axis=(0, 1)).argmax()), item_tfms=Resize(16)
    )
    dls = brightest.dataloaders(photos, bs=4, device="cpu")
    assert list(dls.vocab) == ["0", "1", "2"]
    assert dls.one_batch()[0].shape == (4, 3, 16, 16)


def test_get_x_says_what_is_read_while_get_y_sees_the_item(colours: Path) -> None:
    block = DataBlock(
        get_x=lambda row: colours / row["file"],
        get_y=lambda row: row["label"],
        item_tfms=Resize(16),
    )
    rows = [
        {"file": f"{colour}/{number:02d}.jpg", "label": colour.upper()}
        for colour in COLOURS
        for number in range(4)
    ]
    dls = block.dataloaders(rows, bs=4, device="cpu")
    assert list(dls.vocab) == ["BLUE", "GREEN", "RED"]
    for path, target in zip(dls.valid.items, dls.valid.targets, strict=True):
        assert path.parent.name.upper() == dls.vocab[target]
    assert len(list(dls.valid.batches())) > 0


def test_a_vocab_of_ones_own_keeps_its_order() -> None:
    dls = load(blocks=(ImageBlock(), CategoryBlock(vocab=["b", "a"])))
    assert list(dls.vocab) == ["b", "a"]
    assert [dls.vocab[target] for target in dls.train.targets] == [x[0] for x in dls.train.items]


def test_a_label_outside_a_vocab_of_ones_own_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="'b' is none of the 2 classes"):
        load(blocks=(ImageBlock, CategoryBlock(vocab=["a", "c"])))


def test_a_splitter_of_ones_own_may_return_arrays() -> None:
    def every_third(items: Sequence[str]) -> Any:
        positions = np.arange(len(items))
        return positions[positions % 3 > 0], positions[positions % 3 == 0]

    assert load(splitter=every_third).valid.items == NAMES[::3]


def test_left_out_parts_have_the_defaults_of_the_lesson() -> None:
    dls = load()
    assert dls.valid.item_transform.preparation.size == (224, 224)
    train, valid = RandomSplitter()(NAMES)
    assert dls.valid.items == [NAMES[position] for position in valid]
    assert dls.train.items == [NAMES[position] for position in train]


def test_new_changes_what_it_is_given_and_keeps_the_rest() -> None:
    block = colour_block().new(batch_tfms=len)
    larger = block.new(item_tfms=RandomResizedCrop(64))
    assert larger.item_tfms.preparation.size == (64, 64)
    for part in ("blocks", "get_items", "splitter", "get_y", "get_x", "batch_tfms"):
        assert getattr(larger, part) is getattr(block, part)
    assert block.item_tfms.preparation.size == (32, 32)
    assert larger.new(batch_tfms=print).batch_tfms is print


# ---- refusals ------------------------------------------------------------------------------


def test_an_empty_folder_is_refused_with_the_suffixes_that_count(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(DataError) as caught:
        colour_block().dataloaders(tmp_path)
    assert caught.value.message == f"{tmp_path} holds no photos."
    assert ".jpg" in caught.value.hint
    assert ".avif" in caught.value.hint


def test_no_items_are_refused() -> None:
    with pytest.raises(DataError, match=r"^There are no items\."):
        load([])


def test_one_class_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"only the class 'a'.*folder of their own"):
        load(NAMES[:5])


def test_a_class_that_training_never_sees_is_named() -> None:
    with pytest.raises(DataError, match=r"Training would never see b: .*give TrainTestSplitter"):
        load(splitter=IndexSplitter(range(5, 10)))


@pytest.mark.parametrize(("train_count", "valid_count"), [(0, 10), (1, 9), (10, 0)])
def test_a_split_without_two_sides_is_refused_with_its_counts(
    train_count: int, valid_count: int
) -> None:
    with pytest.raises(
        DataError, match=f"{train_count} items to train on and {valid_count} to validate on"
    ):
        load(splitter=lambda _: (list(range(train_count)), list(range(train_count, 10))))


@pytest.mark.parametrize("valid", [range(10), []])
def test_positions_that_leave_a_side_empty_are_refused(valid: Sequence[int]) -> None:
    with pytest.raises(DataError, match="IndexSplitter"):
        load(splitter=IndexSplitter(valid))


def test_a_failing_get_y_names_the_item_and_the_reason() -> None:
    def label(name: str) -> str:
        return {"a": "cat"}[name[0]]

    with pytest.raises(DataError, match="get_y failed on b0: KeyError: 'b'") as caught:
        load(get_y=label)
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_failing_get_x_names_the_item_and_the_reason() -> None:
    with pytest.raises(DataError, match=r"get_x failed on a0: ValueError: invalid literal"):
        load(get_x=int)


@pytest.mark.parametrize("name", ["get_x", "get_y"])
def test_a_function_that_returns_nothing_is_refused_by_name(name: str) -> None:
    settings: dict[str, Any] = {name: lambda item: None if item == "b0" else item[0]}
    with pytest.raises(DataError, match=rf"{name} returned None for b0\."):
        load(**settings)


def test_a_missing_get_y_is_refused_with_the_usual_one() -> None:
    with pytest.raises(ConfigError, match=r"get_y is missing.*get_y=parent_label"):
        load(get_y=None)


@pytest.mark.parametrize("kind", [str, Path])
def test_a_folder_without_get_items_is_refused_with_the_usual_one(kind: Any) -> None:
    with pytest.raises(ConfigError, match=r"get_items is missing, so bears .*=get_image_files"):
        load(kind("bears"))


@pytest.mark.parametrize(
    ("blocks", "named"),
    [
        ((ImageBlock,), r"\(ImageBlock\)"),
        ((CategoryBlock, ImageBlock), r"\(CategoryBlock, ImageBlock\)"),
        ((ImageBlock, CategoryBlock, CategoryBlock), "CategoryBlock, CategoryBlock"),
        (("image", "category"), r"\(str, str\)"),
    ],
)
def test_blocks_that_cannot_work_are_named(blocks: Any, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load(blocks=blocks)


def test_augmentation_among_item_tfms_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no item transform.*put augmentation into batch_tfms"):
        load(item_tfms=aug_transforms())


@pytest.mark.parametrize("given", [3, [3], ["flip"]])
def test_batch_tfms_that_cannot_be_called_are_refused(given: Any) -> None:
    with pytest.raises(ConfigError, match=r"batch_tfms holds .* cannot be called.*aug_transforms"):
        load(batch_tfms=given)


@pytest.mark.parametrize("bs", [1, 0, -4])
def test_a_batch_too_small_to_train_on_is_refused(bs: int) -> None:
    with pytest.raises(ConfigError, match=rf"bs is {bs}, and training takes .* at least two"):
        load(bs=bs)


def test_an_item_on_both_sides_of_the_split_is_refused(colours: Path) -> None:
    both = replace(colour_block(), splitter=lambda items: (list(range(len(items))), [0, 20]))
    with pytest.raises(DataError, match="2 items on both sides"):
        both.dataloaders(colours)


def test_one_block_alone_is_told_what_is_taken(colours: Path) -> None:
    with pytest.raises(ConfigError, match=r"blocks is \(ImageBlock\)"):
        replace(colour_block(), blocks=ImageBlock).dataloaders(colours)  # type: ignore[arg-type]
