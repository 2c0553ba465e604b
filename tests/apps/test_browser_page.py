"""The page without a server, in a real browser whose network ends at a plain file server."""

from __future__ import annotations

import base64
import io
import json
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import COLOURS, colour_photo
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)

from drivetrain.apps.browser import write_page
from drivetrain.errors import InputError, MissingExtraError
from drivetrain.export import export_bundle
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.predictor import Predictor
from drivetrain.prepare.image import ImagePreparation
from drivetrain.project import Project

CHROMIUM = shutil.which("chromium")
PHONE = ViewportSize(width=360, height=740)
UNDER = "some/where"
PLAIN = Path(__file__).parents[1] / "golden" / "format-1.bundle"
PATIENCE = 30_000.0
READY = "without a connection"
PROJECT = """
[objective]
purpose = "Sort tiles <b>quickly</b>."
not_for = "Anything but tiles."
[levers]
keep = "Put it on the belt."
drop = "Put it into the bin."
[costs]
ask_a_person = 3
keep = {blue = 0, green = 9, red = 20}
drop = {blue = 12, green = 0, red = 0}
"""
READ_SHARES = """() => Object.fromEntries([...document.querySelectorAll("#bars li")].map((row) => [
  row.querySelector(".name").textContent,
  Number(row.querySelector(".fill").style.getPropertyValue("--share")),
]))"""
PREPARE = """async ([file, settings]) => {
  const { prepare } = await import("./prepare.js");
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  return Array.from(await prepare(new Blob([bytes]), settings));
}"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


class QuietFiles(SimpleHTTPRequestHandler):
    """Files of a folder, without a line for each."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base's
        """Say nothing."""


class FileServer(ThreadingHTTPServer):
    """A plain server of files, on a free port; a browser that hangs up does not move it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(QuietFiles, directory=str(folder)))
        self.root = f"http://127.0.0.1:{self.server_port}/"
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""

    def stop(self) -> None:
        """End it; from now on the port is closed."""
        self.shutdown()
        self.thread.join()
        self.server_close()


@pytest.fixture(scope="module")
def tiles(trained: Learner[DataLoaders], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with everything that the page shows: a domain test, costs, a purpose."""
    file = tmp_path_factory.mktemp("tiles") / "tiles.bundle"
    return export_bundle(trained, file, project=Project.from_toml(PROJECT))


@pytest.fixture(scope="module")
def predictor(tiles: Path) -> Predictor:
    return Predictor.open(tiles)


@pytest.fixture(scope="module")
def root(tiles: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a server serves; the page lies deeper in it."""
    folder = tmp_path_factory.mktemp("root")
    try:
        write_page(tiles, folder / UNDER)
    except MissingExtraError as problem:
        pytest.skip(f"onnxruntime-web is not to be had here: {problem.message}")
    return folder


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[FileServer]:
    opened = FileServer(root)
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
        )
        yield opened
        opened.close()


class Visit:
    """A visitor's page, and what went wrong in it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context, self.asked, self.complaints = context, list[str](), list[str]()
        context.on("request", lambda request: self.asked.append(request.url))
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text) if message.type == "error" else None
            ),
        )
        self.page.on("filechooser", lambda _: None)  # caught from now on, not from the first wait
        self.page.goto(url, wait_until="commit")

    def give(self, name: str, content: bytes) -> None:
        """Give the page a file and wait for its answer, whatever it is."""
        self.page.evaluate("document.querySelector('#page').dataset.state = 'asked'")
        file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
        self.page.set_input_files("#file", file)
        self.page.wait_for_selector("#page:is([data-state=answered], [data-state=failed])")

    def text(self, selector: str) -> str:
        return self.page.locator(selector).inner_text()


@pytest.fixture(scope="module")
def visit(browser: Browser, server: FileServer) -> Iterator[Visit]:
    """One visit on a phone, which most tests share."""
    context = browser.new_context(viewport=PHONE)
    opened = Visit(context, f"{server.root}{UNDER}/")
    expect(opened.page.locator("#ready")).to_contain_text(READY, timeout=PATIENCE)
    yield opened
    context.close()
    assert opened.complaints == []


def encoded(photo: Image.Image, format_: str, **options: Any) -> bytes:
    target = io.BytesIO()
    photo.save(target, format_, **options)
    return target.getvalue()


def scene(width: int, height: int, colour: str = "red", seed: int = 0) -> Image.Image:
    """A photo of one colour whose brightness runs from the left top to the right bottom."""
    rows, columns = np.mgrid[0:height, 0:width]
    light = 0.5 + (rows / height + columns / width) / 2
    noise = np.random.default_rng(seed).normal(0, 6, (height, width, 1))
    pixels = light[..., None] * np.array(COLOURS[colour]) + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def turned(orientation: int, width: int = 203, height: int = 131) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(scene(width, height), "JPEG", quality=95, subsampling=0, exif=exif)


def with_alpha() -> bytes:
    photo = scene(90, 70, "blue").convert("RGBA")
    photo.putalpha(Image.linear_gradient("L").resize(photo.size))
    return encoded(photo, "PNG")


