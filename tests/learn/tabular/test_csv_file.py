"""A CSV file: read as production reads rows, or refused by a message that names the place."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import DataError
from drivetrain.learn.tabular.csv_file import AT_ONCE, read_csv
from drivetrain.learn.tabular.fit import ColumnNames, fit_preparation
from drivetrain.prepare.rows import unpack_rows
from drivetrain.prepare.values import GAPS


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    file = folder / "table.csv"
    file.write_bytes(text.encode(encoding))
    return file


def read(folder: Path, text: str, encoding: str = "utf-8") -> pd.DataFrame:
    return read_csv(write(folder, text, encoding))


def refusal(folder: Path, text: str, encoding: str = "utf-8") -> DataError:
    file = write(folder, text, encoding)
    with pytest.raises(DataError) as caught:
        read_csv(file)
    assert "table.csv" in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_delimiter_and_byte_order_mark_are_found(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    text = f"naïve{delimiter}b\n1{delimiter}x\n2{delimiter}y\n"
    frame = read(tmp_path, text, encoding)
    assert frame.to_dict("list") == {"naïve": [1, 2], "b": ["x", "y"]}
    assert frame["naïve"].dtype == np.int64


def test_each_column_has_the_type_that_all_its_values_have(tmp_path: Path) -> None:
    frame = read(
        tmp_path,
        "whole,gap,real,truth,word,code,day,huge\n"
        "1,1,1e3, TRUE, a b ,007,2013-01-31,9007199254740993\n"
        "-2,n/a,.5,false,NULL,12,,9007199254740992\n",
    )
    assert [str(kind) for kind in frame.dtypes] == [
        "int64", "float64", "float64", "bool", "object", "object", "object", "object",
    ]  # fmt: skip
    assert frame["truth"].tolist() == [True, False]
    assert frame["word"].tolist() == ["a b", None]
    assert frame["code"].tolist() == ["007", "12"]
    assert frame["day"].tolist() == ["2013-01-31", None]
    assert frame["huge"].tolist() == ["9007199254740993", "9007199254740992"]


def test_gaps_are_those_of_the_preparation_in_any_case(tmp_path: Path) -> None:
    gaps = [spelled for gap in sorted(GAPS) for spelled in (gap, gap.upper(), f" {gap.title()} ")]
    lines = [f"{gap},{gap}" for gap in gaps]
    frame = read(tmp_path, "\n".join(["a,b", "1,x", *lines]) + "\n")
    assert frame["a"].isna().sum() == frame["b"].isna().sum() == len(gaps)
    assert frame["a"].dtype == np.float64


def test_a_truth_with_a_gap_stays_a_truth(tmp_path: Path) -> None:
    assert read(tmp_path, "a,b\ntrue,1\n,2\nFALSE,3\n")["a"].tolist() == [True, None, False]


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path) -> None:
    assert list(read(tmp_path, ",a, \n0,x,y\n").columns) == ["column 1", "a", "column 3"]


def test_quoted_line_breaks_and_blank_lines_are_no_rows_of_their_own(tmp_path: Path) -> None:
    frame = read(tmp_path, 'a,b\n1,"two\nlines, ""one"" text"\n\n2,x\n')
    assert frame["b"].tolist() == ['two\nlines, "one" text', "x"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n", "is empty"),
        ("a,b\n", "a header and no rows"),
        ("a,b\n\n", "a header and no rows"),
        ("a,b,a\n1,2,3\n", "more than one column called 'a'"),
        ("a, a\n1,2\n", "more than one column called 'a'"),
        ("a;b\n1,5;x\n2;y\n", "a, such as '1,5'"),
        ('a,b\n"1,000",x\n', "a, such as '1,000'"),
        ('a,b\n1,"x"y\n', "no CSV that can be read"),
        ('a,b\n1,"x\n', "no CSV that can be read"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text).message


def test_every_column_with_a_decimal_comma_is_named(tmp_path: Path) -> None:
    problem = refusal(tmp_path, "a;b;c\n1,5;x;3,25\n2;1,5;4\n")
    assert "a, such as '1,5'; c, such as '3,25'" in problem.message


def test_rows_of_another_length_are_named_by_their_lines(tmp_path: Path) -> None:
    problem = refusal(tmp_path, 'a,b\n1,"x\ny"\n2\n\n3,4,5\n6,7\n8\n9\n')
    assert "2 columns" in problem.message
    assert "line 4 has 1, line 6 has 3, line 8 has 1 and 1 more" in problem.message


def test_lines_are_counted_beyond_what_is_read_at_once(tmp_path: Path) -> None:
    rows = ["1,2"] * (AT_ONCE + 5)
    problem = refusal(tmp_path, "\n".join(["a,b", *rows, "3", "1,2"]) + "\n")
    assert f"line {AT_ONCE + 7} has 1." in problem.message


def test_another_encoding_is_told_with_its_line_or_its_name(tmp_path: Path) -> None:
    assert "no text in UTF-8 from line 3" in refusal(tmp_path, "a,b\n1,x\n2,é\n", "cp1252").message
    assert "UTF-16" in refusal(tmp_path, "a,b\n1,x\n", "utf-16").message


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(DataError, match="cannot be read"):
            read_csv(path)


CELLS = st.sampled_from(["", " ", "NA", "1", " 2.5", "-3", "1e2", "a", " b ", "é", "True", "1.0"])
NUMBERS = st.sampled_from(["", "nan", "7", " 0.25 ", "-1e-3", "12"])


@given(st.lists(st.tuples(CELLS, NUMBERS), min_size=1, max_size=20))
def test_training_and_production_read_the_same_file_alike(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([("word", "number"), *rows])
    content = text.getvalue().encode()
    file = tmp_path_factory.mktemp("alike") / "table.csv"
    file.write_bytes(content)
    frame = read_csv(file)
    prepare = fit_preparation(
        frame, ColumnNames(categories=("word",), numbers=("number",)), min_count=1
    )
    in_training = next(iter(prepare.groups(frame)))
    in_production = next(iter(prepare.groups(unpack_rows(content, "text/csv").items)))
    assert not in_training.problems
    assert not in_production.problems
    np.testing.assert_array_equal(in_training.arrays, in_production.arrays)
