"""A learner of tables trains, answers, becomes a bundle and comes back from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from table_bundles import made_once
from tables import COLUMNS, TARGETS, small_frame, small_row, table_bundle, table_learner

from drivetrain.bundle import Bundle
from drivetrain.errors import BundleError, ConfigError, DataError
from drivetrain.learn.blocks import MultiCategoryBlock
from drivetrain.learn.image_dataloaders import ImageDataLoaders
from drivetrain.learn.loading import load_learner
from drivetrain.learn.tabular.building import layout_of
from drivetrain.learn.tabular.familiar import Familiar
from drivetrain.learn.tabular.learner import TabularLearner, tabular_learner
from drivetrain.learn.tabular.tabular_pandas import TabularPandas
from drivetrain.metrics import accuracy, rmse
from drivetrain.predictor import Predictor
from drivetrain.project import Project

COSTS = """
[costs]
ask_a_person = 1
call = {yes = 0, no = 4}
wait = {yes = 9, no = 0}
"""


@pytest.fixture(scope="module")
def learner() -> TabularLearner:
    return table_learner()


@pytest.fixture(scope="module", params=list(TARGETS))
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bundle(target: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, target)


def test_it_learns(learner: TabularLearner) -> None:
    answers, truth = learner.get_preds()
    assert accuracy(answers.argmax(1).numpy(), truth.numpy()) > 0.8
    label, index, probabilities = learner.predict(small_row())
    assert label == learner.dls.vocab[int(index)]
    assert float(probabilities.sum()) == pytest.approx(1)


def test_numbers_are_answered_in_their_own_units() -> None:
    learn = table_learner("numbers")
    answers, truth = learn.get_preds()
    assert rmse(answers.numpy(), truth.numpy()) < 0.6 * float(truth.std())
    ranged = tabular_learner(learn.dls, y_range=(0, 50), checkpoints=False)
    assert float(ranged.get_preds()[0].max()) <= 50


def test_two_trainings_of_one_seed_are_the_same() -> None:
    first, again = (table_learner(rows=120).get_preds()[0] for _ in range(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)


def test_the_lessons_network_is_there_by_its_layers() -> None:
    dls = table_learner(rows=120).dls
    learn = tabular_learner(dls, layers=[20, 10], metrics=accuracy, checkpoints=False)
    widths = [part.out_features for part in learn.model.modules() if hasattr(part, "out_features")]
    assert widths == [20, 10, 2]
    with learn.no_bar():
        learn.fit_one_cycle(1)
    assert "accuracy" in learn.recorder[-1]


def test_results_are_shown_as_a_table(learner: TabularLearner) -> None:
    shown = learner.show_results(5)
    assert isinstance(shown, pd.DataFrame)
    assert list(shown.columns[-2:]) == ["target", "target, answered"]


def test_photos_are_no_table(learner: TabularLearner) -> None:
    with pytest.raises(ConfigError, match="takes TabularDataLoaders"):
        tabular_learner(ImageDataLoaders)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="'town', which is no column of words"):
        tabular_learner(learner.dls, emb_szs={"town": 3})


def test_a_bundle_answers_as_its_learner(bundle: Path, target: str) -> None:
    predictor = Predictor.open(bundle)
    assert predictor.verify() == 0
    manifest = predictor.bundle.manifest
    assert (manifest.target.kind, manifest.preparation["kind"]) == (target, "table")
    learn = load_learner(bundle)
    frame = small_frame(50, seed=9)
    answers = learn.get_preds(learn.dls.test_dl(frame))[0].numpy()
    many = predictor.predict_all(frame)
    given = many.values if target == "numbers" else many.probabilities
    assert given is not None
    if target != "category":  # a class's probabilities are calibrated
        np.testing.assert_allclose(given, answers, rtol=1e-4, atol=1e-4)
    assert (many.indices is None) == (target != "category")


def test_one_row_many_rows_and_columns_are_answered_to_the_last_bit_alike(bundle: Path) -> None:
    predictor = Predictor.open(bundle)
    frame = small_frame(300, seed=4)
    rows = frame.to_dict("records")
    many = predictor.predict_all(frame)
    listed = predictor.predict(rows)
    for place in range(0, 300, 7):
        alone = predictor.predict(rows[place])
        assert alone.numbers == listed[place].numbers == many[place].numbers
        assert alone.domain_score == listed[place].domain_score == many[place].domain_score
        assert (alone.label, alone.in_domain) == (many[place].label, many[place].in_domain)


def test_what_training_never_saw_is_foreign_and_remarked(bundle: Path) -> None:
    predictor = Predictor.open(bundle)
    known = predictor.predict_all(small_frame(200, seed=5)).in_domain
    assert known is not None
    assert known.mean() > 0.8
    answer = predictor.predict(small_row(age=700))
    assert answer.in_domain is False
    assert "age: 700 lies outside" in answer.remarks[0]


def test_numbers_carry_an_interval_that_holds_what_it_says(
    tmp_path: Path,
) -> None:
    predictor = Predictor.open(table_bundle(tmp_path / "n.bundle", "numbers", rows=1000))
    frame = small_frame(400, seed=11)
    inside = [
        low <= truth <= high
        for answer, truth in zip(predictor.predict_all(frame), frame["spent"], strict=True)
        for low, high in [answer.intervals["spent"]]  # type: ignore[index]
    ]
    assert 0.8 < np.mean(inside) < 0.98
    assert predictor.bundle.manifest.intervals is not None


def test_costs_decide_where_there_is_one_class_and_are_refused_where_not(tmp_path: Path) -> None:
    project = Project.from_toml(COSTS)
    predictor = Predictor.open(table_bundle(tmp_path / "c.bundle", project=project))
    assert predictor.predict(small_row()).decision in ("call", "wait", "ask a person")
    assert predictor.predict(small_row(age=700)).decision == "ask a person"
    with pytest.raises(ConfigError, match="costs, which belong to one class"):
        table_bundle(tmp_path / "n.bundle", "numbers", project=project)


def test_no_word_of_the_table_that_was_kept_away_is_in_the_bundle(tmp_path: Path) -> None:
    learn = table_learner(rows=120)
    file = learn.export(tmp_path / "m.bundle", samples=0)
    content = file.read_bytes()
    assert b"never answers" not in content
    assert not Bundle.open(file).manifest.samples


def test_a_loaded_learner_takes_further_rows_by_the_words_it_knows(
    bundle: Path, target: str, tmp_path: Path
) -> None:
    learn = load_learner(bundle, checkpoints=False)
    with pytest.raises(ConfigError, match="has no data yet"):
        learn.fit_one_cycle(1)
    further = small_frame(200, seed=6)
    further["city"] = "Lugano"
    block = table_learner(target, rows=60).dls.table
    made = TabularPandas(further, y_names=TARGETS[target], y_block=_block_of(block), **COLUMNS)
    learn.dls = made.dataloaders(32)
    assert set(learn.dls.train.inputs[0].arrays[:, 0].tolist()) == {1.0}
    with learn.no_bar():
        learn.fit_one_cycle(1)
    again = learn.export(tmp_path / "again.bundle")
    assert Predictor.open(again).verify() == 0


def test_rows_of_another_table_are_refused(tmp_path: Path) -> None:
    learn = load_learner(table_bundle(tmp_path / "m.bundle", rows=120))
    other = small_frame(100).drop(columns="income")
    names = COLUMNS | {"cont_names": ["age"]}
    with pytest.raises(DataError, match="income: expected a value"):
        learn.dls = TabularPandas(other, y_names="buys", **names).dataloaders(16)
    with pytest.raises(ConfigError, match="answers with one class"):
        learn.dls = TabularPandas(small_frame(), y_names="spent", **COLUMNS).dataloaders(16)


def test_a_bundle_with_other_settings_than_its_weights_is_refused(bundle: Path) -> None:
    opened = Bundle.open(bundle)
    network = opened.manifest.network
    layers = {"settings": network.settings | {"layers": [3], "ps": [0.1]}}
    broken = opened.manifest.model_copy(update={"network": network.model_copy(update=layers)})
    from drivetrain.learn.tabular.loading import MAKER

    with pytest.raises(BundleError, match="weights that do not fit"):
        MAKER.model(Bundle(opened.name, opened.seal, broken, opened.members))


def test_what_is_familiar_is_measured_on_training_rows_alone() -> None:
    learn = table_learner(rows=200)
    arrays = learn.dls.train.inputs[0].arrays
    seen = Familiar.fitted(layout_of(learn.dls.preparation), arrays)(arrays)
    torch.testing.assert_close(
        seen[:, :-2].mean(0), torch.zeros(seen.shape[1] - 2), atol=1e-3, rtol=0
    )
    spread = seen[:, :-2].std(0, unbiased=False)
    torch.testing.assert_close(spread, torch.ones(seen.shape[1] - 2), atol=2e-2, rtol=0)


def _block_of(table: TabularPandas) -> MultiCategoryBlock | None:
    if table.kind.name != "categories":
        return None
    return MultiCategoryBlock(encoded=True, vocab=list(table.y_names))
