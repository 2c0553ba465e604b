"""Every format that was ever written opens and answers as it did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from conftest import COLOURS, colour_photo
from tables import small_row

from drivetrain.bundle import FORMAT_VERSION
from drivetrain.predictor import Predictor

GOLDEN = sorted(Path(__file__).parent.glob("format-*.bundle"))


def test_there_is_one_for_each_format_version() -> None:
    assert [file.stem for file in GOLDEN] == [f"format-{v}" for v in range(1, FORMAT_VERSION + 1)]


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.stem)
def test_it_opens_and_verifies(file: Path) -> None:
    assert Predictor.open(file).verify() < 1e-3


@pytest.mark.parametrize("file", GOLDEN[:2], ids=lambda file: file.stem)
def test_photos_are_answered_as_they_were(file: Path) -> None:
    predictor = Predictor.open(file)
    for colour in COLOURS:
        assert predictor.predict(colour_photo(colour, seed=999)).label == colour


def test_format_2_judges_as_it_did() -> None:
    predictor = Predictor.open(Path(__file__).parent / "format-2.bundle")
    answers = [predictor.predict(colour_photo(colour, seed=999)) for colour in COLOURS]
    assert [answer.decision for answer in answers] == ["keep", "keep", "throw"]
    assert all(answer.in_domain for answer in answers)
    noise = np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8)
    foreign = predictor.predict(noise)
    assert (foreign.in_domain, foreign.decision) == (False, "ask a person")
    assert predictor.bundle.evidence is not None


def test_format_3_answers_rows_as_it_did() -> None:
    predictor = Predictor.open(Path(__file__).parent / "format-3.bundle")
    sure = predictor.predict(small_row())
    assert (sure.label, sure.decision, sure.in_domain, sure.remarks) == ("yes", "call", True, ())
    foreign = predictor.predict(small_row(age=700, city="Atlantis"))
    assert (foreign.in_domain, foreign.decision) == (False, "ask a person")
    assert [words.partition(":")[0] for words in foreign.remarks] == ["city", "age"]
    assert predictor.bundle.evidence is not None
