"""Slices that are worse come out, those that are not do not, and chance is allowed for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import fisher_exact, mannwhitneyu, rankdata
from tables import small_frame, table_learner

from drivetrain.errors import ConfigError
from drivetrain.interpret.slice_scores import Comparison, interval
from drivetrain.interpret.table import TabularInterpretation
from drivetrain.learn.metrics import RocAucBinary
from drivetrain.learn.tabular.learner import TabularLearner
from drivetrain.metrics import wilson_interval

KINDS = ("category", "numbers", "categories")
Spoil = Callable[[pd.DataFrame, Any], pd.DataFrame]


@pytest.fixture(scope="module")
def learners() -> dict[str, TabularLearner]:
    return {kind: table_learner(kind, rows=800) for kind in KINDS}


def spoilt(learn: TabularLearner, kind: str, where: Any, rows: int = 600) -> TabularInterpretation:
    """New rows, in some of which the truth is not what the columns say."""
    frame = small_frame(rows, seed=5)
    wrong = np.flatnonzero(where(frame) & (np.arange(rows) % 5 > 0))
    if kind == "category":
        frame.loc[wrong, "buys"] = frame.loc[wrong, "buys"].map({"yes": "no", "no": "yes"})
    elif kind == "numbers":
        frame.loc[wrong, "spent"] += 200
    else:
        frame.loc[wrong, "visits"] = 1 - frame.loc[wrong, "visits"]
    dl = learn.dls.test_dl(frame, with_labels=True)
    return TabularInterpretation.from_learner(learn, dl)


@pytest.mark.parametrize("kind", KINDS)
def test_the_planted_slice_comes_out_first(learners: dict[str, TabularLearner], kind: str) -> None:
    interp = spoilt(learners[kind], kind, lambda frame: frame["city"] == "Bern")
    worst = interp.worst_slices()
    assert worst["slice"][0] == "city: Bern"
    assert worst["differs"][0]
    assert worst["differs"].sum() <= 2  # a slice may hold more of Bern than the others
    towns = interp.slices("city").set_index("slice")
    assert towns.loc["Bern", "differs"]
    name = {"category": "accuracy", "numbers": "mae", "categories": "all_right"}[kind]
    bern = towns.loc["Bern"]
    assert bern["low"] <= bern[name] <= bern["high"]
    sign = 1 if kind == "numbers" else -1
    assert sign * (bern[name] - bern["rest"]) > 0
    assert not sign * (bern["rest"] - bern["low" if sign > 0 else "high"]) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_pair_comes_out_before_its_columns(
    learners: dict[str, TabularLearner], kind: str
) -> None:
    interp = spoilt(learners[kind], kind, lambda frame: (frame["city"] == "Bern") & frame["member"])
    worst = interp.worst_slices(20, pairs=True)
    sure = worst[worst["differs"]]["slice"].tolist()
    assert "city: Bern, member: True" in sure
    assert "city: Bern, member: False" not in worst["slice"].tolist()
    others = [name for name in sure if "," in name and name != "city: Bern, member: True"]
    assert others == []
    assert f" slices of {600} rows" in worst.attrs["looked_at"]


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_planted_little_is_found(
    learners: dict[str, TabularLearner], kind: str
) -> None:
    interp = spoilt(learners[kind], kind, lambda frame: frame["age"] < 0)
    worst = interp.worst_slices(50, pairs=True)
    assert worst["differs"].sum() <= 1
    assert (worst["p_corrected"] >= worst["p"]).all()


def test_a_slices_figures_are_those_of_its_rows(learners: dict[str, TabularLearner]) -> None:
    interp = TabularInterpretation.from_learner(learners["category"])
    frame, right = interp.answered.frame, interp.answered.decided == interp.answered.targets
    for column, label, inside in (
        ("city", "Chur", frame["city"] == "Chur"),
        ("member", "True", frame["member"]),
        ("income", "#na#", frame["income"].isna()),
        ("city", "#unseen#", frame["city"] == "Elm"),
    ):
        row: Any = interp.slices(column).set_index("slice").loc[label]
        assert row["rows"] == inside.sum()
        assert row["accuracy"] == pytest.approx(right[inside].mean())
        assert row["rest"] == pytest.approx(right[~inside].mean())
        assert (row["low"], row["high"]) == wilson_interval(row["accuracy"], row["rows"])
        assert row["truth"] == pytest.approx((frame[inside]["buys"] == "yes").mean())
        assert row["loss"] == pytest.approx(interp.answered.losses[inside].mean())


def test_numbers_dates_and_texts_are_cut_into_quantiles(
    learners: dict[str, TabularLearner],
) -> None:
    interp = TabularInterpretation.from_learner(learners["numbers"])
    ages = interp.slices("age", 4)
    assert ages["rows"].tolist() == pytest.approx([40] * 4, abs=4)
    low, high = ages["slice"][1].split(" to ")
    inside = interp.answered.frame["age"].between(int(low), int(high))
    assert inside.sum() == ages["rows"][1]
    assert len(interp.slices("joined", 3)) == 3
    assert interp.slices("joined", 2)["slice"][0].startswith("2020-01-0")
    assert interp.slices("note", 2)["slice"][0].endswith(" letters")
    assert len(interp.slices("joined.Month")) == 12
    for table in (ages, interp.slices("joined", 3), interp.slices("note")):
        assert table["rows"].sum() == 160


def test_a_metric_comes_with_its_interval_and_nan_where_a_class_is_absent(
    learners: dict[str, TabularLearner],
) -> None:
    table = TabularInterpretation.from_learner(learners["category"]).slices(
        "city", metric=RocAucBinary()
    )
    told = table.set_index("slice")
    chur, rare = told.loc["Chur"], told.loc["#unseen#"]
    assert 0.5 < chur["roc_auc_score_low"] < chur["roc_auc_score"]
    assert chur["roc_auc_score"] <= chur["roc_auc_score_high"] <= 1
    assert rare["truth"] in (0.0, 1.0)
    assert np.isnan(rare["roc_auc_score"])


def test_a_slice_of_one_row_is_never_more_than_chance(
    learners: dict[str, TabularLearner],
) -> None:
    for kind in ("category", "numbers"):
        interp = spoilt(learners[kind], kind, lambda frame: frame.index == 1)
        interp.answered.frame.loc[:, "city"] = "Bern"
        arrays = interp.answered.arrays
        arrays[:, 0] = 3.0
        arrays[1, 0] = 2.0
        table = interp.slices("city").set_index("slice")
        assert table.loc["Basel", "rows"] == 1
        assert not table.loc["Basel", "differs"]
        assert "city: Basel" not in interp.worst_slices(50)["slice"].tolist()


def test_chance_is_that_of_the_usual_tests() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 3, 200)
    mistakes = (random.random(200) < np.where(codes == 0, 0.4, 0.2)).astype(float)
    inside = codes == 0
    cells = [
        [mistakes[inside].sum(), (1 - mistakes[inside]).sum()],
        [mistakes[~inside].sum(), (1 - mistakes[~inside]).sum()],
    ]
    sides = [fisher_exact(cells, alternative=side).pvalue for side in ("less", "greater")]
    found = Comparison(mistakes, True).chance(codes, 3)
    assert found[0] == pytest.approx(min(1, 2 * min(sides)))
    errors = np.round(random.exponential(1 + inside, 200), 1)
    ranks = np.asarray(rankdata(errors), np.float64)
    expected = mannwhitneyu(errors[inside], errors[~inside], method="asymptotic").pvalue
    assert Comparison(ranks, False).chance(codes, 3)[0] == pytest.approx(expected, rel=1e-6)


def test_a_slice_is_compared_within_a_larger_one() -> None:
    random = np.random.default_rng(0)
    whole = np.repeat([0, 1], 100)
    codes = np.where(whole == 0, random.integers(0, 2, 200), 2)
    mistakes = np.where(whole == 0, 1.0, 0.0)
    assert Comparison(mistakes, True).chance(codes, 3)[0] < 1e-6
    assert Comparison(mistakes, True).chance(codes, 3, whole)[0] == 1


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    held = 0
    for seed in range(200):
        score = np.random.default_rng(seed).exponential(1.0, 60)
        low, high = interval(score, share=False, seed=seed)
        held += low <= 1.0 <= high
    assert 0.88 <= held / 200 <= 0.99
    assert np.isnan(interval(np.ones(1), share=False, seed=0)).all()


def test_one_bin_is_refused(learners: dict[str, TabularLearner]) -> None:
    interp = TabularInterpretation.from_learner(learners["category"])
    with pytest.raises(ConfigError, match="bins is 1"):
        interp.slices("age", 1)
    with pytest.raises(ConfigError, match="bins is 1"):
        interp.worst_slices(bins=1)
    assert torch.equal(interp.top_losses(0)[0], torch.zeros(0, dtype=torch.float64))
    assert len(interp.worst_slices(0)) == 0
