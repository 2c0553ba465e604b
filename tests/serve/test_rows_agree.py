"""However a row is asked and whatever was done to it: all answer alike, or all refuse."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
from conftest import Server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_bundles import made_once
from tables import TARGETS, small_row

from drivetrain.errors import InputError
from drivetrain.predictor import Predictor
from drivetrain.schema import Prediction

EXAMPLES = 60
REFUSED = "refused"

MUTATIONS = ["drop", "retype", "strange", "gap", "unseen", "extra", "order"]
SAID = ("label", "probabilities", "values", "intervals", "in_domain", "domain_score", "decision")
JSON, CSV = "application/json", "text/csv"

Row = dict[str, Any]

TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)
RETYPED = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    TEXT,
    st.sampled_from(["Bern", " Chur ", "1.0", "true", "2021-03-01", "3/4/2021", "3,5", "1e400"]),
)
STRANGE = st.one_of(st.lists(st.integers(), max_size=2), st.dictionaries(TEXT, TEXT, max_size=1))
GAP = st.sampled_from([None, math.nan, "", " NA "])
UNSEEN = st.sampled_from(["Atlantis", "Elm", "bern", "0", -5, 10**6])


@st.composite
def mutated(draw: st.DrawFn) -> Row:
    """A valid row with up to three things done to it."""
    row = small_row()
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(row)))
        match draw(st.sampled_from(MUTATIONS)):
            case "drop":
                del row[name]
            case "retype":
                row[name] = draw(RETYPED)
            case "strange":
                row[name] = draw(STRANGE)
            case "gap":
                row[name] = draw(GAP)
            case "unseen":
                row[name] = draw(UNSEEN)
            case "extra":
                row["another"] = draw(TEXT)
            case "order":
                row = {each: row[each] for each in draw(st.permutations(sorted(row)))}
    return row


@pytest.fixture(scope="module", params=list(TARGETS))
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, str(request.param))


@pytest.fixture(scope="module")
def asked(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    server = Server(bundle, tmp_path_factory.mktemp("server"), python=sys.executable)
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield Asked(Predictor.open(bundle), client)
    server.kill()


class Asked:
    """A row, asked in every way."""

    def __init__(self, predictor: Predictor, client: httpx.Client) -> None:
        self.predictor, self.client = predictor, client

    def answers(self, row: Row) -> dict[str, Any]:
        """By each way what is answered, or that it is refused."""
        usual = small_row()
        said = {
            "alone": self._told(lambda: self.predictor.predict(row)),
            "among others": _shown(list(self.predictor.predict_each([usual, row, usual]))[1]),
            "as JSON": self._told(lambda: self.predictor.predict(json.dumps(row))),
            "as a table": self._told(lambda: self.predictor.predict_all(_table(row))[0]),
            "posted": self._posted(json.dumps(row), JSON),
            "posted in a list": self._posted_in(json.dumps([usual, row, usual]), JSON),
        }
        if not any(isinstance(value, list | dict) for value in row.values()):
            said["posted as CSV"] = self._posted_in(_csv([usual, row]), CSV)
        return said

    def _told(self, ask: Any) -> Any:
        try:
            return _shown(ask())
        except InputError:
            return REFUSED

    def _posted(self, content: str, kind: str) -> Any:
        answer = self.client.post(
            "/v1/predict", content=content.encode(), headers={"content-type": kind}
        )
        assert answer.status_code in (200, 422), answer.text
        return REFUSED if answer.status_code == 422 else _fields(answer.json())

    def _posted_in(self, content: str, kind: str) -> Any:
        answer = self.client.post(
            "/v1/predict", content=content.encode(), headers={"content-type": kind}
        )
        assert answer.status_code == 200, answer.text
        one = answer.json()["predictions"][1]
        return REFUSED if "error" in one else _fields(one)


def _shown(answer: Prediction | InputError) -> Any:
    return REFUSED if isinstance(answer, InputError) else _fields(answer.as_dict())


def _fields(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in SAID}


def _table(row: Row) -> Any:
    return pd.DataFrame([row], columns=list(row), dtype=object)


def _csv(rows: list[Row]) -> str:
    """Rows as CSV, which has one header for all: what a row lacks, its line has no cell for."""
    lacking = [name for name in small_row() if name not in rows[1]]
    names = [name for name in (rows[1] | rows[0]) if name not in lacking] + lacking
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    for row in rows:
        cells = [_cell(row[name]) if name in row else None for name in names]
        while cells and cells[-1] is None:
            cells.pop()
        writer.writerow(["" if cell is None else cell for cell in cells])
    return file.getvalue()


def _cell(value: Any) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(row=mutated())
def test_whatever_is_done_to_a_row_all_answer_alike_or_all_refuse(asked: Asked, row: Row) -> None:
    said = asked.answers(row)
    expected = said["alone"]
    assert all(each == expected for each in said.values()), said
