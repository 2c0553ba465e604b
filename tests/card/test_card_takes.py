"""What a card says of inputs that have columns, and of a table with one class out of two."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cards import judged
from rows import COLUMNS, row_bundle
from test_card_page import HARMFUL, page_of, sections_of

from drivetrain.bundle import Bundle
from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.estimate import area_under_curve
from drivetrain.card.results import Results
from drivetrain.card.speed import Speed, measure_speed
from drivetrain.card.takes import content_of, example_row, gaps_of, kinds_in_words
from drivetrain.card.terminal import card_lines
from drivetrain.predictor import Predictor
from drivetrain.prepare.columns import CategoryColumn, NumberColumn

LOGITS = [[0, 2], [0, -2], [0, 1], [0, -1]] * 50
TARGETS = [1, 0, 1, 1] * 50


def rows_of_two(**others: Any) -> Bundle:
    metrics = {"accuracy": 0.75, "error_rate": 0.25, "roc_auc": 0.875}
    given: dict[str, Any] = {"said": LOGITS, "targets": TARGETS, "metrics": metrics}
    return row_bundle("category", ["no", "yes"], **(given | others))


def many_columns(count: int) -> tuple[NumberColumn, ...]:
    return tuple(
        NumberColumn(name=f"measure {place}", median=1.0, spread=1.0, low=0.0, high=2.0)
        for place in range(count)
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ({"kind": "number", "low": -1.5, "high": 0.333333}, "-1.5 to 0.3333"),
        (
            {"kind": "number", "low": 1e3, "high": 2e9, "typical": 12345.6, "whole": False},
            "1000 to 2000000000, typically 12346",
        ),
        ({"kind": "number", "low": 1, "high": 9, "whole": True}, "1 to 9, whole numbers"),
        ({"kind": "category", "choices": list("abcdef")}, "a, b, c, d and 2 more"),
        ({"kind": "category", "choices": ["True"], "of": "truth"}, "true or false"),
        ({"kind": "category", "choices": []}, "nothing that is told apart"),
        ({"kind": "category", "choices": ["x" * 99]}, "x" * 23 + "…"),
        ({"kind": "date", "timed": False}, "a date"),
        ({"kind": "date", "timed": True}, "a date and a time"),
        ({"kind": "text"}, "free text"),
    ],
)
def test_a_column_is_told_in_a_few_words(field: dict[str, Any], said: str) -> None:
    assert content_of(field) == said


def test_gaps_are_told_where_they_are_known() -> None:
    assert [gaps_of(one) for one in ({"gaps": 1234}, {"gaps": 0}, {})] == ["1,234", "none", ""]


def test_kinds_are_counted() -> None:
    kinds = ["category", "number", "category", "map"]
    assert kinds_in_words([{"kind": kind} for kind in kinds]) == "2 categories, 1 number and 1 map"


def test_the_preparation_says_what_happens_to_what_is_missing() -> None:
    said = words.preparation(rows_of_two())
    assert said.startswith("A row has 4 columns: 1 number, 2 categories and 1 date.")
    assert "a number counts as the training's median, a category as a word of its own" in said
    assert "A word that training never saw counts as rare or unseen." in said
    assert "lacks a column" in said
    only_numbers = words.preparation(rows_of_two(columns=many_columns(1), samples=False))
    assert "A row has 1 column: 1 number." in only_numbers
    assert "word" not in only_numbers


def test_the_columns_stand_on_the_page_and_in_the_terminal() -> None:
    page = page_of(rows_of_two())
    assert sections_of(page)[3:5] == ["takes", "results"]
    for text in (" ".join(page.text.split()), terminal_of(rows_of_two())):
        assert "18 to 240, typically 70, whole numbers" in text
        assert "Altona, Eimsbüttel, Mitte, Nord and 1 more" in text
        assert "Answers no or yes for rows with area, district, lift and sold." in text
        assert "photo" not in text


def terminal_of(bundle: Bundle) -> str:
    return " ".join(" ".join(card_lines(Card.of(bundle, seconds=0.01))).split())


def test_large_tables_are_cut_short() -> None:
    bundle = rows_of_two(columns=many_columns(300), samples=False)
    page = page_of(bundle)
    assert "and 200 columns more." in page.text
    assert "measure 99" in page.text
    assert "measure 100" not in page.text
    assert "@row.json" in page.text
    lines = card_lines(Card.of(bundle, seconds=0.01))
    assert len(lines) < 80
    assert "  and 280 more; --json and --html show them" in lines


def test_photos_have_no_columns() -> None:
    page = page_of(judged())
    assert "takes" not in sections_of(page)
    assert "photo.jpg" in page.text
    assert "rows" not in page.text


def test_the_area_under_the_curve_is_told_in_every_view() -> None:
    card = Card.of(rows_of_two(), seconds=0.01)
    assert isinstance(card.results, Results)
    # of 150 yes and 50 no: 0.875 · 0.125 + 149 · (0.875 / 1.125 − 0.875²) + 49 · (2 · 0.875² /
    # 1.875 − 0.875²), over 7500, is the square of 0.02428; 1.96 of it reach 0.0476 far
    assert card.results.area == area_under_curve(0.875, 50, 150)
    assert "area under the ROC curve 0.875 0.827 to 0.923" in terminal_of(rows_of_two())
    page = page_of(rows_of_two())
    assert "<b>0.875</b><span>area under the ROC curve</span>" in page.source
    assert "the chance that a row of yes gets a higher probability of yes" in page.text
    told = json.loads(json.dumps(card.as_dict(), allow_nan=False))["card"]["results"]
    assert told["metrics"]["roc_auc"]["value"] == 0.875


def test_perfect_areas_and_classes_that_do_not_occur() -> None:
    assert area_under_curve(1.0, 5, 5).low == 1.0
    assert area_under_curve(0.5, 0, 5).low is None


def test_the_example_is_a_row_that_the_bundle_takes() -> None:
    columns = (
        *COLUMNS,
        CategoryColumn(name="rooms", of="number", vocab=("2", "3")),
        CategoryColumn(name="none", vocab=()),
    )
    bundle = rows_of_two(columns=columns, samples=False)
    row = example_row(bundle.preparation.fields)
    assert row == {
        "area": 70, "district": "Altona", "lift": False, "sold": "2026-01-31", "rooms": 2,
        "none": None,
    }  # fmt: skip
    predictor = Predictor(bundle)
    assert predictor.predict(json.dumps(row)).label == predictor.predict(row).label == "no"
    assert "'district': 'Altona'" in page_of(bundle).text


def test_rows_are_timed_by_thousands() -> None:
    stored = measure_speed(rows_of_two(), seconds=0.01)
    assert isinstance(stored, Speed)
    assert (stored.batch, stored.inputs) == (4096, "1 stored sample")
    made_up = measure_speed(rows_of_two(samples=False), seconds=0.01)
    assert isinstance(made_up, Speed)
    assert made_up.inputs == "a row made up of what its columns may hold"
    assert "each for 4,096 at once" in terminal_of(rows_of_two())


def test_whatever_columns_say_stays_a_text() -> None:
    columns = (
        CategoryColumn(name=HARMFUL, vocab=(HARMFUL, "'; rm -rf /; '", "\x1b[2J")),
        NumberColumn(name="\x00", median=1e300, spread=1.0, low=-1e300, high=1e300, whole=True),
    )
    bundle = rows_of_two(columns=columns, samples=False)
    page = page_of(bundle)
    assert not {"script", "img", "link"} & {tag for tag, _ in page.elements}
    assert all(line.isprintable() for line in page.source.splitlines())
    assert all(line.isprintable() for line in card_lines(Card.of(bundle, seconds=0.01)))


def test_times_of_photos_are_told_as_before() -> None:
    assert words.milliseconds(8.46) == "8.5 ms"
    assert np.isclose(float(words.milliseconds(0.00123).split()[0]), 0.0012)
