"""One input or many in a message: the same answers, each in the record, none lost by another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from table_bundles import made_once
from tables import small_row

from drivetrain.errors import InputError, StoreError
from drivetrain.predictor import Predictor
from drivetrain.schema import Prediction
from drivetrain.serve import answers
from drivetrain.serve.answers import fingerprint
from drivetrain.serve.app import create_app
from drivetrain.store import Database, PredictionLog

ROWS = [
    small_row(),
    small_row(age=200, city="Atlantis"),
    small_row(income=None, note=None),
    small_row(age=23, city="Chur", member=False, joined="2020-01-15", note="never answers"),
]
TARGETS = ("category", "numbers", "categories")


class Served:
    """An application with its predictor and its record."""

    def __init__(self, bundle: Path) -> None:
        self.predictor = Predictor.open(bundle)
        self.database = Database("sqlite://")
        self.log = PredictionLog(self.database)
        self.client = TestClient(
            create_app(self.predictor, self.log), raise_server_exceptions=False
        )

    def post(self, content: bytes | str, media_type: str = "application/json") -> Any:
        """What a bare body is answered."""
        headers = {"content-type": media_type}
        return self.client.post("/v1/predict", content=content, headers=headers)

    def send(self, name: str, content: bytes, media_type: str) -> Any:
        """What a form with a file is answered."""
        return self.client.post("/v1/predict", files={"file": (name, content, media_type)})

    def count(self) -> int:
        """How many predictions the record holds."""
        with self.database.transaction() as connection:
            found: int = connection.execute(text("SELECT count(*) FROM predictions")).scalar_one()
        return found


@pytest.fixture(scope="module", params=TARGETS)
def served_each(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    served = Served(made_once(tmp_path_factory, request.param))
    yield served
    served.database.close()


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(made_once(tmp_path_factory))
    yield served
    served.database.close()


def csv_of(rows: list[dict[str, Any]]) -> bytes:
    return pd.DataFrame(rows).to_csv(index=False).encode()


def said(answer: dict[str, Any]) -> dict[str, Any]:
    """What an answer says, without what is different each time; numbers to six digits."""
    kept: dict[str, Any] = json.loads(
        json.dumps(answer), parse_float=lambda word: f"{float(word):.6g}"
    )
    return {name: kept[name] for name in kept.keys() - {"id", "model", "domain_score"}}


def told(answer: Prediction) -> dict[str, Any]:
    return said(answer.as_dict())


def test_every_way_to_ask_gives_the_same_answer(served_each: Served) -> None:
    served = served_each
    expected = [told(served.predictor.predict(row)) for row in ROWS]
    assert expected[0] != expected[3]
    assert [told(each) for each in served.predictor.predict(ROWS)] == expected
    columns = served.predictor.predict_all(pd.DataFrame(ROWS))
    assert [told(each) for each in columns] == expected
    one_by_one = [served.post(json.dumps(row)).json() for row in ROWS]
    assert [said(each) for each in one_by_one] == expected
    for answered in (
        served.post(json.dumps(ROWS)),
        served.post(csv_of(ROWS), "text/csv; charset=utf-8"),
        served.send("rows.csv", csv_of(ROWS), "text/csv"),
    ):
        assert answered.status_code == 200
        body = answered.json()
        assert body.keys() == {"predictions", "model"}
        assert [said(each) for each in body["predictions"]] == expected


def test_one_that_is_refused_is_refused_everywhere_and_stops_no_other(served: Served) -> None:
    for wrong in (small_row(age="3,5"), {"age": 41}, small_row(income=[1])):
        with pytest.raises(InputError) as raised:
            served.predictor.predict(wrong)
        one = served.post(json.dumps(wrong))
        assert one.status_code == 422
        assert one.json() == {"error": raised.value.as_dict()}
        many = served.post(json.dumps([ROWS[0], wrong, ROWS[3]])).json()["predictions"]
        assert [sorted(each)[0] for each in many] == ["decision", "error", "decision"]
        error = many[1]["error"]
        assert error["message"] == f"Row 2 of 3: {raised.value.message}"
        assert error["hint"] == raised.value.hint
    assert served.count() == 6


def test_a_refusal_names_the_field_what_it_takes_and_what_came(served: Served) -> None:
    error = served.post(json.dumps(small_row(age="3,5"))).json()["error"]
    assert error["message"] == "age: expected a number, received '3,5'."
    assert "decimal point" in error["hint"]


def test_each_answer_of_many_is_in_the_record_as_it_left(served_each: Served) -> None:
    served = served_each
    before = served.count()
    answered = served.post(json.dumps(ROWS)).json()["predictions"]
    assert len({each["id"] for each in answered}) == len(ROWS)
    assert served.count() == before + len(ROWS)
    for row, answer in zip(ROWS, answered, strict=True):
        kept = served.log.find(answer["id"])
        assert kept is not None
        for field in answer.keys() - {"model"}:
            assert getattr(kept, field) == answer[field], field
        assert kept.input_sha256 == fingerprint(dict(reversed(row.items())))
        assert kept.input_type == "application/json"


def test_what_was_sent_together_is_kept_together_or_not_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of three cannot be kept, as its id is taken: none is, and nothing leaves."""
    ids = iter(["one", "two", "two"])
    monkeypatch.setattr("drivetrain.store.predictions.uuid.uuid4", lambda: next(ids))
    answered = served.post(json.dumps(ROWS[:3]))
    assert answered.status_code == 503
    assert answered.json()["error"]["code"] == StoreError.code
    assert served.count() == 0


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("rows.csv", "application/vnd.ms-excel"),
        ("ROWS.CSV", "application/vnd.ms-excel"),
        ("rows.csv", "application/octet-stream"),
        ("rows", "application/octet-stream"),
        ("rows.csv", "image/png"),
        ("rows.txt", "text/csv"),
    ],
)
def test_a_file_is_read_whatever_a_system_calls_it(
    served: Served, name: str, media_type: str
) -> None:
    answered = served.send(name, csv_of(ROWS), media_type)
    assert answered.status_code == 200, answered.text
    assert len(answered.json()["predictions"]) == len(ROWS)


