"""300 corrupted files among 600: training finishes, each bad one is named once, none is touched."""

from __future__ import annotations

import hashlib
import io
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import COLOURS, colour_photo, tiny_classifier

from drivetrain.data import IndexSplitter, get_image_files, parent_label
from drivetrain.errors import InputError
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders, SkippedItemWarning
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.metrics import error_rate
from drivetrain.prepare.image import ImagePreparation

pytestmark = pytest.mark.usefixtures("one_torch_thread")

KINDS = {"jpg": "JPEG", "png": "PNG", "webp": "WEBP", "gif": "GIF"}
SOUND, BAD = 300, 300
PREPARATION = ImagePreparation(size=(16, 16))

Random = np.random.Generator


def cut(content: bytearray, random: Random) -> bytearray:
    return content[: int(random.integers(0, len(content)))]


def flip_bits(content: bytearray, random: Random) -> bytearray:
    for place in random.integers(0, len(content), int(random.integers(1, 40))):
        content[place] ^= 1 << int(random.integers(8))
    return content


def zeros(content: bytearray, random: Random) -> bytearray:
    start, length = random.integers(0, len(content)), random.integers(1, len(content) // 2)
    stop = min(len(content), int(start + length))
    content[start:stop] = bytes(stop - int(start))
    return content


def garbage(content: bytearray, random: Random) -> bytearray:
    start = int(random.integers(0, len(content)))
    content[start:] = random.bytes(len(content) - start)
    return content


def swap(content: bytearray, random: Random) -> bytearray:
    middle = int(random.integers(1, len(content)))
    return content[middle:] + content[:middle]


def nothing_of_it(content: bytearray, random: Random) -> bytearray:
    return bytearray(random.bytes(len(content))) if random.random() < 0.8 else bytearray()


MUTATIONS: tuple[Callable[[bytearray, Random], bytearray], ...] = (
    cut,
    flip_bits,
    zeros,
    garbage,
    swap,
    nothing_of_it,
)


def photo(number: int) -> bytes:
    file = io.BytesIO()
    kind = list(KINDS.values())[number % 4]
    colour_photo(list(COLOURS)[number % 3], number, size=(24, 20)).save(file, kind)
    return file.getvalue()


def refused(file: Path) -> bool:
    """Whether the preparation that ships refuses a file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            PREPARATION(file)
    except InputError:
        return True
    return False


def fingerprints(folder: Path) -> dict[Path, tuple[str, int]]:
    return {
        file: (hashlib.blake2b(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns)
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def half_bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """600 files of four kinds in three folders; every other one is corrupted."""
    folder, random = tmp_path_factory.mktemp("half bad"), np.random.default_rng(7)
    for colour in COLOURS:
        (folder / colour).mkdir()
    for number in range(SOUND + BAD):
        content = photo(number // 2)
        if number % 2:
            mutation = MUTATIONS[number // 2 % len(MUTATIONS)]
            content = bytes(mutation(bytearray(content), random))
        place, suffix = number // 2, list(KINDS)[number // 2 % 4]
        name = f"{place:03d}{'x' if number % 2 else ''}.{suffix}"
        (folder / list(COLOURS)[place % 3] / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def bad(half_bad: Path) -> set[str]:
    """The files that the preparation refuses, which some mutations survive."""
    found = {str(file) for file in get_image_files(half_bad) if refused(file)}
    assert 200 < len(found) <= BAD
    assert all("x." in file for file in found)
    assert len({Path(file).suffix for file in found}) == len(KINDS)
    return found


def loaders(folder: Path, *, crops: bool = False) -> DataLoaders:
    block = DataBlock(
        blocks=(ImageBlock, CategoryBlock),
        get_items=get_image_files,
        splitter=IndexSplitter(range(0, SOUND + BAD, 5)),
        get_y=parent_label,
        item_tfms=RandomResizedCrop(16) if crops else Resize(16),
    )
    return block.dataloaders(folder, bs=16, device="cpu")


def named_in(caught: list[warnings.WarningMessage], files: set[str]) -> Counter[str]:
    """How often each file was warned of."""
    texts = [str(one.message) for one in caught if issubclass(one.category, SkippedItemWarning)]
    return Counter(file for file in files for text in texts if file in text)


@pytest.mark.parametrize("crops", [False, True])
def test_epochs_finish_and_every_bad_file_is_named_once(
    half_bad: Path, bad: set[str], crops: bool
) -> None:
    before = fingerprints(half_bad)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        dls = loaders(half_bad, crops=crops)
        seen = [
            [
                str(side.items[position])
                for batch in side.batches(epoch)
                for position in batch.positions
            ]
            for epoch in range(2)
            for side in (dls.train, dls.valid)
        ]
    sound = {str(file) for file in get_image_files(half_bad)} - bad
    for first, second in ((seen[0], seen[1]), (seen[2], seen[3])):
        assert len(first) + len(second) >= len(sound) - 1  # a lone last item is left out
        assert set(first + second) <= sound
    assert set(dls.train.skipped) == bad
    assert named_in(caught, bad) == dict.fromkeys(bad, 1)
    assert {str(one.message)[:10] for one in caught} == {"Left out: "}
    assert {one.category for one in caught} == {SkippedItemWarning}
    assert fingerprints(half_bad) == before


def test_frozen_training_finishes_and_every_bad_file_is_named_once(
    half_bad: Path, bad: set[str]
) -> None:
    before = fingerprints(half_bad)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        learn = Learner(loaders(half_bad), tiny_classifier(), metrics=[error_rate], lr=0.05)
        learn.reporter.quiet = True
        learn.fine_tune(1)
    assert learn.recorder[-1]["error_rate"] < 0.1  # the colours can be told apart
    assert set(learn.dls.train.skipped) == bad
    assert named_in(caught, bad) == dict.fromkeys(bad, 1)
    assert len(learn.dls.train.readable_items) + len(learn.dls.valid.readable_items) == 600 - len(
        bad
    )
    assert fingerprints(half_bad) == before


def test_each_reason_says_what_is_wrong_and_what_to_do(half_bad: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dls = loaders(half_bad)
        for side in (dls.train, dls.valid):
            list(side.batches())
    for file, reason in dls.train.skipped.items():
        assert reason.startswith(file)
        assert len(reason) > len(file) + 20
        assert reason.endswith(".")
        assert "\n" not in reason


def test_further_bad_files_are_named_too_and_the_others_answered(
    half_bad: Path, bad: set[str]
) -> None:
    files = get_image_files(half_bad)[:60]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learn = Learner(loaders(half_bad), tiny_classifier())
        learn.reporter.quiet = True
        further = learn.dls.test_dl(files)
        answers, _ = learn.get_preds(dl=further)
    assert set(further.skipped) == bad & set(map(str, files))
    assert len(answers) == len(files) - len(further.skipped)
