"""Rows become arrays in one way, whatever they come as; what a column does not take is named."""

from __future__ import annotations

import json
from collections import namedtuple
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import BundleCorruptError, ConfigError, UnreadableInputError
from drivetrain.prepare import preparation_from
from drivetrain.prepare.columns import CategoryColumn, NumberColumn, TextColumn
from drivetrain.prepare.dates import DateColumn
from drivetrain.prepare.table import AT_ONCE, TablePreparation
from drivetrain.prepare.text import HashedWords

AGE = NumberColumn(name="age", median=40.0, spread=10.0, low=18.0, high=90.0, whole=True)
INCOME = NumberColumn(name="income", median=5000.0, spread=1000.0, low=0.0, high=9000.0, gaps=3)
CITY = CategoryColumn(name="city", vocab=("Bern", "Chur"), rare=4, gaps=2)
FLOOR = CategoryColumn(name="floor", of="number", vocab=("1", "2", "10"))
MEMBER = CategoryColumn(name="member", of="truth", vocab=("False", "True"))
JOINED = DateColumn.fit("joined", [datetime(2020, 1, 1), datetime(2021, 6, 30)])
NOTE = TextColumn(name="note", encoder="hashed-8", size=8)
COLUMNS = (AGE, INCOME, CITY, FLOOR, MEMBER, JOINED, NOTE)
PREPARE = TablePreparation(columns=COLUMNS).with_encoders({"hashed-8": HashedWords(8)})


def row(**changes: Any) -> dict[str, Any]:
    usual = {"age": 50, "income": 4000.0, "city": "Chur", "floor": 10, "member": True}
    return usual | {"joined": "2020-02-03", "note": "likes dogs"} | changes


def test_the_array_holds_codes_numbers_flags_and_text_features_in_that_order() -> None:
    array = PREPARE(row())
    assert array.dtype == np.float32
    assert array.shape == PREPARE.array_shape == (3 + 2 + 2 + 3 + 1 + 8,)
    assert array[:5].tolist() == [3, 4, 3, 3, 2]  # Chur, floor 10, True, February, a Monday
    assert array[5:7].tolist() == [1, -1]  # ten years and a thousand beside the medians
    assert array[10] == 0  # income is there
    assert np.linalg.norm(array[11:]) == pytest.approx(1, abs=1e-6)
    assert PREPARE.code_names == ("city", "floor", "member", "joined.Month", "joined.Dayofweek")
    assert PREPARE.flag_names == ("income",)


def test_settings_survive_json() -> None:
    recorded = json.loads(json.dumps(PREPARE.model_dump(mode="json")))
    rebuilt = preparation_from(recorded, PREPARE.members)
    np.testing.assert_array_equal(rebuilt(row()), PREPARE(row()))


def test_however_a_row_comes_it_becomes_the_same() -> None:
    expected = PREPARE(row())
    Customer = namedtuple("Customer", row())  # type: ignore[misc]
    frame = pd.DataFrame([row()])
    ways: list[Any] = [
        json.dumps(row()),
        json.dumps(row()).encode(),
        PREPARE.packed(row()),
        Customer(**row()),
        frame.iloc[0],
        dict(reversed(row().items())),
        row(age="50", income=" 4e3 ", city=" Chur ", floor="10", member="TRUE"),
        row(age=np.int8(50), floor=10.0, joined=date(2020, 2, 3)),
        row(age=50.0, floor=np.float32(10), joined=pd.Timestamp("2020-02-03")),
        row(joined=np.datetime64("2020-02-03")),
    ]
    for way in ways:
        np.testing.assert_array_equal(PREPARE(way), expected, err_msg=repr(way))
    for table in (frame, frame.convert_dtypes(), {name: [value] for name, value in row().items()}):
        (group,) = PREPARE.groups(table)
        np.testing.assert_array_equal(group.arrays[0], expected)


def test_a_further_column_is_passed_over() -> None:
    np.testing.assert_array_equal(PREPARE(row(id=7, age_="x")), PREPARE(row()))


@pytest.mark.parametrize("nothing", [None, float("nan"), "", " NA ", "null", pd.NA, pd.NaT])
def test_a_gap_is_handled_as_documented(nothing: object) -> None:
    array = PREPARE(row(city=nothing, income=nothing, age=nothing, note=nothing))
    assert array[0] == 0  # training had gaps in city: their own code
    assert (array[5], array[6]) == (0, 0)  # the medians stand in
    assert array[10] == 1  # and the flag says so where training had gaps
    assert not array[11:].any()
    assert PREPARE(row(floor=nothing))[1] == 1  # training had none: it counts as unseen


def test_a_word_never_seen_counts_as_rare() -> None:
    array = PREPARE(row(city="Atlantis", floor=99))
    assert array[:2].tolist() == [1, 1]


