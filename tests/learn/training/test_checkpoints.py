"""Checkpoints are written whole or not at all, cost little, and touch nothing of anybody else's."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import tiny_classifier, tiny_learner
from torch import nn

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.training import checkpoints
from drivetrain.learn.training.checkpoints import (
    FOLDER,
    KEPT_RUNS,
    NOTES,
    Checkpoints,
    run_of,
)
from drivetrain.learn.training.state import restore_training, restore_weights

pytestmark = pytest.mark.usefixtures("one_torch_thread")

PLAN = {"epochs": 2}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "SHARE_OF_TIME", 1e9)


@pytest.fixture
def learn(colours: Path, cache: Path) -> Learner[Any]:  # noqa: ARG001
    """A learner that has trained two epochs of its whole model."""
    learn = tiny_learner(colours)
    learn.fit(2)
    return learn


def saying(learn: Learner[Any]) -> list[str]:
    said: list[str] = []
    learn.reporter.say = said.append  # type: ignore[method-assign, assignment]
    return said


def files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


# ---- where they go ----------------------------------------------------------------------------


@pytest.mark.usefixtures("learn")
def test_a_training_leaves_its_notes_and_one_file_of_tensors_in_the_cache(
    cache: Path,
) -> None:
    notes, tensors = sorted((cache / FOLDER).glob("*/*"), key=lambda file: file.suffix != ".json")
    assert (notes.name, tensors.suffix) == (NOTES, ".safetensors")
    assert json.loads(notes.read_text())["file"] == tensors.name


def test_without_checkpoints_nothing_is_written(colours: Path, cache: Path) -> None:
    tiny = tiny_learner(colours)
    learn = Learner(tiny.dls, tiny_classifier(), checkpoints=False)
    learn.reporter.quiet = True
    learn.fit(2)
    assert not (cache / FOLDER).exists()
    assert Checkpoints.of(False, "run").folder is None


def test_a_cache_that_is_off_keeps_no_checkpoints(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_CACHE", "off")
    monkeypatch.chdir(tmp_path)
    tiny_learner(colours).fit(2)
    assert Checkpoints.of(True, "run").folder is None
    assert files(tmp_path) == []


@pytest.mark.usefixtures("every_epoch", "cache")
def test_a_folder_of_ones_own_keeps_what_else_is_in_it(colours: Path, tmp_path: Path) -> None:
    own = tmp_path / FOLDER / "mine"
    own.mkdir(parents=True)
    (own / "stage-1.safetensors").write_text("weights of the user's")
    (own / "notes.new").write_text("a text of the user's")
    for number in range(KEPT_RUNS + 2):
        (tmp_path / FOLDER / str(number)).mkdir()
        (tmp_path / FOLDER / str(number) / NOTES).write_text("{}")
    before = files(tmp_path)
    learn = Learner(tiny_learner(colours).dls, tiny_classifier(), checkpoints=own)
    learn.reporter.quiet = True
    learn.fit(3)
    added = set(files(tmp_path)) - set(before)
    assert set(before) <= set(files(tmp_path))
    in_own = sorted(name for name in added if name.startswith(FOLDER))
    assert [Path(name).suffix for name in in_own] == [".json", ".safetensors"]


def test_not_more_runs_stay_than_are_to_be_kept(learn: Learner[Any], cache: Path) -> None:
    for number in range(KEPT_RUNS + 3):
        run = Checkpoints.of(True, f"run {number}")
        assert run.save(learn, [PLAN], 1, finished=False)
        assert run.folder is not None
        os.utime(run.folder / NOTES, (10**9 + number, 10**9 + number))
    kept = {path.name for path in (cache / FOLDER).iterdir()}
    newest = [Checkpoints.of(True, f"run {number}").folder for number in range(4, KEPT_RUNS + 3)]
    assert len(kept) == KEPT_RUNS
    assert {folder.name for folder in newest if folder} <= kept


def test_what_a_killed_process_left_behind_is_cleared_up(learn: Learner[Any], cache: Path) -> None:
    (folder,) = (cache / FOLDER).iterdir()
    (folder / "0123456789abcdef.safetensors").write_bytes(b"an older checkpoint's tensors")
    (folder / "0123456789abcdef.safetensors.77.new").write_bytes(b"half of it")
    (folder / f"{NOTES}.77.new").write_bytes(b"half of it")
    learn.fit(1)
    assert len(files(folder)) == 2


# ---- what cannot be written -------------------------------------------------------------------


@pytest.mark.usefixtures("every_epoch")
def test_a_folder_that_cannot_be_written_is_told_once_and_training_goes_on(
    colours: Path, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file, no folder"
    blocked.write_text("")
    learn = Learner(tiny_learner(colours).dls, tiny_classifier(), checkpoints=blocked / "in it")
    said = saying(learn)
    learn.fit(3)
    assert len(learn.recorder) == 3
    assert sum("No checkpoint could be written" in line for line in said) == 1


@pytest.mark.usefixtures("every_epoch", "cache")
def test_a_state_that_json_cannot_hold_is_told_once_and_training_goes_on(colours: Path) -> None:
    class Odd(Callback):
        def state(self) -> dict[str, Any]:
            return {"folder": Path("somewhere")}

    learn = tiny_learner(colours)
    said = saying(learn)
    learn.fit(3, cbs=Odd())
    assert len(learn.recorder) == 3
    assert sum("not JSON serializable" in line for line in said) == 1


def test_writing_takes_no_more_than_its_share_of_the_time(
    learn: Learner[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0

    class Time:
        @staticmethod
        def monotonic() -> float:
            nonlocal now
            now += 1.0  # so that a write takes one second
            return now

    monkeypatch.setattr(checkpoints, "time", Time)
    run = Checkpoints(tmp_path / "run")
    written = [run.save(learn, [PLAN], number, finished=False) for number in range(60)]
    assert written[0]
    # A second a write and one a question whether to write: at most a twentieth are writes.
    assert 2 <= sum(written) <= 60 * 2 * checkpoints.SHARE_OF_TIME
    assert run.save(learn, [PLAN], 60, finished=True)


# ---- what is in them --------------------------------------------------------------------------


def test_a_checkpoint_brings_back_weights_optimizer_and_record(
    learn: Learner[Any], colours: Path, tmp_path: Path
) -> None:
    run = Checkpoints(tmp_path / "run", "name")
    run.save(learn, [PLAN], 2, finished=False)
    saved = Checkpoints(tmp_path / "run", "name").load()
    assert saved is not None
    other = tiny_learner(colours)
    other.material()
    other.optimizer = other.make_optimizer([0.1, 0.1], 0.0)
    restore_weights(other, saved)
    restore_training(other, saved)
    for one, expected in zip(other.model.parameters(), learn.model.parameters(), strict=True):
        assert torch.equal(one, expected)
        states = other.optimizer.state[one], learn.optimizer.state[expected]
        assert states[0].keys() == states[1].keys() != set()
        for name, value in states[1].items():
            assert torch.equal(states[0][name], value)
            assert states[0][name].stride() == value.stride()
    assert list(other.recorder) == list(learn.recorder)
    assert other.recorder.losses == learn.recorder.losses
    assert other.recorder.losses is not saved.notes["recorder"]["losses"]
    assert other.epochs_trained == 2


@pytest.mark.parametrize(
    "opt_func",
    [torch.optim.SGD, torch.optim.AdamW, torch.optim.NAdam, torch.optim.RMSprop, torch.optim.ASGD],
)
def test_any_optimizer_goes_on_as_if_it_had_not_stopped(opt_func: Any, tmp_path: Path) -> None:
    def trained(parts: list[int]) -> nn.Linear:
        model, optimizer, done = nn.Linear(3, 2), None, 0
        with torch.no_grad():
            model.weight.copy_(torch.arange(6.0).view(2, 3) / 7)
            model.bias.zero_()
        for steps in parts:
            settings = {"momentum": 0.9} if opt_func is torch.optim.SGD else {}
            again = opt_func(model.parameters(), lr=0.01, **settings)
            learn: Any = _Like(model, again)
            if optimizer is not None:
                run = Checkpoints(tmp_path / opt_func.__name__)
                kept: Any = _Like(model, optimizer)
                assert run.save(kept, [PLAN], 1, finished=False)
                saved = run.load()
                assert saved is not None
                restore_training(learn, saved)
            optimizer = again
            for number in range(done, done + steps):
                optimizer.zero_grad()
                (model(torch.ones(1, 3)) - number % 3).square().sum().backward()
                optimizer.step()
            done += steps
        return model

    assert torch.equal(trained([3, 4]).weight, trained([7]).weight)
    assert not torch.equal(trained([3, 3]).weight, trained([3, 4]).weight)


class _Like:
    """As much of a learner as an optimizer's state needs."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        self.model, self.optimizer = model, optimizer
        self.cbs: list[Callback] = []
        self.recorder = type("Recorder", (), {"state": staticmethod(dict)})()
        self.epochs_trained, self.parts, self.stop = 1, 1, False


