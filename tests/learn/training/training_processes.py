"""A training as a program of its own, which can die at an exact moment and be gone on with."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import torch
from conftest import write_colours
from processes import processes
from torch import Tensor, nn

from drivetrain.data import RandomSplitter, get_image_files, parent_label
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.callbacks.averages import EMACallback
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.logs import CSVLogger
from drivetrain.learn.callbacks.saving import SaveModelCallback
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier, classifier_head
from drivetrain.learn.training import checkpoints
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.metrics import error_rate

PHOTOS_A_CLASS = 8
FROZEN_EPOCHS, EPOCHS = 2, 3
PASSES = 2
ALWAYS = 1e9
"""A share of the time that lets every checkpoint be written."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a program trains, and when it is to die.

    Arguments:
        folder: Where its photos, its cache and its files are.
        resume: Whether it goes on with what is there.
        dies: A moment, such as ``("after_batch", 3, 1)``: the callback's moment, the epoch over
            all trainings and how often it came in this epoch; or ``("write", 2, "amid")``: in
            which write of a checkpoint, and at what step of it.
        share: Of the time that checkpoints may take.
        stateful: Which callbacks it trains with.
        settings: Further settings.
    """

    folder: Path
    resume: bool = False
    dies: tuple[Any, ...] = ()
    share: float = ALWAYS
    stateful: str = "average"
    seed: int = 42
    num_workers: int | None = 1
    augmented: bool = True
    epochs: int = EPOCHS
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Outcome:
    """What a program came to."""

    weights: dict[str, np.ndarray[Any, Any]]
    rows: list[dict[str, float]]
    losses: list[float]
    lrs: list[float]
    batches: int
    said: list[str]
    random_numbers_left_alone: bool


class Body(nn.Module):
    """A tiny body with batch statistics and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(), nn.Dropout(0.1)
        )

    def forward(self, x: Tensor) -> Tensor:
        seen: Tensor = self.see(x)
        return seen.mean(dim=(2, 3))