def test_what_training_never_saw_is_remarked() -> None:
    assert PREPARE.remarks(row()) == ()
    said = PREPARE.remarks(row(city="Atlantis", age=300, floor=None, joined="2035-01-01"))
    assert [words.partition(":")[0] for words in said] == ["age", "city", "floor", "joined"]
    assert "300 lies outside the training's 18 to 90" in said[0]
    assert "'Atlantis' was not among" in said[1]
    assert PREPARE.remarks(row(age=None)) == (
        "age: nothing was given, and training never saw that; the median 40 stands in",
    )
    assert PREPARE.remarks(row(income=None, city=None)) == ()  # training had gaps there


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"age": "old"}, "age: expected a number, received 'old'"),
        ({"age": "3,5"}, "age: expected a number, received '3,5'.*decimal point"),
        ({"age": "1.234,5"}, "age: expected a number.*decimal point"),
        ({"age": True}, "age: expected a number, received True.*1 or 0"),
        ({"age": float("inf")}, "age: expected a finite number, received inf"),
        ({"age": "1e999"}, "age: expected a finite number"),
        ({"age": 10**400}, "age: expected a number"),
        ({"age": "0x10"}, "age: expected a number"),
        ({"age": "１２"}, "age: expected a number"),
        ({"age": [1]}, r"age: expected a number, received \[1\]"),
        ({"city": {"a": 1}}, "city: expected a word"),
        ({"city": b"Bern"}, "city: expected a word"),
        ({"floor": "first"}, "floor: expected a number, received 'first'"),
        ({"member": "perhaps"}, "member: expected true or false, received 'perhaps'"),
        ({"member": 1}, "member: expected true or false, received 1"),
        ({"joined": "3/4/2013"}, "joined: expected a date, received '3/4/2013'.*2013-01-31"),
        ({"joined": "2013-02-30"}, "joined: expected a date"),
        ({"joined": 20130101}, "joined: expected a date"),
        ({"joined": "0001-01-01T00:00:00+05:00"}, "joined: expected a date"),
        ({"joined": "9999-12-31T23:59:59-05:00"}, "joined: expected a date"),
        ({"note": ["a"]}, "note: expected a text"),
    ],
)
def test_what_a_column_does_not_take_is_refused_by_name(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(UnreadableInputError, match=told):
        PREPARE(row(**changes))


def test_a_missing_column_is_no_gap() -> None:
    lacking = row(Age=50)
    del lacking["age"]
    with pytest.raises(
        UnreadableInputError, match=r"age: expected a value, there is no such column.*'Age'"
    ):
        PREPARE(lacking)


def test_all_that_is_wrong_with_a_row_is_told_at_once() -> None:
    with pytest.raises(UnreadableInputError, match=r"age: .*; city: .*; floor: "):
        PREPARE(row(age="x", city=[], floor="y"))


@pytest.mark.parametrize("other", [5, None, "[]", b"5", "{", '{"age": 1, "age": 2}', b"\xff"])
def test_what_is_no_row_is_refused(other: object) -> None:
    with pytest.raises(UnreadableInputError):
        PREPARE(other)


def test_one_bad_row_stops_no_other() -> None:
    rows = [row(), row(age="x"), 7, row(age=60)]
    (group,) = PREPARE.groups(rows)
    assert sorted(group.problems) == [1, 2]
    np.testing.assert_array_equal(group.arrays[1], PREPARE(row(age=60)))


def test_a_column_of_a_data_frame_that_is_missing_or_there_twice_is_told() -> None:
    frame = pd.DataFrame([row(), row()])
    (group,) = PREPARE.groups(frame.drop(columns="city"))
    assert sorted(group.problems) == [0, 1]
    with pytest.raises(UnreadableInputError, match="Two columns are called 'age'"):
        list(PREPARE.groups(pd.concat([frame, frame[["age"]]], axis=1)))


def test_many_rows_come_in_groups_and_in_order() -> None:
    frame = pd.DataFrame([row()] * (AT_ONCE + 3))
    frame["age"] = np.arange(len(frame)) % 90
    groups = list(PREPARE.groups(frame))
    assert [group.count for group in groups] == [AT_ONCE, 3]
    ages = np.concatenate([group.arrays[:, 5] for group in groups]) * 10 + 40
    np.testing.assert_allclose(ages, frame["age"], atol=1e-4)


def test_words_that_are_looked_up_leave_no_trace_in_memory() -> None:
    column = CategoryColumn(name="city", vocab=("Bern",))
    for number in range(1000):
        column.codes([f"unknown {number}", " " * number + "Bern"], {})
    remembered = sum(map(len, column._memories.values()))
    assert remembered <= 201


def test_a_text_without_its_encoder_is_no_silent_zero() -> None:
    with pytest.raises(ConfigError, match="note need the encoder 'hashed-8'"):
        TablePreparation(columns=COLUMNS)(row())


def test_an_encoder_of_another_size_is_a_broken_bundle() -> None:
    settings = PREPARE.model_dump(mode="json")
    settings["columns"][-1]["size"] = 9
    with pytest.raises(BundleCorruptError, match="take 9 numbers, and their encoder hashed-8"):
        preparation_from(settings, {})


def test_two_columns_of_one_name_are_no_preparation() -> None:
    with pytest.raises(ValueError, match="listed twice"):
        TablePreparation(columns=(AGE, AGE))


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.text(max_size=12),
    st.sampled_from(["Bern", " Chur", "10", "1.0", "true", "2020-02-03", "NA", "1,5"]),
    st.binary(max_size=4),
    st.lists(st.integers(), max_size=2),
    st.dates(),
    st.datetimes(),
)


@given(st.fixed_dictionaries({column.name: ANYTHING for column in COLUMNS}))
def test_any_row_becomes_finite_numbers_or_is_refused_alone_and_among_others(
    other: dict[str, Any],
) -> None:
    (group,) = PREPARE.groups([row(), other, row()])
    if 1 in group.problems:
        with pytest.raises(UnreadableInputError) as refused:
            PREPARE(other)
        assert group.problems[1].message == refused.value.message
        assert len(group.arrays) == 2
        return
    alone = PREPARE(other)
    assert np.isfinite(alone).all()
    np.testing.assert_array_equal(group.arrays[1], alone)
    assert isinstance(PREPARE.remarks(other), tuple)
    np.testing.assert_array_equal(PREPARE(PREPARE.packed(other)), alone)