def foreign() -> Image.Image:
    """Nothing that the tiles look like."""
    rows, columns = np.mgrid[0:64, 0:64]
    board = ((rows // 2 + columns // 2) % 2 * 255).astype(np.uint8)
    return Image.fromarray(np.stack([board, 255 - board, board], axis=2))


PHOTOS: dict[str, bytes] = {
    **{
        f"{colour}.jpg": encoded(colour_photo(colour, 90), "JPEG", quality=92) for colour in COLOURS
    },
    "alpha.png": with_alpha(),
    "palette.png": encoded(scene(60, 50, "green").quantize(16), "PNG", transparency=3),
    "turned.jpg": turned(6),
    "grey.jpg": encoded(scene(100, 80).convert("L"), "JPEG"),
    "lossless.webp": encoded(scene(70, 90, "green"), "WEBP", lossless=True),
    "lossy.webp": encoded(scene(70, 90, "blue"), "WEBP", quality=90),
    "moving.gif": encoded(scene(50, 50), "GIF"),
    "tall.png": encoded(scene(20, 700, "blue"), "PNG"),
    "wide.jpg": encoded(scene(900, 40, "green"), "JPEG", quality=90),
    "large.jpg": encoded(scene(2600, 1900, "blue"), "JPEG", quality=85),
    "foreign.png": encoded(foreign(), "PNG"),
}


def test_every_kind_of_photo_gets_the_answer_of_the_predictor(
    visit: Visit, predictor: Predictor
) -> None:
    verdicts, decisions = set(), set()
    for name, content in PHOTOS.items():
        expected = predictor.predict(content)
        visit.give(name, content)
        shares = visit.page.evaluate(READ_SHARES)
        told = [shares[one] for one in predictor.vocab]
        assert visit.text("#label") == expected.label, name
        np.testing.assert_allclose(told, expected.probabilities, atol=0.02, err_msg=name)
        assert bool(visit.text("#caution")) == (expected.in_domain is False), name
        assert expected.decision is not None
        assert visit.text("#decision").startswith(f"Decision: {expected.decision}"), name
        assert ("Like the photos" in visit.text("#domain")) == expected.in_domain, name
        verdicts.add(expected.in_domain)
        decisions.add(expected.decision)
    assert verdicts == {True, False}
    assert decisions == {"keep", "drop", "ask a person"}


def prepared(visit: Visit, content: bytes, settings: ImagePreparation) -> NDArray[np.int16]:
    given = [base64.b64encode(content).decode(), settings.model_dump(mode="json")]
    return np.array(visit.page.evaluate(PREPARE, given), np.int16).reshape(settings.array_shape)


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "crop"},
        {"method": "crop", "crop_fraction": 0.875},
        {"method": "squish"},
        {"method": "pad", "pad_mode": "zeros"},
        {"method": "pad", "pad_mode": "border"},
        {"method": "pad", "pad_mode": "reflection"},
    ],
    ids=lambda settings: "-".join(map(str, settings.values())),
)
@pytest.mark.parametrize("size", [(131, 77), (77, 331), (30, 30), (1100, 40)])
def test_a_photo_without_loss_is_prepared_to_the_last_bit(
    visit: Visit, settings: dict[str, Any], size: tuple[int, int]
) -> None:
    preparation = ImagePreparation(size=(48, 56), **settings)
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    content = encoded(Image.fromarray(noise), "PNG")
    np.testing.assert_array_equal(prepared(visit, content, preparation), preparation(content))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_jpeg_is_turned_upright_and_shrunk_as_its_decoder_does(
    visit: Visit, orientation: int
) -> None:
    preparation = ImagePreparation(size=(32, 32), method="squish")
    content = turned(orientation)
    difference = np.abs(prepared(visit, content, preparation) - preparation(content))
    assert difference.max() <= 2  # a mean of rounded colours beside a rounded mean


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_webp_is_turned_upright_too(visit: Visit, orientation: int) -> None:
    preparation = ImagePreparation(size=(32, 32), method="squish")
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(scene(50, 41), "WEBP", lossless=True, exif=exif)
    np.testing.assert_array_equal(prepared(visit, content, preparation), preparation(content))


@pytest.mark.parametrize("size", [(120, 100), (40, 5)])
def test_a_photo_that_is_refused_is_refused_in_the_same_words(
    visit: Visit, size: tuple[int, int]
) -> None:
    preparation = ImagePreparation(size=(32, 32), max_pixels=10_000)
    content = encoded(Image.new("RGB", size), "PNG")
    with pytest.raises(InputError) as caught:
        preparation(content)
    given = [base64.b64encode(content).decode(), preparation.model_dump(mode="json")]
    told = visit.page.evaluate(
        f"(given) => ({PREPARE})(given).catch(({{ message, hint }}) => [message, hint])", given
    )
    assert told == [caught.value.message, caught.value.hint]


