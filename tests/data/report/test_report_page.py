"""The page: whole in itself, harmless whatever names say, upright pictures, readable on a phone."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image
from piles import write_faults, write_pile
from playwright.sync_api import sync_playwright

from drivetrain.data.report.ingest import IngestReport, inspect_folder
from drivetrain.data.report.leakage import DuplicatePair
from drivetrain.data.report.page import check_page, write_page
from drivetrain.data.report.pictures import PICTURES_A_SECTION, SIDE
from drivetrain.data.report.tally import SuffixLie, Unreadable
from drivetrain.errors import OutputError

CHROMIUM = shutil.which("chromium")
HARMFUL = "</p><script>alert('1')</script>"


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

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def picture(self, name: str) -> Image.Image:
        source = next(str(image["src"]) for image in self.all("img") if image["alt"] == name)
        return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> IngestReport:
    return inspect_folder(write_faults(tmp_path_factory.mktemp("report") / "pile"))


@pytest.fixture
def page(faults: IngestReport, tmp_path: Path) -> Page:
    return Page(write_page(faults, tmp_path / "r.html"))


def test_it_needs_nothing_from_elsewhere_and_no_script(page: Page) -> None:
    sources = [str(image["src"]) for image in page.all("img")]
    assert sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in sources)
    assert page.all("script") == page.all("link") == []
    assert "url(" not in page.source
    assert "http" not in page.source


def test_every_finding_stands_there_and_its_link_leads_to_what_it_is_about(
    page: Page, faults: IngestReport
) -> None:
    for finding in faults.findings:
        assert finding.what in page.text
        assert finding.advice in page.text
    targets = {attributes.get("id") for _, attributes in page.elements}
    links = [str(link["href"]) for link in page.all("a")]
    assert len(links) == len(faults.findings)
    assert {link.removeprefix("#") for link in links} <= targets


def test_the_same_picture_under_two_labels_comes_first_with_both_labels(page: Page) -> None:
    headings = re.findall(r"<h2>(.*?)</h2>", page.source)
    assert headings[0] == "The same picture under two labels"
    first = page.source.index('id="two-labels"')
    pair = page.source[first : page.source.index("</details>", first)]
    assert re.findall(r"<b>(\w)</b>", pair) == ["a", "b"]
    assert re.findall(r'alt="(.*?)"', pair) == ["a/01.jpg", "b/wrong.jpg"]


def test_pictures_are_small_and_upright(page: Page) -> None:
    assert page.picture("b/turned.jpg").size == (90, 120)  # stored 120 × 90
    assert page.picture("b/tiny.png").size == (40, 30)
    for image in page.all("img"):
        assert max(int(str(image["width"])), int(str(image["height"]))) <= SIDE


def test_names_and_labels_are_text_wherever_they_stand(
    faults: IngestReport, tmp_path: Path
) -> None:
    pair = DuplicatePair(
        first=HARMFUL, second="x", first_label=HARMFUL, second_label="b", exact=True, similarity=1
    )
    lies = (SuffixLie(file=HARMFUL, format="PNG"),)
    harmful = replace(
        faults,
        root=HARMFUL,
        classes={HARMFUL: 3, "b": 1},
        pairs=(pair,),
        two_labels=(pair,),
        suffix_lies=lies,
    )
    page = Page(write_page(harmful, tmp_path / "r.html"))
    assert page.all("script") == []
    assert page.text.count(HARMFUL) > 4


def test_a_photo_that_is_gone_has_a_gap_in_its_place(faults: IngestReport, tmp_path: Path) -> None:
    lies = (SuffixLie(file="gone.jpg", format="PNG"),)
    page = Page(write_page(replace(faults, suffix_lies=lies), tmp_path / "r.html"))
    assert "gone.jpg" not in [image["alt"] for image in page.all("img")]
    assert "no picture" in page.text


def test_a_section_shows_so_many_pictures_and_says_how_many_more_there_are(
    faults: IngestReport, tmp_path: Path
) -> None:
    lies = tuple(SuffixLie(file="a/00.jpg", format="PNG") for _ in range(100))
    pair = DuplicatePair(
        first="a/00.jpg", second="a/01.jpg", first_label="a", second_label="b",
        exact=False, similarity=0.99,
    )  # fmt: skip
    many = replace(faults, suffix_lies=lies, two_labels=(pair,) * 100, leftovers=None)
    page = Page(write_page(many, tmp_path / "r.html"))
    shown = [image["alt"] for image in page.all("img")]
    expected = PICTURES_A_SECTION + PICTURES_A_SECTION // 2
    assert expected <= shown.count("a/00.jpg") <= expected + 3  # and in other sections
    assert f"and {100 - PICTURES_A_SECTION} more photos" in page.text
    assert f"and {100 - PICTURES_A_SECTION // 2} more pairs" in page.text


def test_a_pile_in_which_nothing_is_wrong_says_so(tmp_path: Path) -> None:
    report = inspect_folder(write_pile(tmp_path / "pile", photos=10))
    assert "Nothing to complain about." in Page(write_page(report, tmp_path / "r.html")).text


def test_the_split_test_is_drawn(faults: IngestReport, tmp_path: Path) -> None:
    test = {"random": 0.85, "blocked": [{"by": "camera", "accuracy": 0.6}], "warning": "Beware."}
    page = Page(write_page(replace(faults, split_test=test), tmp_path / "r.html"))
    assert "split by camera" in page.text
    assert "60.0%" in page.text
    assert "Beware." in page.text


def test_an_old_page_stays_whole_until_the_new_one_is(
    faults: IngestReport, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "r.html"
    page.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OutputError, match=r"r\.html cannot be written: No space left"):
        write_page(faults, page)
    assert page.read_text() == "old"
    assert os.listdir(tmp_path) == ["r.html"]


def test_a_place_where_no_page_can_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        check_page(tmp_path)
    with pytest.raises(OutputError, match="no folder that can be written"):
        check_page(tmp_path / "nowhere" / "r.html")
    check_page(tmp_path / "r.html")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_in_a_browser_it_fits_a_phone_opens_by_key_and_a_link_opens_its_section(
    faults: IngestReport, tmp_path: Path
) -> None:
    endless = "endless" * 20
    bad = (Unreadable(file=f"{endless}.jpg", reason="is not a picture."),)
    lies = (SuffixLie(file=f"a/{endless}.png", format="JPEG"),)
    classes = {endless: 14, "b": 20}
    hard = replace(faults, root=endless, classes=classes, unreadable=bad)
    write_page(hard, tmp_path / "hard.html")
    easy = replace(faults, suffix_lies=lies)
    path = write_page(easy, tmp_path / "r.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        for scheme in ("light", "dark"):
            page = browser.new_page(
                viewport={"width": 360, "height": 740},
                color_scheme=scheme,
            )
            for shown in (tmp_path / "hard.html", path):
                page.goto(shown.as_uri())
                page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
                assert page.evaluate("document.documentElement.scrollWidth") <= 360
            assert page.eval_on_selector_all("img", "all => all.every(one => one.naturalWidth)")
            page.close()
        page = browser.new_page()
        page.goto(path.as_uri())
        section = page.locator("details", has=page.locator("#exact"))
        assert section.get_attribute("open") is None
        page.locator('a[href="#exact"]').focus()
        page.keyboard.press("Enter")
        page.wait_for_function("document.querySelector('#exact').parentElement.open")
        page.locator("summary", has_text="Exact copies").focus()
        page.keyboard.press("Enter")
        page.wait_for_function("!document.querySelector('#exact').parentElement.open")
        browser.close()
