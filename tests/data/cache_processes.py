"""What other processes do in the tests of the cache."""

from __future__ import annotations

import io
import os
import shutil
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from drivetrain.data import cache
from drivetrain.data.cache import PhotoCache
from drivetrain.prepare.image import ImagePreparation

SMALL = ImagePreparation(size=(16, 16))
LARGE = ImagePreparation(size=(512, 512))
"""Writing takes a good part of the time."""


def read_all(folder: Path, files: list[Path], answer: Connection) -> None:
    """Read files twice and say whether all were right."""
    store = PhotoCache(folder)
    right = [
        bool((store.read(file, SMALL) == SMALL(file)).all()) for file in [*files, *files[::-1]]
    ]
    answer.send((all(right), store.hits + store.misses))


def fill(folder: Path, files: list[Path], answer: Connection) -> None:
    """Read files for ever, into a folder anew each time, and tell of each."""
    number = 0
    while True:
        store = PhotoCache(folder / str(number))
        for file in files:
            store.read(file, LARGE)
            answer.send_bytes(b".")
        number = (number + 1) % 3
        shutil.rmtree(folder / str(number), ignore_errors=True)


def die_at(step: str, folder: Path, files: list[Path], answer: Connection) -> None:
    """Read files, and be killed at a step of writing the fifth."""
    written = 0

    class Deadly(io.FileIO):
        def write(self, data: Any) -> int:
            nonlocal written
            written += 1
            if written == 9 and step == "before the header":
                os.kill(os.getpid(), 9)
            if written == 10 and step == "before the pixels":
                os.kill(os.getpid(), 9)
            if written == 10 and step == "amid the pixels":
                super().write(bytes(data)[: len(data) // 2])
                os.kill(os.getpid(), 9)
            return super().write(data)

    def new_file(path: Path) -> Any:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Deadly(path, "w")

    def replace_and_die(source: Any, target: Any) -> None:
        if written == 10 and step == "before the renaming":
            os.kill(os.getpid(), 9)
        os.rename(source, target)
        if written == 10 and step == "after the renaming":
            os.kill(os.getpid(), 9)

    cache._new_file = new_file
    os.replace = replace_and_die  # type: ignore[assignment]
    store = PhotoCache(folder)
    for file in files:
        store.read(file, SMALL)
    answer.send("survived")
