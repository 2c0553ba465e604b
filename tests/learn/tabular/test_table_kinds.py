"""Looking at a table: what each column is taken as, and what is told before it hurts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from drivetrain.data.report.finding import Finding
from drivetrain.errors import DataError
from drivetrain.learn.tabular import kinds as kinds_module
from drivetrain.learn.tabular.fit import ColumnNames, fit_preparation
from drivetrain.learn.tabular.kinds import ColumnLook, look_at_table

ROWS = 400
RANDOM = np.random.default_rng(7)
WORDS = RANDOM.choice(["red", "green", "blue"], ROWS)
NUMBERS = RANDOM.normal(size=ROWS)
DAYS = [str(date(2013, 1, 1) + timedelta(days=int(day))) for day in RANDOM.integers(0, 300, ROWS)]
SENTENCES = [
    " ".join(RANDOM.choice(["a", "good", "dog", "from", "Bern", "that", "barks"], 6)) + f" {row}"
    for row in range(ROWS)
]


def look_at(values: Any) -> ColumnLook:
    """A column beside another one, so that the table holds something in any case."""
    return look_at_table({"it": values, "other": NUMBERS[: len(values)]})["it"]


def the(kind: str, findings: Sequence[Finding]) -> Finding:
    found = [finding for finding in findings if finding.kind == kind]
    assert len(found) == 1, findings
    return found[0]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (WORDS, "category"),
        (pd.Categorical(WORDS), "category"),
        (WORDS == "red", "category"),
        (NUMBERS, "number"),
        (RANDOM.integers(17, 90, ROWS), "number"),
        (RANDOM.integers(1, 13, ROWS), "category"),
        (RANDOM.integers(1, 13, ROWS).astype(float), "category"),
        (RANDOM.integers(1, 13, ROWS) / 2, "number"),
        (RANDOM.integers(0, 2, ROWS) / 2, "category"),
        (RANDOM.integers(1, 13, 100), "number"),
        (RANDOM.integers(1, 13, ROWS).astype(str), "category"),
        ([f"{number:.3f}" for number in NUMBERS], "number"),
        ([f"{number:05}" for number in RANDOM.integers(0, 99999, ROWS // 2).repeat(2)], "category"),
        (DAYS, "date"),
        (pd.to_datetime(DAYS), "date"),
        (pd.to_datetime(DAYS).tz_localize("Europe/Zurich"), "date"),
        ([date.fromisoformat(day) for day in DAYS], "date"),
        (SENTENCES, "text"),
        ([f"Ann Lee {row}" for row in range(ROWS)], "text"),
        (RANDOM.choice(SENTENCES[:15], ROWS), "category"),
        ([f"N{row // 2}" for row in range(ROWS)], "category"),
        (range(ROWS), "left out"),
        (RANDOM.permutation(ROWS) + 1000, "left out"),
        ([str(row) for row in range(ROWS)], "left out"),
        ([str(uuid.UUID(int=row * 7919)) for row in range(ROWS)], "left out"),
        (["same"] * ROWS, "left out"),
        ([None] * ROWS, "left out"),
        ([[1]] * ROWS, "left out"),
        (pd.array([1, None] * (ROWS // 2), dtype="Int64"), "category"),
        (["only this", None] * (ROWS // 2), "category"),
    ],
)
def test_each_column_is_taken_as_what_it_holds(values: Any, kind: str) -> None:
    assert look_at(values).kind == kind


def test_what_is_taken_can_be_fitted_and_prepared() -> None:
    frame = pd.DataFrame(
        {
            "word": WORDS, "number": NUMBERS, "day": DAYS, "few": RANDOM.integers(0, 4, ROWS),
            "texts of numbers": [f"{number:.3f}" for number in NUMBERS],
            "gaps": pd.array([1, None] * (ROWS // 2), dtype="Int64"),
            "mixed": ["unknown", *map(str, RANDOM.integers(0, 99, ROWS - 1))],
            "zoned": pd.to_datetime(DAYS[::-1]).tz_localize("UTC"), "truth": WORDS == "red",
        }
    )  # fmt: skip
    look = look_at_table(frame)
    assert not look.names("left out")
    names = ColumnNames(
        categories=look.names("category"), numbers=look.names("number"), dates=look.names("date")
    )
    group = next(iter(fit_preparation(frame, names).groups(frame)))
    assert not group.problems
    assert np.isfinite(group.arrays).all()


def test_an_identifier_needs_a_name_or_an_order_not_only_different_numbers() -> None:
    incomes = RANDOM.choice(100_000, ROWS, replace=False)
    assert look_at_table({"income": incomes, "x": NUMBERS})["income"].kind == "number"
    for name in ("id", "ID", "customer_id", "PassengerId", "order no"):
        column = look_at_table({name: incomes, "x": NUMBERS})[name]
        assert column.kind == "left out"
        assert "identifier" in the("id_like", column.findings).what
    assert look_at_table({"paid": incomes, "x": NUMBERS})["paid"].kind == "number"


def test_counts_are_of_values_as_the_preparation_tells_them_apart() -> None:
    column = look_at([" a", "a ", "a", "b", None, "NA", "nan", ""])
    assert (column.distinct, column.gaps, column.examples) == (2, 4, ("a", "b"))


def test_numbers_mixed_with_words_are_counted_and_three_are_shown() -> None:
    values: list[object] = [*map(float, range(200)), "?", "?", "n.k.", "about 3", "many"]
    column = look_at(values)
    finding = the("mixed_numbers", column.findings)
    assert column.kind == "category"
    assert (finding.severity, finding.count) == ("problem", 5)
    assert len(column.findings) == 1
    assert "5 rows (2%) hold none: '?', 'n.k.', 'about 3'" in finding.what


def test_dates_mixed_with_words_and_dates_of_another_form_are_told() -> None:
    assert the("mixed_dates", look_at([*DAYS[1:], "soon"]).findings).count == 1
    swiss = [f"{day[8:]}.{day[5:7]}.{day[:4]}" for day in DAYS]
    assert swiss[0] in the("date_form", look_at(swiss).findings).what


def test_what_is_nearly_empty_or_constant_or_infinite_is_told() -> None:
    rare = [*NUMBERS[:10], *[None] * (ROWS - 10)]
    assert the("nearly_empty", look_at(rare).findings).count == ROWS - 10
    assert the("nearly_constant", look_at(["a"] * 399 + ["b"]).findings).count == 1
    infinite = look_at([np.inf, -np.inf, *NUMBERS[2:]])
    assert infinite.kind == "number"
    assert (the("infinite", infinite.findings).severity, infinite.findings[0].count) == (
        "problem", 2,
    )  # fmt: skip


def test_many_words_stay_categories_and_words_for_gaps_and_alike_ones_are_told() -> None:
    tails = [f"N{number}" for number in RANDOM.zipf(1.5, ROWS) % 97]
    column = look_at(tails)
    assert column.kind == "category"
    assert f"{column.distinct} different words" in the("many_words", column.findings).what
    assert the("gap_word", look_at(["?", *WORDS[1:]]).findings).count == 1
    assert (
        "'red' and 'Red'" in the("words_alike", look_at(["red", "Red", *WORDS[2:]]).findings).what
    )


def test_a_column_without_a_name_of_its_own_is_told() -> None:
    look = look_at_table({"column 1": NUMBERS, "Unnamed: 0": WORDS})
    assert [finding.kind for finding in look.findings] == ["unnamed", "unnamed"]


def test_a_copy_is_left_out_and_the_first_is_kept() -> None:
    frame = pd.DataFrame({"a": WORDS, "b": [f" {word}" for word in WORDS], "c": WORDS[::-1]})
    look = look_at_table(frame)
    assert look.names("left out") == ("b",)
    assert "b says in every row what a says" in the("copy", look["b"].findings).what


LABELS = np.where(NUMBERS + RANDOM.normal(0, 1, ROWS) > 0.5, "yes", "no")


@pytest.mark.parametrize(
    "leak",
    [
        LABELS,
        np.where(LABELS == "yes", 1.0, 0.0),
        np.where(LABELS == "yes", RANDOM.normal(50, 9, ROWS), RANDOM.normal(0, 9, ROWS)),
        np.where(LABELS == "yes", NUMBERS, np.nan),
        [f"{label}{RANDOM.integers(4)}" for label in LABELS],
        pd.to_datetime("2013-01-01") + pd.to_timedelta(np.where(LABELS == "yes", 9, 400), "D"),
    ],
)
def test_a_column_that_alone_tells_classes_stays_and_is_told_first(leak: Any) -> None:
    look = look_at_table({"x": NUMBERS, "leak": leak, "answer": LABELS}, "answer")
    assert look["leak"].kind != "left out"
    first = look.findings[0]
    assert (first.kind, first.severity) == ("leaking", "problem")
    assert first.what.startswith("leak alone tells answer")
    assert (look["leak"].alone or 0) >= 0.99
    assert (look["x"].alone or 1) < 0.95


@pytest.mark.parametrize("made", [lambda y: y * 0.19 + 1, lambda y: -np.log(y), np.round])
def test_a_column_that_alone_tells_numbers_is_told(made: Callable[[Any], Any]) -> None:
    price = 100 * np.exp(NUMBERS)
    table = {"x": WORDS, "noisy": price * RANDOM.uniform(0.5, 1.5, ROWS), "tax": made(price)}
    look = look_at_table(table | {"price": price}, "price")
    assert look.task == "numbers"
    assert the("leaking", look.findings).what.startswith("tax alone tells price")


def test_many_different_words_do_not_leak_by_being_many() -> None:
    seats = [f"seat {number}" for number in RANDOM.integers(0, 150, ROWS)]
    look = look_at_table({"seat": seats, "answer": LABELS}, "answer")
    assert (look["seat"].alone or 1) < 0.7


def test_one_class_of_many_that_leaks_is_weighed_by_its_share() -> None:
    colours = RANDOM.choice(["a", "b", "c", "d"], ROWS)
    look = look_at_table({"is_a": colours == "a", "code": colours, "colour": colours}, "colour")
    assert [finding.what.split()[0] for finding in look.findings if finding.kind == "leaking"] == [
        "code"
    ]


def test_a_column_called_after_the_target_is_told() -> None:
    look = look_at_table({"log_Answer": NUMBERS, "answers": WORDS, "answer": LABELS}, "answer")
    assert the("named_after_target", look.findings).what.startswith("log_Answer")


@pytest.mark.parametrize("begins", [True, False])
def test_a_column_that_exists_for_some_time_is_told(begins: bool) -> None:
    values = np.where((np.arange(ROWS) >= 150) == begins, NUMBERS, np.nan)
    values[170 if begins else 20] = np.nan
    finding = the("some_time", look_at(values).findings)
    assert f"{'from' if begins else 'up to'} row {151 if begins else 150} only" in finding.what


def test_the_time_may_be_that_of_a_column_of_dates() -> None:
    days = np.array(DAYS)
    values = np.where(days >= "2013-06-01", NUMBERS, np.nan)
    look = look_at_table({"day": days, "it": values})
    assert the("some_time", look.findings).what.endswith("in the order of day.")


def test_gaps_here_and_there_are_not_told() -> None:
    assert look_at(np.where(RANDOM.random(ROWS) < 0.3, np.nan, NUMBERS)).findings == ()


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (WORDS, "category"),
        (WORDS == "red", "category"),
        (RANDOM.integers(0, 5, ROWS), "category"),
        (RANDOM.integers(0, 2, 30), "category"),
        (RANDOM.integers(0, 90, ROWS), "numbers"),
        (RANDOM.integers(0, 9, 60), "numbers"),
        (NUMBERS, "numbers"),
        ([1.5, 2.0, 2.5, 3.0] * 50, "numbers"),
    ],
)
def test_the_target_says_what_is_asked(values: Any, task: str) -> None:
    look = look_at_table({"x": NUMBERS[: len(values)], "y": values}, "y")
    assert look.task == task
    assert look["y"].kind == ("number" if task == "numbers" else "category")
    assert "y" not in (*look.names("number"), *look.names("category"))


def test_several_targets_have_a_task_each() -> None:
    frame = {"x": NUMBERS, "a": WORDS, "b": NUMBERS[::-1]}
    look = look_at_table(frame, ["a", "b"])
    assert (look.tasks, look.task) == ({"a": "category", "b": "numbers"}, None)
    assert look.names("number") == ("x",)


@pytest.mark.parametrize(
    ("values", "kind", "said"),
    [
        ([*WORDS[:-3], None, None, None], "target_gaps", "missing in 3 rows (under 1%)"),
        ([*WORDS[:-4], *["pink"] * 4], "small_classes", "1 class of fewer than 5 rows: 'pink' (4)"),
        ([1] * ROWS, "target", "is 1 in every row"),
        ([None] * ROWS, "target", "holds nothing"),
        (DAYS, "target", "holds dates"),
        ([*NUMBERS[:-1], np.inf], "infinite", "infinite in 1 row"),
        ([*NUMBERS[:-1], "?"], "mixed_numbers", "but also '?'"),
        ([f"row {row}" for row in range(ROWS)], "many_classes", "400 classes in 400 rows"),
        ([*["a"] * (ROWS - 3), *["b"] * 3], "imbalance", "132 times"),
        (RANDOM.integers(0, 3, ROWS), "number_classes", "classes: 0, 1, 2."),
    ],
)
def test_what_is_wrong_with_a_target_is_told(values: Any, kind: str, said: str) -> None:
    look = look_at_table({"x": NUMBERS, "y": values}, "y")
    assert said in the(kind, look["y"].findings).what


def test_rows_that_are_there_twice_are_counted() -> None:
    frame = pd.DataFrame({"a": NUMBERS, "b": [None if w == "red" else w for w in WORDS]})
    twice = pd.concat([frame, frame.iloc[:5]])
    assert the("repeated_rows", look_at_table(twice).findings).count == 5
    assert look_at_table(frame).findings == ()


def test_nothing_left_to_learn_from_is_a_problem() -> None:
    look = look_at_table({"id": range(ROWS), "y": WORDS}, "y")
    assert look.findings[0].kind == "nothing_to_learn_from"


def test_findings_are_ordered_and_those_of_columns_are_among_them() -> None:
    look = look_at_table({"id": range(ROWS), "copy of y": LABELS, "x": NUMBERS, "y": LABELS}, "y")
    assert [finding.severity for finding in look.findings] == ["problem", "note"]
    assert {f for column in look.columns for f in column.findings} <= set(look.findings)


def test_of_a_large_table_some_rows_are_looked_at_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kinds_module, "MOST_ROWS", 100)
    look = look_at_table({"row": range(ROWS), "x": NUMBERS})
    assert (look.rows, look.looked_at, look["x"].distinct) == (ROWS, 100, 100)
    assert look["row"].kind == "left out"
    assert "Of 400 rows, 100 were looked at" in the("sampled", look.findings).what


def test_the_table_is_left_as_it_is() -> None:
    frame = pd.DataFrame({"a": [" x", "y "] * 30, "d": DAYS[:60], 3: NUMBERS[:60]})
    before = frame.copy(deep=True)
    look_at_table(frame, "a")
    pd.testing.assert_frame_equal(frame, before)


def test_a_target_that_is_not_there_is_named_with_what_may_be_meant() -> None:
    with pytest.raises(DataError) as caught:
        look_at_table({"salary": WORDS, "x": NUMBERS}, "salry", name="adult.csv")
    assert caught.value.message == "adult.csv has no column 'salry'."
    assert "Did you mean 'salary'?" in caught.value.hint


def test_it_is_json_and_names_no_numpy() -> None:
    frame = {"id": range(ROWS), "x": NUMBERS, "d": DAYS, "t": SENTENCES, "y": LABELS}
    content = look_at_table(frame, "y").as_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == json.loads(json.dumps(content))
    assert (content["rows"], content["targets"], content["tasks"]) == (
        ROWS, ["y"], {"y": "category"},
    )  # fmt: skip
    kinds = {column["name"]: column["kind"] for column in content["columns"]}
    assert kinds == {"id": "left out", "x": "number", "d": "date", "t": "text", "y": "category"}
    assert content["columns"][1]["picture"]["shape"] == "histogram"
    assert sum(content["columns"][1]["picture"]["counts"]) == ROWS
