"""How the API description tells what the body of a request may be."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from drivetrain.serve.payloads import MULTIPART

JSON = "application/json"
BINARY = {"type": "string", "format": "binary"}
SHOWN_CHOICES = 5
TYPES = {"text": "string", "number": "number", "truth": "boolean"}
"""What JSON calls the words that one chooses from."""


def request_body(media_types: Sequence[str], fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The ``requestBody`` of an OpenAPI operation.

    Example:
        >>> body = request_body(["application/json"], [{"name": "note", "kind": "text"}])
        >>> one, many = body["requestBody"]["content"]["application/json"]["schema"]["oneOf"]
        >>> one["required"], many["type"]
        (['note'], 'array')

    Arguments:
        media_types: The content types that are read.
        fields: What an input asks for, as a preparation describes it; nothing where inputs are
            files.
    """
    form = {"type": "object", "required": ["file"], "properties": {"file": BINARY}}
    content: dict[str, Any] = {MULTIPART: {"schema": form}}
    content |= {name: {"schema": BINARY} for name in media_types}
    if fields and JSON in media_types:
        one = _object(fields)
        several = {"type": "array", "items": one, "minItems": 1}
        example = {field["name"]: _example(field) for field in fields}
        content[JSON] = {"schema": {"oneOf": [one, several]}, "example": example}
    return {"requestBody": {"required": True, "content": content}}


def _object(fields: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Every field has to be there; null is a value that is not known."""
    return {
        "type": "object",
        "required": [field["name"] for field in fields],
        "properties": {field["name"]: _property(field) for field in fields},
    }


def _property(field: dict[str, Any]) -> dict[str, Any]:
    kind = field["kind"]
    if kind == "number":
        name = "integer" if field["whole"] else "number"
        told = f"{field['low']:g} to {field['high']:g} in training, typically {field['typical']:g}"
        return {"type": ["number", "null"], "description": f"A {name}: {told}."}
    if kind == "date":
        return {"type": ["string", "null"], "format": "date-time" if field["timed"] else "date"}
    if kind == "category":
        return {
            "type": [TYPES[field["of"]], "null"],
            "examples": [_typed(field, word) for word in field["choices"][:SHOWN_CHOICES]],
        }
    return {"type": ["string", "null"]}


def _example(field: dict[str, Any]) -> Any:
    kind = field["kind"]
    if kind == "number":
        return round(field["typical"]) if field["whole"] else field["typical"]
    if kind == "date":
        return "2013-01-31T05:15" if field["timed"] else "2013-01-31"
    if kind == "category":
        return _typed(field, field["choices"][0]) if field["choices"] else None
    return "Words"


def _typed(field: dict[str, Any], word: str) -> Any:
    if field["of"] == "truth":
        return word == "True"
    return json.loads(word) if field["of"] == "number" else word
