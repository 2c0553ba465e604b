"""Any table as a data frame: as it is, column by column, or refused by what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drivetrain.errors import DataError, MissingExtraError
from drivetrain.learn.tabular.frames import as_frame


def small() -> pd.DataFrame:
    return pd.DataFrame({"age": [39, 50], "city": ["Bern", None]}, index=[7, 8])


class ByColumns:
    """A table of another library: columns by name, each with its values."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]


class NeedsArrow:
    """A column whose array takes a library that is not there."""

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def to_numpy(self) -> Any:
        raise ModuleNotFoundError("pyarrow is required")

    def to_list(self) -> list[Any]:
        return self.values


class ToPandas:
    def to_pandas(self) -> pd.DataFrame:
        return small()


class Interchanged:
    def __dataframe__(self, **options: Any) -> Any:
        return getattr(small(), "__dataframe__")(**options)  # noqa: B009


class Stream:
    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        raise NotImplementedError(requested_schema)


def test_a_frame_of_pandas_is_given_back_as_it_is() -> None:
    frame = small()
    assert as_frame(frame) is frame


def test_names_that_are_no_texts_become_texts_in_a_copy() -> None:
    frame = pd.DataFrame([[1, 2]])
    assert list(as_frame(frame).columns) == ["0", "1"]
    assert all(isinstance(name, int) for name in frame.columns.tolist())


@pytest.mark.parametrize(
    "table",
    [
        [{"age": 39, "city": "Bern"}, {"age": 50, "city": None}],
        {"age": [39, 50], "city": ["Bern", None]},
        {"age": np.array([39, 50]), "city": ("Bern", None)},
        ByColumns({"age": np.array([39, 50]), "city": NeedsArrow(["Bern", None])}),
        ByColumns({"age": pd.Series([39, 50]), "city": NeedsArrow(["Bern", None])}),
        ToPandas(),
        Interchanged(),
    ],
)
def test_other_tables_hold_the_same(table: Any) -> None:
    frame = as_frame(table)
    assert frame["age"].tolist() == [39, 50]
    assert frame["city"].iloc[0] == "Bern"
    assert pd.isna(frame["city"].iloc[1])


def test_a_path_is_that_of_a_csv_file(tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    file.write_text("age;city\n39;Bern\n")
    for path in (file, str(file)):
        assert as_frame(path).to_dict("list") == {"age": [39], "city": ["Bern"]}


def test_polars_is_taken_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    polars = pytest.importorskip("polars")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    columns = {"a": [1, None, 3], "b": ["x", None, "z"], "t": [True, None, False]}
    frame = as_frame(polars.DataFrame(columns))
    assert frame["a"].dropna().tolist() == [1, 3]
    assert frame["b"].dropna().tolist() == ["x", "z"]
    assert frame["t"].dropna().tolist() == [True, False]


def test_a_stream_of_arrow_says_that_it_needs_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"Stream.*pyarrow") as caught:
        as_frame(Stream())
    assert "pip install pyarrow" in caught.value.hint


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column called 'a'"),
        (pd.DataFrame([[1, 2]], columns=["1", 1]), "more than one column called '1'"),
        (ByColumns({"a": np.zeros(2)}).__class__({}), "holds 0 rows and 0 columns"),
        (pd.DataFrame({"a": []}), "holds 0 rows and 1 columns"),
        ([], "holds 0 rows"),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")])),
         "several levels"),
        ([{"a": 1}, 7], "holds 7, which is no row"),
        ({"a": [1, 2], "b": [1]}, "{'a': 2, 'b': 1}"),
        (7, "is no table, it is 7"),
        (b"a,b", "is no table"),
        (None, "is no table, it is nothing"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_by_its_name(table: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        as_frame(table, name="flights")
    assert said in caught.value.message
    assert "flights" in caught.value.message
    assert caught.value.hint
