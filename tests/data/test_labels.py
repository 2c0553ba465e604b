"""Labels that are read off an item."""

from __future__ import annotations

import re
from collections import namedtuple
from pathlib import Path, PureWindowsPath
from typing import Any

import pandas as pd
import pytest

from drivetrain.data import ColReader, RegexLabeller, parent_label, using_attr
from drivetrain.errors import ConfigError, DataError

Row = namedtuple("Row", "name label")


@pytest.mark.parametrize("kind", [str, Path])
def test_the_label_is_the_name_of_the_folder_and_of_no_other(kind: type[str] | type[Path]) -> None:
    assert parent_label(kind("data/bears/grizzly/001.jpg")) == "grizzly"
    assert parent_label(kind("teddy/black.jpg")) == "teddy"


def test_a_label_keeps_spaces_dots_and_signs() -> None:
    assert parent_label("it's v1.0 🐻/001.jpg") == "it's v1.0 🐻"


def test_an_item_that_is_no_path_is_named_with_what_is_expected() -> None:
    with pytest.raises(DataError, match=r"parent_label was given 7 \(int\), and expects a path"):
        parent_label(7)  # type: ignore[arg-type]


@pytest.mark.parametrize("pattern", [r"([^/]+)_\d+\.jpg$", re.compile(r"([^/]+)_\d+\.jpg$")])
def test_the_first_group_of_a_pattern_is_the_label(pattern: Any) -> None:
    label = RegexLabeller(pattern)
    assert label(Path("pets/great_pyrenees_173.jpg")) == "great_pyrenees"
    assert label("pets/Bengal_1.jpg") == "Bengal"


def test_paths_are_searched_with_one_separator_on_every_system() -> None:
    label = RegexLabeller(r"^pets/(\w+)/")
    assert label(PureWindowsPath(r"pets\cat\1.jpg")) == label("pets/cat/1.jpg") == "cat"


def test_a_text_with_the_systems_own_separator_is_read_as_a_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    label = RegexLabeller(r"^pets/(\w+)/")
    with monkeypatch.context() as windows:
        windows.setattr("drivetrain.data.labels.os.sep", "\\")
        assert label(r"pets\cat\1.jpg") == "cat"


def test_match_looks_at_the_start_only() -> None:
    assert RegexLabeller(r"(\d+)")("img_42.jpg") == "42"
    with pytest.raises(DataError, match=r"finds no label at the start of 'img_42\.jpg'"):
        RegexLabeller(r"(\d+)", match=True)("img_42.jpg")


@pytest.mark.parametrize("pattern", [r"^(.+)_\d+\.png$", r"^photos/(dog)?"])
def test_an_item_that_a_pattern_does_not_fit_is_named_with_the_pattern(pattern: str) -> None:
    with pytest.raises(DataError) as refused:
        RegexLabeller(pattern)(Path("photos/cat_1.jpg"))
    assert repr(pattern) in refused.value.message
    assert "'photos/cat_1.jpg'" in refused.value.message
    assert "fits every item" in refused.value.hint


@pytest.mark.parametrize(
    ("pattern", "message"),
    [(r"\w+", "has no group.*Put parentheses"), ("(a", "'\\(a' is no regular"), (3, "3 is no reg")],
)
def test_a_pattern_that_cannot_work_is_refused_where_it_is_given(
    pattern: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        RegexLabeller(pattern)


TABLE = pd.DataFrame({"name": ["a", "b"], "label": ["cat dog", ""]}, index=[70, 71])
KINDS = [
    TABLE.iloc[0],
    next(TABLE.itertuples()),
    next(TABLE.itertuples(index=False)),
    Row("a", "cat dog"),
    {"name": "a", "label": "cat dog"},
]


@pytest.mark.parametrize("row", KINDS)
def test_a_column_is_read_from_every_kind_of_row(row: Any) -> None:
    assert ColReader("name")(row) == "a"
    assert ColReader(-1)(row) == "cat dog"
    assert ColReader(["label", "name"])(row) == ["cat dog", "a"]
    assert ColReader(["label"])(row) == "cat dog"
    assert ColReader("label", label_delim=" ")(row) == ["cat", "dog"]
    assert ColReader("name", pref="train/", suff=".jpg")(row) == "train/a.jpg"


def test_a_value_is_given_as_it_stands_in_the_table() -> None:
    assert ColReader("age")({"age": 7}) == 7
    assert ColReader("age", suff=" years")({"age": 7}) == "7 years"


@pytest.mark.parametrize("pref", [Path("my photos"), Path("my photos/"), "my photos/"])
def test_a_path_in_front_is_joined_with_one_slash(pref: Any) -> None:
    assert ColReader("name", pref=pref)(Row("a.jpg", "")) == "my photos/a.jpg"
    assert ColReader("name", pref=Path("/"))(Row("a.jpg", "")) == "/a.jpg"


def test_an_empty_text_has_no_labels() -> None:
    assert ColReader("label", label_delim=" ")(TABLE.iloc[1]) == []


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
@pytest.mark.parametrize("reader", [ColReader("label"), ColReader("label", label_delim=" ")])
def test_a_row_without_a_label_is_named(reader: ColReader, nothing: Any) -> None:
    series = pd.Series({"name": "a", "label": nothing}, name=12, dtype=object)
    with pytest.raises(DataError, match=r"The column 'label' is empty in row 12\. Fill it in"):
        reader(series)
    with pytest.raises(DataError, match=r"The column 'label' is empty in row Row\(name='a', "):
        reader(Row("a", nothing))


@pytest.mark.parametrize("row", KINDS)
def test_a_column_that_is_not_there_is_named_with_a_close_one(row: Any) -> None:
    with pytest.raises(DataError, match=r"no column 'Lable' in row .*Did you mean 'label'\? The"):
        ColReader("Lable")(row)
    with pytest.raises(DataError, match=r"no column 9 in row .*The columns are .*name, label"):
        ColReader(9)(row)


def test_a_reader_that_cannot_work_is_refused_where_it_is_made() -> None:
    with pytest.raises(ConfigError, match=r"label_delim together with pref or suff\. Labels are"):
        ColReader("label", suff=".jpg", label_delim=" ")
    with pytest.raises(ConfigError, match="label_delim is empty"):
        ColReader("label", label_delim="")


def test_using_attr_hands_over_the_attribute() -> None:
    label = using_attr(RegexLabeller(r"^([a-z]+)_"), "name")
    assert label(Path("folder_1/beagle_7.jpg")) == "beagle"


def test_an_item_without_the_attribute_is_named() -> None:
    with pytest.raises(DataError, match=r"'a_1\.jpg' \(str\) has no attribute 'name'.*on paths"):
        using_attr(str.upper, "name")("a_1.jpg")
