"""Downloading photos from a list of addresses, and single files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from drivetrain.collect.addresses import read_addresses
from drivetrain.collect.download_report import DownloadReport
from drivetrain.collect.download_run import MOST_REDIRECTS, DownloadRun, DownloadSettings
from drivetrain.collect.fetch import Answer, Fetcher
from drivetrain.collect.hush import hushed
from drivetrain.collect.journal import Journal
from drivetrain.collect.names import BESIDE, name_in
from drivetrain.errors import CollectError, OutputError

Paths = str | os.PathLike[str]


def download_images(
    dest: Paths,
    url_file: Paths | None = None,
    urls: Iterable[str] | None = None,
    max_pics: int = 1000,
    n_workers: int = 8,
    timeout: float = 10.0,
    preserve_filename: bool = False,
    *,
    max_bytes: int = 50_000_000,
    max_seconds: float = 60.0,
    pause: float = 0.1,
    max_wait: float = 60.0,
    progress: bool = True,
) -> DownloadReport:
    """Download the photos of a list into a folder; the same call again fetches what is missing.

    A photo is saved once it is whole and can be decoded, under the suffix of its content, with
    one name for ever; a photo that came before from another address is not saved twice. A host
    gets two requests at a time at most. What was done is in ``.downloads.jsonl`` in ``dest``.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as dest:
        ...     report = download_images(dest, urls=["ftp://example.com/bear.jpg"])
        >>> report.failed[0].reason
        'it is not an http or https address'

    Arguments:
        dest: The folder; with a column ``label`` in the list, photos go to a folder a class.
        url_file: A text file with an address a line, or a CSV file with a column ``url``.
        urls: The addresses themselves, instead of a file.
        max_pics: Only so many of the list, from its beginning.
        n_workers: How many requests run at once.
        timeout: Seconds to wait for a connection, and for more of a file.
        preserve_filename: Keep the name in the address instead of its place and hash.
        max_bytes: Give up a file with more bytes.
        max_seconds: Give up a request that takes longer, though it may still trickle.
        pause: Seconds between the starts of two requests to one host.
        max_wait: Wait so long when a server asks for it (429, 503), and no longer.
        progress: Show a bar, if standard error is a terminal.

    Raises:
        ConfigError: There is no list, or a number cannot work.
        CollectError: The list cannot be read.
        OutputError: The folder cannot be written.
        MissingExtraError: httpx is not installed.
    """
    settings = DownloadSettings(
        max_pics=max_pics,
        n_workers=n_workers,
        timeout=timeout,
        preserve_filename=preserve_filename,
        max_bytes=max_bytes,
        max_seconds=max_seconds,
        pause=pause,
        max_wait=max_wait,
    )
    listed = read_addresses(url_file, urls)
    folder = Path(dest)
    fetcher = Fetcher(timeout=timeout, max_bytes=max_bytes, max_seconds=max_seconds)
    with hushed(), fetcher, Journal(_made(folder)) as journal:
        run = DownloadRun(folder, listed[:max_pics], settings, journal, fetcher)
        rows = run.run(progress=progress)
    return DownloadReport(folder, rows, left_out=max(0, len(listed) - max_pics))


def download_url(
    url: str, dest: Paths | None = None, timeout: float = 10.0, show_progress: bool = True
) -> Path:
    """Download one file of any kind; it has its name only once it is whole.

    Arguments:
        url: An http or https address; up to 5 redirects are followed.
        dest: The file to write, or a folder for the name in the address; without it the
            current folder. A file that is there is replaced.
        timeout: Seconds to wait for a connection, and for more of the file.
        show_progress: Taken for the lesson's sake; nothing is shown for one file.

    Returns:
        Where the file is.

    Raises:
        CollectError: It could not be had; the message says why.
        OutputError: It cannot be written.
        MissingExtraError: httpx is not installed.
    """
    del show_progress
    stem, suffix = name_in(url)
    target = Path.cwd() if dest is None else Path(dest)
    if target.is_dir() or str(dest).endswith(("/", os.sep)):
        target = target / f"{stem or 'download'}{suffix}"
    _made(target.parent)
    beside = target.with_name(f".{target.name}-{os.getpid()}{BESIDE}")
    try:
        with hushed(), Fetcher(timeout=timeout) as fetcher:
            answer = _follow(fetcher, url, beside)
        if answer.kind != "arrived":
            raise CollectError(
                f"{url} could not be downloaded: {answer.reason}.",
                hint="Check the address, or try again later.",
            )
        os.replace(beside, target)
    except CollectError:
        raise
    except OSError as problem:
        raise OutputError(
            f"{target} cannot be written: {problem.strerror}.", hint="Choose another place."
        ) from problem
    finally:
        beside.unlink(missing_ok=True)
    return target


def _follow(fetcher: Fetcher, url: str, beside: Path) -> Answer:
    for _ in range(MOST_REDIRECTS + 1):
        with beside.open("wb") as file:
            answer = fetcher.ask(url, file.write)
        if answer.kind != "moved":
            return answer
        url = answer.url
    return Answer(kind="failed", reason=f"it was redirected more than {MOST_REDIRECTS} times")


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        what = "is a file" if folder.is_file() else f"cannot be made: {problem.strerror}"
        raise OutputError(
            f"{folder} {what}, and a folder is needed for what is downloaded.",
            hint="Choose another folder.",
        ) from problem
    return folder
