"""The look at a table in words and as a page: whole, harmless, readable on a phone."""

from __future__ import annotations

import io
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from drivetrain.errors import OutputError
from drivetrain.learn.tabular.kinds import TableLook, look_at_table
from drivetrain.learn.tabular.report import MOST_COLUMNS, print_look, summary
from drivetrain.learn.tabular.report_page import write_page

CHROMIUM = shutil.which("chromium")
ROWS = 120
RANDOM = np.random.default_rng(3)
HARMFUL = '</p><script>alert("1")</script>\x1b[31m'


def table() -> dict[str, Any]:
    answers = RANDOM.choice(["yes", "no"], ROWS)
    return {
        "row": range(ROWS),
        "age": RANDOM.integers(17, 90, ROWS),
        "pay": np.where(RANDOM.random(ROWS) < 0.2, np.nan, RANDOM.normal(size=ROWS)),
        "day": np.datetime64("2013-01-01") + RANDOM.integers(0, 300, ROWS),
        HARMFUL: RANDOM.choice([HARMFUL, "a" * 90, "b"], ROWS),
        "note": [f"a long text of many words {row}" for row in range(ROWS)],
        "leak": answers,
        "answer": answers,
    }


@pytest.fixture(scope="module")
def look() -> TableLook:
    return look_at_table(table(), "answer")


class Page(HTMLParser):
    """A page's elements and texts, as a browser reads them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def printed(look: TableLook, **options: Any) -> str:
    out = io.StringIO()
    print_look(look, file=out, **options)
    return out.getvalue()


def unfolded(text: str) -> str:
    return " ".join(text.split())


def test_the_words_name_each_column_each_finding_and_what_comes_next(look: TableLook) -> None:
    told = printed(look, name="my table.csv")
    lines = told.splitlines()
    assert max(map(len, lines[:-1])) <= 80
    rows = {line.split()[0]: line for line in lines if line}
    assert rows["row"].split()[1:4] == ["left", "out", "120"]
    assert rows["pay"].split()[1:4] == ["number", str(look["pay"].distinct), str(look["pay"].gaps)]
    assert rows["answer"].split()[1:3] == ["target,", "classes"]
    assert "leak alone tells answer" in unfolded(told)
    assert lines[-1] == (
        "To see the columns: drivetrain check 'my table.csv' --target answer --html report.html"
    )
    assert "--html" not in printed(look, name="my table.csv", next_steps=False)
    assert "\x1b" not in told


def test_the_summary_counts_what_is_taken(look: TableLook) -> None:
    assert summary(look) == (
        "120 rows, 6 columns to learn from: 2 of categories, 2 of numbers, 1 of dates, 1 of texts, "
        "1 left out. To be predicted: answer (classes)."
    )


def test_a_table_of_many_columns_is_cut_in_the_terminal() -> None:
    many = {f"c{place}": RANDOM.normal(size=20) for place in range(MOST_COLUMNS + 3)}
    told = printed(look_at_table(many))
    assert f"c{MOST_COLUMNS - 1} " in told
    assert f"c{MOST_COLUMNS} " not in told
    assert "(3 more)" in told
    assert "Nothing to complain about." in told


def test_the_page_needs_nothing_else_and_is_harmless(look: TableLook, tmp_path: Path) -> None:
    page = Page(write_page(look, tmp_path / "r.html", name=HARMFUL))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe"}
    assert "http" not in page.source
    assert "url(" not in page.source
    assert "\x1b" not in page.source
    assert not any(name.startswith("on") for _, given in page.elements for name in given)


def test_every_finding_stands_there_and_leads_to_its_column(
    look: TableLook, tmp_path: Path
) -> None:
    page = Page(write_page(look, tmp_path / "r.html"))
    for finding in look.findings:
        assert finding.what in page.text
        assert finding.advice in page.text
    targets = {given.get("id") for _, given in page.elements}
    links = [str(given["href"]) for tag, given in page.elements if tag == "a"]
    assert links
    assert {link.removeprefix("#") for link in links} <= targets
    leak = [column.name for column in look.columns].index("leak")
    assert links[0] == f"#column-{leak}"


def test_each_column_has_a_card_and_a_picture(look: TableLook, tmp_path: Path) -> None:
    page = Page(write_page(look, tmp_path / "r.html"))
    cards = [given for tag, given in page.elements if given.get("class") == "column"]
    assert len(cards) == len(look.columns)
    told = [given["aria-label"] for tag, given in page.elements if tag == "svg"]
    assert len(told) == 5  # row, age, pay, day, note
    low, median, high = look["age"].picture.labels
    assert f"How age is spread: {low} to {high}, median {median}" in told
    assert f"{look['pay'].gaps} gaps" in page.text


def test_a_page_that_cannot_be_written_is_told_and_leaves_nothing(
    look: TableLook, tmp_path: Path
) -> None:
    for place in (tmp_path, tmp_path / "none" / "r.html"):
        with pytest.raises(OutputError):
            write_page(look, place)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out_in_a_browser(
    look: TableLook, tmp_path: Path, width: int, scheme: Any
) -> None:
    path = write_page(look, tmp_path / "r.html", name="a" * 70 + ".csv")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        sticking = page.evaluate(STICKING_OUT)
        browser.close()
    assert sticking == []


STICKING_OUT = """
[...document.querySelectorAll('.column')].flatMap(card => {
  const edge = card.getBoundingClientRect().right;
  return [...card.querySelectorAll('*')]
    .filter(each => each.getBoundingClientRect().right > edge + 0.5).map(each => each.outerHTML);
})
"""


@pytest.mark.parametrize(
    ("values", "shape", "count", "labels"),
    [
        (["a", "a", "b", None] * 10, "bars", 2, ("a", "b")),
        ([*range(40), 1, 1], "histogram", 40, ("0", "18.5", "39")),
        ([*range(101), 50], "histogram", 21, ("0", "50", "100")),
        ([10, 9, 10] * 20, "bars", 2, ("9", "10")),
        ([*range(1, 13)] * 30, "histogram", 12, ("1", "6.5", "12")),
        ([f"{number}.5" for number in range(40)], "histogram", 24, ("0.5", "20", "39.5")),
        ([3.0, 4.0, 4.0, 5.0], "histogram", 3, ("3", "4", "5")),
    ],
)
def test_a_picture_holds_every_row_that_holds_something(
    values: Any, shape: str, count: int, labels: tuple[str, ...]
) -> None:
    picture = look_at_table({"it": values})["it"].picture
    assert (picture.shape, len(picture.counts), picture.labels) == (shape, count, labels)
    assert sum(picture.counts) + picture.others == sum(value is not None for value in values)


def test_what_lies_far_off_does_not_press_the_rest_together() -> None:
    values = [*RANDOM.normal(size=999), 1e6]
    picture = look_at_table({"it": values})["it"].picture
    assert sum(count > 0 for count in picture.counts) > 20
    assert picture.counts[-1] >= 1
    assert picture.labels[-1] == "1,000,000"
