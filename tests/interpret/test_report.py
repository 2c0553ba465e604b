"""A report is one HTML file in which every text is text."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure
from PIL import Image

from drivetrain.interpret.report import Section, write_report

HARMFUL = "</p><script>alert('$5 & \"more\"')</script>"


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


class Page(HTMLParser):
    """Collects a page's elements and its text, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def figure(wide: float = 3.0) -> Figure:
    made, axes = plt.subplots(figsize=(wide, 2))
    axes.plot([1, 2])
    return made


def report(path: Path, *sections: Section, title: str = "Bears", lead: str = "All well.") -> Page:
    assert write_report(path, title=title, lead=lead, sections=sections) == path
    return Page(path.read_text(encoding="utf-8"))


def test_a_report_holds_its_parts_in_order(tmp_path: Path) -> None:
    page = report(
        tmp_path / "r.html",
        Section(title="First", text=["One.", "Two."]),
        Section(title="Second 🐻", table=[["class", "count"], ["black", "3"], ["teddy", "4"]]),
    )
    texts = [text for text in page.texts if not text.lstrip().startswith(":root")]
    assert texts[:7] == ["Bears", "Bears", "All well.", "First", "One.", "Two.", "Second 🐻"]
    assert texts[7:] == ["class", "count", "black", "3", "teddy", "4"]
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) == 2
    assert [len(page.all(tag)) for tag in ("table", "tr", "th", "td")] == [1, 3, 2, 4]


def test_every_text_is_shown_as_text_wherever_it_stands(tmp_path: Path) -> None:
    page = report(
        tmp_path / "r.html",
        Section(
            title=HARMFUL,
            text=[HARMFUL],
            table=[[HARMFUL], [HARMFUL]],
            figures=[(figure(), HARMFUL)],
        ),
        title=HARMFUL,
        lead=HARMFUL,
    )
    assert page.all("script") == []
    assert page.texts.count(HARMFUL) == 7  # title, h1, lead, h2, paragraph, head and cell
    assert [image["alt"] for image in page.all("img")] == [HARMFUL]


def test_pictures_are_inside_the_file_at_their_size(tmp_path: Path) -> None:
    page = report(
        tmp_path / "r.html",
        Section(title="Pictures", figures=[(figure(3), "three inches"), (figure(4), "four")]),
    )
    three, four = page.all("img")
    assert (three["width"], four["width"]) == ("288", "384")  # 96 CSS pixels an inch
    assert three["alt"] == "three inches"
    head, _, content = str(three["src"]).partition(",")
    assert head == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        assert (picture.format, picture.size) == ("PNG", (450, 300))


def test_a_report_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    page = report(tmp_path / "r.html", Section(title="One", figures=[(figure(), "a line")]))
    links = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("src", "href")
    ]
    assert links
    assert all(str(link).startswith("data:") for link in links)
    assert "url(" not in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_figures_are_closed_once_written(tmp_path: Path) -> None:
    mine = figure()
    report(tmp_path / "r.html", Section(title="One", figures=[(figure(), "a"), (figure(), "b")]))
    assert plt.get_fignums() == [mine.number]


def test_a_section_without_figures_or_table_is_only_its_text(tmp_path: Path) -> None:
    page = report(tmp_path / "r.html", Section(title="One", text=["Nothing more."]))
    assert page.all("table") == page.all("img") == page.all("div") == []
