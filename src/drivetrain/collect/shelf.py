"""Where downloaded photos are put: under safe names, each content once, each noted."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock

from drivetrain.collect.addresses import Address
from drivetrain.collect.download_report import DownloadRow
from drivetrain.collect.journal import Entry, Journal
from drivetrain.collect.names import BESIDE, write_beside
from drivetrain.collect.pictures import suffix_of
from drivetrain.errors import OutputError

ABANDONED_AFTER = 3600.0
"""After so many seconds a part of a file belongs to no call that still runs."""


class Shelf:
    """A folder of photos and its journal, for many threads at once.

    Arguments:
        folder: The folder, which exists.
        journal: Its journal, open.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self.folder, self._journal = folder, journal
        self._lock = Lock()
        entries = journal.read()
        self._entries = {Address(entry.url, entry.label): entry for entry in entries}
        there = {file for file in {entry.file for entry in entries} if self._is_there(file)}
        self._file_of = {entry.content: entry.file for entry in entries if entry.file in there}
        self._sweep()

    def find(self, address: Address) -> DownloadRow | None:
        """The row of an address whose photo is there already."""
        entry = self._entries.get(address)
        if entry is None or not self._is_there(entry.file):
            return None
        return DownloadRow(
            url=address.url,
            label=address.label,
            status="known",
            file=self.folder / entry.file,
            reason=entry.reason or "it was saved by an earlier call",
        )

    def refuse(self, address: Address, reason: str) -> DownloadRow:
        """Note an address that gave no photo."""
        self._note(address, "failed", reason=reason)
        return DownloadRow(url=address.url, label=address.label, status="failed", reason=reason)

    def keep(self, address: Address, data: bytes, stem: str) -> DownloadRow:
        """Save a photo, unless its content is there already.

        Raises:
            OutputError: It cannot be written.
        """
        content = blake2b(data, digest_size=16).hexdigest()
        target = self.folder / (address.label or "") / f"{stem}{suffix_of(data)}"
        try:
            target.parent.mkdir(exist_ok=True)
            beside = write_beside(target, data)
            with self._lock:
                return self._put(address, beside, target, content)
        except OSError as problem:
            if isinstance(problem, OutputError):
                raise
            raise OutputError(
                f"{target} cannot be written: {problem.strerror}.",
                hint="Make room or choose another folder; the same call goes on where it ended.",
            ) from problem

    def _put(self, address: Address, beside: Path, target: Path, content: str) -> DownloadRow:
        status, reason = "saved", ""
        file = self._file_of.get(content)
        if file is None or not self._is_there(file):
            final = _free(target, content)
            os.replace(beside, final)
            file = final.relative_to(self.folder).as_posix()
            self._file_of[content] = file
        else:
            beside.unlink()
            status, reason = "known", f"it is the same picture as {file}"
        self._note(address, status, file=file, content=content, reason=reason)
        return DownloadRow(
            url=address.url,
            label=address.label,
            status="known" if reason else "saved",
            file=self.folder / file,
            reason=reason,
        )

    def _note(self, address: Address, status: str, **more: str) -> None:
        self._journal.add(Entry(url=address.url, label=address.label, status=status, **more))

    def _is_there(self, file: str) -> bool:
        return bool(file) and (self.folder / file).is_file()

    def _sweep(self) -> None:
        """Take away parts of files that a kill left behind."""
        longest_ago = time.time() - ABANDONED_AFTER
        for pattern in (f".*{BESIDE}", f"*/.*{BESIDE}"):
            for part in self.folder.glob(pattern):
                with suppress(OSError):
                    if part.stat().st_mtime < longest_ago:
                        part.unlink()


def _free(target: Path, content: str) -> Path:
    """A name that no other picture has; one that a killed call gave to this very content is it."""
    for number in itertools.count(1):
        stem = target.stem if number == 1 else f"{target.stem}-{number}"
        file = target.with_name(f"{stem}{target.suffix}")
        if not file.exists() or _has(file, content):
            return file
    raise AssertionError("numbers do not end")


def _has(file: Path, content: str) -> bool:
    return file.is_file() and blake2b(file.read_bytes(), digest_size=16).hexdigest() == content
