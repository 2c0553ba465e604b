"""The card of predicted numbers: every figure against one worked out by hand, in all views."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cards import COSTS
from rows import row_bundle
from test_card_page import HARMFUL, Page, page_of, sections_of

from drivetrain.bundle import Bundle
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions
from drivetrain.card.estimate import standard_error
from drivetrain.card.evidence import items_of
from drivetrain.card.number_charts import MOST_DOTS
from drivetrain.card.numbers import NumberResult, NumbersResults
from drivetrain.card.svg import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from drivetrain.card.terminal import card_lines
from drivetrain.errors import ConfigError
from drivetrain.project import Project

SAID = np.array([[10.0], [20.0], [30.0], [40.0]])
TRUE = np.array([[12.0], [17.0], [30.0], [41.0]])  # errors 2, -3, 0, 1
COUNT = 2000
WORDS_OF_CLASSES = (
    "apart", "photo", "probabilit", "confus", "label", "accuracy", "calibrat", "error rate",
)  # fmt: skip


def many(noise: float = 1.0, count: int = COUNT, **others: Any) -> Bundle:
    """Predictions from 100 to 200 with errors of one spread everywhere."""
    random = np.random.default_rng(0)
    said = random.uniform(100, 200, (count, 1))
    true = said + random.normal(0, noise, said.shape)
    scores = np.where(np.arange(count) < count // 25, 2.0, 0.5).astype(np.float32)
    return row_bundle("numbers", ["price"], said=said, targets=true, scores=scores, **others)


def card_of(bundle: Bundle) -> Card:
    return Card.of(bundle, seconds=0.01)


def first_of(bundle: Bundle) -> NumberResult:
    results = card_of(bundle).results
    assert isinstance(results, NumbersResults)
    return results.numbers[0]


def text_of(bundle: Bundle) -> str:
    return " ".join(" ".join(card_lines(card_of(bundle))).split())


def test_figures_come_from_the_evidence() -> None:
    one = first_of(row_bundle("numbers", ["price"], said=SAID, targets=TRUE))
    assert one.figures["rmse"].value == pytest.approx((14 / 4) ** 0.5)
    assert one.figures["mae"].value == pytest.approx(6 / 4)
    # around the mean of 25 the truths lie 13, 8, 5 and 16 away: squares of 514
    assert one.figures["r2"].value == pytest.approx(1 - 14 / 514)
    assert one.mean == 25.0
    assert one.spread == pytest.approx((514 / 4) ** 0.5)
    assert one.quantiles[2] == 23.5
    assert one.share_of_spread == pytest.approx((14 / 514) ** 0.5)


def test_stored_figures_go_before_those_of_the_evidence() -> None:
    metrics = {"rmse": 7.0, "mae price": 3.0, "r2": 0.5}
    one = first_of(row_bundle("numbers", ["price"], said=SAID, targets=TRUE, metrics=metrics))
    assert {name: figure.value for name, figure in one.figures.items()} == {
        "rmse": 7.0, "mae": 3.0, "r2": 0.5,
    }  # fmt: skip
    assert one.figures["mae"].high == pytest.approx(3.0 + 1.96 * np.std([2, 3, 0, 1], ddof=1) / 2)


def test_intervals_of_figures_hold_the_true_figure_as_often_as_they_say() -> None:
    random, held = np.random.default_rng(1), {"rmse": 0, "mae": 0, "r2": 0}
    true = {"rmse": 1.0, "mae": (2 / np.pi) ** 0.5, "r2": 1 - 1 / (1 + 100**2 / 12)}
    for _ in range(200):
        said = random.uniform(0, 100, (500, 1))
        bundle = row_bundle(
            "numbers", ["price"], said=said, targets=said + random.normal(0, 1, said.shape)
        )
        results = NumbersResults.of(bundle, items_of(bundle))
        for name, figure in results.numbers[0].figures.items():
            assert figure.low is not None
            assert figure.high is not None
            held[name] += figure.low <= true[name] <= figure.high
    # of 200 intervals of 95 %, 180 or fewer hold the truth once in a thousand times
    assert min(held.values()) > 180


def test_a_part_of_the_items_in_the_evidence_tells_as_much_as_all() -> None:
    def more(told: dict[str, Any]) -> None:
        told["training"]["valid_items"] = 4 * COUNT

    part, whole = (first_of(many(edit=edit)).figures["mae"] for edit in (more, None))
    assert part.low is not None
    assert whole.low is not None
    assert (part.value - part.low) * 2 == pytest.approx(whole.value - whole.low)


def test_the_interval_is_told_with_the_share_that_it_holds() -> None:
    one = first_of(many())
    assert one.interval is not None
    assert one.interval.half_width == pytest.approx(1.645, abs=0.08)
    assert one.interval.held is not None
    assert one.interval.held.value == pytest.approx(0.9, abs=0.001)  # rank 1801 of 2000
    text = text_of(many())
    assert "is to hold 90.0% of the truths of rows like these" in text
    page = page_of(many())
    assert "of the same items that set the width" in " ".join(page.text.split())


def test_errors_are_told_by_tenths_of_the_predictions() -> None:
    said = np.arange(400.0)[:, None]
    one = first_of(row_bundle("numbers", ["price"], said=said, targets=said * 1.5))
    assert [(part.low, part.high, part.items) for part in one.parts][:2] == [
        (0.0, 39.0, 40), (40.0, 79.0, 40),
    ]  # fmt: skip
    # in the second tenth half of 40 to 79 is added to the truth: its middle is 29.75
    assert one.parts[1].errors[2] == pytest.approx(59.5 / 2)
    assert [part.held.value for part in one.parts if part.held][-1] < 0.05
    few = first_of(row_bundle("numbers", ["price"], said=SAID, targets=TRUE))
    assert [part.items for part in few.parts] == [4]


def test_its_sections_have_nothing_of_classes() -> None:
    page = page_of(many())
    assert sections_of(page) == [
        "purpose", "summary", "data", "takes", "results", "errors", "intervals", "domain",
        "decision", "parity", "network", "speed", "call", "origin",
    ]  # fmt: skip
    text = " ".join(
        Page(page.source[page.source.index("<h1>") : page.source.index("</body>")]).text.split()
    )
    assert "Predicts price for rows with area, district, lift and sold." in text
    terminal = text_of(many()).lower()
    for word in WORDS_OF_CLASSES:
        assert word not in text.lower()
        assert word not in terminal


@pytest.mark.parametrize("count", [MOST_DOTS, 10_000])
def test_the_picture_stays_small_however_many_items(count: int) -> None:
    page = page_of(many(noise=20.0, count=count))
    assert len(page.all("svg")) == 3
    cells = [one for one in page.all("rect") if one["class"] == "cell"]
    dots = [one for one in page.all("circle") if one["class"] == "dot few"]
    assert (len(dots), bool(cells)) == ((count, False) if count == MOST_DOTS else (0, True))
    assert len(page.source) < 200_000
    shades = [float(str(one["fill-opacity"])) for one in cells]
    assert not cells or (max(shades) == 1.0 and min(shades) >= 0.1)


def test_cells_lie_where_the_items_are() -> None:
    said = np.linspace(0.0, 1.0, 2000)[:, None]
    page = page_of(row_bundle("numbers", ["x"], said=said, targets=1.0 - said))
    cells = [one for one in page.all("rect") if one["class"] == "cell"]
    assert len(cells) > 30
    across, up = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    for cell in cells:
        x, y, wide, high = (float(str(cell[name])) for name in ("x", "y", "width", "height"))
        left, top = (x + wide / 2 - LEFT) / across, (y + high / 2 - TOP) / up
        assert left == pytest.approx(top, abs=1 / 30)  # the falling line, to a cell


def test_what_lies_beyond_the_picture_is_counted() -> None:
    said = np.linspace(0, 1, 1000)[:, None]
    true = said.copy()
    true[[3, 500], 0] = (5e37, -1e30)
    text = " ".join(page_of(row_bundle("numbers", ["x"], said=said, targets=true)).text.split())
    # of 2000 numbers the outer 10 at each end may lie beyond, and 2 of them are far out
    assert " beyond the picture are drawn at its edge." in text


@pytest.mark.parametrize(
    ("said", "true"),
    [
        (np.zeros((1, 1)), np.zeros((1, 1))),
        (np.full((50, 1), 7.0), np.full((50, 1), 7.0)),
        (np.full((500, 1), 1e38), np.full((500, 1), -1e38)),
        (np.full((500, 1), 1e-40), np.linspace(0, 1e-40, 500)[:, None]),
    ],
)
def test_any_numbers_can_be_shown(said: Any, true: Any) -> None:
    bundle = row_bundle("numbers", ["x"], said=said, targets=true)
    page = page_of(bundle)
    assert len(page.all("svg")) == 2
    assert "nan" not in page.source
    assert json.dumps(card_of(bundle).as_dict(), allow_nan=False)


def test_without_evidence_the_stored_figures_are_told() -> None:
    text = text_of(row_bundle("numbers", ["price"], metrics={"rmse": 2.5, "r2": 0.75}))
    assert "RMSE of price 2.5" in text
    assert "R² of price 0.750" in text
    assert "This bundle has no intervals" in text


def test_several_numbers_have_their_own_figures() -> None:
    said = np.concatenate([SAID, SAID * 100], axis=1)
    true = np.concatenate([TRUE, TRUE * 100], axis=1)
    bundle = row_bundle(
        "numbers", ["width", "height"], said=said, targets=true, metrics={"mae height": 149.0}
    )
    results = card_of(bundle).results
    assert isinstance(results, NumbersResults)
    assert [one.figures["mae"].value for one in results.numbers] == [1.5, 149.0]
    page = page_of(bundle)
    assert len(page.all("svg")) == 4
    assert "<b>187.1</b><span>typical error of height</span>" in page.source
    assert len({one["id"] for _, one in page.elements if "id" in one}) == len(
        [one for _, one in page.elements if "id" in one]
    )


def test_json_has_the_figures_and_no_field_of_classes() -> None:
    told = json.loads(json.dumps(card_of(many()).as_dict(), allow_nan=False))["card"]
    assert (told["calibration"], told["decision"]) == (None, None)
    assert told["domain"]["rejected_valid"]["value"] == 80 / COUNT
    number = told["results"]["numbers"][0]
    assert set(told["results"]) == {"items", "numbers"}
    assert set(number["metrics"]) == {"rmse", "mae", "r2"}
    assert number["interval"]["held"]["of"] == COUNT
    assert len(number["error_quantiles"]["parts"]) == 10
    assert number["always_the_mean"]["mean"] == pytest.approx(150, abs=3)


def uneven() -> Bundle:
    random = np.random.default_rng(0)
    said = random.uniform(1, 100, (COUNT, 1))
    return row_bundle(
        "numbers", ["x"], said=said, targets=said * (1 + random.normal(0, 0.2, said.shape))
    )


def shuffled() -> Bundle:
    said = np.random.default_rng(0).uniform(0, 1, (COUNT, 1))
    return row_bundle("numbers", ["x"], said=said, targets=np.roll(said, 1))


def hardly_better() -> Bundle:
    """An R² of 1 − 4.64 / 5 with a standard error of 0.059."""
    said, true = [[1.4], [1.6], [1.4], [1.6]], [[0.0], [1.0], [2.0], [3.0]]
    return row_bundle("numbers", ["x"], said=said, targets=true)


@pytest.mark.parametrize(
    ("bundle", "said"),
    [
        (lambda: row_bundle("numbers", ["x"], said=SAID, targets=TRUE), "Only 4 validation rows"),
        (
            lambda: row_bundle("numbers", ["x"], said=SAID, targets=TRUE),
            "hold 80.0% of new truths only",
        ),
        (shuffled, "It is worse than always answering the mean of x."),
        (hardly_better, "no better than always answering the mean of x."),
        (shuffled, "The interval around x reaches farther"),
        (uneven, "In a part of the predictions of x the interval holds clearly fewer"),
        (lambda: row_bundle("numbers", ["x"]), "It has no intervals"),
        (lambda: row_bundle("numbers", ["x"]), "like nothing that it was trained"),
        (lambda: row_bundle("numbers", ["x"], samples=False), "holds no samples"),
    ],
)
def test_cautions_are_said_where_they_belong(bundle: Callable[[], Bundle], said: str) -> None:
    assert any(said in sentence for sentence in cautions(card_of(bundle())))


def test_nothing_is_said_where_all_is_well() -> None:
    objective = {"objective": {"purpose": "Price flats.", "not_for": ["Rents."]}}
    assert cautions(card_of(many(edit=lambda told: told.update(project=objective)))) == []


def test_costs_for_numbers_are_refused() -> None:
    with pytest.raises(ConfigError, match="answers with numbers"):
        Card.of(many(), project=Project.from_toml(COSTS), seconds=0.01)
    purpose = Project.from_toml("[objective]\npurpose = 'Price flats.'")
    assert Card.of(many(), project=purpose, seconds=0.01).decisions is None
    assert "what follows from an answer is decided where it is used" in text_of(many())


def test_whatever_names_and_figures_say_stays_a_text() -> None:
    def edit(told: dict[str, Any]) -> None:
        told["intervals"]["half_widths"] = [1e300]
        told["intervals"]["scales"] = [1e-300]

    metrics = {"rmse": 1e99, "mae": -1e308, "r2": -1e99}
    bundle = row_bundle(
        "numbers", [HARMFUL], said=SAID, targets=TRUE, metrics=metrics, edit=edit, name=HARMFUL
    )
    page = Page("".join(page_of(bundle).source))
    assert not {"script", "img", "link"} & {tag for tag, _ in page.elements}
    assert all(line.isprintable() for line in page.source.splitlines())
    assert all(line.isprintable() for line in card_lines(card_of(bundle)))
    assert json.dumps(card_of(bundle).as_dict(), allow_nan=False)


def test_the_error_of_a_mean_needs_two() -> None:
    assert np.isnan(standard_error(np.ones(1)))
