"""The cache changes nothing of training and of validation, bit for bit."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import colour_block, tiny_classifier

from drivetrain.data import IndexSplitter
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.transforms import RandomResizedCrop, Resize

pytestmark = pytest.mark.usefixtures("one_torch_thread")


def arrays(folder: Path) -> list[Path]:
    """What a cache holds."""
    return [file for file in (folder / "photos").rglob("*") if file.is_file()]


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for a test."""
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "own"))
    return tmp_path / "own"


def loaders(folder: Path, *, crops: bool = False, kept: bool = True) -> DataLoaders:
    block = colour_block().new(RandomResizedCrop(24) if crops else Resize(24))
    block = replace(block, splitter=IndexSplitter(range(0, 36, 3)))
    return block.dataloaders(folder, bs=8, device="cpu", cache=kept)


def trained(folder: Path, *, crops: bool, kept: bool) -> tuple[dict[str, Any], torch.Tensor]:
    learn = Learner(loaders(folder, crops=crops, kept=kept), tiny_classifier(), lr=0.05)
    learn.reporter.quiet = True
    learn.fit_one_cycle(2)
    return learn.model.state_dict(), learn.get_preds()[0]


@pytest.mark.parametrize("crops", [False, True])
def test_training_is_the_same_bit_for_bit_without_a_cache_with_a_cold_and_with_a_warm_one(
    colours: Path, own_folder: Path, crops: bool
) -> None:
    without, cold, warm = (trained(colours, crops=crops, kept=kept) for kept in (False, True, True))
    assert arrays(own_folder) != []
    for weights, answers in (cold, warm):
        assert torch.equal(answers, without[1])
        for name, value in weights.items():
            assert torch.equal(value, without[0][name])


def test_the_second_epoch_and_the_next_run_decode_nothing(colours: Path, own_folder: Path) -> None:
    dls = loaders(colours)
    for _ in range(2):
        for side in (dls.train, dls.valid):
            list(side.batches())
    (store,) = {side.inputs[0].cache for side in (dls.train, dls.valid)}
    assert store.misses <= 36 <= store.hits
    again = loaders(colours)
    list(again.train.batches())
    assert again.train.inputs[0].cache.misses == 0
    assert len(arrays(own_folder)) == 36


def test_off_keeps_nothing_and_gives_the_same_batches(
    colours: Path, tmp_path: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [batch.x for batch in loaders(colours).train.batches()]
    shutil.rmtree(own_folder)
    monkeypatch.setenv("DRIVETRAIN_CACHE", "off")
    monkeypatch.chdir(tmp_path)
    dls = loaders(colours)
    assert dls.train.inputs[0].cache.folder is None
    for expected, batch in zip(before, dls.train.batches(), strict=True):
        assert torch.equal(batch.x, expected)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_folder_that_cannot_be_made_does_not_stop_training(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "file" / "cache"))
    weights, _ = trained(colours, crops=False, kept=True)
    without, _ = trained(colours, crops=False, kept=False)
    for name, value in weights.items():
        assert torch.equal(value, without[name])
