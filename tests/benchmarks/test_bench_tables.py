from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.comparisons import COMPARISONS, SECTIONS
from benchmarks.comparisons.petfinder import cut, kappa
from benchmarks.comparisons.table_scores import apart, spread
from benchmarks.ours import table_material, table_text, table_train
from benchmarks.ours.table_material import adult, flights, petfinder
from drivetrain.prepare.text import HashedWords


@pytest.fixture
def census(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    rich = random.random(200) < 0.25
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, 200) + rich * 9,
            "workclass": random.choice([" Private", " State", ""], 200),
            "salary": np.where(rich, ">=50k", "<50k"),
        }
    )
    frame.to_csv(file := tmp_path / "adult.csv", index=False)
    return file


@pytest.fixture
def departures(tmp_path: Path) -> Path:
    frame = pd.DataFrame(
        {
            "year": 2013,
            "month": [1, 9, 10, 12, 2],
            "day": [1, 2, 3, 4, 5],
            "sched_dep_time": [515, 1459, 5, 2359, 600],
            "sched_arr_time": [819, 1600, 130, 444, 700],
            "arr_delay": [15, 16, -3, 40, np.nan],
            "carrier": "UA",
            "tailnum": "N1",
            "origin": "EWR",
            "dest": "IAH",
            "distance": 1400,
            "dep_delay": 99,
            "air_time": 99,
        }
    )
    frame.to_csv(file := tmp_path / "flights.csv", index=False)
    return file


@pytest.fixture
def adverts(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    texts = [f"cat number {place // 3}" for place in range(285)] + [""] * 15
    frame = pd.DataFrame(
        {
            "Type": random.choice(["Cat", "Dog"], 300),
            "Age": random.integers(1, 50, 300),
            "Description": texts,
            "AdoptionSpeed": random.integers(0, 5, 300),
        }
    )
    frame.to_csv(file := tmp_path / "petfinder.csv")
    return file


def run(module: object, *arguments: object) -> list[dict[str, object]]:
    command = [sys.executable, str(module.__file__), *map(str, arguments)]  # type: ignore[attr-defined]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def test_the_census_is_split_with_the_shares_of_its_classes(census: Path) -> None:
    frame, plan, split = adult(census)
    rich = frame["salary"].to_numpy()

    assert (plan.words, plan.numbers, plan.text) == (["workclass"], ["age"], None)
    assert set(frame["workclass"].dropna()) == {"Private", "State"}
    for seed in (1, 2):
        train, test = split(seed)
        assert sorted([*train, *test]) == list(range(200))
        assert rich[test].mean() == pytest.approx(rich[train].mean(), abs=0.02)
    assert set(split(1)[1]) == set(split(1)[1]) != set(split(2)[1])


def test_flights_are_asked_by_what_is_known_before_and_split_by_time(departures: Path) -> None:
    frame, plan, split = flights(departures)

    assert len(frame) == 4  # one never arrived
    assert frame["late"].tolist() == [0, 1, 0, 1]  # later than 15 minutes
    known = {"month", "dep_delay", "air_time", "arr_delay"} & {*plan.words, *plan.numbers}
    assert not known
    assert frame[["departure_hour", "departure_minute"]].to_numpy().tolist()[1] == [14, 59]
    assert [side.tolist() for side in split(1)] == [[0, 1], [2, 3]]  # up to September; after


def test_adverts_with_one_text_are_on_one_side(adverts: Path) -> None:
    frame, plan, split = petfinder(adverts)
    train, test = split(1)
    texts = frame["Description"].to_numpy()

    assert plan.text == "Description"
    assert not set(texts[train]) & set(texts[test]) - {""}
    assert "" in set(texts[train]) & set(texts[test])  # no text is no common text
    assert len(test) == pytest.approx(60, abs=6)


def test_numbers_are_cut_so_that_classes_have_their_shares_of_training() -> None:
    trained = np.repeat([0, 1, 2], [10, 60, 30])
    answers = np.random.default_rng(0).permutation(1000) / 1000

    classes = cut(answers, trained)

    assert np.bincount(classes).tolist() == [100, 600, 300]
    assert (np.diff(classes[np.argsort(answers)]) >= 0).all()


def test_kappa_weighs_by_the_square_of_the_distance() -> None:
    truth = np.array([0, 0, 1, 1, 2, 2])
    near, far = (np.array([place, 0, 1, 1, 2, 2]) for place in (1, 2))

    # 1 - sum(w o) / sum(w e) with w = (i - j)^2: by hand 1 against 7, and 4 against 8
    assert kappa(truth, near) == pytest.approx(1 - 1 / 7)
    assert kappa(truth, far) == pytest.approx(1 - 4 / 8)


def test_differences_are_those_of_each_seed() -> None:
    assert apart([0.3, 0.4, 0.5], [0.2, 0.3, 0.4]) == "+0.1000 ± 0.0000"
    assert spread([0.25]) == "+0.2500"


def test_a_remembered_encoder_gives_each_text_its_own_features() -> None:
    plain = HashedWords(64)
    known = table_text.Remembered(plain)
    first, then = ["a playful cat", "two old dogs", "a playful cat"], ["two old dogs", "", "a cat"]

    assert np.array_equal(known(first), plain(first))
    assert np.array_equal(known(then), plain(then))
    assert (known.name, known.size) == (plain.name, plain.size)


def test_the_features_for_others_are_those_that_the_network_takes(adverts: Path) -> None:
    frame, plan, split = petfinder(adverts)
    sides = [side.tolist() for side in split(1)]
    ways = (None, table_text.Remembered(HashedWords(64)))

    for way in ways:
        answers, features = table_text.learn_and_answer(
            frame, vars(plan), (sides[0], sides[1]), way, seed=1
        )
        assert answers.shape == (len(sides[1]),)
        assert features.shape == (300, way.size if way else 0)
    assert np.array_equal(features, HashedWords(64)(frame["Description"].tolist()))


def test_what_is_written_can_be_trained_on_and_asked(census: Path, tmp_path: Path) -> None:
    folder, answers = tmp_path / "table", tmp_path / "answers.npy"
    facts = run(table_material, "adult", census, 2, folder)[0]
    split = folder / "split-2.npz"
    events = run(
        table_train,
        *("--plan", folder / "plan.json", "--split", split),
        *("--epochs", 2, "--bs", 64, "--lesson", "--answers", answers),
    )

    assert (facts["rows"], facts["train"], facts["test"]) == (200, 160, 40)
    assert [event["event"] for event in events] == ["imported", "read", "prepared", "trained"]
    trained = events[-1]
    assert (trained["rows"], trained["bs"], len(trained["training"])) == (160, 64, 2)  # type: ignore[arg-type]
    with np.load(split) as sides:
        assert np.load(answers).shape == sides["test"].shape
    many = pd.read_csv(folder / "many.csv")
    assert (len(many), list(many)) == (100_000, ["age", "workclass"])


def test_every_section_of_a_table_has_its_place_on_the_page() -> None:
    assert {"table_speed", "table_scores", "petfinder", "table_answer"} <= set(COMPARISONS)
    assert {"table_speed", "table_scores", "petfinder", "table_one", "table_many"} <= set(SECTIONS)
