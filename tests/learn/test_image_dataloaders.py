"""The lesson's short ways from files, tables and lists to loaders."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import torch
from conftest import COLOURS, colour_photo
from torch import Tensor

from drivetrain.data import RandomSplitter, get_image_files, parent_label
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.blocks import MultiCategoryBlock, RegressionBlock
from drivetrain.learn.image_dataloaders import ImageDataLoaders
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.targets import AnyOf, Numbers, OneOf
from drivetrain.learn.transforms import RandomResizedCrop, Resize

pytestmark = pytest.mark.usefixtures("one_torch_thread")

A_COLOUR = 6
SETTINGS: dict[str, Any] = {"item_tfms": Resize(16), "bs": 4, "device": "cpu"}


@pytest.fixture(scope="module")
def sorted_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders train and valid with a folder a colour, and one that is neither."""
    folder = tmp_path_factory.mktemp("sorted")
    for number, colour in enumerate(COLOURS):
        for side, count in (("train", A_COLOUR), ("valid", 2), ("old", 2)):
            (folder / side / colour).mkdir(parents=True)
            for photo in range(count):
                seed = 1000 * number + 100 * len(side) + photo
                colour_photo(colour, seed).save(folder / side / colour / f"{photo}.jpg")
    return folder


@pytest.fixture(scope="module")
def flat_photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder of photos that are called ``colour_number.jpg``, and a list of them."""
    folder = tmp_path_factory.mktemp("flat")
    (folder / "photos").mkdir()
    for row in rows():
        colour_photo(row["colour"], row["seed"]).save(folder / "photos" / f"{row['name']}.jpg")
    with open(folder / "labels.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows()[0]))
        writer.writeheader()
        writer.writerows(rows())
    return folder


def rows() -> list[dict[str, Any]]:
    """A table of the flat photos: one label, several labels, numbers and a validation column."""
    return [
        {
            "name": f"{colour}_{number}",
            "colour": colour,
            "tags": f"{colour} {'even' if number % 2 == 0 else 'odd'}",
            "share": number / A_COLOUR + 0.25,
            "height": 10.0 * number,
            "valid": number == 0,
            "seed": 100 * place + number,
        }
        for place, colour in enumerate(COLOURS)
        for number in range(A_COLOUR)
    ]


class PolarsLike:
    """A table that gives its rows and its head as polars does."""

    def __init__(self, given: list[dict[str, Any]]) -> None:
        self.given = given

    def head(self, count: int) -> PolarsLike:
        return PolarsLike(self.given[:count])

    def iter_rows(self, *, named: bool) -> Iterator[dict[str, Any]]:
        assert named
        return iter(self.given)


def labels(side: DataLoader) -> list[str]:
    return [side.kind.describe(value) for value in side.targets]


def names(side: DataLoader) -> list[str]:
    return [Path(item).stem for item in side.items]


def assert_colours_fit(dls: DataLoaders, count: int = 3 * A_COLOUR) -> None:
    """Every photo is there, under the label of its colour, and can be read."""
    sides = (dls.train, dls.valid)
    assert sum(len(side.items) for side in sides) == count
    assert list(dls.vocab) == sorted(COLOURS)
    for side in sides:
        assert labels(side) == [name.split("_")[0] for name in names(side)]
    x, y = dls.one_batch()
    assert x.shape == (4, 3, 16, 16)
    assert y.dtype == torch.int64


def flat(folder: Path) -> list[Path]:
    return get_image_files(folder / "photos")


# ---- folders -------------------------------------------------------------------------------


def test_folders_for_training_and_validation(sorted_photos: Path) -> None:
    dls = ImageDataLoaders.from_folder(sorted_photos, **SETTINGS)
    assert dls.train.items == get_image_files(sorted_photos / "train")
    assert dls.valid.items == get_image_files(sorted_photos / "valid")
    assert labels(dls.valid) == [parent_label(file) for file in dls.valid.items]
    assert dls.one_batch()[0].shape == (4, 3, 16, 16)


def test_the_folders_may_be_called_otherwise(sorted_photos: Path) -> None:
    dls = ImageDataLoaders.from_folder(sorted_photos, train="valid", valid="old", **SETTINGS)
    assert dls.valid.items == get_image_files(sorted_photos / "old")
    assert dls.train.items == get_image_files(sorted_photos / "valid")


def test_one_folder_a_class_is_split_at_random(sorted_photos: Path) -> None:
    folder = sorted_photos / "train"
    dls = ImageDataLoaders.from_folder(folder, valid_pct=0.25, seed=7, **SETTINGS)
    files = get_image_files(folder)
    assert dls.valid.items == [files[at] for at in RandomSplitter(0.25, seed=7)(files)[1]]
    assert (dls.train.seed, ImageDataLoaders.from_folder(folder, valid_pct=0.25).train.seed) == (
        7,
        42,
    )


def test_the_classes_may_be_given_in_an_order_of_ones_own(sorted_photos: Path) -> None:
    dls = ImageDataLoaders.from_folder(sorted_photos, vocab=["red", "green", "blue"], **SETTINGS)
    assert list(dls.vocab) == ["red", "green", "blue"]
    assert labels(dls.valid) == [parent_label(file) for file in dls.valid.items]


def test_a_missing_folder_is_named_with_both_ways_on(sorted_photos: Path) -> None:
    with pytest.raises(DataError, match=r"has no folder 'train'.*valid_pct=0\.2") as caught:
        ImageDataLoaders.from_folder(sorted_photos / "train")
    assert str(sorted_photos / "train") in caught.value.message
    with pytest.raises(DataError, match="has no folder 'val'"):
        ImageDataLoaders.from_folder(sorted_photos, valid="val")


# ---- files and functions -------------------------------------------------------------------


def test_files_labelled_by_their_path(flat_photos: Path) -> None:
    assert_colours_fit(
        ImageDataLoaders.from_path_func(
            flat_photos, flat(flat_photos), lambda file: file.stem.split("_")[0], **SETTINGS
        )
    )


def test_files_labelled_by_their_name(flat_photos: Path) -> None:
    dls = ImageDataLoaders.from_name_func(
        flat_photos, flat(flat_photos), lambda name: name.split("_")[0], seed=3, **SETTINGS
    )
    assert_colours_fit(dls)
    truth = ImageDataLoaders.from_name_func(
        flat_photos, flat(flat_photos), lambda name: name < "h", **SETTINGS
    )
    assert list(truth.vocab) == ["False", "True"]


@pytest.mark.parametrize("way", ["from_name_re", "from_path_re"])
def test_files_labelled_by_a_pattern(flat_photos: Path, way: str) -> None:
    pattern = {"from_name_re": r"^(.*)_\d+.jpg$", "from_path_re": r"/photos/([^/]*)_\d+.jpg$"}[way]
    make = getattr(ImageDataLoaders, way)
    assert_colours_fit(make(flat_photos, flat(flat_photos), pattern, **SETTINGS))


def test_a_pattern_that_finds_nothing_names_the_file(flat_photos: Path) -> None:
    with pytest.raises(DataError, match=r"finds no label .*blue_0\.jpg.*fits every item"):
        ImageDataLoaders.from_name_re(flat_photos, flat(flat_photos), r"^(.*)-\d+.jpg$")


def test_names_below_the_path_are_found(flat_photos: Path, tmp_path: Path) -> None:
    below = [f"photos/{row['name']}.jpg" for row in rows()]
    dls = ImageDataLoaders.from_name_func(
        flat_photos, below, lambda name: name.split("_")[0], **SETTINGS
    )
    assert_colours_fit(dls)
    with pytest.raises(DataError, match=r"Not one of the files is there, such as photos.blue_0"):
        ImageDataLoaders.from_name_func(tmp_path, below, lambda name: name[0], **SETTINGS)


def test_files_and_labels_in_lists(flat_photos: Path) -> None:
    below = [f"photos/{row['name']}.jpg" for row in rows()]
    colours = [row["colour"] for row in rows()]
    for files in (below, flat_photos_in_order(flat_photos)):
        assert_colours_fit(ImageDataLoaders.from_lists(flat_photos, files, colours, **SETTINGS))


def flat_photos_in_order(folder: Path) -> list[Path]:
    return [folder / "photos" / f"{row['name']}.jpg" for row in rows()]


def test_lists_of_numbers_and_of_several_labels_choose_their_block(flat_photos: Path) -> None:
    files = flat_photos_in_order(flat_photos)

    def kind(given: list[Any], **settings: Any) -> Any:
        return ImageDataLoaders.from_lists(flat_photos, files, given, **SETTINGS, **settings).kind

    assert kind([row["share"] for row in rows()]) == Numbers(1)
    assert isinstance(kind([row["tags"].split() for row in rows()]), AnyOf)
    assert isinstance(kind([row["seed"] % 2 for row in rows()]), OneOf)
    assert kind([row["seed"] for row in rows()], y_block=RegressionBlock) == Numbers(1)


def test_a_label_too_few_is_refused_with_both_counts(flat_photos: Path) -> None:
    with pytest.raises(ConfigError, match="18 files and 17 labels"):
        ImageDataLoaders.from_lists(flat_photos, flat(flat_photos), ["a"] * 17)


# ---- tables --------------------------------------------------------------------------------


TABLE: dict[str, Any] = {"folder": "photos", "suff": ".jpg"} | SETTINGS


@pytest.mark.parametrize("kind", [pandas.DataFrame, PolarsLike])
def test_a_table_by_positions_and_by_names(flat_photos: Path, kind: Any) -> None:
    table = kind(rows())
    named: dict[str, Any] = {"fn_col": "name", "label_col": "colour"}
    for columns in ({}, named):
        assert_colours_fit(ImageDataLoaders.from_df(table, flat_photos, **columns, **TABLE))


def test_a_column_says_what_validates(flat_photos: Path) -> None:
    dls = ImageDataLoaders.from_df(
        pandas.DataFrame(rows()), flat_photos, valid_col="valid", **TABLE
    )
    assert names(dls.valid) == [f"{colour}_0" for colour in COLOURS]
    assert_colours_fit(dls)


def test_a_share_and_a_seed_split_a_table_at_random(flat_photos: Path) -> None:
    table = pandas.DataFrame(rows())
    dls = ImageDataLoaders.from_df(table, flat_photos, valid_pct=0.5, seed=1, **TABLE)
    expected = RandomSplitter(0.5, seed=1)(range(len(table)))[1]
    assert names(dls.valid) == [rows()[position]["name"] for position in expected]


@pytest.mark.parametrize("kind", [pandas.DataFrame, PolarsLike])
def test_several_labels_in_one_column(flat_photos: Path, kind: Any) -> None:
    dls = ImageDataLoaders.from_df(
        kind(rows()), flat_photos, label_col="tags", label_delim=" ", **TABLE
    )
    assert list(dls.vocab) == sorted([*COLOURS, "even", "odd"])
    for name, label in zip(names(dls.train), labels(dls.train), strict=True):
        colour, number = name.split("_")
        assert set(label.split(";")) == {colour, "odd" if int(number) % 2 else "even"}
    assert dls.one_batch()[1].shape == (4, 5)


@pytest.mark.parametrize("kind", [pandas.DataFrame, PolarsLike])
def test_fractions_are_numbers_to_predict(flat_photos: Path, kind: Any) -> None:
    dls = ImageDataLoaders.from_df(kind(rows()), flat_photos, label_col="share", **TABLE)
    assert dls.kind == Numbers(1)
    for name, (value,) in zip(names(dls.train), dls.train.targets, strict=True):
        assert value == pytest.approx(int(name.split("_")[1]) / A_COLOUR + 0.25)
    both = ImageDataLoaders.from_df(
        kind(rows()), flat_photos, label_col=["share", "height"], **TABLE
    )
    assert both.kind == Numbers(2)
    assert both.one_batch()[1].shape == (4, 2)


def test_whole_numbers_are_classes_unless_asked_otherwise(flat_photos: Path) -> None:
    table = pandas.DataFrame(rows())
    table["half"] = table["seed"] % 2
    dls = ImageDataLoaders.from_df(table, flat_photos, label_col="half", **TABLE)
    assert list(dls.vocab) == ["0", "1"]
    asked = ImageDataLoaders.from_df(
        table, flat_photos, label_col="half", y_block=RegressionBlock, **TABLE
    )
    assert asked.kind == Numbers(1)


def test_columns_of_zeros_and_ones_need_their_block(flat_photos: Path) -> None:
    table = pandas.DataFrame(rows())
    with pytest.raises(ConfigError, match=r"2 columns that do not hold numbers.*y_block"):
        ImageDataLoaders.from_df(table, flat_photos, label_col=["colour", "tags"], **TABLE)
    for colour in COLOURS:
        table[colour] = (table["colour"] == colour).astype(int)
    dls = ImageDataLoaders.from_df(
        table,
        flat_photos,
        label_col=list(COLOURS),
        y_block=MultiCategoryBlock(encoded=True, vocab=list(COLOURS)),
        **TABLE,
    )
    assert labels(dls.valid) == [name.split("_")[0] for name in names(dls.valid)]


def test_an_empty_cell_names_its_row(flat_photos: Path) -> None:
    table = pandas.DataFrame(rows())
    table.loc[7, "colour"] = None
    with pytest.raises(DataError, match=r"'colour' is empty in row 7\."):
        ImageDataLoaders.from_df(table, flat_photos, label_col="colour", **TABLE)


def test_a_forgotten_suffix_is_told_by_the_first_path(flat_photos: Path) -> None:
    settings = TABLE | {"suff": ""}
    with pytest.raises(DataError, match=r"Not one of the files is there, such as .*blue_0\."):
        ImageDataLoaders.from_df(pandas.DataFrame(rows()), flat_photos, **settings)


def test_further_rows_are_prepared_as_the_tables_are(flat_photos: Path) -> None:
    dls = ImageDataLoaders.from_df(pandas.DataFrame(rows()), flat_photos, **TABLE)
    table: Any = pandas.DataFrame(rows()[:3])
    further = dls.test_dl(table, with_labels=True)
    assert names(further) == ["blue_0", "blue_1", "blue_2"]
    assert labels(further) == ["blue"] * 3
    assert next(further.batches()).x.shape == (3, 3, 16, 16)


# ---- CSV files -----------------------------------------------------------------------------


def test_a_csv_file_in_the_folder(flat_photos: Path) -> None:
    assert_colours_fit(ImageDataLoaders.from_csv(flat_photos, **TABLE))
    dls = ImageDataLoaders.from_csv(
        flat_photos, label_col="tags", label_delim=" ", valid_col="valid", **TABLE
    )
    assert isinstance(dls.kind, AnyOf)
    assert names(dls.valid) == [f"{colour}_0" for colour in COLOURS]


def test_another_name_delimiter_and_no_header(flat_photos: Path, tmp_path: Path) -> None:
    shutil.copytree(flat_photos / "photos", tmp_path / "photos")
    lines = [f"{row['name']};{row['colour']}" for row in rows()]
    (tmp_path / "mine.txt").write_text("\n".join(lines), encoding="utf-8")
    assert_colours_fit(
        ImageDataLoaders.from_csv(
            tmp_path, csv_fname="mine.txt", header=None, delimiter=";", **TABLE
        )
    )


def test_a_csv_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"labels\.csv does not exist.*csv_fname"):
        ImageDataLoaders.from_csv(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b'a,b\n"never closed', b"a,b\n1,2,3\n4\n5,6,7,8\n", b"\xff\xfe\x00"]
)
def test_a_file_that_is_no_table_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"labels\.csv"):
        ImageDataLoaders.from_csv(tmp_path)


# ---- settings ------------------------------------------------------------------------------


def test_settings_reach_the_loaders_of_every_way(flat_photos: Path, sorted_photos: Path) -> None:
    def twice(x: Tensor, random: torch.Generator) -> Tensor:  # noqa: ARG001
        return x * 2

    settings: dict[str, Any] = {
        "item_tfms": RandomResizedCrop(16),
        "batch_tfms": [twice],
        "bs": 3,
        "num_workers": 1,
        "device": "cpu",
        "weighted": "sampling",
        "cache": False,
        "seed": 5,
    }
    files = flat(flat_photos)
    table = {"folder": "photos", "suff": ".jpg"} | settings
    for dls in (
        ImageDataLoaders.from_folder(sorted_photos, **settings),
        ImageDataLoaders.from_path_func(flat_photos, files, lambda file: file.name[0], **settings),
        ImageDataLoaders.from_name_func(flat_photos, files, lambda name: name[0], **settings),
        ImageDataLoaders.from_path_re(flat_photos, files, r"([a-z]+)_\d", **settings),
        ImageDataLoaders.from_name_re(flat_photos, files, r"([a-z]+)_\d", **settings),
        ImageDataLoaders.from_df(pandas.DataFrame(rows()), flat_photos, **table),
        ImageDataLoaders.from_csv(flat_photos, **table),
        ImageDataLoaders.from_lists(
            flat_photos, flat_photos_in_order(flat_photos), [row["colour"] for row in rows()],
            **settings,
        ),
    ):  # fmt: skip
        assert dls.train.item_transform is settings["item_tfms"]
        assert list(dls.train.batch_transforms) == [twice]
        assert (dls.train.bs, dls.train.num_workers, dls.train.seed) == (3, 1, 5)
        assert dls.train.sampling is not None
        assert dls.train.inputs[0].cache.folder is None
        assert float(dls.one_batch()[0].max()) > 1
        assert np.isclose(float(next(dls.valid.batches()).x.max()), 1, atol=0.3)
