"""What the comparisons share: both interpreters, the photos, a folder for the models."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.data import Photos
from benchmarks.environment import Interpreter, lean_python
from benchmarks.material import Material, draw_originals
from benchmarks.measure import Run, run
from benchmarks.report import Record

ARCH = "tf_efficientnet_lite0"
LARGE_COPIES = 20
TIMED = "import time as _t; _s = _t.perf_counter()\n{}\nprint((_t.perf_counter() - _s) * 1000)"
PROGRAMS = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Runs the programs of both sides in a folder outside the repository.

    Arguments:
        photos: What is trained on and asked about.
        peer: The interpreter with fastai.
        folder: Where splits and models lie.
        record: What was measured before, and where plots go.
        repeats: Trainings of each recipe, with the seeds from 1 on.
        seeds: Trainings whose errors are compared, with the seeds from 1 on.
        answers: Processes that are started for one answer each.
    """

    photos: Photos
    peer: Interpreter
    folder: Path
    record: Record
    repeats: int
    seeds: int = 5
    answers: int = 5

    @property
    def peer_model(self) -> Path:
        """The learner that fastai exported; trained now if there is none yet."""
        if not (file := self.folder / "export.pkl").exists():
            self.train_peer(self.bears(), seed=1, recipe="head", epochs=1, out=file)
        return file

    @property
    def our_model(self) -> Path:
        """The bundle that Drivetrain wrote; trained now if there is none yet."""
        if not (file := self.folder / "ours.bundle").exists():
            self.train_ours(seed=1, out=file)
        return file

    def bears(self) -> Material:
        """The photos to train on, split as ``drivetrain train`` splits them."""
        return Material(name="bears", folder=self.photos.bears, split=self._split_bears)

    def large_photos(self) -> Material:
        """Copies of few large photos; those bears judge that no large photo shows."""
        copies = self.photos.large_copies(self.folder / "large-photos", LARGE_COPIES)
        judges = self.folder / "judges.json"
        judges.write_text(json.dumps([str(file) for file in self.photos.other_bears()]))

        def split(seed: int) -> Path:
            target = self.folder / f"split-large-{seed}.json"
            target.write_text(json.dumps(draw_originals(copies, seed)))
            return target

        return Material(name="large photos", folder=copies, split=split, judges=judges)

    def train_peer(
        self,
        material: Material,
        *,
        seed: int,
        recipe: str,
        epochs: int,
        out: Path,
        judged: bool = False,
    ) -> Run:
        """Train with fastai, from the same weights and on the same split as Drivetrain."""
        arguments = {"weights": self._peer_weights(), "out": out, "recipe": recipe}
        lesson = self._lesson(material, seed, epochs, judged=judged)
        return self.run_peer("fastai_train.py", *_as_options(arguments), *lesson)

    def train_ours(self, *, seed: int, out: Path, epochs: int = 0, data: Path | None = None) -> Run:
        """Train with ``drivetrain train``, with nothing in the cache folder."""
        options = _as_options({"out": out, "arch": ARCH, "epochs": epochs, "seed": seed})
        return self.run_fresh("train.py", data or self.photos.bears, *options)

    def teach_ours(
        self, material: Material, *, seed: int, epochs: int, judged: bool = False
    ) -> Run:
        """Train as the peer's lesson does, with nothing in the cache folder."""
        return self.run_fresh("lesson.py", *self._lesson(material, seed, epochs, judged=judged))

    def run_peer(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of the peer's programs."""
        return self._run([self.peer.python, PROGRAMS / "peers" / program, *arguments])

    def run_ours(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of our programs where training runs."""
        return self._run([sys.executable, PROGRAMS / "ours" / program, *arguments])

    def plot(self, program: str, series: str, name: str) -> None:
        """Draw a series with one of our programs into a file beside the page."""
        self.record.folder.mkdir(parents=True, exist_ok=True)
        self.run_ours(program, series, self.record.folder.resolve() / name)

    def run_lean(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of our programs where a server would."""
        return self._run([lean_python(), PROGRAMS / "ours" / program, *arguments])

    def run_fresh(self, program: str, *arguments: str | os.PathLike[str]) -> Run:
        """Run one of our programs where training runs, with nothing in the cache folder."""
        return self._run_fresh([sys.executable, PROGRAMS / "ours" / program, *arguments])

    def time_ours(self, statement: str) -> float:
        """Milliseconds of a statement in a fresh process where training runs."""
        return _milliseconds(self._run([sys.executable, "-c", TIMED.format(statement)]))

    def time_peer(self, statement: str) -> float:
        """Milliseconds of a statement in a fresh process of the peer's."""
        return _milliseconds(self._run([self.peer.python, "-c", TIMED.format(statement)]))

    def check(self, *arguments: str | os.PathLike[str]) -> Run:
        """Run ``drivetrain check`` where training runs, with nothing in the cache folder."""
        command = Path(sys.executable).with_name("drivetrain")
        return self._run_fresh([command, "check", *arguments])

    def drivetrain(self, *arguments: str | os.PathLike[str]) -> Run:
        """Run the command ``drivetrain`` where a server would."""
        return self._run([lean_python().with_name("drivetrain"), *arguments])

    def _lesson(self, material: Material, seed: int, epochs: int, *, judged: bool) -> list[str]:
        arguments = {
            "data": material.folder,
            "split": material.split(seed),
            "arch": ARCH,
            "epochs": epochs,
            "seed": seed,
        }
        judges = {"judge": material.judges} if judged and material.judges else {}
        return _as_options(arguments | judges)

    def _split_bears(self, seed: int) -> Path:
        if not (file := self.folder / f"split-{seed}.json").exists():
            self.run_ours("valid_files.py", self.photos.bears, str(seed), file)
        return file

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


def _milliseconds(run: Run) -> float:
    return float(run.lines[-1].text)


def _as_options(arguments: Mapping[str, object]) -> list[str]:
    return [word for name, value in arguments.items() for word in (f"--{name}", str(value))]
