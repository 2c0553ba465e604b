"""The page's form in a real browser: a person fills it in, by keyboard, or gives a file."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from conftest import Server
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from table_bundles import made_once
from tables import small_row

from drivetrain.predictor import Predictor
from drivetrain.store import Database, PredictionLog

CHROMIUM = shutil.which("chromium")
PHONE = ViewportSize(width=360, height=740)
DESK = ViewportSize(width=1280, height=900)

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
def bundle_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory)


@pytest.fixture(scope="module")
def form_server(bundle_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(bundle_file, tmp_path_factory.mktemp("form"), python=sys.executable)
    yield server
    server.kill()


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Browser, form_server: Server) -> Iterator[Page]:
    opened = browser.new_page(viewport=request.param, timezone_id="Pacific/Auckland")
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on(
        "console",
        lambda message: (
            complaints.append(message.text) if "Content Security" in message.text else None
        ),
    )
    opened.goto(form_server.url)
    expect(opened.get_by_label("city", exact=True)).to_be_visible()
    yield opened
    assert opened.evaluate("document.documentElement.scrollWidth") <= request.param["width"]
    opened.close()
    assert complaints == []


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        control = page.get_by_label(name, exact=True)
        if control.evaluate("control => control.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)


def test_a_person_fills_the_form_by_keyboard_and_reads_the_predictors_answer(
    page: Page, form_server: Server, bundle_file: Path
) -> None:
    names = [field["name"] for field in Predictor.open(bundle_file).preparation.fields]
    page.locator("#field-0").focus()
    order = []
    typed = {name: str(value) for name, value in small_row(city="B", member="T").items()}
    typed["joined"] = "03012021"  # as the browser asks for it: month, day, year
    while not page.evaluate("document.activeElement.id === 'submit'"):
        label = page.evaluate("document.activeElement.labels?.[0]?.textContent")
        if label not in order:
            order.append(label)
            page.keyboard.type(typed[label])
        page.keyboard.press("Tab")
    assert order == names
    city = page.get_by_label("city", exact=True).input_value()
    page.get_by_label("age", exact=True).press("Enter")
    expected = Predictor.open(bundle_file).predict(small_row(city=city))
    expect(page.locator("#label")).to_have_text(expected.label)
    assert expected.probabilities is not None
    for name, share in zip(expected.vocab, expected.probabilities, strict=True):
        row = page.locator("#bars li", has=page.get_by_text(name, exact=True))
        shown = "under 1%" if share < 0.01 else "over 99%" if share >= 0.995 else f"{share:.0%}"
        expect(row).to_contain_text(shown)
    expect(page.locator("#decision strong")).to_have_text(str(expected.decision))
    with Database(f"sqlite:///{form_server.folder / 'predictions.db'}") as database:
        kept = PredictionLog(database).find(page.locator("#prediction-id").inner_text().strip())
    assert kept is not None
    assert kept.probabilities == pytest.approx(expected.as_dict()["probabilities"], abs=1e-6)
    assert kept.remarks == list(expected.remarks)
    expect(page.get_by_label("age", exact=True)).to_have_value("41")


def test_what_is_left_empty_is_not_known_and_is_remarked(page: Page, bundle_file: Path) -> None:
    fill(page, income="5200", city="Bern", member="True", joined="2021-03-01", note="walks")
    page.locator("#submit").click()
    row = small_row(age=None, income=5200, note="walks")
    expected = Predictor.open(bundle_file).predict(row)
    expect(page.locator("#label")).to_have_text(expected.label)
    assert any("age" in remark for remark in expected.remarks)
    expect(page.locator("#remarks li")).to_have_text(list(expected.remarks))


def test_a_comma_for_a_point_is_told_at_the_field_and_above_and_can_be_mended(page: Page) -> None:
    fill(page, age="41", income="5200,5", city="Bern", member="True", joined="2021-03-01")
    page.locator("#submit").click()
    field = page.get_by_label("income", exact=True)
    told = page.locator(".field", has=field).locator(".complaint")
    expect(told).to_have_text(
        "Expected a number, received '5200,5'. Write the decimal point as a point."
    )
    expect(page.locator("#form-error")).to_contain_text("income: expected a number")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".complaint:not(:empty)")).to_have_count(1)
    expect(page.locator("#label")).to_be_empty()
    field.fill("5200.5")
    field.press("Enter")
    expect(page.locator("#label")).not_to_be_empty()
    expect(page.locator("#form-error")).to_be_empty()
    expect(told).to_be_empty()
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_two_wrong_fields_are_both_marked_and_the_first_has_the_focus(page: Page) -> None:
    fill(page, age="old", income="much")
    page.locator("#submit").click()
    expect(page.locator(".complaint:not(:empty)")).to_have_count(2)
    expect(page.locator("[aria-invalid=true]").first).to_be_focused()


def test_a_date_that_is_begun_and_not_ended_is_told_and_never_left_out(page: Page) -> None:
    page.get_by_label("joined", exact=True).focus()
    page.keyboard.type("03")
    page.keyboard.press("Enter")
    expect(page.locator(".complaint:not(:empty)")).to_contain_text("not complete")
    expect(page.locator("#label")).to_be_empty()


def test_a_changed_form_says_that_the_answer_is_an_earlier_one(page: Page) -> None:
    page.locator("#submit").click()
    expect(page.locator("#label")).not_to_be_empty()
    expect(page.locator("#outdated")).to_be_hidden()
    fill(page, age="20")
    expect(page.locator("#outdated")).to_be_visible()
    page.locator("#reset").click()
    expect(page.locator("#label")).to_be_empty()
    expect(page.get_by_label("age", exact=True)).to_have_value("")


def test_a_file_of_many_is_answered_the_bad_one_is_marked_and_all_can_be_downloaded(
    page: Page, bundle_file: Path, tmp_path: Path
) -> None:
    rows = [small_row(age=20 + number % 60) for number in range(150)]
    rows[1] = small_row(age="3,5", note='says "no, never";\nand more')
    file = tmp_path / "customers <b>.csv"
    pd.DataFrame(rows).to_csv(file, index=False)
    page.set_input_files("#file", file)
    expect(page.locator("#several h3")).to_have_text("customers <b>.csv: 150 rows")
    expect(page.locator("#several .tally")).to_have_text("149 answered, 1 refused")
    lines = page.locator("#several tbody tr")
    expect(lines).to_have_count(100)
    expect(lines.nth(1)).to_contain_text("age: expected a number, received '3,5'")
    expect(lines.nth(1)).not_to_contain_text("Row 2")
    expect(page.locator("#several .refused")).to_have_count(1)
    predictor = Predictor.open(bundle_file)
    expected = predictor.predict([rows[0], *rows[2:]])
    expect(lines.nth(0)).to_contain_text(expected[0].label)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the answers").click()
    assert download.value.suggested_filename == "answers.csv"
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as opened:
        saved = list(csv.DictReader(opened))
    assert [line["number"] for line in saved] == [str(number) for number in range(1, 151)]
    refused = saved.pop(1)
    assert refused["label"] == ""
    assert "age: expected a number" in refused["error"]
    for line, answer in zip(saved, expected, strict=True):
        assert line["label"] == answer.label
        assert line["decision"] == answer.decision
        shares = answer.as_dict()["probabilities"]
        for name, share in shares.items():
            assert float(line[f"probability of {name}"]) == pytest.approx(share, abs=2e-6)


def test_a_list_in_json_and_a_file_that_is_none_are_taken_too(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "rows.json"
    file.write_text(json.dumps([small_row(), {"age": 1}]))
    page.set_input_files("#file", file)
    expect(page.locator("#several .tally")).to_have_text("1 answered, 1 refused")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    page.set_input_files("#file", broken)
    expect(page.locator("#error")).to_contain_text("no JSON")
    expect(page.locator("#several")).to_be_empty()
    page.locator("#submit").click()
    expect(page.locator("#label")).not_to_be_empty()
    expect(page.locator("#error")).to_be_empty()


def test_it_says_what_it_takes_in_the_models_own_words(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("Tells apart no and yes")
    expect(page.locator("#purpose")).to_have_text("Whom to call.")
    assert "photo" not in page.locator("body").inner_text().lower()
    expect(page.locator("#camera")).to_be_hidden()
    expect(page.locator("#curl")).to_contain_text("application/json")


def test_numbers_are_shown_large_with_where_they_lie(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    file = made_once(tmp_path_factory, "numbers")
    server = Server(file, tmp_path, python=sys.executable)
    opened = browser.new_page(viewport=PHONE)
    opened.goto(server.url)
    expect(opened.locator("h1")).to_have_text("Predicts spent")
    fill(opened, age="41", income="5200.5", city="Bern", member="True", joined="2021-03-01")
    opened.locator("#submit").click()
    answer = Predictor.open(file).predict(small_row(note=None))
    assert answer.values is not None
    assert answer.intervals is not None
    expect(opened.locator("#label")).to_have_text(f"{answer.values['spent']:.6g}")
    low, high = answer.intervals["spent"]
    expect(opened.locator("#confidence")).to_have_text(f"{low:.4g} to {high:.4g}")
    expect(opened.locator("#bars")).to_be_empty()
    server.kill()
    opened.locator("#submit").click()
    expect(opened.locator("#error")).to_contain_text("No answer came")
    expect(opened.locator("#retry")).to_be_visible()
    opened.close()
