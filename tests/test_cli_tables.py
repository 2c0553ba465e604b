"""From a CSV file to a served bundle by commands alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Run
from tables import small_frame

from drivetrain.bundle import Bundle
from drivetrain.predictor import Predictor

DROPPED = ["spent", "news", "visits"]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("csv") / "customers.csv"
    small_frame(300).drop(columns=DROPPED).to_csv(file, index=False)
    return file


@pytest.fixture(scope="module")
def trained(table: Path) -> tuple[Path, dict[str, object]]:
    out = table.with_name("customers.bundle")
    arguments = ["train", str(table), "--target", "buys", "--out", str(out), "--json"]
    ended = subprocess.run(
        [sys.executable, "-m", "drivetrain.cli", *arguments],
        capture_output=True,
        text=True,
        cwd=table.parent,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    for told in ("words: city", "numbers: age", "dates: joined", "texts: note", "300 rows"):
        assert told in ended.stderr, ended.stderr
    return out, json.loads(ended.stdout)


def test_train_finds_the_columns_tells_them_and_ends_with_figures(
    trained: tuple[Path, dict[str, object]],
) -> None:
    out, report = trained
    valid = report["valid"]
    assert isinstance(valid, dict)
    assert (report["bundle"], valid["n"]) == (str(out), 60)
    assert 0.6 < valid["accuracy"] <= 1
    assert Bundle.open(out).manifest.preparation["kind"] == "table"


def test_predict_answers_every_row_of_a_file_and_goes_on_after_a_bad_one(
    run: Run, trained: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    rows = small_frame(3, seed=8).drop(columns=[*DROPPED, "buys"]).astype({"age": object})
    rows.loc[1, "age"] = "3,5"
    file = tmp_path / "new.csv"
    rows.to_csv(file, index=False)
    ended = run("predict", str(trained[0]), str(file), "--json")
    assert ended.returncode == 1
    assert "age: expected a number, received '3,5'" in ended.stderr
    first, bad, last = map(json.loads, ended.stdout.splitlines())
    predictor = Predictor.open(trained[0])
    expected = predictor.predict(rows.iloc[0]).as_dict()
    assert {name: first[name] for name in expected} == expected
    assert bad["error"]["code"] == "unreadable_input"
    assert last["label"] in ("yes", "no")


def test_a_table_without_a_target_and_photos_options_are_mistakes_of_use(
    run: Run, table: Path
) -> None:
    for wrong, told in (
        ([], "needs --target"),
        (["--target", "buys", "--size", "32"], "--size belongs to photos"),
    ):
        ended = run("train", str(table), "--out", "x.bundle", *wrong)
        assert ended.returncode == 2
        assert told in ended.stderr
    ended = run("train", str(table.parent), "--target", "buys", "--out", "x.bundle")
    assert ended.returncode == 2
    assert "belong to a table" in ended.stderr


def test_a_target_that_is_not_there_is_told_with_those_that_are(run: Run, table: Path) -> None:
    ended = run("train", str(table), "--target", "bought", "--out", "x.bundle")
    assert ended.returncode == 1
    assert "no column 'bought'" in ended.stderr
    assert "age, income, city" in ended.stderr
