"""``predict`` over files that hold inputs: each has its name, and a bad one stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from conftest import Run, json_lines
from table_bundles import made_once
from tables import small_row

from drivetrain.predictor import Predictor


@pytest.fixture(scope="module")
def table_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory)


ROWS = [small_row(), small_row(age="3,5"), small_row(age=200, city="Atlantis"), small_row(age=23)]


def test_each_line_of_a_file_is_answered_by_its_number(
    table_file: Path, tmp_path: Path, run: Run
) -> None:
    pd.DataFrame(ROWS).to_csv(tmp_path / "my rows.csv", index=False)
    (tmp_path / "one.json").write_text(json.dumps(ROWS[0]))
    (tmp_path / "list.json").write_text(json.dumps(ROWS[:1]))
    files = ["my rows.csv", "missing.csv", "one.json", "list.json"]
    ended = run("predict", table_file, *files, "--json")
    assert ended.returncode == 1
    printed = {str(line.pop("input")): line for line in json_lines(ended.stdout)}
    assert list(printed) == [
        "my rows.csv:1", "my rows.csv:2", "my rows.csv:3", "my rows.csv:4",
        "missing.csv", "one.json", "list.json:1",
    ]  # fmt: skip
    refused, missing = printed.pop("my rows.csv:2"), printed.pop("missing.csv")
    expected = Predictor.open(table_file).predict([ROWS[0], *ROWS[2:], ROWS[0], ROWS[0]])
    for line, answer in zip(printed.values(), expected, strict=True):
        told = answer.as_dict()
        assert line["probabilities"] == pytest.approx(told["probabilities"], abs=2e-6)
        assert line["remarks"] == told["remarks"]
        assert line["decision"] == told["decision"]
        assert line["id"] is None
    assert list(refused) == list(missing) == ["error"]
    first, second = ended.stderr.splitlines()
    assert first.startswith("error: my rows.csv:2: age: expected a number, received '3,5'.")
    assert second.startswith("error: missing.csv cannot be read")


def test_for_people_a_line_says_the_answer_the_decision_and_the_remarks(
    table_file: Path, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    ended = run("predict", table_file, "rows.json")
    assert ended.returncode == 1
    known, odd, last = ended.stdout.splitlines()
    answers = Predictor.open(table_file).predict([ROWS[0], ROWS[2], ROWS[3]])
    for line, answer, number in zip((known, odd, last), answers, (1, 3, 4), strict=True):
        assert line.startswith(f"rows.json:{number}: {answer.in_words}")
        assert f"decision: {answer.decision}" in line
        assert ("not like the training rows" in line) == (answer.in_domain is False)
    assert odd.endswith("; ".join(answers[1].remarks))
    assert len(answers[1].remarks) == 2


def test_a_file_without_a_row_is_told(table_file: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "empty.csv").write_text("age,city\n")
    ended = run("predict", table_file, "empty.csv")
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == "error: empty.csv: It holds no rows. Give at least one.\n"
