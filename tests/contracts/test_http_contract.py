"""HTTP, version 1: paths, fields and statuses only change with a new version."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import REPOSITORY
from fastapi.testclient import TestClient

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
        "id", "label", "probabilities", "in_domain", "domain_score", "decision", "model",
    }  # fmt: skip
    assert set(answer["properties"]) == set(answer["required"]) == fields
    statuses = set(schema["paths"]["/v1/predict"]["post"]["responses"])
    assert statuses >= {"200", "400", "408", "413", "415", "422", "503"}


def test_the_reference_documents_it(schema: dict[str, Any]) -> None:
    for path in (*schema["paths"], "/openapi.json"):
        assert f"`{path}`" in REFERENCE or f" {path}`" in REFERENCE, path
    for status in ("400", "408", "413", "415", "422", "503"):
        assert f"| {status} |" in REFERENCE


def test_the_schema_is_served(bundle: Path) -> None:
    with Database("sqlite://") as database:
        client = TestClient(create_app(Predictor.open(bundle), PredictionLog(database)))
        assert client.get("/openapi.json").json()["info"]["title"] == "Drivetrain"
