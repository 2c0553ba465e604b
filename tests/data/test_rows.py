"""One value out of one row, whatever kind of row it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drivetrain.data.rows import cell, column_values, describe
from drivetrain.errors import DataError


@dataclass
class Visit:
    patient: str
    day: int


@pytest.mark.parametrize("row", [Visit("ann", 3), {"patient": "ann", "day": 3}])
def test_names_and_positions_lead_to_the_value(row: Any) -> None:
    assert cell(row, "patient") == cell(row, 0) == cell(row, -2) == "ann"
    assert cell(row, "day") == cell(row, 1) == 3


@pytest.mark.parametrize("row", [("ann", 3), ["ann", 3], np.array(["ann", "3"])])
def test_a_plain_sequence_has_positions_only(row: Any) -> None:
    assert cell(row, 0) == "ann"
    with pytest.raises(DataError, match=r"no column 'day' .*The columns are 0, 1\."):
        cell(row, "day")


def test_columns_that_are_called_by_numbers_are_found_by_name_first() -> None:
    assert cell({1: "a", 0: "b"}, 0) == "b"


def test_a_name_that_two_columns_share_is_refused() -> None:
    table = pd.DataFrame([["a", "b"]], columns=["x", "x"])
    for read in (lambda: cell(table.iloc[0], "x"), lambda: column_values(table, "x")):
        with pytest.raises(DataError, match="2 columns are called 'x'"):
            read()
    assert column_values(table, 1) == ["b"]


@pytest.mark.parametrize("item", [Path("a.jpg"), "a.jpg", b"a", 7, None])
def test_what_is_no_row_is_named_with_what_is_expected(item: Any) -> None:
    with pytest.raises(DataError, match=r"is no row of a table .*The items have to be rows"):
        cell(item, "label")


def test_a_long_row_is_described_in_short() -> None:
    assert describe(("x" * 500,)).endswith("...")
    assert len(describe(("x" * 500,))) < 130
