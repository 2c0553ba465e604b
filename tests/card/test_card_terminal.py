"""The card in the terminal: what it says, aligned, and harmless whatever a bundle says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cards import COSTS, GOLDEN, bundle_of, judged

from drivetrain.bundle import Bundle
from drivetrain.card.card import Card
from drivetrain.card.terminal import card_lines
from drivetrain.project import Project

STEERING = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\r\n\x9b"


def lines_of(bundle: Bundle, project: Project | None = None) -> list[str]:
    return card_lines(Card.of(bundle, project=project, seconds=0.01))


def test_it_says_what_it_is_and_how_well_it_does() -> None:
    text = "\n".join(lines_of(judged()))
    assert "Sort the balls." in text
    assert "trained on 90 photos, validated on 30" in text
    assert "crop to 32 × 32" in text
    assert judged().seal in text


def test_the_curve_has_few_rows_and_the_declared_price_among_them() -> None:
    lines = lines_of(judged())
    at = next(place for place, line in enumerate(lines) if "price of asking" in line)
    rows = [line.split() for line in lines[at + 1 : at + 9]]
    assert rows[0] == ["0.00", "100.0%", "0.00"]
    assert [row for row in rows if row[-1] == "declared"] == [["2.00", "75.0%", "1.50", "declared"]]
    assert float(rows[-1][0]) == max(float(row[0]) for row in rows)
    assert "without it" in lines[at + 9]


def test_numbers_stand_below_each_other() -> None:
    lines = lines_of(judged())
    at = next(place for place, line in enumerate(lines) if "95 % interval" in line)
    assert len({len(line) for line in lines[at : at + 6]}) == 1


def test_other_costs_are_said_to_be_other() -> None:
    text = "\n".join(lines_of(judged(), Project.from_toml(COSTS)))
    assert "costs given now, not those in the bundle" in text


def test_a_bundle_of_the_first_format_says_what_is_missing() -> None:
    text = " ".join(" ".join(lines_of(Bundle.open(GOLDEN))).split())
    for sentence in (
        "Nothing is declared. Run: drivetrain init",
        "was not measured",
        "has no in-domain test",
        "No costs are declared",
    ):
        assert sentence in text


def test_costs_without_evidence_say_so() -> None:
    text = " ".join(" ".join(lines_of(Bundle.open(GOLDEN), Project.from_toml(COSTS))).split())
    assert "does not keep what it answered on validation items" in text


def test_nothing_in_it_steers_a_terminal() -> None:
    def steer(told: dict[str, Any]) -> None:
        told["created"] = told["training"]["notes"] = STEERING
        told["training"]["data_fingerprint"] = told["network"]["arch"] = STEERING
        told["network"]["pretrained_from"] = told["network"]["precision_note"] = STEERING
        told["parity"][0]["of"] = STEERING
        told["written_by"] = {STEERING: STEERING}
        told["target"]["vocab"] = [STEERING, "<b>", "red"]
        told["project"]["objective"] = {"purpose": STEERING, "not_for": [STEERING]}

    costs = COSTS.replace("coins", "c\\u001b[2Joins")
    bundle = judged(costs="", edit=steer, name=f"/tmp/{STEERING}")
    assert all(line.isprintable() for line in lines_of(bundle))
    assert all(line.isprintable() for line in lines_of(judged(), Project.from_toml(costs)))


@pytest.mark.parametrize("classes", [11, 300])
def test_many_classes_stay_short(classes: int) -> None:
    names = [f"class {number}" for number in range(classes)]
    counts = np.eye(classes, dtype=int) * 5
    counts[3, 7] = 2

    def many(told: dict[str, Any]) -> None:
        told["target"]["vocab"] = names
        told["training"]["confusion"] = counts.tolist()
        told["samples"] = []

    lines = lines_of(bundle_of(edit=many))
    assert len(lines) < 80
    assert any("class 3 as class 7" in line and line.endswith(" 2") for line in lines)