def test_what_is_no_photo_is_told_and_the_next_photo_is_answered(visit: Visit) -> None:
    cut = PHOTOS["large.jpg"][:30_000]
    for content, words in ((b"no photo at all", "not a picture"), (cut, "ends too early")):
        visit.give("broken.jpg", content)
        expect(visit.page.locator("#error")).to_contain_text(words)
        assert visit.text("#label") == ""
    visit.give("red.jpg", PHOTOS["red.jpg"])
    assert visit.text("#label") == "red"
    expect(visit.page.locator("#error")).to_be_empty()


def test_the_camera_has_a_live_view_and_a_shutter(visit: Visit) -> None:
    page = visit.page
    page.locator("#camera").press("Enter")
    expect(page.locator("#shutter")).to_be_focused(timeout=PATIENCE)
    page.evaluate("document.querySelector('#page').dataset.state = 'asked'")
    page.keyboard.press("Enter")
    expect(page.locator("#page")).to_have_attribute("data-state", "answered", timeout=PATIENCE)
    expect(page.locator("#viewfinder")).to_be_hidden()
    expect(page.locator("#live")).to_have_js_property("srcObject", None)
    page.locator("#camera").click()
    expect(page.locator("#shutter")).to_be_enabled(timeout=PATIENCE)
    page.keyboard.press("Escape")
    expect(page.locator("#viewfinder")).to_be_hidden()
    expect(page.locator("#live")).to_have_js_property("srcObject", None)


def test_it_works_by_keyboard(visit: Visit) -> None:
    visit.page.locator("#camera").focus()
    visit.page.keyboard.press("Shift+Tab")
    expect(visit.page.locator("#file")).to_be_focused()
    with visit.page.expect_file_chooser():
        visit.page.locator("#file").press("Enter")


def test_it_says_what_it_is_for_and_fits_a_phone(visit: Visit, predictor: Predictor) -> None:
    expect(visit.page.locator("#purpose")).to_contain_text("Sort tiles <b>quickly</b>.")
    expect(visit.page.locator("#not-for")).to_contain_text("Anything but tiles.")
    expect(visit.page.locator("#model")).to_have_text(predictor.bundle.short_id)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_it_asks_nobody_else_and_works_when_its_server_is_gone(
    browser: Browser, root: Path
) -> None:
    server = FileServer(root)
    context = browser.new_context(viewport=PHONE)
    visit = Visit(context, f"{server.root}{UNDER}/")
    expect(visit.page.locator("#ready")).to_contain_text(READY, timeout=PATIENCE)
    server.stop()
    visit.page.reload()
    expect(visit.page.locator("#ready")).to_contain_text(READY, timeout=PATIENCE)
    visit.give("red.jpg", PHOTOS["red.jpg"])
    assert visit.text("#label") == "red"
    context.close()
    assert visit.complaints == []
    own = (f"{server.root}{UNDER}/", "blob:", "data:")
    assert [url for url in visit.asked if not url.startswith(own)] == []


def test_a_bundle_without_a_judgement_is_answered_as_plainly(browser: Browser, root: Path) -> None:
    plain = Predictor.open(PLAIN)
    write_page(PLAIN, root / "plain")
    server = FileServer(root / "plain")
    context = browser.new_context(viewport=PHONE)
    visit = Visit(context, server.root)
    visit.give("red.jpg", PHOTOS["red.jpg"])
    expected = plain.predict(PHOTOS["red.jpg"])
    assert visit.text("#label") == expected.label
    shares = visit.page.evaluate(READ_SHARES)
    told = [shares[one] for one in plain.vocab]
    np.testing.assert_allclose(told, expected.probabilities, atol=0.02)
    for silent in ("#domain", "#decision", "#caution"):
        expect(visit.page.locator(silent)).to_be_empty()
    context.close()
    server.stop()
    assert visit.complaints == []


def test_a_file_that_is_not_the_one_it_was_written_with_is_told(
    browser: Browser, root: Path, tmp_path: Path
) -> None:
    shutil.copytree(root / UNDER, tmp_path / "page")
    model = bytearray((tmp_path / "page" / "model.onnx").read_bytes())
    model[100] ^= 1
    (tmp_path / "page" / "model.onnx").write_bytes(model)
    server = FileServer(tmp_path / "page")
    context = browser.new_context(viewport=PHONE)
    visit = Visit(context, server.root)
    told = "model.onnx is not the one"
    expect(visit.page.locator("#error")).to_contain_text(told, timeout=PATIENCE)
    expect(visit.page.locator("#retry")).to_be_visible()
    context.close()
    server.stop()


def test_opened_as_a_file_it_says_what_to_do(browser: Browser, root: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto((root / UNDER / "index.html").as_uri())
    expect(page.locator("#stuck")).to_contain_text("python3 -m http.server")
    expect(page.locator("#stuck")).to_have_css("opacity", "1")
    context.close()


def test_what_it_needs_to_know_is_in_its_settings(root: Path, predictor: Predictor) -> None:
    told = json.loads((root / UNDER / "model.json").read_text())
    assert told["vocab"] == list(predictor.vocab)
    assert told["model"] == predictor.bundle.short_id
    assert predictor.bundle.name not in json.dumps(told)
