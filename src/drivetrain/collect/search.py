"""Addresses of photos from a search engine, which is a plug-in and may fail."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

from drivetrain.collect.addresses import is_address
from drivetrain.collect.hush import hushed
from drivetrain.errors import CollectError, ConfigError, MissingExtraError
from drivetrain.extras import need

SearchEngine = Callable[[str, int], Iterable[str]]
"""From a term and a number to at most about so many addresses of pictures."""

MOST_PAGES = 10
INSTEAD = (
    "Search engines change and refuse programs often: give another one with engine=, or put the "
    "addresses into a text or CSV file and call download_images(dest, url_file=FILE)."
)


def search_images(
    term: str, max_images: int = 200, engine: SearchEngine | None = None, *, timeout: float = 60.0
) -> list[str]:
    """The addresses of photos that a search engine finds for a term.

    Example:
        >>> search_images("bear", 2, engine=lambda term, max_images: [
        ...     f"https://example.com/{term}/{n}.jpg" for n in range(max_images)])
        ['https://example.com/bear/0.jpg', 'https://example.com/bear/1.jpg']

    Arguments:
        term: What to look for.
        max_images: The most addresses.
        engine: Any function from a term and a number to addresses; without it, ddgs.
        timeout: The seconds after which an engine that does not answer is given up.

    Raises:
        ConfigError: The term is empty, or the number is below 1.
        CollectError: The engine failed, did not answer, or found nothing.
        MissingExtraError: ddgs is not installed, and no engine was given.
    """
    if not term.strip():
        raise ConfigError("The term to search for is empty.", hint="Say what is in the photos.")
    if max_images < 1:
        raise ConfigError(f"max_images is {max_images}, and it has to be at least 1.")
    asked = ddgs_engine if engine is None else engine
    name = _name_of(asked)
    with hushed():
        found = _ask(asked, name, term, max_images, timeout)
    addresses = [url for url in dict.fromkeys(found) if isinstance(url, str) and is_address(url)]
    if not addresses:
        what = f"only what is no address, such as {found[0]!r}" if found else "nothing"
        raise CollectError(f"{name} found {what} for {term!r}.", hint=INSTEAD)
    return addresses[:max_images]


def search_images_ddg(term: str, max_images: int = 200) -> list[str]:
    """The lesson's name for :func:`search_images` with ddgs.

    Raises:
        CollectError: ddgs failed or found nothing.
        MissingExtraError: ddgs is not installed.
    """
    return search_images(term, max_images)


def ddgs_engine(term: str, max_images: int) -> list[str]:
    """The engine that is asked when none is given: ddgs, which asks several."""
    client = need("ddgs", purpose="search for photos").DDGS()
    found: dict[str, None] = {}
    for page in range(1, MOST_PAGES + 1):
        before = len(found)
        try:
            results = client.images(term, max_results=max_images, page=page)
        except Exception:
            if found:
                break
            raise
        found |= dict.fromkeys(result["image"] for result in results if result.get("image"))
        if len(found) >= max_images or len(found) == before:
            break
    return list(found)


def _ask(engine: SearchEngine, name: str, term: str, max_images: int, timeout: float) -> list[Any]:
    """What the engine returns; in a thread, since nothing else ends the wait for one that hangs."""
    found: list[Any] = []
    problems: list[Exception] = []

    def work() -> None:
        try:
            found.extend(engine(term, max_images) or [])
        except Exception as problem:  # engines fail in as many ways as there are
            problems.append(problem)

    thread = threading.Thread(target=work, name="drivetrain-search", daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise CollectError(
            f"{name} did not answer within {timeout:g} seconds for {term!r}.", hint=INSTEAD
        )
    if problems:
        problem = problems[0]
        if isinstance(problem, MissingExtraError):
            raise MissingExtraError(problem.message, hint=f"{problem.hint}. {INSTEAD}")
        said = str(problem).strip().rstrip(".") or "nothing more"
        raise CollectError(
            f"{name} failed for {term!r} with {type(problem).__name__}: {said}.", hint=INSTEAD
        ) from problem
    return found


def _name_of(engine: SearchEngine) -> str:
    if engine is ddgs_engine:
        return "The search engine ddgs"
    return f"The search engine {getattr(engine, '__name__', type(engine).__name__)}"
