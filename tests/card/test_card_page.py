"""The page: whole in itself, harmless whatever a bundle says, and readable without seeing it."""

from __future__ import annotations

import json
import os
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cards import COSTS, GOLDEN, bundle_of, judged

from drivetrain.bundle import Bundle
from drivetrain.bundle.reader import MODEL
from drivetrain.card.card import Card
from drivetrain.card.page import card_page, write_card
from drivetrain.errors import OutputError
from drivetrain.project import Project

HARMFUL = (
    "\"'></title></style><script>alert(1)</script><img src=x onerror=alert(1)>\x1b[2J\u202e&amp;"
)
PRINTED = "".join(letter for letter in HARMFUL if letter.isprintable())
VOID = {"meta", "polyline", "circle", "rect"}


class Page(HTMLParser):
    """A page's elements and texts, as a browser reads them; a tag left open is an error."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.source = source
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(bundle: Bundle, project: Project | None = None) -> Page:
    return Page("".join(card_page(Card.of(bundle, project=project, seconds=0.01))))


def sections_of(page: Page) -> list[str | None]:
    return [section["id"] for section in page.all("section")]


def test_its_sections_stand_in_the_order_in_which_one_asks() -> None:
    page = page_of(judged())
    assert sections_of(page) == [
        "purpose", "summary", "data", "results", "confusion", "classes", "calibration", "domain",
        "decision", "parity", "network", "speed", "call", "origin",
    ]  # fmt: skip
    links = [link["href"] for link in page.all("a")]
    assert links == [f"#{name}" for name in sections_of(page)]


def test_it_needs_nothing_from_elsewhere_and_no_script() -> None:
    page = page_of(judged())
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "use", "image", "base", "form"}
    assert "http" not in page.source
    assert "url(" not in page.source
    assert "@import" not in page.source
    for _, attributes in page.elements:
        assert not {"src", "srcset", "xlink:href"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)


def test_every_picture_says_what_it_shows() -> None:
    page = page_of(judged())
    ids = Counter(one["id"] for _, one in page.elements if "id" in one)
    assert set(ids.values()) == {1}
    pictures = page.all("svg")
    assert len(pictures) == 4
    for picture in pictures:
        assert picture["role"] == "img"
        assert all(name in ids for name in str(picture["aria-labelledby"]).split())
    assert "3 of 4 photos lie within the border at 1, 1 beyond it." in page.text
    assert "right always costs 5" in page.text


def test_the_numbers_are_those_of_the_card() -> None:
    page = page_of(judged())
    assert "<b>75.0%</b><span>sent to a person</span>" in page.source
    assert "<b>1.5</b><span>coins on average</span>" in page.source
    assert "<b>25.0%</b><span>of validation photos called foreign</span>" in page.source
    assert "Roll it to the left." in page.text
    assert judged().seal in page.text


@pytest.mark.parametrize("place", ["vocab", "texts", "costs", "name"])
def test_whatever_a_bundle_says_stays_a_text(place: str) -> None:
    def edit(told: dict[str, Any]) -> None:
        if place == "vocab":
            told["target"]["vocab"] = [f"<script>{HARMFUL}", HARMFUL, "\x00\x1b"]
            told["training"]["class_counts"] = {HARMFUL: 3}
        if place == "texts":
            told["created"] = told["training"]["notes"] = HARMFUL
            told["training"]["data_fingerprint"] = told["network"]["arch"] = HARMFUL
            told["network"]["pretrained_from"] = told["network"]["precision_note"] = HARMFUL
            told["parity"][0]["of"] = HARMFUL
            told["written_by"] = {HARMFUL: HARMFUL}
            told["training"]["metrics"] = {HARMFUL: 0.5}
            told["training"]["confusion"] = []
            told["evidence"] = None
            told["project"]["objective"] = dict.fromkeys(("purpose", "measure"), HARMFUL)
            told["project"]["objective"]["not_for"] = [HARMFUL]
        if place == "costs":
            costs = {"blue": 1.0, "green": 2.0, "red": 3.0}
            told["project"]["levers"] = {PRINTED: HARMFUL}
            told["project"]["costs"] = {
                "unit": HARMFUL, "ask_a_person": 1.0, "of": {PRINTED: costs},
            }  # fmt: skip

    costs = "" if place == "vocab" else COSTS
    name = HARMFUL if place == "name" else "balls.bundle"
    page = page_of(judged(costs=costs, edit=edit, name=name))
    assert not {"script", "img", "link"} & {tag for tag, _ in page.elements}
    assert len(page.all("style")) == len(page.all("h1")) == 1
    assert "alert(1)" in page.text
    assert all(line.isprintable() for line in page.source.splitlines())
    for _, attributes in page.elements:
        assert not any(one.startswith("on") for one in attributes)


def test_a_bundle_of_the_first_format_says_what_is_missing() -> None:
    page = page_of(Bundle.open(GOLDEN))
    assert len(sections_of(page)) == 14
    assert page.all("svg") == []
    text = " ".join(page.text.split())
    for sentence in (
        "Run: drivetrain init, answer its questions",
        "was not measured",
        "has no in-domain test",
        "No costs are declared",
    ):
        assert sentence in text


def test_a_network_that_cannot_run_does_not_stop_the_card() -> None:
    page = page_of(judged(members={MODEL: b"no program"}))
    assert "could not answer on this machine" in page.text


@pytest.mark.parametrize("ask", ["3", "0", "1e12"])
@pytest.mark.parametrize("gain", ["1e12", "5", "0"])
def test_any_costs_can_be_drawn(ask: str, gain: str) -> None:
    costs = COSTS.replace("ask_a_person = 2", f"ask_a_person = {ask}").replace("10", gain)
    costs = costs.replace("20", gain)
    page = page_of(judged(costs=costs))
    assert len(page.all("svg")) == 4
    assert "nan" not in page.source
    assert not any("inf" in str(one.get("points")) for one in page.all("polyline"))


def test_the_calibrated_picture_stands_beside_the_plain_one() -> None:
    def halved(told: dict[str, Any]) -> None:
        told["calibration"] = {"settings": {"method": "temperature", "factor": [0.5]}}

    page = page_of(judged(edit=halved))
    assert len(page.all("svg")) == 5
    assert "the temperature 2." in page.text
    assert "the items that the calibration was fitted to" in page.text


def test_scores_that_are_all_alike_can_be_drawn() -> None:
    assert len(page_of(judged(scores=np.zeros(4, np.float32))).all("svg")) == 4


def test_many_classes_are_cut_short() -> None:
    counts = np.eye(300, dtype=int).tolist()

    def many(told: dict[str, Any]) -> None:
        told["target"]["vocab"] = [f"class {number}" for number in range(300)]
        told["training"]["confusion"] = counts
        told["samples"] = []

    page = page_of(bundle_of(edit=many))
    assert "100 classes more" in page.text
    assert len(page.source) < 200_000


def test_the_file_is_whole_or_not_there(tmp_path: Path) -> None:
    card = Card.of(judged(), seconds=0.01)
    target = tmp_path / "card.html"
    assert write_card(card, target) == target
    assert target.read_text(encoding="utf-8").endswith("</html>\n")
    with pytest.raises(OutputError, match="is no file"):
        write_card(card, tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        write_card(card, tmp_path / "nowhere" / "card.html")
    assert os.listdir(tmp_path) == ["card.html"]


def test_the_bundle_itself_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "balls.bundle"
    path.write_bytes(GOLDEN.read_bytes())
    with pytest.raises(OutputError, match="is the bundle itself"):
        write_card(Card.of(Bundle.open(path), seconds=0.01), tmp_path / "." / "balls.bundle")
    assert path.read_bytes() == GOLDEN.read_bytes()


def test_a_real_export_has_every_figure(bundle: Path) -> None:
    card = Card.of(Bundle.open(bundle), project=Project.from_toml(COSTS), seconds=0.01)
    told = json.loads(json.dumps(card.as_dict(), allow_nan=False))
    assert told["card"]["results"]["items"] == 9
    assert told["card"]["decision"]["outcome"]["items"] == 9
    assert sum(told["card"]["domain"]["histogram"]["counts"]) == 9
    assert told["sha256"] == card.bundle.seal
    page = Page("".join(card_page(card)))
    methods = {"none": 4, "temperature": 5, "vector": 5}
    assert len(page.all("svg")) == methods[told["card"]["calibration"]["method"]]


def test_the_card_for_programs_holds_no_number_that_is_none() -> None:
    for bundle in (Bundle.open(GOLDEN), judged(), judged(members={MODEL: b"no program"})):
        text = json.dumps(Card.of(bundle, seconds=0.01).as_dict(), allow_nan=False)
        assert json.loads(text)["model"] == bundle.short_id
