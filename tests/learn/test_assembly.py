"""The steps of a data block: what each makes, and how each says what cannot work."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from conftest import COLOURS, colour_block, colour_photo
from torch import Tensor

from drivetrain.data import (
    ColReader,
    ColSplitter,
    IndexSplitter,
    TrainTestSplitter,
    get_image_files,
    parent_label,
)
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.columns import Target
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.steps import Steps, as_items, as_list
from drivetrain.learn.targets import AnyOf, Numbers
from drivetrain.learn.transforms import RandomResizedCrop, Resize

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class PolarsLike:
    """A table that gives its rows as polars does."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def iter_rows(self, *, named: bool) -> Iterator[dict[str, Any]]:
        assert named
        return iter(self.rows)


def rows(folder: Path, count: int = 4) -> list[dict[str, Any]]:
    """The rows of a table of photos."""
    return [
        {"file": f"{colour}/{number:02d}.jpg", "label": colour, "valid": number == 0}
        for colour in COLOURS
        for number in range(count)
        if (folder / colour).is_dir()
    ]


def from_rows(source: Any, folder: Path, **settings: Any) -> DataLoaders:
    block = DataBlock(
        get_x=ColReader("file", pref=folder),
        get_y=ColReader("label"),
        splitter=ColSplitter("valid"),
        item_tfms=Resize(16),
    )
    return replace(block, **settings).dataloaders(source, bs=4, device="cpu")


def stepwise(**settings: Any) -> Steps:
    return Steps(DataBlock(get_y=parent_label, **settings))


# ---- sources -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pandas", "polars", "dictionaries", "named tuples", "plain"])
def test_the_rows_of_any_table_are_items(colours: Path, kind: str) -> None:
    given = rows(colours)
    row = namedtuple("row", "file label valid")
    settings: dict[str, Any] = {}
    if kind == "plain":
        settings = {
            "get_x": ColReader(0, pref=colours),
            "get_y": ColReader(1),
            "splitter": ColSplitter(2),
        }
    source: Any = {
        "pandas": pandas.DataFrame(given),
        "polars": PolarsLike(given),
        "dictionaries": given,
        "named tuples": [row(**one) for one in given],
        "plain": [list(one.values()) for one in given],
    }[kind]
    dls = from_rows(source, colours, **settings)
    assert list(dls.vocab) == sorted(COLOURS)
    assert [str(item) for item in dls.valid.items] == [
        f"{colours.as_posix()}/{colour}/00.jpg" for colour in COLOURS
    ]
    assert [dls.vocab[target] for target in dls.valid.targets] == list(COLOURS)
    assert len(next(dls.train.batches()).y) == 4


@pytest.mark.parametrize("source", [range(3), (0, 1, 2), iter([0, 1, 2]), {0: "", 1: "", 2: ""}])
def test_whatever_can_be_gone_through_is_a_list_of_items(source: Any) -> None:
    assert as_items(source) == [0, 1, 2]


@pytest.mark.parametrize("source", [7, None, object])
def test_a_source_that_holds_nothing_is_refused_with_what_does(source: Any) -> None:
    with pytest.raises(DataError, match=r"is a \w+, which holds no items.*get_image_files"):
        as_items(source)


def test_one_or_several_become_a_list() -> None:
    assert as_list(None) == []
    assert as_list(len) == [len]
    assert as_list((len, max)) == [len, max]


def test_a_failing_get_items_is_told_with_the_source_and_the_reason(tmp_path: Path) -> None:
    def fail(path: Any) -> Any:
        raise KeyError(path.name)

    with pytest.raises(DataError, match=r"get_items failed on .*: KeyError: .*list of items") as it:
        DataBlock(get_items=fail, get_y=parent_label).dataloaders(tmp_path)
    assert str(tmp_path) in it.value.message
    assert isinstance(it.value.__cause__, KeyError)


