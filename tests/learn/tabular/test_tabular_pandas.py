"""A table is fitted to its training rows, encoded, split, and cut into batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from tables import COLUMNS, small_frame

from drivetrain.data import EndSplitter, RandomSplitter
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.blocks import CategoryBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.tabular.dataloaders import TabularDataLoaders
from drivetrain.learn.tabular.procs import Categorify, FillMissing
from drivetrain.learn.tabular.tabular_pandas import TabularPandas


def table(**settings: Any) -> TabularPandas:
    return TabularPandas(small_frame(), **({"y_names": "buys"} | COLUMNS | settings))


def test_it_is_written_as_in_the_lesson() -> None:
    frame = small_frame()
    splits = RandomSplitter(valid_pct=0.2)(range(len(frame)))
    made = TabularPandas(
        frame,
        procs=[Categorify, FillMissing, Normalize],
        cat_names=["city", "member"],
        cont_names=["age", "income"],
        y_names="buys",
        splits=splits,
    )
    assert len(made.train) + len(made.valid) == len(frame)
    assert made.classes["city"] == ["#na#", "#unseen#", "Basel", "Bern", "Chur", "Genf"]
    assert list(made.train.xs.columns) == ["city", "member", "age", "income", "income_na"]
    assert made.train.xs["city"].dtype == np.int64
    assert set(made.train.y) == {0, 1}
    assert made.train.xs["income_na"].sum() == made.train.items["income"].isna().sum()
    assert list(made.show(3).columns) == ["city", "member", "age", "income", "target"]


def test_only_training_rows_are_learned_from() -> None:
    frame = small_frame()
    frame.loc[frame.index[-1], "age"] = 10_000
    frame.loc[frame.index[-2], "city"] = "Atlantis"
    made = TabularPandas(frame, splits=EndSplitter(), y_names="buys", min_count=1, **COLUMNS)
    age, city = made.preparation.columns[2], made.preparation.columns[0]
    assert age.kind == "number"
    assert age.high < 100
    assert "Atlantis" not in made.classes[city.name]
    assert made.valid.xs["city"].iloc[-2] == 1


def test_what_is_learned_from_alike_stays_on_one_side() -> None:
    whole = small_frame(300)
    frame = pd.concat([whole, whole[:100]], ignore_index=True)
    made = TabularPandas(frame, y_names="buys", **COLUMNS)
    train, valid = (
        {tuple(row) for row in side.xs.to_numpy().round(4).tolist()}
        for side in (made.train, made.valid)
    )
    assert not train & valid


def test_where_little_tells_rows_apart_they_are_drawn_singly() -> None:
    frame = pd.DataFrame({"kind": ["a", "b"] * 50, "label": ["x", "y", "y", "x"] * 25})
    made = TabularPandas(frame, cat_names="kind", y_names="label")
    assert (len(made.train), len(made.valid)) == (80, 20)
    assert set(made.valid.xs["kind"]) == {2, 3}


def test_columns_that_are_not_named_are_found() -> None:
    made = TabularPandas(small_frame().drop(columns=["spent", "news", "visits"]), y_names="buys")
    assert set(made.names) == {"age", "income", "city", "member", "joined", "note"}
    assert made.names.dates == ("joined",)
    assert made.names.texts == ("note",)
    assert made.look is not None


def test_batches_are_slices_in_the_order_that_seed_and_epoch_say() -> None:
    dls = table().dataloaders(64)
    first, again = (list(dls.train.batches(0)) for _ in range(2))
    other = list(dls.train.batches(1))
    assert [list(batch.positions) for batch in first] == [list(batch.positions) for batch in again]
    assert [list(batch.positions) for batch in first] != [list(batch.positions) for batch in other]
    assert sorted(place for batch in first for place in batch.positions) == list(range(320))
    arrays = dls.train.inputs[0].arrays
    for batch in first:
        torch.testing.assert_close(batch.x, arrays[list(batch.positions)])
        assert batch.y.tolist() == dls.train.targets[list(batch.positions)].tolist()
    assert len(first) == len(dls.train) == 5
    assert [len(batch.x) for batch in dls.valid.batches()] == [80]


def test_a_lone_last_row_is_no_batch_to_train_on() -> None:
    dls = table(splits=(range(65), range(65, 100))).dataloaders(32)
    assert [len(batch.x) for batch in dls.train.batches()] == [32, 32]
    assert [len(batch.x) for batch in dls.train.batches(keep_lone=True)] == [32, 32, 1]


def test_rare_classes_can_count_as_much() -> None:
    frame = small_frame()
    frame["rare"] = np.where(np.arange(len(frame)) % 10 == 0, "yes", "no")
    made = TabularPandas(frame, y_names="rare", **COLUMNS)
    drawn = made.dataloaders(32, weighted="sampling").train
    labels = np.concatenate(
        [batch.y.numpy() for epoch in range(5) for batch in drawn.batches(epoch)]
    )
    assert 0.4 < labels.mean() < 0.6
    weights = made.dataloaders(32, weighted="loss").class_weights
    assert weights is not None
    assert weights[1] > 5 * weights[0]


def test_targets_are_classes_numbers_or_several_of_them() -> None:
    assert table().kind.name == "category"
    spent = table(y_names="spent")
    assert (spent.kind.name, spent.kind.outputs) == ("numbers", ("spent",))
    both = table(y_names=["spent", "news"], y_block=RegressionBlock(2))
    assert (both.kind.outputs, both.target.values.shape) == (("spent", "news"), (400, 2))
    block = MultiCategoryBlock(encoded=True, vocab=["news", "visits"])
    several = table(y_names=["news", "visits"], y_block=block)
    assert (several.kind.name, several.kind.outputs) == ("categories", ("news", "visits"))
    assert table(y_names="news", y_block=CategoryBlock()).vocab.classes == ("0", "1")


def test_a_row_loader_shows_rows_in_words() -> None:
    shown = table().dataloaders(32).show_batch(4)
    assert len(shown) == 4
    assert set(shown["target"]) <= {"yes", "no"}


def test_a_csv_file_is_a_way_in(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    small_frame().to_csv(file, index=False)
    dls = TabularDataLoaders.from_csv(
        file, y_names="buys", cat_names=["city"], cont_names=["age"], valid_idx=range(100), bs=16
    )
    assert (len(dls.valid.items), dls.train.bs, dls.vocab.classes) == (100, 16, ("no", "yes"))


@pytest.mark.parametrize(
    ("settings", "kind", "told"),
    [
        ({"y_names": None}, ConfigError, "y_names is missing"),
        ({"y_names": "bought"}, DataError, "names 'bought', and the table has no such column"),
        ({"cat_names": ["town"]}, DataError, "names 'town', and the table has no such column"),
        ({"cat_names": ["buys"]}, ConfigError, "'buys' is the target and is learned from too"),
        ({"cont_names": ["age", "city"]}, ConfigError, "'city' is named twice"),
        ({"cont_names": ["age", "note"], "text_names": None}, DataError, "note: expected a number"),
        ({"procs": [str]}, ConfigError, "procs holds"),
        ({"splits": ([0, 1], [1, 2])}, DataError, "1 rows on both sides"),
        ({"splits": ([0, 1], [999])}, DataError, "row 999"),
        ({"y_block": 3}, ConfigError, "y_block is 3"),
        ({"y_names": ["buys", "news"], "y_block": CategoryBlock}, ConfigError, "takes one column"),
        ({"text_encoder": "magic"}, ConfigError, "text_encoder is 'magic'"),
    ],
)
def test_what_cannot_be_is_told(settings: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        table(**settings)


def test_a_gap_in_the_target_is_named() -> None:
    frame = small_frame()
    frame.loc[7, "buys"] = None
    with pytest.raises(DataError, match="no label for row 7"):
        TabularPandas(frame, y_names="buys", **COLUMNS)


def test_a_batch_size_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="bs is 1"):
        table().dataloaders(1)