def test_a_type_that_is_not_read_is_415_and_names_those_that_are(served: Served) -> None:
    for answered in (
        served.send("rows.png", b"...", "image/png"),
        served.post(b"...", "application/vnd.ms-excel"),
    ):
        assert answered.status_code == 415
        assert "text/csv" in answered.json()["error"]["message"]


def test_curl_without_a_type_is_understood(served: Served) -> None:
    row = json.dumps(ROWS[0])
    assert served.post(row, "application/x-www-form-urlencoded").json()["label"] in ("yes", "no")


@pytest.mark.parametrize("content", ["[]", "age,city\n"])
def test_a_message_with_nothing_in_it_is_told(served: Served, content: str) -> None:
    media_type = "application/json" if content == "[]" else "text/csv"
    answered = served.post(content, media_type)
    assert answered.status_code == 400
    assert answered.json()["error"]["code"] == "no_input"
    assert "no rows" in answered.json()["error"]["message"]


def test_more_than_the_limit_is_413_with_the_numbers(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_AT_ONCE", 3)
    assert served.post(json.dumps(ROWS[:3])).status_code == 200
    answered = served.post(json.dumps(ROWS))
    assert answered.status_code == 413
    assert "more than 3 rows" in answered.json()["error"]["message"]
    assert served.client.get("/v1/model").json()["limits"]["max_inputs"] == 100_000


@pytest.mark.parametrize(
    "content",
    [
        "{", "5", "null", '"words"', "\ud800".encode("utf-8", "surrogatepass"), b"\xff\xfe", b"\0",
        '{"\\ud800": 1, "\\ud800": 2}', "[[]]", "[" * 100_000, '{"age": 1e999}', " ",
    ],
)  # fmt: skip
def test_nonsense_is_refused_in_words(served: Served, content: str | bytes) -> None:
    answered = served.post(content)
    if answered.status_code == 200:
        (only,) = answered.json()["predictions"]
        assert only.keys() == {"error"}
    else:
        assert answered.status_code == 422, answered.text
        assert answered.json()["error"]["message"]
    assert served.count() == 0


def test_a_word_that_is_half_a_letter_is_answered_and_kept(served: Served) -> None:
    answered = served.post(json.dumps(small_row(city="\ud800")))
    assert answered.status_code == 200
    kept = served.log.find(answered.json()["id"])
    assert kept is not None
    assert kept.remarks == answered.json()["remarks"]
    assert "not among the training" in kept.remarks[0]


def test_what_is_nested_without_end_is_no_fault(
    served: Served,
) -> None:
    for depth in (*range(100, 1000, 100), *range(940, 1000, 2)):
        deep = "[" * depth + "]" * depth
        for name in ("other", "age"):
            row = json.dumps(small_row(age=0) | {name: 0}).replace(
                f'"{name}": 0', f'"{name}": {deep}'
            )
            for content in (row, f"[{row}]"):
                assert served.post(content).status_code in (200, 422), (depth, name)


def test_the_model_says_what_it_asks_for_and_what_it_answers(served_each: Served) -> None:
    model = served_each.client.get("/v1/model").json()
    assert model["noun"] == ["row", "rows"]
    assert model["fields"] == served_each.predictor.preparation.fields
    assert model["target"]["outputs"] == model["vocab"]
    assert (model["intervals"] is not None) == (model["target"]["kind"] == "numbers")


def test_numbers_come_with_their_intervals(tmp_path_factory: pytest.TempPathFactory) -> None:
    served = Served(made_once(tmp_path_factory, "numbers"))
    answer = served.post(json.dumps(ROWS[0])).json()
    assert answer["probabilities"] == {}
    low, high = answer["intervals"]["spent"]
    assert low < answer["values"]["spent"] < high
    assert answer["decision"] is None
    served.database.close()


def test_an_input_is_known_by_its_bytes_or_by_what_its_json_says() -> None:
    assert fingerprint(b"a") != fingerprint("a")
    assert fingerprint({"a": 1.0, "b": None}) == fingerprint({"b": None, "a": 1.0})
    assert fingerprint({"a": 1}) != fingerprint({"a": "1"})
    assert fingerprint({"a": np.datetime64("2020-01-01")}) == fingerprint({"a": "2020-01-01"})