def test_weights_that_are_shared_are_kept_once_each_and_come_back(
    learn: Learner[Any], tmp_path: Path
) -> None:
    tied: Any = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    learn.model = tied
    run = Checkpoints(tmp_path / "run")
    assert run.save(learn, [PLAN], 1, finished=False)
    before = tied[0].weight.detach().clone()
    saved = run.load()
    nn.init.zeros_(tied[0].weight)
    assert saved is not None
    restore_weights(learn, saved)
    assert torch.equal(tied[1].weight, before)


def test_the_weights_of_another_model_are_refused(learn: Learner[Any], tmp_path: Path) -> None:
    run = Checkpoints(tmp_path / "run")
    run.save(learn, [PLAN], 1, finished=False)
    saved = run.load()
    assert saved is not None
    learn.model = tiny_classifier(num_classes=4)
    with pytest.raises(ConfigError, match="another model"):
        restore_weights(learn, saved)


@pytest.mark.parametrize("key", ["format", "run", "file", "blake2b", "plans", "notes", "finished"])
def test_notes_without_a_part_are_no_checkpoint(
    key: str, learn: Learner[Any], tmp_path: Path
) -> None:
    run = Checkpoints(tmp_path / "run")
    run.save(learn, [PLAN], 1, finished=False)
    notes = json.loads((tmp_path / "run" / NOTES).read_text())
    del notes[key]
    (tmp_path / "run" / NOTES).write_text(json.dumps(notes))
    assert run.load() is None


def test_a_run_is_told_from_others_by_data_model_seed_and_batch_size(
    colours: Path,
) -> None:
    def learner(**settings: Any) -> Learner[Any]:
        bs, classes = settings.pop("bs", 8), settings.pop("classes", 3)
        return Learner(tiny_learner(colours).dls.new(bs=bs), tiny_classifier(classes), **settings)

    same = [run_of(learner()), run_of(learner(lr=0.5))]
    others = [
        run_of(learner(**settings))
        for settings in ({"seed": 1}, {"bs": 4}, {"classes": 4}, {"arch": "other"})
    ]
    assert same[0] == same[1]
    assert len({*same, *others}) == 5
