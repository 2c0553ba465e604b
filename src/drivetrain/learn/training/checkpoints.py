"""What a training that was cut off needs to go on as if nothing had happened.

A checkpoint is two files: tensors as safetensors, and ``checkpoint.json``, which names them with
their hash and is put in place last, in one step. Whatever the moment a process is killed at, the
folder holds the checkpoint before or the one after.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as from_safetensors
from safetensors.torch import save as to_safetensors

from drivetrain.data.cache_folder import cache_folder
from drivetrain.errors import ConfigError
from drivetrain.learn.training.state import Checkpoint, Plan, state_of

if TYPE_CHECKING:
    from drivetrain.learn.training.trainer import Trainer

FORMAT = 1
NOTES = "checkpoint.json"
FOLDER = "checkpoints"
OWN_FILES = re.compile(r"[0-9a-f]{16}\.safetensors|.*\.[0-9]+\.new")
"""What a checkpoint's folder may be cleared of: others' files stay."""

KEPT_RUNS = 8
"""Runs whose checkpoints stay in the cache folder; the oldest leave first."""

SHARE_OF_TIME = 0.05
"""Checkpoints are written as often as they take no more than this share of the time."""


@dataclass
class Checkpoints:
    """The checkpoints of one run, in a folder of their own.

    Arguments:
        folder: The folder; None keeps none.
        run: What tells the run from others.
        in_cache: Whether the folder stands among those of other runs, of which the oldest leave.
    """

    folder: Path | None
    run: str = ""
    in_cache: bool = False
    _told: bool = field(default=False, repr=False)
    _next: float = field(default=0.0, repr=False)

    @classmethod
    def of(cls, given: str | os.PathLike[str] | bool, run: str) -> Checkpoints:
        """Those of a run, where the user wants them.

        Arguments:
            given: A folder; True for a folder of the run's own in the cache; False for none.
            run: What tells the run from others.
        """
        if isinstance(given, str | os.PathLike):
            return cls(Path(given), run)
        cache = cache_folder() if given else None
        if cache is None:
            return cls(None, run)
        name = hashlib.blake2b(run.encode(), digest_size=12).hexdigest()
        return cls(cache / FOLDER / name, run, in_cache=True)

    def save(
        self, learn: Trainer[Any], plans: list[Plan], epochs_done: int, *, finished: bool
    ) -> bool:
        """Keep what is needed to go on, unless the last time is too short ago for its cost.

        What cannot be written is told once and does not end the training.

        Returns:
            Whether it was written.
        """
        started = time.monotonic()
        if self.folder is None or (started < self._next and not finished):
            return False
        tensors, notes = state_of(learn)
        about = {"plans": plans, "epochs_done": epochs_done, "finished": finished, "notes": notes}
        try:
            self._write(about, to_safetensors(tensors))
        except (OSError, TypeError, ValueError) as problem:
            if not self._told:
                self._told = True
                learn.reporter.say(f"No checkpoint could be written: {problem}")
            return False
        now = time.monotonic()
        self._next = now + (now - started) / SHARE_OF_TIME
        return True

    def _write(self, about: dict[str, Any], content: bytes) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        seal = _seal(content)
        file = f"{seal[:16]}.safetensors"
        _put(self.folder / file, content)
        head = {"format": FORMAT, "run": self.run, "file": file, "blake2b": seal}
        _put(self.folder / NOTES, json.dumps(head | about).encode())
        for old in self.folder.iterdir():
            if old.name != file and OWN_FILES.fullmatch(old.name):
                old.unlink(missing_ok=True)
        if self.in_cache:
            self._leave_newest_runs()

    def load(self) -> Checkpoint | None:
        """The last checkpoint; None where there is none, or none that is whole.

        Raises:
            ConfigError: It is that of another run.
        """
        if self.folder is None or not (self.folder / NOTES).is_file():
            return None
        try:
            head = json.loads((self.folder / NOTES).read_text())
            content = (self.folder / head["file"]).read_bytes()
            if head["format"] != FORMAT or _seal(content) != head["blake2b"]:
                return None
            about = {name: head[name] for name in ("plans", "epochs_done", "finished", "notes")}
            found, run = Checkpoint(**about, tensors=from_safetensors(content)), head["run"]
        except (OSError, ValueError, KeyError, TypeError, SafetensorError):
            return None
        if run != self.run:
            raise ConfigError(
                f"{self.folder} holds the checkpoint of another run: its data, its model, its "
                "batch size or its seed was another.",
                hint="Resume with the same ones, or train without resume=True.",
            )
        return found

    def _leave_newest_runs(self) -> None:
        assert self.folder is not None
        runs = [path.parent for path in self.folder.parent.glob(f"*/{NOTES}")]
        with suppress(OSError):
            runs.sort(key=lambda run: (run / NOTES).stat().st_mtime, reverse=True)
            for old in runs[KEPT_RUNS:]:
                shutil.rmtree(old, ignore_errors=True)


def run_of(learn: Trainer[Any]) -> str:
    """What tells a run from others: its data, its model, what it starts from, and its seed."""
    digest = hashlib.blake2b(digest_size=16)
    for side in (learn.dls.train, learn.dls.valid):
        for given in side.inputs:
            digest.update(given.identity)
            digest.update(repr(given.transform.preparation).encode())
        for label in side.labels:
            digest.update(label.values.tobytes())
        digest.update(f"{side.bs} {side.seed}".encode())
    for name, tensor in learn.model.state_dict().items():
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
    digest.update(f"{learn.arch} {learn.weights_origin} {learn.seed} {torch.__version__}".encode())
    return digest.hexdigest()


def _put(path: Path, content: bytes) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _seal(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=32).hexdigest()
