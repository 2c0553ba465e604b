"""What tests share: small real photos, a small real learner, and one trained bundle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
import pytest
import torch
from hypothesis import settings
from PIL import Image
from torch import nn

from drivetrain.data import RandomSplitter, get_image_files, parent_label
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier, classifier_head
from drivetrain.learn.transforms import Resize
from drivetrain.metrics import error_rate

REPOSITORY = Path(__file__).parents[1]
COLOURS = {"blue": (40, 60, 200), "green": (30, 170, 60), "red": (200, 40, 30)}
PHOTOS_A_CLASS = 12

matplotlib.use("agg")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def colour_photo(colour: str, seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A noisy picture of one colour, ``size`` is width and height."""
    noise = np.random.default_rng(seed).normal(0, 25, (size[1], size[0], 3))
    pixels = np.clip(np.array(COLOURS[colour]) + noise, 0, 255).astype(np.uint8)
    return Image.fromarray(pixels)


def write_colours(folder: Path, photos_a_class: int = PHOTOS_A_CLASS) -> Path:
    """A folder with one folder of photos a colour."""
    for colour in COLOURS:
        (folder / colour).mkdir(parents=True)
        for number in range(photos_a_class):
            colour_photo(colour, number).save(folder / colour / f"{number:02d}.jpg", quality=92)
    return folder


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tests, and the processes that they start, keep nothing in the user's own cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DRIVETRAIN_CACHE", str(folder))
        yield folder


class RealTraining(NamedTuple):
    """A bundle that the command line trained, its report, and what it said meanwhile."""

    bundle: Path
    report: dict[str, Any]
    progress: str


class TinyBody(nn.Module):
    """Three colours in, eight numbers out: enough to tell colours apart, and fast."""

    def __init__(self) -> None:
        super().__init__()
        self.see = nn.Conv2d(3, 8, 3, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        seen: torch.Tensor = self.see(x).relu().mean(dim=(2, 3))
        return seen


def tiny_classifier(num_classes: int = 3, seed: int = 0) -> ImageClassifier:
    """A real classifier with a body that costs nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        body, head = TinyBody(), classifier_head(8, num_classes)
        return ImageClassifier(body, head, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def colour_block() -> DataBlock:
    """The data block of the colour photos."""
    return DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=0.25, seed=1),
        get_y=parent_label,
        item_tfms=Resize(32),
    )


def tiny_learner(folder: Path) -> Learner[DataLoaders]:
    """An untrained learner over a folder of colours."""
    dls = colour_block().dataloaders(folder, bs=8, device="cpu")
    learn = Learner(dls, tiny_classifier(), metrics=[error_rate], lr=0.02, arch="tiny")
    learn.reporter.quiet = True
    return learn


@pytest.fixture(scope="session")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of colour photos; do not write into it."""
    return write_colours(tmp_path_factory.mktemp("data") / "colours")


@pytest.fixture(scope="session")
def trained(colours: Path) -> Learner[DataLoaders]:
    """A trained tiny learner; do not train it further."""
    learn = tiny_learner(colours)
    learn.fit_one_cycle(4)
    return learn


@pytest.fixture(scope="session")
def bundle(trained: Learner[DataLoaders], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the trained tiny learner."""
    return trained.export(tmp_path_factory.mktemp("bundle") / "colours.bundle")


@pytest.fixture(scope="session")
def real_training(tmp_path_factory: pytest.TempPathFactory) -> RealTraining:
    """What ``drivetrain train`` does with the real network, at a size that is quick."""
    folder = tmp_path_factory.mktemp("real")
    data = write_colours(folder / "my 'own' photos 🧸", photos_a_class=15)
    (data / "red" / "broken.jpg").write_bytes((data / "red" / "00.jpg").read_bytes()[:300])
    (data / "notes.txt").write_text("no photo")
    command = [sys.executable, "-m", "drivetrain.cli", "train", str(data), "--out", "m.bundle"]
    ended = subprocess.run(
        [*command, "--size", "64", "--seed", "7", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return RealTraining(folder / "m.bundle", json.loads(ended.stdout), ended.stderr)


@pytest.fixture(scope="session")
def real_bundle(real_training: RealTraining) -> Path:
    """A bundle of the real network."""
    return real_training.bundle


@pytest.fixture(scope="session")
def photo(colours: Path) -> Path:
    """One red photo."""
    return colours / "red" / "00.jpg"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command line as a user does: a process of its own in a folder of its own."""

    def run_drivetrain(
        *arguments: str | Path, python: str = sys.executable
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-m", "drivetrain.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            timeout=300,
            check=False,
        )

    return run_drivetrain


class Server:
    """A real server process that serves a bundle on a free port."""

    def __init__(self, bundle: Path, folder: Path, *options: str, python: str) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [python, "-m", "drivetrain.cli", "serve", str(bundle), "--port", "0", *options],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout is not None
        first_line = self.process.stdout.readline()
        if " on http" not in first_line:
            self.process.kill()
            raise AssertionError(f"no server: {first_line}{self.process.communicate()[1]}")
        self.url = first_line.split(" on ")[1].split()[0]
        self.curl_line = self.process.stdout.readline().removeprefix("Try: ").strip()

    def kill(self) -> None:
        """End the process at once, as kill -9 does."""
        self.process.kill()
        self.process.communicate()


StartServer = Callable[..., Server]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers that end with the test."""
    started: list[Server] = []

    def start(bundle: Path, *options: str, python: str = sys.executable) -> Server:
        started.append(Server(bundle, tmp_path, *options, python=python))
        return started[-1]

    yield start
    for server in started:
        server.kill()


def json_lines(text: str) -> list[dict[str, object]]:
    """What a command printed, which has to be JSON line by line."""
    return [json.loads(line) for line in text.splitlines()]


# Property tests draw the same cases on every machine, and none fails for being slow.
settings.register_profile("drivetrain", deadline=None, derandomize=True)
settings.load_profile("drivetrain")


@pytest.fixture(scope="module")
def one_torch_thread() -> Iterator[None]:
    """Tiny networks in one thread: a second brings nothing and waits on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
