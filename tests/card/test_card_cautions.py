"""The cautions: each where it belongs, and none where all is well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cards import COSTS, bundle_of

from drivetrain.bundle import Bundle
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions

WELL = COSTS.replace("[levers]", 'not_for = "Weighing them."\n[levers]')
COUNT = 120
MEASURED = {"ece": 0.01, "brier": 0.01, "log_loss": 0.01}

Edit = Callable[[dict[str, Any]], None]


def sound(
    edit: Edit | None = None, *, costs: str = WELL, far: int = 0, sure: float = 9.0
) -> Bundle:
    """A bundle with which nothing is wrong, but for what is changed."""
    targets = np.arange(COUNT) % 3
    scores = np.where(np.arange(COUNT) < far, 2.0, 0.5).astype(np.float32)

    def told(manifest: dict[str, Any]) -> None:
        manifest["training"]["confusion"] = (np.eye(3, dtype=int) * (COUNT // 3)).tolist()
        manifest["training"]["class_counts"] = dict.fromkeys(("blue", "green", "red"), 2 * COUNT)
        manifest["calibration"] |= {"before": MEASURED, "after": MEASURED, "items": COUNT}
        if edit:
            edit(manifest)

    logits = np.eye(3, dtype=np.float32)[targets] * sure
    return bundle_of(logits=logits, targets=targets, scores=scores, costs=costs, edit=told)


def test_few_photos_of_a_class_are_told() -> None:
    def few(manifest: dict[str, Any]) -> None:
        manifest["training"]["class_counts"]["green"] = COUNT // 3 + 9

    assert cautions_of(sound(few)) == [
        "So few photos of green make a wide border: it misses foreign ones."
    ]


def cautions_of(bundle: Bundle) -> list[str]:
    return cautions(Card.of(bundle, seconds=0.01))


def confusion(rows: list[list[int]]) -> Edit:
    return lambda told: told["training"].update(confusion=rows)


def test_nothing_is_said_where_all_is_well() -> None:
    assert cautions_of(sound()) == []


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (lambda: sound(confusion([[9, 0, 0], [0, 9, 0], [0, 0, 9]])), "Only 27 validation photos"),
        (lambda: sound(confusion([[9, 0, 0], [0, 90, 0], [0, 0, 90]])), "photos of blue."),
        (lambda: sound(confusion([[40, 0, 0], [40, 0, 0], [40, 0, 0]])), "always answering blue"),
        (lambda: sound(costs=COSTS), "must not be used for"),
        (lambda: sound(costs=""), "does not say what it is for"),
        (lambda: sound(costs=""), "No costs are declared"),
        (lambda: sound(lambda told: told.update(domain=None)), "like nothing that it was trained"),
        (lambda: sound(far=24), "calls 20.0% of its validation photos foreign"),
        (lambda: sound(far=40), "33.3% go to a person"),
        (lambda: sound(lambda told: told["calibration"].update(after=None)), "Nobody measured"),
        (lambda: sound(costs=WELL.replace("= 10", "= 0")), "as well without it"),
        (lambda: sound(lambda told: told["network"].update(precision_note="Lost.")), "Lost."),
        (lambda: sound(lambda told: told.update(samples=[])), "holds no samples"),
    ],
)
def test_each_is_said_where_it_belongs(bundle: Callable[[], Bundle], said: str) -> None:
    assert any(said in sentence for sentence in cautions_of(bundle()))
