"""The speed: measured on the bundle itself, and a sentence where that cannot be."""

from __future__ import annotations

from typing import Any

from cards import bundle_of

from drivetrain.bundle.reader import MODEL
from drivetrain.card.speed import Speed, measure_speed


def no_samples(told: dict[str, Any]) -> None:
    told["samples"] = []


def test_stored_samples_are_asked() -> None:
    speed = measure_speed(bundle_of(), seconds=0.01)
    assert isinstance(speed, Speed)
    assert speed.one > 0.0
    assert speed.many > 0.0
    assert speed.inputs == "4 stored samples"


def test_noise_is_asked_where_none_are_stored() -> None:
    speed = measure_speed(bundle_of(edit=no_samples), seconds=0.01)
    assert isinstance(speed, Speed)
    assert speed.inputs.startswith("noise")


def test_a_network_that_cannot_run_is_told() -> None:
    said = measure_speed(bundle_of(members={MODEL: b"no program"}), seconds=0.01)
    assert isinstance(said, str)
    assert "cannot be read by onnxruntime" in said


def test_a_sample_that_is_no_photo_is_told() -> None:
    spoiled = {"samples/0": b"no photo"}
    said = measure_speed(bundle_of(members=spoiled), seconds=0.01)
    assert isinstance(said, str)
