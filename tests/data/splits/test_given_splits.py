"""Splits that come with the data do what the data says, and name what it does not say."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivetrain.data import (
    ColSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    IndexSplitter,
    MaskSplitter,
)
from drivetrain.errors import ConfigError, DataError

COUNTS = st.integers(2, 300)
TREE = [Path(name) for name in ("d/train/a/1.jpg", "d/val/a/2.jpg", "d/train/b/3.jpg")]


@given(COUNTS, st.data())
def test_an_index_split_validates_on_the_positions_given(count: int, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, count - 1), min_size=1))
    assume(len(set(chosen)) < count)
    train, valid = IndexSplitter(chosen)(range(count))
    assert sorted(train + valid) == list(range(count))
    assert (train, valid) == (sorted(train), sorted(set(chosen)))


def test_an_index_split_takes_any_iterable_and_gives_the_same_split_twice() -> None:
    for positions in ({0, 2}, np.array([2, 0]), (position for position in (2, 0))):
        splitter = IndexSplitter(positions)
        assert splitter("abc") == splitter("abc") == ([1], [0, 2])


@pytest.mark.parametrize("position", [3, -1])
def test_a_position_outside_the_items_is_named(position: int) -> None:
    with pytest.raises(DataError, match=rf"given position {position}, and there are 3 items"):
        IndexSplitter([1, position])("abc")


@pytest.mark.parametrize("strange", [True, 1.5, "1", None])
def test_what_is_no_position_is_refused(strange: Any) -> None:
    with pytest.raises(ConfigError, match=rf"given {strange!r}, which is no position.*MaskSpl"):
        IndexSplitter([0, strange])


@pytest.mark.parametrize(
    ("splitter", "counts"),
    [
        (IndexSplitter([]), "IndexSplitter leaves 3 items to train on and 0 to validate on"),
        (IndexSplitter([0, 1, 2]), "leaves 0 items to train on and 3 to validate on"),
        (MaskSplitter([False] * 3), "MaskSplitter leaves 3 items to train on and 0"),
        (FuncSplitter(lambda _: True), "FuncSplitter leaves 0 items to train on and 3"),
    ],
)
def test_an_empty_side_is_refused_with_the_counts(splitter: Any, counts: str) -> None:
    with pytest.raises(DataError, match=f"{counts}.*Both sides need items"):
        splitter("abc")


@pytest.mark.parametrize("mask", [[True, False, 1], np.array([True, False, True]), (1, 0, 1)])
def test_a_mask_validates_where_it_is_true(mask: Any) -> None:
    assert MaskSplitter(mask)("abc") == ([1], [0, 2])


def test_a_mask_of_another_length_or_kind_is_refused() -> None:
    with pytest.raises(DataError, match="The mask has 2 values, and there are 3 items"):
        MaskSplitter([True, False])("abc")
    for strange in ("False", 2, None):
        with pytest.raises(ConfigError, match=rf"given {strange!r}, which is neither True nor"):
            MaskSplitter([True, strange, False])  # type: ignore[list-item]


def test_a_function_says_what_validates() -> None:
    assert FuncSplitter(lambda path: path.parent.name == "b")(TREE) == ([0, 1], [2])


def test_a_failing_function_names_the_item_and_the_reason() -> None:
    with pytest.raises(DataError, match=r"failed on b: KeyError: 'b'"):
        FuncSplitter({"a": True}.__getitem__)("ab")


def test_the_folder_above_the_class_decides() -> None:
    assert GrandparentSplitter(valid_name="val")(TREE) == ([0, 2], [1])
    assert GrandparentSplitter(valid_name=["val", "valid"])([*map(str, TREE)]) == ([0, 2], [1])


def test_items_below_other_folders_are_on_neither_side() -> None:
    items = [*TREE, Path("d/test/a/4.jpg")]
    assert GrandparentSplitter(valid_name="val")(items) == ([0, 2], [1])


def test_folders_that_do_not_match_are_named() -> None:
    with pytest.raises(DataError, match=r"below valid_name='valid'; there are 'train', 'val'\."):
        GrandparentSplitter()(TREE)
    with pytest.raises(DataError, match=r"below train_name='Train'; there are 'train', 'val'\."):
        GrandparentSplitter(train_name="Train")(TREE)


def test_an_item_that_is_no_path_is_named_with_what_is_expected() -> None:
    with pytest.raises(DataError, match=r"GrandparentSplitter was given 7 \(int\), and expects"):
        GrandparentSplitter()([7])


@pytest.mark.parametrize("listed", ["2.jpg\n", "val/a/2.jpg", "\ufeffval\\a\\2.jpg\r\n\r\n"])
def test_a_file_lists_what_validates(listed: str, tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text(listed, encoding="utf-8", newline="")
    assert FileSplitter(tmp_path / "valid.txt")(TREE) == ([0, 2], [1])
    assert FileSplitter(str(tmp_path / "valid.txt"))([str(path) for path in TREE])[1] == [1]


def test_a_part_of_a_name_is_not_the_name(tmp_path: Path) -> None:
    (tmp_path / "valid.txt").write_text("1.jpg")
    assert FileSplitter(tmp_path / "valid.txt")(["a/11.jpg", "b/1.jpg"]) == ([0], [1])


def test_a_list_that_cannot_be_read_or_fits_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.txt, which lists .* cannot be read: No such file"):
        FileSplitter(tmp_path / "gone.txt")(TREE)
    (tmp_path / "picture.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"picture\.txt.* cannot be read: it is no text in UTF-8"):
        FileSplitter(tmp_path / "picture.txt")(TREE)
    (tmp_path / "other.txt").write_text("9.jpg")
    with pytest.raises(DataError, match=r"other\.txt.*leaves 3 items to train on and 0"):
        FileSplitter(tmp_path / "other.txt")(TREE)


Row = namedtuple("Row", "name is_valid")
TABLE = pd.DataFrame({"name": ["a", "b", "c"], "is_valid": [False, True, False]}, index=[7, 8, 9])


@pytest.mark.parametrize(
    "rows",
    [
        TABLE,
        [row for _, row in TABLE.iterrows()],
        list(TABLE.itertuples()),
        TABLE.to_dict("records"),
        [Row("a", "False"), Row("b", "True"), Row("c", "false")],
        [Row("a", 0), Row("b", 1.0), Row("c", np.False_)],
    ],
)
def test_a_column_marks_what_validates_in_every_kind_of_row(rows: Any) -> None:
    assert ColSplitter()(rows) == ([0, 2], [1])
    assert ColSplitter("name", on="b")(rows) == ([0, 2], [1])
    assert ColSplitter("name", on=["b", "c", "z"])(rows) == ([0], [1, 2])


def test_a_column_may_be_given_by_its_position() -> None:
    assert ColSplitter(1)(TABLE) == ColSplitter(-1)(TABLE) == ([0, 2], [1])
    assert ColSplitter(1)(TABLE.to_dict("records")) == ([0, 2], [1])


def test_a_column_that_says_neither_yes_nor_no_is_refused_with_the_way_out() -> None:
    rows = [{"fold": "train"}, {"fold": "valid"}]
    with pytest.raises(DataError, match=r"holds 'train', which is neither .*on='train'"):
        ColSplitter("fold")(rows)
    assert ColSplitter("fold", on="valid")(rows) == ([0], [1])


def test_a_value_that_no_row_has_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"'name' on 'z' leaves 3 .* holds 'a', 'b', 'c'\."):
        ColSplitter("name", on="z")(TABLE)


@pytest.mark.parametrize("rows", [TABLE, TABLE.to_dict("records")])
def test_a_column_that_is_not_there_is_named_with_a_close_one(rows: Any) -> None:
    with pytest.raises(DataError, match=r"no column 'valid' .*Did you mean 'is_valid'\?.*name, is"):
        ColSplitter("valid")(rows)


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_row_without_a_side_is_named(nothing: Any) -> None:
    table = TABLE.astype(object)
    table.loc[8, "is_valid"] = nothing
    with pytest.raises(DataError, match=r"'is_valid' is empty in row 8\."):
        ColSplitter()(table)
    with pytest.raises(DataError, match=r"'is_valid' is empty in row 8\."):
        ColSplitter()([row for _, row in table.iterrows()])
    with pytest.raises(DataError, match=r"'is_valid' is empty in row \{'name': 'b', "):
        ColSplitter()(table.to_dict("records"))


def test_items_that_are_no_rows_are_named_with_what_is_expected() -> None:
    with pytest.raises(DataError, match=r"a/1\.jpg.* is no row of a table .*RegexLabeller"):
        ColSplitter()([Path("a/1.jpg")])
