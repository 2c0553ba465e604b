"""A folder that is written as a whole, and replaced only where every file in it is our own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from drivetrain.errors import ConfigError, OutputError

LISTING = "page.json"
FORMAT = "drivetrain.page"
SHOWN = 3


def check_replaceable(folder: Path) -> None:
    """Whether a folder may be written: it is not there, is empty, or is a page as it was written.

    Raises:
        ConfigError: It holds files that are no page's, or that were changed since.
        OutputError: It is a file, or cannot be read.
    """
    try:
        if not folder.exists():
            return
        if not folder.is_dir():
            raise OutputError(f"{folder} is a file.", hint="Give a folder.")
        _check_is_elsewhere(folder)
        foreign = sorted(_foreign(folder))
    except OSError as problem:
        if isinstance(problem, OutputError):
            raise
        raise OutputError(f"{folder} cannot be read: {problem.strerror}.") from None
    if foreign:
        more = f" and {len(foreign) - SHOWN} more" if len(foreign) > SHOWN else ""
        raise ConfigError(
            f"{folder} holds files that are not a page's as it was written: "
            f"{', '.join(foreign[:SHOWN])}{more}. Nothing was written.",
            hint="Give an empty or a new folder, or move those files away.",
        )


def put_in_place(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files beside a folder and let them take its place when all are there.

    Raises:
        OutputError: They cannot be written; the folder is as it was.
    """
    target = folder.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        beside.mkdir(parents=True)
        _fill(beside, contents)
        _swap(beside, target)
    except OSError as problem:
        shutil.rmtree(beside, ignore_errors=True)
        reason = problem.strerror or "the disk does not take it"
        raise OutputError(
            f"{folder} cannot be written: {reason}.", hint="Choose another folder."
        ) from None


def _fill(folder: Path, contents: Mapping[str, bytes]) -> None:
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    listing = json.dumps({"format": FORMAT, "files": hashes}, indent=1).encode()
    for name, content in (*contents.items(), (LISTING, listing)):
        file = folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)


def _swap(beside: Path, target: Path) -> None:
    if not target.exists():
        beside.rename(target)
        return
    before = target.with_name(f".{target.name}.{os.getpid()}.old")
    target.rename(before)
    try:
        beside.rename(target)
    except OSError:
        before.rename(target)
        raise
    shutil.rmtree(before, ignore_errors=True)


def _check_is_elsewhere(folder: Path) -> None:
    """The folder is moved when it is replaced, and nobody may stand in it."""
    if folder.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise ConfigError(
            f"{folder} is the folder that you are in, or one around it.",
            hint="Give a folder in it, such as page/.",
        )


def _foreign(folder: Path) -> Iterator[str]:
    """The files that no page wrote here, and those that were changed since."""
    ours = _listed(folder)
    for parent, _, names in os.walk(folder, onerror=_raise):
        for name in names:
            file = Path(parent, name)
            listed = file.relative_to(folder).as_posix()
            if file == folder / LISTING and ours:
                continue
            if hashlib.sha256(file.read_bytes()).hexdigest() != ours.get(listed):
                yield listed


def _listed(folder: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        listing = json.loads((folder / LISTING).read_bytes())
        if isinstance(listing, dict) and listing.get("format") == FORMAT:
            return dict(listing["files"])
    return {}


def _raise(problem: OSError) -> None:
    raise problem