def classifier() -> ImageClassifier:
    """The tiny body under a real head, the same ones each time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        head = classifier_head(8, 3)
        return ImageClassifier(Body(), head, mean=(0.5, 0.5, 0.5), std=(0.25, 0.25, 0.25))


class Moments(Callback):
    """Tells of every batch, and dies at a moment."""

    order = 100

    def __init__(
        self, dies: tuple[Any, ...] = (), tell: Connection | None = None, *, ctrl_c: bool = False
    ) -> None:
        self.dies, self.tell, self.ctrl_c = dies, tell, ctrl_c
        self.batches, self._came = 0, (-1, 0)

    def _at(self, moment: str, learn: Learner[Any]) -> None:
        if not self.dies or self.dies[0] != moment:
            return
        epoch, count = self._came
        self._came = (learn.epochs_trained, count + 1 if epoch == learn.epochs_trained else 1)
        if self._came == self.dies[1:]:
            self.die()

    def die(self) -> None:
        """As kill -9 does it, or as Ctrl-C."""
        if self.ctrl_c:
            raise KeyboardInterrupt
        os.kill(os.getpid(), signal.SIGKILL)

    def after_loss(self, learn: Learner[Any]) -> None:
        self._at("after_loss", learn)

    def after_batch(self, learn: Learner[Any]) -> None:
        self.batches += 1
        self._at("after_batch", learn)
        if self.tell is not None:
            self.tell.send_bytes(b".")

    def before_validate(self, learn: Learner[Any]) -> None:
        self._at("before_validate", learn)

    def after_epoch(self, learn: Learner[Any]) -> None:
        self._at("after_epoch", learn)

    def after_fit(self, learn: Learner[Any]) -> None:
        self._at("after_fit", learn)


def make_folder(folder: Path) -> Path:
    """A folder for programs, with photos in it."""
    write_colours(folder / "photos", PHOTOS_A_CLASS)
    return folder


def loaders(program: Program) -> DataLoaders:
    """The data of a program."""
    return DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.25, seed=1),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(32, min_scale=0.6) if program.augmented else Resize(32),
        batch_tfms=aug_transforms(size=24) if program.augmented else None,
    ).dataloaders(
        program.folder / "photos",
        bs=8,
        device="cpu",
        seed=program.seed,
        num_workers=program.num_workers,
    )


def learner(program: Program, moments: Moments) -> Learner[DataLoaders]:
    """The learner of a program, untrained."""
    stateful: dict[str, list[Callback]] = {
        "average": [EMACallback(0.9), CSVLogger("history.csv")],
        "best": [SaveModelCallback("valid_loss")],
        "none": [],
    }
    learn = Learner(
        loaders(program),
        classifier(),
        metrics=[error_rate],
        seed=program.seed,
        cbs=[*stateful[program.stateful], moments],
        path=program.folder,
        **program.settings,
    )
    learn.head_passes = PASSES
    return learn


@contextmanager
def noted(learn: Learner[Any]) -> Iterator[list[str]]:
    """What a learner says inside."""
    said: list[str] = []
    learn.reporter.say = said.append  # type: ignore[method-assign, assignment]
    learn.reporter.quiet = True
    yield said


def outcome(learn: Learner[Any], moments: Moments, said: list[str], *, alone: bool) -> Outcome:
    """What a learner came to."""
    return Outcome(
        weights={name: t.detach().numpy().copy() for name, t in learn.model.state_dict().items()},
        rows=[{k: v for k, v in row.items() if k != "seconds"} for row in learn.recorder],
        losses=list(learn.recorder.losses),
        lrs=list(learn.recorder.lrs),
        batches=moments.batches,
        said=list(said),
        random_numbers_left_alone=alone,
    )


def run(program: Program, tell: Connection) -> None:
    """Carry out a program, and tell what it came to."""
    torch.set_num_threads(1)
    os.environ["DRIVETRAIN_CACHE"] = str(program.folder / "cache")
    checkpoints.SHARE_OF_TIME = program.share
    if program.dies[:1] == ("write",):
        _die_while_writing(*program.dies[1:])
    moments = Moments(program.dies, tell)
    learn = learner(program, moments)
    torch.manual_seed(5)
    np.random.seed(5)
    with noted(learn) as said:
        learn.fine_tune(program.epochs, 0.02, freeze_epochs=FROZEN_EPOCHS, resume=program.resume)
    drawn = (torch.rand(1).item(), np.random.rand())
    torch.manual_seed(5)
    np.random.seed(5)
    alone = drawn == (torch.rand(1).item(), np.random.rand())
    tell.send_bytes(b"!")
    tell.send(outcome(learn, moments, said, alone=alone))


def _die_while_writing(number: int, step: str) -> None:
    """Die in that write of a checkpoint, counted from 1."""
    write, rename, unlink = Path.write_bytes, Path.replace, Path.unlink
    begun = 0

    def is_at(path: Path, what: str, at: str) -> bool:
        return begun == number and what in path.name and step == at

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def writing(self: Path, content: bytes) -> int:
        nonlocal begun
        begun += ".safetensors" in self.name
        if is_at(self, ".safetensors", "amid the tensors") or is_at(
            self, ".json", "amid the notes"
        ):
            write(self, content[: len(content) // 2])
            die()
        return write(self, content)

    def replacing(self: Path, target: Path) -> Path:
        if is_at(target, ".safetensors", "before the tensors are in place"):
            die()
        if is_at(target, ".json", "before the notes are in place"):
            die()
        put = rename(self, target)
        if is_at(target, ".json", "after the notes are in place"):
            die()
        return put

    def removing(self: Path, missing_ok: bool = False) -> None:
        unlink(self, missing_ok=missing_ok)
        if not self.name.endswith(".new") and is_at(self, ".safetensors", "after clearing up"):
            die()

    Path.write_bytes = writing  # type: ignore[method-assign, assignment]
    Path.replace = replacing  # type: ignore[method-assign, assignment]
    Path.unlink = removing  # type: ignore[method-assign]


@dataclass
class Process:
    """A program in a process of its own."""

    program: Program

    def __post_init__(self) -> None:
        context = processes()
        self._tells, tell = context.Pipe(duplex=False)
        self._process = context.Process(target=run, args=(self.program, tell))
        self._process.start()
        tell.close()

    def wait(self, kill_after: int | None = None) -> Outcome | None:
        """What it came to; None when it was killed.

        Arguments:
            kill_after: Kill it when it has told of that many batches.
        """
        heard = 0
        try:
            while self._tells.recv_bytes() == b".":
                heard += 1
                if heard == kill_after:
                    self._process.kill()
            found: Outcome | None = self._tells.recv()
        except EOFError:
            found = None
        self._process.join()
        expected = 0 if found else -signal.SIGKILL
        assert self._process.exitcode == expected, "the program failed; see its traceback"
        return found


def finished(program: Program) -> Outcome:
    """What a program comes to that is not killed."""
    found = Process(program).wait()
    assert found is not None, "the program died"
    return found


def assert_same(found: Outcome, expected: Outcome) -> None:
    """Bit by bit."""
    assert found.weights.keys() == expected.weights.keys()
    for name, values in expected.weights.items():
        np.testing.assert_array_equal(found.weights[name], values, err_msg=name)
    assert found.rows == expected.rows
    assert found.losses == expected.losses
    assert found.lrs == expected.lrs
