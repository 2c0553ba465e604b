"""What the comparisons share: both interpreters, the photos, a folder for the models."""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Photos
from benchmarks.environment import Interpreter, lean_python
from benchmarks.measure import Run, run

ARCH = "tf_efficientnet_lite0"
PROGRAMS = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Runs the programs of both sides in a folder outside the repository.

    Arguments:
        photos: What is trained on and asked about.
        peer: The interpreter with fastai.
        folder: Where splits and models lie.
        repeats: Trainings of each recipe, with the seeds from 1 on.
        answers: Processes that are started for one answer each.
    """

    photos: Photos
    peer: Interpreter
    folder: Path
    repeats: int
    answers: int = 5

    @property
    def peer_model(self) -> Path:
        """The learner that fastai exported; trained now if there is none yet."""
        if not (file := self.folder / "export.pkl").exists():
            self.train_peer(seed=1, recipe="head", epochs=1, out=file)
        return file

    @property
    def our_model(self) -> Path:
        """The bundle that Drivetrain wrote; trained now if there is none yet."""
        if not (file := self.folder / "ours.bundle").exists():
            self.train_ours(seed=1, out=file)
        return file

    def train_peer(self, *, seed: int, recipe: str, epochs: int, out: Path) -> Run:
        """Train with fastai, from the same weights and on the same split as Drivetrain."""
        split = self.folder / f"split-{seed}.json"
        self.photos.write_split(seed, split)
        arguments = {
            "data": self.photos.bears,
            "split": split,
            "weights": self._peer_weights(),
            "out": out,
            "arch": ARCH,
            "recipe": recipe,
            "epochs": epochs,
            "seed": seed,
        }
        return self.run_peer("fastai_train.py", *_as_options(arguments))

    def train_ours(self, *, seed: int, out: Path, epochs: int = 0) -> Run:
        """Train with ``drivetrain train``."""
        options = _as_options({"out": out, "arch": ARCH, "epochs": epochs, "seed": seed})
        return self.run_ours("train.py", self.photos.bears, *options)

    def run_peer(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of the peer's programs."""
        return self._run([self.peer.python, PROGRAMS / "peers" / program, *arguments])

    def run_ours(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of our programs where training runs."""
        return self._run([sys.executable, PROGRAMS / "ours" / program, *arguments])

    def run_lean(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of our programs where a server would."""
        return self._run([lean_python(), PROGRAMS / "ours" / program, *arguments])

    def run_fresh(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of our programs where training runs, with nothing in the cache folder."""
        return self._run_fresh([sys.executable, PROGRAMS / "ours" / program, *arguments])

    def check(self, *arguments: str | os.PathLike[str]) -> Run:
        """Run ``drivetrain check`` where training runs, with nothing in the cache folder."""
        command = Path(sys.executable).with_name("drivetrain")
        return self._run_fresh([command, "check", *arguments])

    def drivetrain(self, *arguments: str | os.PathLike[str]) -> Run:
        """Run the command ``drivetrain`` where a server would."""
        return self._run([lean_python().with_name("drivetrain"), *arguments])

    def _peer_weights(self) -> Path:
        """The packaged weights under timm's names, where fastai would have downloaded them."""
        if not (file := self.folder / "weights.pth").exists():
            self.run_peer("fastai_weights.py", ARCH, file)
        return file

    def _run_fresh(self, command: list[str | os.PathLike[str]]) -> Run:
        with tempfile.TemporaryDirectory(prefix="cache-", dir=self.folder) as cache:
            return run(command, cwd=self.folder, variables={"DRIVETRAIN_CACHE": cache})

    def _run(self, command: list[str | os.PathLike[str]]) -> Run:
        return run(command, cwd=self.folder)


def _as_options(arguments: dict[str, object]) -> list[str]:
    return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
