"""The page in a real browser: a person gives a photo and reads the answer."""

from __future__ import annotations

import copy
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import torch
from conftest import REPOSITORY, Server, colour_photo
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from drivetrain.export import export_bundle
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.project import Project
from drivetrain.store import Database, PredictionLog

CHROMIUM = shutil.which("chromium")
PHONE = ViewportSize(width=360, height=740)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def page_server(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(bundle, tmp_path_factory.mktemp("page"), python=sys.executable)
    yield server
    server.kill()


@pytest.fixture
def page(browser: Browser, page_server: Server) -> Iterator[Page]:
    opened = browser.new_page(viewport=PHONE)
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security" in message.text else None
        ),
    )
    opened.goto(page_server.url)
    yield opened
    opened.close()
    assert complaints == []


def test_a_person_gives_a_photo_and_reads_the_label(
    page: Page, page_server: Server, photo: Path
) -> None:
    page.set_input_files("#file", photo)
    expect(page.locator("#label")).to_have_text("red")
    expect(page.locator("#bars")).to_contain_text("green")
    prediction_id = page.locator("#prediction-id").inner_text().strip()
    with Database(f"sqlite:///{page_server.folder / 'predictions.db'}") as database:
        row = PredictionLog(database).find(prediction_id)
    assert row is not None
    assert row.label == "red"


def test_it_says_what_the_model_tells_apart(page: Page) -> None:
    expect(page.locator("h1")).to_contain_text("blue")
    model = httpx.get(page.url + "v1/model").json()["model"]
    expect(page.locator("#model")).to_contain_text(model)


def test_it_shows_how_far_to_believe_the_model(
    browser: Browser, trained: Learner[DataLoaders], tmp_path: Path
) -> None:
    note = "Believe 80 %, not 86 % <script>."
    file = export_bundle(trained, tmp_path / "noted.bundle", notes=note)
    server = Server(file, tmp_path, python=sys.executable)
    opened = browser.new_page(viewport=PHONE)
    opened.goto(server.url)
    expect(opened.locator("#model-note")).to_have_text(note)
    opened.close()
    server.kill()


PROJECT = """
[objective]
purpose = "Sort <b>colours</b>."
not_for = ["Counting.", "Night."]
[levers]
touch = "Lay it on the belt <script>."
leave = "Let it lie."
[costs]
ask_a_person = 2
touch = {blue = 100, green = 100, red = 0}
leave = {blue = 0, green = 0, red = 100}
"""


@pytest.fixture(scope="module")
def deciding(
    trained: Learner[DataLoaders], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The server of a bundle with a verdict and decisions."""
    folder = tmp_path_factory.mktemp("deciding")
    project = Project.from_toml(PROJECT)
    file = export_bundle(sharper(trained), folder / "m.bundle", project=project)
    server = Server(file, folder, python=sys.executable)
    yield server
    server.kill()


def sharper(learn: Learner[DataLoaders]) -> Learner[DataLoaders]:
    """The same learner, surer of what it says."""
    sure = copy.copy(learn)
    sure.model = copy.deepcopy(learn.model)
    with torch.no_grad():
        sure.model.head[-1].weight.mul_(8)  # type: ignore[index, union-attr]
    return sure


def test_it_shows_what_to_do_and_whether_the_photo_is_like_the_training(
    browser: Browser, deciding: Server, photo: Path, tmp_path: Path
) -> None:
    foreign = tmp_path / "stripes.png"
    Image.fromarray(np.tile(np.array([[0], [255]], np.uint8), (20, 40))).save(foreign)
    opened = browser.new_page(viewport=PHONE)
    opened.goto(deciding.url)
    expect(opened.locator("#purpose")).to_have_text("Sort <b>colours</b>.")
    expect(opened.locator("#not-for")).to_have_text("Counting. Night.")
    opened.set_input_files("#file", photo)
    expect(opened.locator("#decision strong")).to_have_text("touch")
    expect(opened.locator("#decision")).to_contain_text("Lay it on the belt <script>.")
    expect(opened.locator("#domain")).to_contain_text("Like the photos it learned from")
    expect(opened.locator("#caution")).to_be_empty()
    opened.set_input_files("#file", foreign)
    expect(opened.locator("#decision strong")).to_have_text("ask a person")
    expect(opened.locator("#decision")).to_contain_text("goes to a person")
    expect(opened.locator("#caution")).to_contain_text("unlike those the model learned from")
    expect(opened.locator("#domain")).to_contain_text("Distance from the photos")
    expect(opened.locator("#confidence")).to_contain_text("means little")
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    opened.set_input_files("#file", photo)
    expect(opened.locator("#decision strong")).to_have_text("touch")
    expect(opened.locator("#caution")).to_be_empty()
    opened.close()


def test_without_costs_and_without_a_verdict_nothing_is_said_of_them(
    browser: Browser, tmp_path: Path
) -> None:
    server = Server(REPOSITORY / "tests/golden/format-1.bundle", tmp_path, python=sys.executable)
    red = tmp_path / "red.png"
    colour_photo("red", 0).save(red)
    opened = browser.new_page(viewport=PHONE)
    opened.goto(server.url)
    opened.set_input_files("#file", red)
    expect(opened.locator("#label")).not_to_be_empty()
    for place in ("#caution", "#domain", "#decision", "#purpose", "#not-for"):
        expect(opened.locator(place)).to_be_empty()
        expect(opened.locator(place)).to_be_hidden()
    opened.close()
    server.kill()


def test_a_file_that_is_no_photo_is_told_and_the_next_photo_is_answered(
    page: Page, photo: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no photo at all")
    page.set_input_files("#file", broken)
    expect(page.locator("#error")).to_contain_text("not a picture")
    page.set_input_files("#file", photo)
    expect(page.locator("#label")).to_have_text("red")
    expect(page.locator("#error")).to_be_empty()


def test_it_works_by_keyboard(page: Page, photo: Path) -> None:
    expect(page.locator("h1")).to_contain_text("blue")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "file":
            break
    expect(page.locator("#file")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        page.locator("#file").press("Space")
    chooser.value.set_files(photo)
    expect(page.locator("#label")).to_have_text("red")


def test_it_fits_a_phone(page: Page, photo: Path) -> None:
    page.set_input_files("#file", photo)
    expect(page.locator("#label")).to_have_text("red")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_server_that_is_gone_is_told_in_words(
    browser: Browser, bundle: Path, photo: Path, tmp_path: Path
) -> None:
    server = Server(bundle, tmp_path, python=sys.executable)
    opened = browser.new_page(viewport=PHONE)
    opened.goto(server.url)
    expect(opened.locator("h1")).to_contain_text("blue")
    server.kill()
    opened.set_input_files("#file", photo)
    expect(opened.locator("#error")).not_to_be_empty()
    opened.close()
