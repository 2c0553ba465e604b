"""All callbacks at once on the learner itself, frozen and not, cut off and resumed."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import colour_block, tiny_classifier
from safetensors.torch import load_file
from torch import Tensor

from drivetrain.learn.callbacks import (
    Callback,
    CSVLogger,
    EarlyStoppingCallback,
    EMACallback,
    GradientAccumulation,
    GradientClip,
    MixedPrecision,
    ReduceLROnPlateau,
    SaveModelCallback,
    TensorBoardCallback,
)
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.metrics import error_rate

pytestmark = pytest.mark.usefixtures("one_torch_thread")

EPOCHS = 5


class Fail(Callback):
    """Fails in a batch of an epoch, counted over all trainings."""

    def __init__(self, epoch: int | None) -> None:
        self.epoch = epoch

    def after_batch(self, learn: Any) -> None:
        if learn.epochs_trained == self.epoch:
            raise RuntimeError("cut off")


def learner(colours: Path, folder: Path, cut: int | None = None) -> Learner[DataLoaders]:
    cbs = [
        EarlyStoppingCallback(patience=2 * EPOCHS),
        SaveModelCallback("error_rate", fname="best"),
        ReduceLROnPlateau("train_loss", patience=1, factor=2, min_delta=5.0),
        CSVLogger(),
        TensorBoardCallback(folder / "runs"),
        EMACallback(0.9),
        GradientAccumulation(16),
        GradientClip(0.5),
        MixedPrecision(),
        Fail(cut),
    ]
    dls = colour_block().dataloaders(colours, bs=6, device="cpu")
    made = Learner(
        dls,
        tiny_classifier(),
        metrics=error_rate,
        lr=0.02,
        cbs=cbs,
        path=folder,
        checkpoints=folder / "checkpoints",
    )
    made.reporter.quiet = True
    return made


def weights(learn: Learner[Any]) -> dict[str, Tensor]:
    return {name: each.clone() for name, each in learn.model.state_dict().items()}


def epochs_in(file: Path) -> list[str]:
    with file.open(newline="") as lines:
        return [line["epoch"] for line in csv.DictReader(lines)]


@pytest.mark.parametrize("cut", [1, 3])
@pytest.mark.parametrize("frozen", [True, False])
def test_a_training_that_was_cut_off_and_resumed_is_the_one_that_was_not(
    frozen: bool, cut: int, colours: Path, tmp_path: Path
) -> None:
    def train(learn: Learner[DataLoaders], **how: Any) -> None:
        if frozen:
            learn.freeze()
        learn.fit_one_cycle(EPOCHS, **how)

    whole = learner(colours, tmp_path / "whole")
    train(whole)
    with pytest.raises(RuntimeError, match="cut off"):
        train(learner(colours, tmp_path / "cut", cut))
    resumed = learner(colours, tmp_path / "cut")
    train(resumed, resume=True)

    assert resumed.recorder.values == whole.recorder.values
    ours, theirs = weights(resumed), weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    best = load_file(tmp_path / "cut" / "models" / "best.safetensors")
    assert all(torch.equal(ours[name], best[name]) for name in best)
    assert epochs_in(tmp_path / "cut" / "history.csv") == list(map(str, range(EPOCHS)))
    assert resumed.validate()["error_rate"] == min(row["error_rate"] for row in whole.recorder)
    highest = [group["max_lr"] for group in resumed.optimizer.param_groups]
    assert highest == [pytest.approx(0.02 / 2 ** (EPOCHS - 1))] * len(highest)
    assert resumed.precision is None


def test_fine_tune_cut_off_between_its_two_parts_loses_no_line(
    colours: Path, tmp_path: Path
) -> None:
    whole = learner(colours, tmp_path / "whole")
    whole.fine_tune(2, freeze_epochs=2)
    with pytest.raises(RuntimeError, match="cut off"):
        learner(colours, tmp_path / "cut", cut=2).fine_tune(2, freeze_epochs=2)
    resumed = learner(colours, tmp_path / "cut")
    resumed.fine_tune(2, freeze_epochs=2, resume=True)
    ours, theirs = weights(resumed), weights(whole)
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert epochs_in(tmp_path / "cut" / "history.csv") == ["0", "1", "2", "3"]
