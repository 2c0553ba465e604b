"""What a table's model relies on and how its answers move, with the truth planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from tables import COLUMNS, table_learner

from drivetrain.errors import ConfigError
from drivetrain.interpret.table import TabularInterpretation
from drivetrain.interpret.table_columns import parts_of
from drivetrain.learn.metrics import RocAucBinary, mse
from drivetrain.learn.tabular.learner import TabularLearner
from drivetrain.metrics import accuracy

MATTER, DO_NOT = {"age", "city", "member", "note"}, {"income", "joined"}
KINDS = ("category", "numbers", "categories")


@pytest.fixture(scope="module")
def learners() -> dict[str, TabularLearner]:
    return {kind: table_learner(kind, rows=800) for kind in KINDS}


@pytest.fixture(scope="module")
def interps(learners: dict[str, TabularLearner]) -> dict[str, TabularInterpretation]:
    return {kind: TabularInterpretation.from_learner(each) for kind, each in learners.items()}


@pytest.fixture(scope="module")
def interp(interps: dict[str, TabularInterpretation]) -> TabularInterpretation:
    return interps["category"]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


# ---- importance ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_columns_that_matter_come_before_those_that_do_not(
    interps: dict[str, TabularInterpretation], kind: str
) -> None:
    table = interps[kind].permutation_importance()
    assert set(table["column"][:4]) == MATTER
    assert set(table["column"][4:]) == DO_NOT
    told = table.set_index("column")
    assert (told.loc[sorted(MATTER), "low"] > 0).all()
    assert (table["rows"] == 160).all()


def test_the_importance_is_what_shuffling_the_raw_column_does(
    interp: TabularInterpretation, learners: dict[str, TabularLearner]
) -> None:
    learn, frame = learners["category"], interp.answered.frame
    for column in ("city", "joined", "note", "income"):
        order = np.random.default_rng((42, 0)).permutation(len(frame))
        changed = frame.copy()
        changed[column] = frame[column].to_numpy()[order]
        with learn.no_bar():
            dl = learn.dls.test_dl(changed, with_labels=True)
            losses = learn.get_preds(dl, with_loss=True)[-1].numpy()
        expected = (losses - interp.answered.losses).mean()
        table = interp.permutation_importance(1).set_index("column")
        assert table.loc[column, "mean"] == pytest.approx(expected, abs=1e-6)


def test_a_group_is_shuffled_together_in_place_of_its_columns(
    interp: TabularInterpretation,
) -> None:
    groups = {"who": ["age", "city", "member", "note"], "income": ["income"]}
    table = interp.permutation_importance(2, groups=groups)
    assert table["column"].tolist() == ["who", *table["column"][1:]]
    assert set(table["column"]) == {"who", "income", "joined"}
    alone = interp.permutation_importance(2).set_index("column")["mean"]
    assert table["mean"][0] > alone.max()


def test_a_metric_drops_where_it_matters(interps: dict[str, TabularInterpretation]) -> None:
    table: Any = interps["category"].permutation_importance(2, RocAucBinary()).set_index("column")
    assert table.loc["age", "roc_auc_score_drop"] > 0.05
    assert abs(table.loc["joined", "roc_auc_score_drop"]) < 0.05
    shares: Any = interps["category"].permutation_importance(2, accuracy).set_index("column")
    assert shares.loc["age", "accuracy_drop"] > 0.05
    errors = interps["numbers"].permutation_importance(2, mse).set_index("column")
    assert np.allclose(errors["mse_drop"], -errors["mean"], rtol=1e-3, atol=1e-2)


def test_importance_follows_from_the_seed_and_says_when_rows_were_drawn(
    interp: TabularInterpretation, learners: dict[str, TabularLearner]
) -> None:
    first = interp.permutation_importance(2, most_rows=50)
    assert first.equals(interp.permutation_importance(2, most_rows=50))
    other = TabularInterpretation.from_learner(learners["category"], seed=1)
    assert not first.equals(other.permutation_importance(2, most_rows=50))
    assert first.attrs["looked_at"] == "50 of 160 rows, drawn at random"
    assert (first["rows"] == 50).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": {"x": ["agee"]}}, "no column 'agee'. Did you mean 'age'"),
        ({"groups": {"x": []}}, "has no column"),
        ({"groups": {"age": ["city"]}}, "called as a column"),
        ({"repeats": 0}, "repeats is 0"),
    ],
)
def test_an_importance_that_cannot_be_asked_for_is_refused(
    interp: TabularInterpretation, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        interp.permutation_importance(**arguments)


def test_every_place_of_a_row_belongs_to_one_column(interp: TabularInterpretation) -> None:
    preparation = interp.answered.preparation
    parts = parts_of(preparation)
    places = [place for one in preparation.columns for place in parts[one.name].places]
    assert sorted(places) == list(range(preparation.array_shape[0]))
    assert set(parts["joined.Month"].places) < set(parts["joined"].places)


# ---- dependence ------------------------------------------------------------------------------


def test_the_answer_rises_with_age_and_with_bern(
    interps: dict[str, TabularInterpretation],
) -> None:
    for kind, answer in (("category", "yes"), ("numbers", "spent"), ("categories", "news")):
        table = interps[kind].partial_dependence("age", 6)
        means = table[table["answer"] == answer]["mean"].to_numpy()
        assert (np.diff(means) > 0).all()
        towns = interps[kind].partial_dependence("city")
        towns = towns[towns["answer"] == answer].set_index("value")
        assert towns["mean"].idxmax() == "Bern"
        assert set(towns.index) == {"Basel", "Bern", "Chur", "Genf", "#unseen#"}
    flat = interps["numbers"].partial_dependence("joined")["mean"]
    rising = interps["numbers"].partial_dependence("age")["mean"]
    assert np.ptp(flat) < 0.35 * np.ptp(rising)


@pytest.mark.parametrize(
    ("column", "value"),
    [("age", 40), ("city", "Bern"), ("member", True), ("income", None), ("joined", "2021-03-01")],
)
def test_dependence_is_what_the_learner_says_of_rows_with_that_value(
    interp: TabularInterpretation,
    learners: dict[str, TabularLearner],
    column: str,
    value: Any,
) -> None:
    frame = interp.answered.frame.copy()
    if column in ("age", "joined"):
        value = frame[column].iloc[0]
    frame[column] = [value] * len(frame)
    learn = learners["category"]
    with learn.no_bar():
        expected = learn.get_preds(learn.dls.test_dl(frame))[0].mean(0)[1].item()
    table = interp.partial_dependence(column, 200)
    table = table[table["answer"] == "yes"]
    values = table["value"]
    shown = str(value) if column == "member" else value
    there = values.isna() if value is None else values == shown
    assert table[there]["mean"].tolist() == pytest.approx([expected], abs=1e-5)


def test_a_grid_lies_where_the_data_does_and_counts_rows(interp: TabularInterpretation) -> None:
    table = interp.partial_dependence("income", 5)
    table = table[table["answer"] == "yes"]
    income = interp.answered.frame["income"]
    assert table["value"][:-2].isin(income).all()
    assert int(table["rows"].sum()) == 160
    assert table["rows"].iloc[-1] == income.isna().sum()
    assert np.isnan(table["value"].iloc[-1])
    assert (table["low"] <= table["high"]).all()


def test_a_date_is_moved_by_a_part_or_whole(interp: TabularInterpretation) -> None:
    months = interp.partial_dependence("joined.Month")["value"]
    assert set(months) == {str(month) for month in range(1, 13)}
    days = interp.partial_dependence("joined.Elapsed", 3)["value"]
    whole = interp.partial_dependence("joined", 3)["value"]
    assert days.tolist() == whole.tolist()
    assert pd.Timestamp("2020-01-01") <= days.min() <= days.max() <= pd.Timestamp("2022-06-19")


def test_most_rows_alike_leave_points_for_the_others() -> None:
    learn = table_learner("numbers", rows=200)
    valid = learn.dls.valid
    frame = valid.inputs[0].frame.copy()
    frame["income"] = [0.0] * (len(frame) - 10) + list(range(1, 11))
    dl = learn.dls.test_dl(frame, with_labels=True)
    values = TabularInterpretation.from_learner(learn, dl).partial_dependence("income", 8)["value"]
    assert 6 <= len(values) <= 8
    assert values.min() == 0
    assert values.max() >= 9


@pytest.mark.parametrize(
    ("column", "points", "message"),
    [("note", 5, "holds texts"), ("citty", 5, "Did you mean 'city'"), ("age", 1, "points is 1")],
)
def test_a_curve_that_cannot_be_is_refused(
    interp: TabularInterpretation, column: str, points: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        interp.partial_dependence(column, points)


def test_columns_are_named_as_in_the_tests_of_tables() -> None:
    named = {name for names in COLUMNS.values() for name in names}
    assert named == MATTER | DO_NOT