def test_what_a_step_says_itself_is_not_said_again(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^.*nowhere.* (does not exist|is no folder|no such)"):
        DataBlock(get_items=get_image_files, get_y=parent_label).dataloaders(tmp_path / "nowhere")


# ---- inputs --------------------------------------------------------------------------------


def test_paths_of_which_none_exists_are_one_mistake_with_the_likely_fix(tmp_path: Path) -> None:
    files = [f"{colour}/{number}.jpg" for colour in "ab" for number in range(5)]
    with pytest.raises(DataError, match=r"Not one of the files is there, such as a.0\.jpg") as it:
        DataBlock(get_y=parent_label).dataloaders(files)
    assert "pref=folder" in it.value.hint
    absolute = [tmp_path / file for file in files]
    with pytest.raises(DataError, match=r"Not one of the files is there.*Check the path\."):
        DataBlock(get_y=parent_label).dataloaders(absolute)


def test_a_column_that_is_not_there_is_told_with_those_that_are(colours: Path) -> None:
    with pytest.raises(DataError, match=r"no column 'fil'.*Did you mean 'file'\?.*label, valid"):
        from_rows(pandas.DataFrame(rows(colours)), colours, get_x=ColReader("fil"))


def test_an_input_that_can_hold_no_photo_is_refused_by_its_item(colours: Path) -> None:
    with pytest.raises(DataError, match=r"get_x gives a dict.*ColReader\('name', pref=folder\)"):
        from_rows(rows(colours), colours, get_x=None)


# ---- functions -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["get_x", "get_y"])
def test_a_list_of_functions_has_one_for_each_block(colours: Path, name: str) -> None:
    settings: dict[str, Any] = {name: [parent_label, parent_label]}
    with pytest.raises(ConfigError, match=rf"{name} is a list of 2, and the blocks need 1\."):
        replace(colour_block(), **settings).dataloaders(colours)


@pytest.mark.parametrize("name", ["get_x", "get_y"])
def test_what_is_no_function_is_refused_by_the_arguments_name(colours: Path, name: str) -> None:
    settings: dict[str, Any] = {name: 7}
    with pytest.raises(ConfigError, match=rf"{name} is 7, and it has to be a function"):
        replace(colour_block(), **settings).dataloaders(colours)


# ---- blocks --------------------------------------------------------------------------------


def test_blocks_may_be_classes_or_made_and_the_last_alone_is_the_target() -> None:
    steps = stepwise(blocks=(ImageBlock, ImageBlock(), CategoryBlock(vocab=["a", "b"])))
    assert [type(each) for each in steps.input_blocks] == [ImageBlock, ImageBlock]
    assert [type(each) for each in steps.target_blocks] == [CategoryBlock]


@pytest.mark.parametrize("n_inp", [0, 2, 3])
def test_a_number_of_inputs_that_does_not_fit_the_blocks_is_refused(n_inp: int) -> None:
    with pytest.raises(ConfigError, match=r"blocks is \(ImageBlock, CategoryBlock\) with"):
        stepwise(n_inp=n_inp)


# ---- splits --------------------------------------------------------------------------------


def test_each_class_has_its_share_of_a_stratified_split(colours: Path) -> None:
    block = replace(colour_block(), splitter=TrainTestSplitter(test_size=0.25, random_state=3))
    dls = block.dataloaders(colours, device="cpu")
    assert np.bincount(dls.valid.targets).tolist() == [3, 3, 3]


@pytest.mark.parametrize("keep", [True, False])
def test_copies_stay_on_one_side_unless_asked_otherwise(tmp_path: Path, keep: bool) -> None:
    files = []
    for number in range(40):
        files.append(tmp_path / "ab"[number % 2] / f"{number}.png")
        files[-1].parent.mkdir(exist_ok=True)
        colour_photo(list(COLOURS)[number // 2 % 3], number // 2, size=(64, 64)).save(files[-1])
    block = DataBlock(get_y=parent_label, item_tfms=Resize(16), keep_duplicates_together=keep)
    dls = block.dataloaders(files, device="cpu")
    train = {int(file.stem) // 2 for file in dls.train.items}
    torn = [file for file in dls.valid.items if int(file.stem) // 2 in train]
    assert bool(torn) is not keep
    assert (dls.kept_together > 0) is keep


def test_a_split_that_is_given_stays_what_it_is(tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.png" for number in range(6)]
    for number, file in enumerate(files):
        colour_photo("red", number // 2).save(file)
    block = DataBlock(
        get_y=lambda file: int(file.stem) % 2, splitter=IndexSplitter([0, 3]), item_tfms=Resize(16)
    )
    dls = block.dataloaders(files, device="cpu")
    assert dls.valid.items == [files[0], files[3]]
    assert dls.kept_together == 0


# ---- transforms ----------------------------------------------------------------------------


class CropTo:
    """A batch transform that brings pictures to a size, as augmentation with ``size`` does."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def __call__(self, x: Tensor, random: torch.Generator) -> Tensor:  # noqa: ARG002
        return x[..., : self.size[0], : self.size[1]]


def test_presized_photos_are_larger_until_the_batch_transform_crops_them(colours: Path) -> None:
    block = colour_block().new(Resize(64, "squish"), [CropTo((32, 40))])
    dls = block.dataloaders(colours, bs=4, device="cpu")
    assert dls.one_batch()[0].shape == (4, 3, 32, 40)
    assert dls.train.inputs[0].shape(training=True) == (3, 64, 64)
    assert next(dls.valid.batches()).x.shape == (4, 3, 32, 40)
    assert dls.valid.item_transform.preparation == Resize((32, 40), "squish").preparation
    assert dls.test_dl(dls.valid.items).item_transform.preparation.size == (32, 40)


def test_statistics_among_the_batch_transforms_belong_to_the_model(colours: Path) -> None:
    normalize = Normalize.from_stats([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
    plain = colour_block().dataloaders(colours, bs=4, device="cpu")
    dls = colour_block().new(batch_tfms=[normalize]).dataloaders(colours, bs=4, device="cpu")
    assert dls.normalize is normalize
    assert dls.train.batch_transforms == []
    assert torch.equal(dls.one_batch()[0], plain.one_batch()[0])
    both = colour_block().new(batch_tfms=[*as_list(aug_transforms()), normalize])
    assert len(both.dataloaders(colours, bs=4, device="cpu").train.batch_transforms) == 1


# ---- further kinds of targets --------------------------------------------------------------


def test_several_labels_and_numbers_have_their_own_targets(colours: Path) -> None:
    several = replace(
        colour_block(),
        blocks=(ImageBlock, MultiCategoryBlock),
        get_y=lambda file: [parent_label(file), f"ends on {file.stem[-1]}"],
    ).dataloaders(colours, bs=4, device="cpu")
    assert isinstance(several.kind, AnyOf)
    assert several.one_batch()[1].dtype == torch.float32
    assert several.one_batch()[1].sum(1).tolist() == [2.0] * 4
    numbers = replace(
        colour_block(), blocks=(ImageBlock, RegressionBlock), get_y=lambda file: int(file.stem)
    ).dataloaders(colours, bs=4, device="cpu")
    assert numbers.kind == Numbers(1)
    assert numbers.one_batch()[1].shape == (4, 1)
    assert numbers.valid.targets[:, 0].tolist() == [int(file.stem) for file in numbers.valid.items]
    assert numbers.c == 1
    with pytest.raises(DataError, match="no classes"):
        _ = numbers.vocab


# ---- further items -------------------------------------------------------------------------


def test_further_rows_go_through_get_x_and_get_y(colours: Path) -> None:
    dls = from_rows(pandas.DataFrame(rows(colours)), colours)
    further: Any = pandas.DataFrame(
        [{"file": f"{colour}/07.jpg", "label": colour} for colour in ("red", "blue")]
    )
    unlabelled = dls.test_dl(further[["file"]])
    assert unlabelled.targets.tolist() == [-1, -1]
    labelled = dls.test_dl(further, with_labels=True, bs=1)
    assert [dls.vocab[target] for target in labelled.targets] == ["red", "blue"]
    assert [batch.x.shape for batch in labelled.batches()] == [(1, 3, 16, 16)] * 2
    expected = Resize(16).preparation(colours / "red" / "07.jpg")
    found = next(labelled.batches()).x[0].permute(1, 2, 0) * 255
    np.testing.assert_array_equal(found.round().byte().numpy(), expected)
    assert unlabelled.training is False


def test_further_items_are_refused_as_those_of_training_are(colours: Path) -> None:
    dls = from_rows(rows(colours), colours)
    with pytest.raises(DataError, match=r"'pink' is none of the 3 classes"):
        dls.test_dl([{"file": "red/07.jpg", "label": "pink"}], with_labels=True)
    with pytest.raises(DataError, match=r"no column 'label'"):
        dls.test_dl([{"file": "red/07.jpg"}], with_labels=True)
    with pytest.raises(DataError, match=r"Not one of the files is there"):
        dls.test_dl([{"file": "red/nowhere.jpg"}])


# ---- other settings ------------------------------------------------------------------------


def test_new_keeps_the_split_and_changes_what_it_is_given(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, bs=8, device="cpu")
    next(iter(dls.train))
    smaller = dls.new(bs=3, num_workers=1)
    for before, after in ((dls.train, smaller.train), (dls.valid, smaller.valid)):
        assert after.items == before.items
        assert (after.bs, after.num_workers, before.bs) == (3, 1, 8)
    assert torch.equal(smaller.one_batch()[0], next(smaller.train.batches(0)).x)
    assert len(smaller.valid) == 3
    assert smaller.test_dl(dls.valid.items).bs == 3


def test_a_setting_that_is_none_is_refused_with_those_that_are(colours: Path) -> None:
    dls = colour_block().dataloaders(colours, device="cpu")
    with pytest.raises(ConfigError, match=r"no setting 'batch_size'.*bs, seed, num_workers"):
        dls.new(batch_size=3)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"bs": 2.5}, r"bs is 2\.5"),
        ({"bs": "8"}, "bs is '8'"),
        ({"num_workers": -1}, "num_workers is -1"),
        ({"num_workers": 0.5}, r"num_workers is 0\.5"),
        ({"weighted": "often"}, "weighted is 'often'.*'sampling'"),
    ],
)
def test_settings_that_cannot_work_are_refused(
    colours: Path, setting: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        colour_block().dataloaders(colours, **setting)


def test_a_lambda_works_everywhere(colours: Path) -> None:
    block = DataBlock(
        get_items=lambda path: sorted(get_image_files(path)),
        get_x=lambda file: file,
        get_y=lambda file: file.parent.name,
        splitter=lambda items: (list(range(1, len(items))), [0, 5]),
        item_tfms=RandomResizedCrop(16),
        batch_tfms=[lambda x, _: x.flip(-1)],
    )
    with pytest.raises(DataError, match="1 items on both sides"):
        block.dataloaders(colours)
    fair = replace(block, splitter=lambda items: (list(range(2, len(items))), [0, 1]))
    assert fair.dataloaders(colours, bs=4, device="cpu").one_batch()[0].shape == (4, 3, 16, 16)


def test_a_target_of_its_own_kind_keeps_its_values() -> None:
    target = Target(np.zeros((3, 2), np.float32), Numbers(2))
    assert target.take([0]).kind == Numbers(2)
