"""HTTP, version 1: paths, fields and statuses only change with a new version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from fastapi.testclient import TestClient
from table_bundles import made_once

from drivetrain.predictor import Predictor
from drivetrain.serve.app import create_app
from drivetrain.store import Database, PredictionLog

REFERENCE = (REPOSITORY / "docs" / "reference.md").read_text()


@pytest.fixture(scope="module")
def schema(bundle: Path) -> dict[str, Any]:
    with Database("sqlite://") as database:
        app = create_app(Predictor.open(bundle), PredictionLog(database))
        found: dict[str, Any] = app.openapi()
    return found


def test_the_paths_and_methods_are_these(schema: dict[str, Any]) -> None:
    assert {path: set(methods) for path, methods in schema["paths"].items()} == {
        "/health": {"get"},
        "/ready": {"get"},
        "/v1/model": {"get"},
        "/v1/predict": {"post"},
    }


def test_the_answer_has_these_fields(schema: dict[str, Any]) -> None:
    answer = schema["components"]["schemas"]["PredictionAnswer"]
    fields = {
        "id", "label", "probabilities", "in_domain", "domain_score", "decision", "values",
        "intervals", "remarks", "model",
    }  # fmt: skip
    assert set(answer["properties"]) == set(answer["required"]) == fields
    statuses = set(schema["paths"]["/v1/predict"]["post"]["responses"])
    assert statuses >= {"200", "400", "408", "413", "415", "422", "503"}


def test_many_answers_are_a_list_of_answers_and_errors(schema: dict[str, Any]) -> None:
    many = schema["components"]["schemas"]["PredictionsAnswer"]
    assert set(many["properties"]) == set(many["required"]) == {"predictions", "model"}
    each = many["properties"]["predictions"]["items"]["anyOf"]
    names = [one["$ref"].rpartition("/")[2] for one in each]
    assert names == ["PredictionAnswer", "ErrorAnswer"]
    answered = schema["paths"]["/v1/predict"]["post"]["responses"]["200"]["content"]
    assert list(answered) == ["application/json"]
    assert len(answered["application/json"]["schema"]["anyOf"]) == 2


def test_inputs_that_are_files_are_sent_as_bytes(schema: dict[str, Any]) -> None:
    content = schema["paths"]["/v1/predict"]["post"]["requestBody"]["content"]
    assert {"multipart/form-data", "image/jpeg", "image/png"} <= set(content)
    assert "application/json" not in content
    assert content["image/jpeg"]["schema"] == {"type": "string", "format": "binary"}


def test_inputs_that_have_fields_are_described_and_the_example_is_answered(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with Database("sqlite://") as database:
        predictor = Predictor.open(made_once(tmp_path_factory))
        client = TestClient(create_app(predictor, PredictionLog(database)))
        operation = client.get("/openapi.json").json()["paths"]["/v1/predict"]["post"]
        content = operation["requestBody"]["content"]
        assert set(content) == {"multipart/form-data", *predictor.preparation.media_types}
        body = content["application/json"]
        one, many = body["schema"]["oneOf"]
        assert many["items"] == one
        assert one["required"] == [field["name"] for field in predictor.preparation.fields]
        types = {name: each["type"] for name, each in one["properties"].items()}
        assert types == {
            "city": ["string", "null"],
            "member": ["boolean", "null"],
            "age": ["number", "null"],
            "income": ["number", "null"],
            "joined": ["string", "null"],
            "note": ["string", "null"],
        }
        assert client.post("/v1/predict", json=body["example"]).status_code == 200
        assert client.post("/v1/predict", json=[body["example"]] * 2).status_code == 200
        nothing = dict.fromkeys(one["required"])
        assert client.post("/v1/predict", json=nothing).status_code == 200


def test_the_reference_documents_it(schema: dict[str, Any]) -> None:
    for path in (*schema["paths"], "/openapi.json"):
        assert f"`{path}`" in REFERENCE or f" {path}`" in REFERENCE, path
    for status in ("400", "408", "413", "415", "422", "503"):
        assert f"| {status} |" in REFERENCE


def test_the_schema_is_served(bundle: Path) -> None:
    with Database("sqlite://") as database:
        client = TestClient(create_app(Predictor.open(bundle), PredictionLog(database)))
        assert client.get("/openapi.json").json()["info"]["title"] == "Drivetrain"
