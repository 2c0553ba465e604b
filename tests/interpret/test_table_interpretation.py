"""A table's model looked at whole: its words, its worst rows, its plots and its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from tables import small_frame, table_learner

from drivetrain.errors import ConfigError, DataError, OutputError
from drivetrain.interpret.table import TabularInterpretation
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.tabular.learner import TabularLearner, tabular_learner
from drivetrain.learn.tabular.tabular_pandas import TabularPandas

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


def odd_learner(rows: int = 240) -> TabularLearner:
    """Of a table with a constant number, one of gaps only, one word, and a rare class."""
    random = np.random.default_rng(1)
    age = random.integers(18, 90, rows)
    target = np.where(age > 50, "high", "low").astype(object)
    target[:12] = "rare"
    frame = pd.DataFrame(
        {
            "age": age,
            "constant": 7.0,
            "nothing": np.nan,
            "word": "same",
            "where": [f"place {number % 3}" for number in range(rows)],
            "y": target,
        }
    )
    frame.loc[1::9, "where"] = None
    table = TabularPandas(
        frame, cat_names=["word", "where"], cont_names=["age", "constant", "nothing"], y_names="y"
    )
    learn = tabular_learner(table.dataloaders(32), checkpoints=False)
    with learn.no_bar():
        learn.fit_one_cycle(2)
    return learn


# ---- embeddings ------------------------------------------------------------------------------


def test_embeddings_are_the_models_with_the_rows_and_truth_of_training(
    interp: TabularInterpretation, learners: dict[str, TabularLearner]
) -> None:
    learn = learners["category"]
    table = interp.embeddings("city").set_index("word")
    model: Any = learn.model
    weight = model.embeds[0].weight.detach().numpy()
    assert np.allclose(table.loc["Bern"].filter(regex=r"^e\d").to_numpy(float), weight[3])
    train = learn.dls.train.inputs[0].frame
    assert table.loc["Bern", "rows"] == (train["city"] == "Bern").sum()
    share = (train[train["city"] == "Bern"]["buys"] == "yes").mean()
    assert table.loc["Bern", "mean"] == pytest.approx(share)
    assert interp.embeddings("city", "no").set_index("word").loc["Bern", "mean"] == (
        pytest.approx(1 - share)
    )


def test_bern_is_unlike_the_other_cities(interps: dict[str, TabularInterpretation]) -> None:
    for each in interps.values():
        near = each.similar("city", "Chur")
        assert near["word"].iloc[-1] == "Bern"
        assert near["similarity"].is_monotonic_decreasing
        assert len(each.similar("city", "Chur", 2)) == 2
    assert set(interps["category"].similar("member", True)["word"]) == {"False", "#unseen#"}
    model: Any = interps["category"].answered.learn.model
    chur, basel = model.embeds[0].weight.detach().double()[[4, 2]].numpy()
    told: Any = interps["category"].similar("city", "Chur").set_index("word")["similarity"]
    cosine = chur @ basel / np.linalg.norm(chur) / np.linalg.norm(basel)
    assert told["Basel"] == pytest.approx(cosine)


@pytest.mark.parametrize(
    ("column", "word", "message"),
    [
        ("age", 3, "no column of words"),
        ("city", "Berm", "Did you mean 'Bern'"),
        ("city", [], "expected a word"),
    ],
)
def test_a_word_that_there_is_not_is_refused(
    interp: TabularInterpretation, column: str, word: Any, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        interp.similar(column, word)


def test_the_map_writes_words_that_do_not_overlap(interp: TabularInterpretation) -> None:
    figure = interp.plot_embeddings("city")
    axes: Any = figure.axes[0]
    renderer: Any = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    assert {text.get_text() for text in axes.texts} >= {"Bern"}
    pairs = [(a, b) for place, a in enumerate(boxes) for b in boxes[:place]]
    assert not any(a.overlaps(b) for a, b in pairs)


# ---- single rows, confusion, refusals --------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_worst_rows_come_first_as_they_were_given(
    interps: dict[str, TabularInterpretation], kind: str
) -> None:
    each = interps[kind]
    rows = each.worst_rows(5)
    assert rows["loss"].is_monotonic_decreasing
    assert rows["loss"].iloc[0] == each.answered.losses.max()
    frame = small_frame(800)
    assert (rows["age"] == frame.loc[rows.index, "age"]).all()
    if kind == "category":
        assert (rows["truth"] == frame.loc[rows.index, "buys"]).all()
        assert (rows["probability"] >= 0.5).all()
    elif kind == "numbers":
        assert np.allclose(rows["truth"], frame.loc[rows.index, "spent"])
        assert np.allclose(rows["error"], rows["answer"] - rows["truth"])
    else:
        assert (rows["wrong"] >= 1).any()
    values, places = each.top_losses(3)
    assert values.tolist() == rows["loss"][:3].tolist()
    assert each.answered.frame.index[places.tolist()].tolist() == rows.index[:3].tolist()


def test_mistakes_are_counted_as_for_photos(interp: TabularInterpretation) -> None:
    matrix = interp.confusion_matrix()
    assert matrix.sum() == 160
    told = {(true, answer): count for true, answer, count in interp.most_confused()}
    assert told[("no", "yes")] == matrix[0, 1]
    assert interp.plot_confusion_matrix(title="Who buys").axes[0].get_title() == "Who buys"


def test_what_does_not_fit_the_target_is_refused(
    interps: dict[str, TabularInterpretation],
) -> None:
    with pytest.raises(ConfigError, match="one class out of several"):
        interps["numbers"].plot_confusion_matrix()
    with pytest.raises(ConfigError, match="draws numbers"):
        interps["category"].plot_answers()
    with pytest.raises(ConfigError, match=r"no answer 'yess'\. Did you mean 'yes'"):
        interps["category"].plot_partial_dependence("age", answer="yess")


def test_rows_without_a_target_are_left_out(learners: dict[str, TabularLearner]) -> None:
    learn = learners["numbers"]
    with pytest.raises(DataError, match="None of the 800 rows has a target"):
        TabularInterpretation.from_learner(learn, learn.dls.test_dl(small_frame(800)))
    valid = learn.dls.valid
    values = valid.targets.copy()
    values[:7] = np.nan
    some = replace(valid, labels=(replace(valid.labels[0], values=values),))
    answered = TabularInterpretation.from_learner(learn, some).answered
    assert (len(answered), answered.left_out) == (153, 7)


def test_the_training_side_is_looked_at_in_the_order_of_its_rows(
    learners: dict[str, TabularLearner],
) -> None:
    learn = learners["numbers"]
    interp = TabularInterpretation.from_learner(learn, learn.dls.train)
    assert np.allclose(interp.answered.targets[:, 0], interp.answered.frame["spent"])


def test_photos_are_refused(trained: Learner[DataLoaders]) -> None:
    with pytest.raises(ConfigError, match="needs a learner of rows"):
        TabularInterpretation.from_learner(trained)


# ---- plots and the page ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_plots_show_the_most_important_columns(
    interps: dict[str, TabularInterpretation], kind: str
) -> None:
    each = interps[kind]
    bars = each.plot_importance().axes[0]
    names = [label.get_text() for label in bars.get_yticklabels()]
    assert set(names[-4:]) == MATTER
    titles = [axes.get_title(loc="left") for axes in each.plot_partial_dependence().axes]
    assert set(titles[:3]) == {"age", "city", "member"}
    if kind == "numbers":
        assert each.plot_answers().axes[0].get_xlabel() == "spent, true"


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_holds_all_of_it_by_itself(
    interps: dict[str, TabularInterpretation], kind: str, tmp_path: Path
) -> None:
    page = interps[kind].report(tmp_path / "r.html", title="<Who> buys & when")
    text = page.read_text(encoding="utf-8")
    assert "<h1>&lt;Who&gt; buys &amp; when</h1>" in text
    for heading in ("relies on", "answer moves", "it fails", "most wrong"):
        assert heading in text
    assert text.count('src="data:image/png;base64,') >= 6
    assert "http" not in text.replace("http-equiv", "")
    assert "nan" not in text.split("</style>")[1].split("data:image")[0]
    assert not list(tmp_path.glob(".*.part"))


def test_a_page_that_cannot_be_written_is_refused(
    interp: TabularInterpretation, tmp_path: Path
) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        interp.report(tmp_path)


def test_odd_tables_are_told_of_as_well(tmp_path: Path) -> None:
    interp = TabularInterpretation.from_learner(odd_learner())
    table: Any = interp.permutation_importance().set_index("column")
    assert table.index[0] == "age"
    for column in ("constant", "nothing", "word"):
        assert table.loc[column, ["mean", "low", "high"]].tolist() == [0, 0, 0]
        assert len(interp.partial_dependence(column)["value"].astype(str).unique()) == 1
    assert "#na#" in interp.partial_dependence("where")["value"].tolist()
    assert interp.slices("constant")["slice"].tolist() == ["7"]
    assert interp.slices("nothing")["slice"].tolist() == ["#na#"]
    names = ["age", "constant", "nothing", "word", "where"]
    assert len(interp.plot_partial_dependence(names).axes) == 6
    assert len(interp.plot_embeddings("word").axes) == 2
    assert interp.report(tmp_path / "r.html").exists()
