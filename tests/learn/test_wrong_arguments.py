"""What is easily mistaken around the data: each mistake is told in words, with what to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from conftest import colour_block, tiny_classifier, write_colours

from drivetrain.data import ColReader, RandomSplitter, get_image_files, parent_label
from drivetrain.errors import ConfigError, DataError, DrivetrainError
from drivetrain.interpret import ClassificationInterpretation
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.batches import augment
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import (
    CategoryBlock,
    ImageBlock,
    MultiCategoryBlock,
    RegressionBlock,
    named,
)
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.mixup import MixUp
from drivetrain.learn.image_dataloaders import ImageDataLoaders
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.recipe import _splitter
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, rmse


def colour_loaders(folder: Path, **settings: Any) -> DataLoaders:
    return colour_block().dataloaders(folder, bs=8, device="cpu", **settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"get_y": "label"}, "get_y is 'label', and it has to be a function.*ColReader"),
        ({"splitter": RandomSplitter}, r"class RandomSplitter.*RandomSplitter\(\.\.\.\)"),
        ({"get_items": lambda _: None}, "get_items returned None for"),
        ({"batch_tfms": Normalize.from_stats([0.5, 0.5], [1, 1])}, "2"),
    ],
)
def test_a_wrong_part_of_a_block_is_told(colours: Path, change: Any, said: str) -> None:
    parts: dict[str, Any] = {"get_items": get_image_files, "get_y": parent_label} | change
    with pytest.raises(DrivetrainError, match=said):
        DataBlock(**parts).dataloaders(colours, device="cpu")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda dls: dls.new(bs=0), "bs is 0"),
        (lambda dls: dls.new(bs="x"), "bs is 'x'"),
        (lambda dls: dls.new(num_workers=-3), "num_workers is -3"),
        (lambda dls: dls.test_dl("nofile.jpg"), r"such as nofile\.jpg\. Check the path"),
        (lambda dls: dls.test_dl([]).one_batch(), "None of the 0 items"),
    ],
)
def test_a_wrong_setting_of_loaders_is_told(
    colours: Path, call: Callable[[DataLoaders], Any], said: str
) -> None:
    with pytest.raises(DrivetrainError, match=said):
        call(colour_loaders(colours))


def test_one_file_is_a_test_set_of_one(colours: Path) -> None:
    file = get_image_files(colours)[0]
    assert list(colour_loaders(colours).test_dl(file).items) == [file]
    assert list(colour_loaders(colours).test_dl(str(file)).items) == [str(file)]


@pytest.mark.parametrize("device", ["gpu", "cuda", 7.5])
def test_a_device_that_is_not_there_is_told(colours: Path, device: Any) -> None:
    if device == "cuda" and torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(ConfigError, match=r"none of this machine's\. Leave it out for"):
        colour_block().dataloaders(colours, device=device)


def test_numbers_of_a_numpy_type_are_numbers(colours: Path) -> None:
    assert colour_block().dataloaders(colours, bs=np.int64(8), device="cpu").train.bs == 8


def test_files_that_are_missing_at_the_front_do_not_speak_for_all(colours: Path) -> None:
    files = [*(colours / f"gone{number}.jpg" for number in range(12)), *get_image_files(colours)]
    labels = ["a", "b"] * (len(files) // 2)
    dls = ImageDataLoaders.from_lists(colours, files, labels, bs=8, device="cpu")
    assert len(dls.train.items) + len(dls.valid.items) == len(files)


@pytest.mark.parametrize(
    ("labels", "size"),
    [([1.0, 2.0, 5.0], 1), ([[1.0, 0.2], [0.5, 0.1], [0.0, 0.3]], 2), (np.eye(3), 3)],
)
def test_floats_are_numbers_to_predict(colours: Path, labels: Any, size: int) -> None:
    files = get_image_files(colours)
    many = [labels[number % 3] for number in range(len(files))]
    dls = ImageDataLoaders.from_lists(colours, files, many, bs=8, device="cpu")
    assert dls.kind.words == "numbers"
    assert dls.c == size


def test_a_column_of_floats_is_numbers_and_one_of_whole_numbers_classes(colours: Path) -> None:
    files = get_image_files(colours)
    table = pandas.DataFrame({"name": files, "y": [float(n % 5) for n in range(len(files))]})
    assert ImageDataLoaders.from_df(table, bs=8, device="cpu").kind.words == "numbers"
    table["y"] = table["y"].astype(int)
    assert ImageDataLoaders.from_df(table, bs=8, device="cpu").kind.picks_one


@pytest.mark.parametrize("table", [None, {"a": 1}, [{"a": 1}], "labels.csv", np.zeros((2, 2))])
def test_what_is_no_table_is_told(table: Any) -> None:
    with pytest.raises(ConfigError, match=r"a pandas or polars table is expected\. Use from_csv"):
        ImageDataLoaders.from_df(table)


def test_an_unknown_setting_is_told_with_those_there_are(colours: Path) -> None:
    with pytest.raises(ConfigError, match=r"no setting 'val_bs'.*bs, num_workers, device"):
        ImageDataLoaders.from_folder(colours, valid_pct=0.2, val_bs=4)


def test_a_row_of_a_table_is_named_shortly() -> None:
    table = pandas.DataFrame({"name": ["a.jpg"], "label": ["x" * 500]}, index=[7])
    assert named(table.iloc[0]) == "row 7"
    with pytest.raises(DataError, match=r"get_y failed on row 7: ZeroDivisionError"):
        DataBlock(get_x=ColReader("name"), get_y=lambda _: 1 / 0).dataloaders(table)


def test_labels_are_stripped_of_what_stands_around_them() -> None:
    assert ColReader("tags", label_delim=",")({"tags": "a, b ,,c"}) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("blocks", "n_inp", "said"),
    [
        ((ImageBlock, ImageBlock, CategoryBlock), 2, "2 inputs and 1 targets"),
        ((ImageBlock, CategoryBlock, CategoryBlock), 1, "1 inputs and 2 targets"),
    ],
)
def test_vision_learner_takes_one_photo_and_one_target(
    colours: Path, blocks: Any, n_inp: int, said: str
) -> None:
    block = DataBlock(blocks=blocks, n_inp=n_inp, get_items=get_image_files, get_y=parent_label)
    with pytest.raises(ConfigError, match=said):
        vision_learner(block.dataloaders(colours, bs=8, device="cpu"), pretrained=False)


def loaders_of(target: Any, label: Any, folder: Path) -> DataLoaders:
    block = DataBlock(blocks=(ImageBlock, target), get_items=get_image_files, get_y=lambda _: label)
    return block.dataloaders(folder, bs=8, device="cpu")


@pytest.mark.parametrize(
    ("target", "label", "words"),
    [(RegressionBlock, 1.5, "numbers"), (MultiCategoryBlock, ["a", "b"], "any number of classes")],
)
def test_a_metric_that_does_not_fit_the_target_is_told(
    colours: Path, target: Any, label: Any, words: str
) -> None:
    dls = loaders_of(target, label, colours)
    for metric in (accuracy, error_rate):
        with pytest.raises(ConfigError, match=f"{words}.*accuracy_multi .*rmse"):
            Learner(dls, tiny_classifier(dls.c), metrics=metric)


def test_metrics_for_other_targets_are_measured(colours: Path) -> None:
    for target, label, metric in (
        (RegressionBlock, 1.5, rmse),
        (MultiCategoryBlock, ["a", "b"], accuracy_multi),
    ):
        dls = loaders_of(target, label, colours)
        learn = Learner(dls, tiny_classifier(dls.c), metrics=metric)
        with learn.no_bar():
            learn.fit_one_cycle(1)
        assert math.isfinite(learn.recorder[-1][metric.__name__])


def test_several_labels_are_not_interpreted_as_one(colours: Path) -> None:
    dls = loaders_of(MultiCategoryBlock, ["a", "b"], colours)
    with pytest.raises(ConfigError, match=r"one class out of several.*get_preds"):
        ClassificationInterpretation.from_learner(Learner(dls, tiny_classifier(2)))


def test_the_name_of_a_metric_is_no_metric(colours: Path) -> None:
    with pytest.raises(ConfigError, match=r"'accuracy', which cannot be called.*metrics="):
        Learner(colour_loaders(colours), tiny_classifier(), metrics="accuracy")  # type: ignore[arg-type]


def test_callbacks_come_one_or_many_made_or_not_and_for_one_training(colours: Path) -> None:
    dls = colour_loaders(colours)
    for given in (MixUp(), MixUp, [MixUp()], [MixUp]):
        learn: Any = Learner(dls, tiny_classifier(), cbs=given)
        assert [type(callback) for callback in learn.cbs] == [MixUp]
    with pytest.raises(ConfigError, match="'early', which is no callback"):
        Learner(dls, tiny_classifier(), cbs=["early"])

    class Counts(Callback):
        epochs = 0

        def after_epoch(self, learn: Learner[Any]) -> None:  # noqa: ARG002
            self.epochs += 1

    counts = Counts()
    learn = Learner(dls, tiny_classifier())
    with learn.no_bar():
        learn.fine_tune(1, cbs=counts)
        trained = counts.epochs
        learn.fit_one_cycle(1)
    assert trained > 0
    assert counts.epochs == trained
    assert learn.cbs == []


@pytest.mark.parametrize("angle", [math.nan, math.inf, "a"])
def test_an_angle_that_is_none_is_told(angle: Any) -> None:
    with pytest.raises((ConfigError, TypeError)):
        aug_transforms(max_rotate=angle)


def test_a_batch_transform_keeps_the_colours() -> None:
    with pytest.raises(ConfigError, match="as many colours"):
        augment(torch.rand(2, 3, 4, 4), [lambda x, _: x[:, :1]], torch.Generator())


def test_training_takes_folders_of_a_split_as_check_does(tmp_path: Path) -> None:
    for side in ("train", "valid", "test"):
        write_colours(tmp_path / side, photos_a_class=2)
    items = get_image_files(tmp_path)
    train, valid = _splitter(tmp_path, 42)(items)
    assert {items[place].parts[-3] for place in train} == {"train"}
    assert {items[place].parts[-3] for place in valid} == {"valid"}
    assert isinstance(_splitter(tmp_path / "train", 42), RandomSplitter)


def test_a_message_and_its_hint_are_two_sentences() -> None:
    assert str(DrivetrainError("ZeroDivisionError: division by zero", hint="Mend it.")) == (
        "ZeroDivisionError: division by zero. Mend it."
    )
    assert str(DrivetrainError("It failed.", hint="Mend it.")) == "It failed. Mend it."
