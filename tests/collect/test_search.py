"""A search engine is a plug-in, and whatever it does ends in addresses or in a clear word."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from drivetrain.collect import search_images, search_images_ddg
from drivetrain.errors import CollectError, ConfigError, MissingExtraError

A, B = "https://example.com/a.jpg", "http://example.com/b.jpg"


def test_addresses_come_once_each_and_no_more_than_asked_for() -> None:
    def engine(term: str, max_images: int) -> Iterator[Any]:
        assert (term, max_images) == ("grizzly bear", 2)
        yield from [A, None, "data:image/png;base64,", A, B, f"{A}?2"]

    assert search_images("grizzly bear", 2, engine) == [A, B]


def refuses(term: str, max_images: int) -> list[str]:
    raise PermissionError(f"403 Ratelimit for {term}, {max_images}.")


def test_what_the_engine_raises_is_said_with_what_to_do_instead() -> None:
    with pytest.raises(CollectError) as caught:
        search_images("bear", engine=refuses)
    assert caught.value.message == (
        "The search engine refuses failed for 'bear' with PermissionError: "
        "403 Ratelimit for bear, 200."
    )
    assert "engine=" in caught.value.hint
    assert "download_images(dest, url_file=FILE)" in caught.value.hint


@pytest.mark.parametrize(
    ("found", "said"),
    [([], "found nothing for 'bear'"), (None, "nothing"), (["x"], "no address, such as 'x'")],
)
def test_finding_nothing_is_an_error(found: Any, said: str) -> None:
    with pytest.raises(CollectError, match=said):
        search_images("bear", engine=lambda term, max_images: found)  # noqa: ARG005


def test_an_engine_that_hangs_is_given_up() -> None:
    released = threading.Event()

    def hangs(term: str, max_images: int) -> list[str]:
        released.wait()
        return [term] * max_images

    with pytest.raises(CollectError, match=r"engine hangs did not answer within 0\.1 seconds"):
        search_images("bear", engine=hangs, timeout=0.1)
    released.set()


def test_ddgs_is_asked_page_by_page_until_there_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    import ddgs

    asked = []

    class Stub:
        def images(self, term: str, *, max_results: int, page: int) -> list[dict[str, str]]:
            asked.append((term, max_results, page))
            return [{"image": f"https://example.com/{page}/{n}.jpg"} for n in range(4)]

    monkeypatch.setattr(ddgs, "DDGS", Stub)
    assert len(search_images_ddg("bear", 10)) == 10
    assert asked == [("bear", 10, page) for page in (1, 2, 3)]


def test_ddgs_keeps_what_it_found_before_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    import ddgs

    class Stub:
        def images(self, term: str, *, max_results: int, page: int) -> list[dict[str, str]]:
            if page > 1:
                raise TimeoutError(term, max_results)
            return [{"image": A}, {"image": ""}, {}]

    monkeypatch.setattr(ddgs, "DDGS", Stub)
    assert search_images_ddg("bear") == [A]


def test_the_real_ddgs_without_a_network_ends_in_a_clear_word() -> None:
    program = (
        "from drivetrain.collect import search_images\n"
        "from drivetrain.errors import CollectError\n"
        "try:\n"
        "    search_images('bear', 5, timeout=20.0)\n"
        "except CollectError as problem:\n"
        "    print(problem)\n"
    )
    nowhere = {"DDGS_PROXY": "http://127.0.0.1:9", "PATH": "", "RUST_LOG": ""}
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=nowhere,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ended.stdout.startswith("The search engine ddgs ")
    assert "engine=" in ended.stdout
    assert ended.stderr == ""


def test_without_ddgs_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ddgs", None)
    with pytest.raises(MissingExtraError, match="ddgs is needed to search for photos"):
        search_images_ddg("bear")


def test_arguments_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="term to search for is empty"):
        search_images(" ", engine=refuses)
    with pytest.raises(ConfigError, match="max_images is 0"):
        search_images("bear", 0, engine=refuses)
