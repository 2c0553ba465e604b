"""The card of several classes at once: every figure against one worked out by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from rows import row_bundle
from test_card_page import page_of, sections_of

from drivetrain.bundle import Bundle
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions
from drivetrain.card.several import SeveralResults
from drivetrain.card.share import Share
from drivetrain.card.terminal import card_lines

NAMES = ["balcony", "garden", "cellar"]
TRUE = [[1, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 0]]
SAID = [[2, -2, -2], [-2, -2, -2], [2, 2, -2], [-2, -2, -2]]
SCORES = np.array([0.5, 0.5, 0.5, 2.0], np.float32)


def several(**others: Any) -> Bundle:
    given: dict[str, Any] = {"said": SAID, "targets": TRUE, "scores": SCORES}
    return row_bundle("categories", NAMES, **(given | others))


def card_of(bundle: Bundle) -> Card:
    return Card.of(bundle, seconds=0.01)


def results_of(bundle: Bundle) -> SeveralResults:
    results = card_of(bundle).results
    assert isinstance(results, SeveralResults)
    return results


def test_each_class_is_counted_by_itself() -> None:
    balcony, garden, cellar = results_of(several()).classes
    assert (balcony.items, balcony.found, balcony.right) == (
        3, Share.counted(2, 3), Share.counted(2, 2),
    )  # fmt: skip
    assert (garden.items, garden.found, garden.right) == (
        1, Share.counted(0, 1), Share.counted(0, 1),
    )  # fmt: skip
    assert (cellar.items, cellar.found, cellar.right) == (0, None, None)


def test_all_right_and_what_it_is_to_be_held_against() -> None:
    results = results_of(several())
    assert results.metrics["all_right"] == Share.counted(2, 4)
    assert results.metrics["accuracy"].value == 9 / 12
    assert next(iter(results.metrics)) == "all_right"
    assert results.guess == ("balcony", 0.5)
    assert results_of(several(targets=np.zeros((4, 3)))).guess == ("none of the classes", 0.0)


def test_stored_figures_go_before_those_of_the_evidence() -> None:
    metrics = {"accuracy": 0.8, "all_right": 0.4, "roc_auc": 0.7, "loss": 17.0}
    results = results_of(several(metrics=metrics))
    assert {name: share.value for name, share in results.metrics.items()} == {
        "all_right": 0.4, "accuracy": 0.8,
    }  # fmt: skip
    bare = results_of(several(said=None, scores=None, metrics=metrics))
    assert [one.found for one in bare.classes] == [None] * 3
    assert bare.metrics["all_right"].value == 0.4


def test_the_page_has_its_sections_and_its_pictures() -> None:
    page = page_of(several())
    assert sections_of(page) == [
        "purpose", "summary", "data", "takes", "results", "classes", "calibration", "domain",
        "decision", "parity", "network", "speed", "call", "origin",
    ]  # fmt: skip
    assert len(page.all("svg")) == 2
    text = " ".join(page.text.split())
    assert "Tells which of balcony, garden and cellar hold for rows with area" in text
    assert "<b>50.0%</b><span>of rows with all classes right</span>" in page.source
    assert "always answering balcony, one would be wrong about 50.0% of the rows" in text
    assert "they need not sum to 1" in text
    assert "answer.probabilities" in text


def test_the_terminal_tells_the_same() -> None:
    text = " ".join(" ".join(card_lines(card_of(several()))).split())
    assert "all classes right 50.0%" in text
    assert "called foreign 25.0%" in text
    assert "garden 1 0.0%" in text
    assert "truth \\ answer" not in text
    assert "Costs and actions belong to one class out of several." in text


def test_yes_or_no_answers_are_as_sure_as_their_sigmoid() -> None:
    calibration = card_of(several()).calibration
    assert calibration is not None
    (only,) = calibration.before
    assert only.count == 12
    assert only.accuracy == pytest.approx(9 / 12)
    assert only.confidence == pytest.approx(1 / (1 + np.exp(-2)), abs=1e-6)


def test_json_has_every_class() -> None:
    told = json.loads(json.dumps(card_of(several()).as_dict(), allow_nan=False))["card"]
    assert [one["name"] for one in told["results"]["classes"]] == NAMES
    assert told["results"]["classes"][1]["recall"]["value"] == 0.0
    assert told["results"]["most_frequent"] == {"classes": "balcony", "error_rate_of_always": 0.5}
    assert told["decision"] is None


def test_cautions_are_said_where_they_belong() -> None:
    said = cautions(card_of(several()))
    assert "Only 4 validation rows: every figure here is uncertain." in said
    assert any("no better than always answering balcony" in one for one in said)
    more = several(said=SAID * 40, targets=TRUE * 40, scores=np.tile(SCORES, 40))
    assert "Fewer than 20 validation rows of cellar." in cautions(card_of(more))
    assert not any("at their word" in one or "No costs" in one for one in said)


def test_logits_far_out_do_not_disturb() -> None:
    far = several(said=np.array(SAID) * 1e30)
    assert results_of(far).metrics["all_right"].value == 0.5
