"""Blocks: what can be an input or a label, and how the first that cannot is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from PIL import Image

from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.blocks import (
    CategoryBlock,
    ImageBlock,
    MultiCategoryBlock,
    RegressionBlock,
    named,
)
from drivetrain.learn.targets import AnyOf, Numbers, OneOf

NAMES = ["1.jpg", "2.jpg", "3.jpg"]


# ---- classes -------------------------------------------------------------------------------


def test_the_classes_are_those_found_sorted() -> None:
    kind = CategoryBlock().fit(["teddy", "black", "teddy"], NAMES)
    assert isinstance(kind, OneOf)
    assert list(kind.vocab) == ["black", "teddy"]


def test_a_vocab_of_ones_own_keeps_its_order_and_may_name_what_is_not_found() -> None:
    block = CategoryBlock(vocab=["z", "teddy", "a"])
    assert list(block.fit(["teddy", "a"], NAMES[:2]).vocab) == ["z", "teddy", "a"]


def test_classes_may_be_numbers_and_truth_values() -> None:
    assert list(CategoryBlock().fit([2, 1, 2], NAMES).vocab) == ["1", "2"]
    assert list(CategoryBlock().fit([True, False, True], NAMES).vocab) == ["False", "True"]


@pytest.mark.parametrize("label", [["a"], ("a", "b"), {"a"}])
def test_several_classes_for_one_are_refused_with_the_block_that_takes_them(label: Any) -> None:
    with pytest.raises(DataError, match=r"for 2\.jpg, .* one class.*MultiCategoryBlock"):
        CategoryBlock().fit(["a", label, "b"], NAMES)


@pytest.mark.parametrize(
    "label", [None, float("nan"), np.float64("nan"), np.float32("nan"), pandas.NA, pandas.NaT]
)
@pytest.mark.parametrize("several", [False, True])
def test_a_missing_label_is_refused_by_its_item(label: Any, several: bool) -> None:
    block: Any = MultiCategoryBlock() if several else CategoryBlock()
    labels: list[Any] = [["a"], ["b"], ["a", label]] if several else ["a", "b", label]
    with pytest.raises(DataError, match=r"no label for 3\.jpg.*Fill it in"):
        block.fit(labels, NAMES)


def test_a_name_that_is_no_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"no text.*Rename its folder"):
        CategoryBlock().fit(["a", "\udcff"], NAMES[:2])


# ---- several classes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [
        [["cat", "dog"], [], ["bird"]],
        [("dog", "cat"), (), ("bird",)],
        [{"dog", "cat"}, set(), {"bird"}],
    ],
)
def test_several_classes_come_in_any_collection_and_may_be_none(labels: Any) -> None:
    kind = MultiCategoryBlock().fit(labels, NAMES)
    assert isinstance(kind, AnyOf)
    assert list(kind.vocab) == ["bird", "cat", "dog"]
    assert kind.encode(labels).tolist() == [[0, 1, 1], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("label", ["cat dog", 3, 1.5])
def test_what_is_no_list_of_classes_is_refused_with_how_to_split_it(label: Any) -> None:
    with pytest.raises(DataError, match=r"for 1\.jpg, .*a list of classes.*label_delim"):
        MultiCategoryBlock().fit([label, [], []], NAMES)


def test_zeros_and_ones_are_taken_as_they_are() -> None:
    kind = MultiCategoryBlock(encoded=True, vocab=["cat", "dog"]).fit([[0, 1], [1, 1]], NAMES[:2])
    assert kind.encode([[0, 1], [True, False]]).tolist() == [[0, 1], [1, 0]]
    assert kind.describe(kind.encode([[0, 1]])[0]) == "dog"
    assert kind.size == 2


def test_encoded_labels_need_names() -> None:
    with pytest.raises(ConfigError, match=r"encoded=True.* no vocab.*names of the columns"):
        MultiCategoryBlock(encoded=True)


@pytest.mark.parametrize("labels", [[[0, 2]], [[0, 0.5]], [[0, 1, 1]], [[1]]])
def test_encoded_labels_that_are_none_are_refused(labels: Any) -> None:
    kind = MultiCategoryBlock(encoded=True, vocab=["cat", "dog"]).fit(labels, NAMES[:1])
    with pytest.raises(DataError, match="2 zeros and ones"):
        kind.encode(labels)


# ---- numbers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "size"),
    [([1, 2.5, np.float32(3)], 1), ([[1, 2], (3, 4), np.array([5, 6])], 2), (["1", "2.5", "3"], 1)],
)
def test_numbers_are_as_many_as_the_first_item_has(labels: Any, size: int) -> None:
    kind = RegressionBlock().fit(labels, NAMES)
    assert kind == Numbers(size)
    assert kind.encode(labels).shape == (3, size)


@pytest.mark.parametrize(
    "label", [float("nan"), float("inf"), None, "many", [1, 2], [], [[1, 2], [3]]]
)
def test_what_is_not_as_many_finite_numbers_is_refused_by_its_item(label: Any) -> None:
    with pytest.raises(DataError, match=r"for 2\.jpg, .* takes 1 finite number for each"):
        RegressionBlock().fit([1.0, label, 2.0], NAMES)
    with pytest.raises(DataError, match=r"for 1\.jpg, .* takes \d finite number"):
        RegressionBlock(1 if label == [1, 2] else None).fit([label, 1.0, 2.0], NAMES)


def test_how_many_numbers_can_be_said() -> None:
    assert RegressionBlock(n_out=2).fit([[1, 2]], NAMES[:1]).size == 2
    with pytest.raises(DataError, match=r"for 1\.jpg, .* takes 2 finite numbers"):
        RegressionBlock(n_out=2).fit([1.0], NAMES[:1])


# ---- inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", ["a.jpg", Path("a.jpg"), b"", Image.new("L", (1, 1)), np.zeros((1, 1), np.uint8)]
)
def test_an_image_block_takes_what_can_hold_a_photo(value: Any) -> None:
    ImageBlock().check(value, "item")


@pytest.mark.parametrize("value", [3, None, ["a.jpg"], {"name": "a.jpg"}, ("a.jpg", "cat")])
def test_what_holds_no_photo_is_refused_with_the_item_and_its_type(value: Any) -> None:
    with pytest.raises(DataError, match=rf"for item 7 get_x gives a {type(value).__name__}\."):
        ImageBlock().check(value, "item 7")


def test_the_name_of_an_item_is_one_line_that_can_be_read() -> None:
    assert named(Path("bears/1.jpg")) == str(Path("bears/1.jpg"))
    assert named({"a": "b\nc"}) == r"{'a': 'b\nc'}"
    assert named("x" * 500) == "x" * 117 + "..."
    assert "\n" not in named(np.zeros((20, 20)))
