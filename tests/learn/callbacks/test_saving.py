"""The best weights: kept, written, given back at the end, and the same after a resumption."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from fake import FakeLearner, cut_and_resumed, same, weights_of
from safetensors.torch import load_file
from torch import nn

from drivetrain.errors import ConfigError, OutputError
from drivetrain.learn.callbacks import Callback, EMACallback, SaveModelCallback

pytestmark = pytest.mark.usefixtures("one_torch_thread")

LOSSES = [3.0, 1.0, 2.0, float("nan")]


class FailIn(Callback):
    """Fails in an epoch, after as many batches."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch

    def before_batch(self, learn: Any) -> None:
        if learn.epoch == self.epoch:
            raise RuntimeError("no more")


def test_the_model_ends_with_the_weights_of_the_best_epoch(tmp_path: Path) -> None:
    learn = FakeLearner([SaveModelCallback()], path=tmp_path, valid_losses=LOSSES)
    learn.fit(4)
    assert same(weights_of(learn.model), learn.judged[1])
    assert learn.reporter.lines == [
        "The model has the weights of epoch 2 of 4, the best by valid_loss (1.0000)."
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_best_weights_are_on_the_disk_in_a_whole_file(tmp_path: Path) -> None:
    learn = FakeLearner([SaveModelCallback(fname="bears")], path=tmp_path, valid_losses=LOSSES)
    learn.fit(4)
    assert [file.name for file in (tmp_path / "models").iterdir()] == ["bears.safetensors"]
    assert same(load_file(tmp_path / "models" / "bears.safetensors"), learn.judged[1])


def test_every_epoch_has_a_file_over_all_trainings(tmp_path: Path) -> None:
    callback = SaveModelCallback(fname="bears.safetensors", every_epoch=True, at_end=False)
    learn = FakeLearner([callback], path=tmp_path, valid_losses=LOSSES)
    learn.fit(2)
    learn.fit(1)
    written = {file.name: load_file(file) for file in (tmp_path / "models").iterdir()}
    assert sorted(written) == ["bears.safetensors", *(f"bears_{n}.safetensors" for n in range(3))]
    assert all(same(written[f"bears_{n}.safetensors"], learn.judged[n]) for n in range(3))


def test_the_model_keeps_its_last_weights_when_that_is_wanted() -> None:
    learn = FakeLearner([SaveModelCallback(at_end=False)], valid_losses=LOSSES)
    learn.fit(4)
    assert same(weights_of(learn.model), learn.judged[3])
    assert learn.reporter.lines == []


def test_the_best_weights_are_there_after_a_training_that_failed() -> None:
    learn = FakeLearner([SaveModelCallback(), FailIn(2)], valid_losses=LOSSES)
    with pytest.raises(RuntimeError, match="no more"):
        learn.fit(4)
    assert same(weights_of(learn.model), learn.judged[1])


class FailAtFirst(Callback):
    """Fails before other callbacks hear of the training."""

    order = -1

    def before_fit(self, learn: Any) -> None:
        if learn.epochs_trained:
            raise RuntimeError("no more")


def test_a_training_that_fails_at_once_brings_no_older_weights_back() -> None:
    learn = FakeLearner([SaveModelCallback(), FailAtFirst()], valid_losses=LOSSES)
    learn.fit(2)
    with torch.no_grad():
        for weight in learn.model.parameters():
            weight.add_(1.0)
    before = weights_of(learn.model)
    with pytest.raises(RuntimeError):
        learn.fit(1)
    assert same(weights_of(learn.model), before)


def test_a_loss_that_never_was_a_number_leaves_the_last_weights() -> None:
    learn = FakeLearner([SaveModelCallback()], valid_losses=[float("nan")] * 2)
    learn.fit(2)
    assert same(weights_of(learn.model), learn.judged[1])


def test_with_averages_the_best_weights_are_those_that_were_judged() -> None:
    learn = FakeLearner([SaveModelCallback(), EMACallback(0.9)], valid_losses=LOSSES)
    learn.fit(4)
    assert same(weights_of(learn.model), learn.judged[1])


class Tied(nn.Module):
    """Two names for one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(3, 3, bias=False)
        self.other = nn.Linear(3, 3, bias=False)
        self.other.weight = self.one.weight
        self.last = nn.Linear(3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.last(self.other(self.one(x)))
        return answer


def test_weights_that_share_memory_are_kept_and_stay_shared(tmp_path: Path) -> None:
    learn = FakeLearner([SaveModelCallback(fname="tied")], path=tmp_path, model=Tied())
    learn.fit(2)
    written = load_file(tmp_path / "models" / "tied.safetensors")
    assert torch.equal(written["one.weight"], written["other.weight"])
    assert isinstance(learn.model, Tied)
    assert learn.model.one.weight is learn.model.other.weight


@pytest.mark.parametrize("load_first", [True, False])
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_resumed_training_ends_with_the_same_best_weights(cut: int, load_first: bool) -> None:
    def make() -> FakeLearner:
        return FakeLearner([SaveModelCallback()], valid_losses=LOSSES)

    whole = make()
    whole.fit(4)
    resumed = cut_and_resumed(make, epochs=4, cut=cut, load_first=load_first)
    assert same(weights_of(resumed.model), weights_of(whole.model))
    assert resumed.reporter.lines == whole.reporter.lines


def test_a_resumed_training_with_nothing_left_still_gets_the_best_weights() -> None:
    whole = FakeLearner([SaveModelCallback()], valid_losses=LOSSES)
    whole.fit(4)
    resumed = FakeLearner([SaveModelCallback()], valid_losses=LOSSES)
    resumed.fit(4, resume_from=whole.checkpoints[-1])
    assert same(weights_of(resumed.model), whole.judged[1])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    learn = FakeLearner([SaveModelCallback(fname="bears")], path=tmp_path)
    with pytest.raises(OutputError, match=r"bears\.safetensors cannot be written"):
        learn.fit(1)
    assert (tmp_path / "models").read_text() == "a file"


def test_files_without_a_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="every_epoch writes a file an epoch"):
        SaveModelCallback(every_epoch=True)
