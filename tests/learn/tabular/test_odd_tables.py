"""Tables and rows that a sceptic would try, each handled or refused in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tables import COLUMNS, small_frame

from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.blocks import RegressionBlock
from drivetrain.learn.tabular.learner import tabular_learner
from drivetrain.learn.tabular.tabular_pandas import TabularPandas


def table(**settings: Any) -> TabularPandas:
    return TabularPandas(small_frame(), **({"y_names": "buys"} | COLUMNS | settings))


def test_a_mask_is_no_list_of_positions_and_none_is_named_twice() -> None:
    with pytest.raises(DataError, match=r"holds truths.*flatnonzero"):
        table(splits=([True] * 320, [False] * 80))
    with pytest.raises(DataError, match="twice on one side"):
        table(splits=([0, 0, 1], [2]))


def test_a_random_split_leaves_rare_classes_to_training_and_a_given_one_is_refused() -> None:
    frame = small_frame()
    frame["rare"] = "no"
    for row in range(0, 400, 57):
        frame.loc[row, "rare"] = f"class {row}"
    made = TabularPandas(frame, y_names="rare", **COLUMNS)
    assert set(made.train.y) == set(range(len(made.vocab)))
    with pytest.raises(DataError, match="Training would never see class 0"):
        TabularPandas(frame, y_names="rare", splits=(range(1, 350), [0, 399]), **COLUMNS)


def test_large_whole_numbers_are_told_apart() -> None:
    frame = small_frame()
    odd = np.arange(len(frame)) % 2
    frame["id"] = 2**53 + odd
    codes = TabularPandas(frame, cat_names="id", y_names="buys").items["id"]
    assert (codes - 2 == odd).all()


def test_numbers_of_single_precision_are_the_words_that_they_are_written_as() -> None:
    frame = small_frame()
    frame["rate"] = np.random.default_rng(0).choice([0.1, 0.2, 0.7], len(frame))
    prepare = TabularPandas(frame, cat_names="rate", y_names="buys").preparation
    (whole,), (single,) = (
        list(prepare.groups(each)) for each in (frame, frame.astype({"rate": "f4"}))
    )
    np.testing.assert_array_equal(whole.arrays, single.arrays)


def test_targets_that_do_not_go_together_are_told() -> None:
    with pytest.raises(DataError, match="target buys: expected a number, received 'yes'"):
        table(y_names=["buys", "spent"], y_block=RegressionBlock())
    with pytest.raises(ConfigError, match="holds a column twice"):
        table(y_names=["spent", "spent"])


@pytest.mark.parametrize("y_range", ["01", (1,), (5, 1), (0, 0), (0, float("inf")), (None, 1)])
def test_a_range_that_is_none_is_refused(y_range: Any) -> None:
    with pytest.raises(ConfigError, match="y_range is"):
        tabular_learner(table(y_names="spent").dataloaders(), y_range=y_range)


def test_layers_and_weights_that_cannot_be_are_refused() -> None:
    dls = table().dataloaders()
    with pytest.raises(ConfigError, match="layers is '200'"):
        tabular_learner(dls, layers="200")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="y_range is for numbers"):
        tabular_learner(dls, y_range=(0, 1))
    with pytest.raises(ConfigError, match="weighted is 'foo'"):
        table().dataloaders(weighted="foo")


def test_what_is_remarked_of_a_row_is_remarked_among_many() -> None:
    prepare = table().preparation
    odd = small_frame(30, seed=5)
    odd.loc[:3, "age"] = 400
    (columns,), (rows,) = (list(prepare.groups(each)) for each in (odd, odd.to_dict("records")))
    assert columns.remarks == rows.remarks
    assert {0, 1, 2, 3} <= set(columns.remarks)
