"""A training that is killed at any moment and resumed ends bit for bit as if it was not."""

from __future__ import annotations

import csv
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_processes import (
    EPOCHS,
    FROZEN_EPOCHS,
    Moments,
    Outcome,
    Process,
    Program,
    assert_same,
    finished,
    learner,
    make_folder,
    noted,
    outcome,
)

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.training import checkpoints

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_folder(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def uninterrupted(photos: Path) -> dict[str, Outcome]:
    """What whole runs come to, by the callbacks that they train with."""
    return {
        stateful: finished(Program(folder=photos, stateful=stateful, share=1e-9))
        for stateful in ("average", "best", "none")
    }


@pytest.fixture
def program(photos: Path, tmp_path: Path) -> Program:
    shutil.copytree(photos / "photos", tmp_path / "photos")
    return Program(folder=tmp_path)


def killed(program: Program) -> None:
    assert Process(program).wait() is None, "the program was to die, and did not"


def resumed(program: Program) -> Outcome:
    return finished(replace(program, resume=True, dies=()))


# ---- killed ---------------------------------------------------------------------------------

MOMENTS = [
    pytest.param(("after_batch", 0, 3), id="in the first frozen epoch"),
    pytest.param(("after_loss", 1, 2), id="in the last frozen epoch"),
    pytest.param(("after_fit", 2, 1), id="between the frozen part and the rest"),
    pytest.param(("after_batch", 2, 2), id="in the first epoch of all"),
    pytest.param(("after_loss", 3, 3), id="in the second epoch of all"),
    pytest.param(("before_validate", 3, 1), id="before validating"),
    pytest.param(("after_epoch", 4, 1), id="after an epoch, before its checkpoint"),
    pytest.param(("after_batch", 4, 2), id="in the last epoch"),
    pytest.param(("after_fit", 5, 1), id="between the last epoch and the end"),
]


@pytest.mark.parametrize("dies", MOMENTS)
def test_a_killed_run_ends_as_an_uninterrupted_one(
    dies: tuple[Any, ...], program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    killed(replace(program, dies=dies))
    found, whole = resumed(program), uninterrupted["average"]
    assert_same(found, whole)
    assert found.batches < whole.batches or dies[1] == 0
    with (program.folder / "history.csv").open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize("stateful", ["best", "none"])
def test_other_callbacks_go_on_exactly_too(
    stateful: str, program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    program = replace(program, stateful=stateful)
    killed(replace(program, dies=("after_batch", 4, 1)))
    found = resumed(program)
    assert_same(found, uninterrupted[stateful])
    assert found.batches < uninterrupted[stateful].batches / 2


STEPS = [
    "amid the tensors",
    "before the tensors are in place",
    "amid the notes",
    "before the notes are in place",
    "after the notes are in place",
    "after clearing up",
]


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_while_a_checkpoint_is_written_goes_on_from_it_or_the_one_before(
    step: str, program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    killed(replace(program, dies=("write", 3, step)))
    found = resumed(program)
    assert_same(found, uninterrupted["average"])
    before = FROZEN_EPOCHS if STEPS.index(step) < 4 else FROZEN_EPOCHS + 1
    assert any(f"{before} " in line or f"epoch {before - 2} of" in line for line in found.said)
    assert not list((program.folder / "cache").rglob("*.new"))


def test_a_run_may_be_killed_again_and_again(
    program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    killed(replace(program, dies=("after_batch", 1, 2)))
    killed(replace(program, resume=True, dies=("after_batch", 3, 1)))
    killed(replace(program, resume=True, dies=("write", 1, "amid the notes")))
    assert_same(resumed(program), uninterrupted["average"])


@pytest.mark.parametrize("seed", range(3))
def test_a_run_killed_at_any_moment_from_outside_ends_the_same(
    seed: int, program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    moment = random.Random(seed).randrange(1, uninterrupted["average"].batches)
    found = Process(program).wait(kill_after=moment)
    found = found or resumed(program)
    assert_same(found, uninterrupted["average"])


def test_checkpoints_that_are_skipped_for_their_time_change_nothing(
    program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    killed(replace(program, dies=("after_batch", 4, 2), share=1e-9))
    found = resumed(program)
    assert_same(found, uninterrupted["average"])
    told = [line for line in found.said if line.startswith("resumed")]
    assert told == [f"resumed: {FROZEN_EPOCHS} epochs were trained before"]


def test_a_run_that_is_over_trains_nothing_and_gives_its_weights_and_rows(
    program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    finished(program)
    found = resumed(program)
    assert_same(found, uninterrupted["average"])
    assert found.batches == 0


@pytest.mark.parametrize("damage", ["cut", "flipped", "other json", "gone"])
def test_a_checkpoint_that_is_not_whole_means_a_start_from_the_beginning(
    damage: str, program: Program, uninterrupted: dict[str, Outcome]
) -> None:
    killed(replace(program, dies=("after_batch", 3, 2)))
    (notes,) = (program.folder / "cache" / "checkpoints").glob("*/checkpoint.json")
    (tensors,) = notes.parent.glob("*.safetensors")
    content = tensors.read_bytes()
    if damage == "cut":
        tensors.write_bytes(content[:-5])
    elif damage == "flipped":
        place = len(content) - 100
        tensors.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
    elif damage == "garbage":
        notes.write_bytes(b"\xff\x00{" + notes.read_bytes())
    elif damage == "empty":
        notes.write_bytes(b"")
    elif damage == "other json":
        notes.write_text('["a list"]')
    else:
        tensors.unlink()
    found = resumed(program)
    assert_same(found, uninterrupted["average"])
    assert found.batches == uninterrupted["average"].batches


# ---- interrupted and resumed in one process ---------------------------------------------------


@pytest.fixture
def notebook(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[Program, Moments, Learner[Any], list[str]]:
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(checkpoints, "SHARE_OF_TIME", 1e9)
    moments = Moments(ctrl_c=True)
    learn = learner(program, moments)
    with noted(learn) as said:
        return program, moments, learn, said


def fine_tune(learn: Learner[Any], *, resume: bool = False) -> None:
    learn.fine_tune(EPOCHS, 0.02, freeze_epochs=FROZEN_EPOCHS, resume=resume)


Notebook = tuple[Program, Moments, Learner[Any], list[str]]


@pytest.mark.parametrize("epoch", range(5))
@pytest.mark.parametrize("kept", [True, False])
def test_a_notebook_goes_on_after_ctrl_c_with_the_same_learner(
    epoch: int, kept: bool, notebook: Notebook, uninterrupted: dict[str, Outcome]
) -> None:
    _, moments, learn, said = notebook
    learn._checkpoints_wanted = kept
    moments.dies = ("after_batch", epoch, 3)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(learn)
    moments.dies = ()
    fine_tune(learn, resume=True)
    assert_same(outcome(learn, moments, said, alone=True), uninterrupted["average"])


def test_ctrl_c_twice_is_gone_on_from_twice(
    notebook: Notebook, uninterrupted: dict[str, Outcome]
) -> None:
    _, moments, learn, said = notebook
    for epoch in (2, 4):
        moments.dies = ("after_batch", epoch, 2)
        with pytest.raises(KeyboardInterrupt):
            fine_tune(learn, resume=epoch > 2)
    moments.dies = ()
    moments.batches = 0
    fine_tune(learn, resume=True)
    found = outcome(learn, moments, said, alone=True)
    assert_same(found, uninterrupted["average"])
    assert found.batches < uninterrupted["average"].batches / 3


def test_the_last_of_several_calls_can_be_gone_on_with_alone(notebook: Notebook) -> None:
    program, moments, learn, _ = notebook
    other = learner(replace(program, settings={"checkpoints": False}), Moments())
    for one in (learn, other):
        one.reporter.quiet = True
        one.fit_one_cycle(2, 0.01)
    moments.dies = ("after_batch", 3, 2)
    with pytest.raises(KeyboardInterrupt):
        learn.fit_one_cycle(2, 0.01)
    moments.dies = ()
    learn.fit_one_cycle(2, 0.01, resume=True)
    other.fit_one_cycle(2, 0.01)
    assert learn.recorder.values == other.recorder.values
    for one, expected in zip(
        learn.model.state_dict().values(), other.model.state_dict().values(), strict=True
    ):
        assert torch.equal(one, expected)


def test_an_old_checkpoint_of_the_same_run_is_not_taken_for_that_of_this_process(
    notebook: Notebook, uninterrupted: dict[str, Outcome]
) -> None:
    program, moments, learn, said = notebook
    killed(replace(program, dies=("after_batch", 4, 1)))
    moments.dies = ("after_batch", 0, 2)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(learn)
    moments.dies, moments.batches = (), 0
    fine_tune(learn, resume=True)
    found = outcome(learn, moments, said, alone=True)
    assert_same(found, uninterrupted["average"])
    assert found.batches == uninterrupted["average"].batches


def test_training_on_without_resume_after_ctrl_c_starts_a_run_of_its_own(
    notebook: Notebook,
) -> None:
    _, moments, learn, _ = notebook
    moments.dies = ("after_batch", 3, 1)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(learn)
    moments.dies = ()
    before = len(learn.recorder)
    learn.fit_one_cycle(1, 0.001)
    assert len(learn.recorder) == before + 1


# ---- what is refused --------------------------------------------------------------------------


@pytest.fixture
def cut_off(notebook: Notebook) -> Notebook:
    """A program that was killed, and a new learner in another process that could go on."""
    program = notebook[0]
    killed(replace(program, dies=("after_batch", 3, 2)))
    return notebook


OTHERS: list[tuple[str, dict[str, Any], Callable[[Learner[Any]], None]]] = [
    ("epochs", {}, lambda learn: learn.fine_tune(4, 0.02, freeze_epochs=2, resume=True)),
    ("epochs", {}, lambda learn: learn.fine_tune(3, 0.02, freeze_epochs=1, resume=True)),
    ("learning rates", {}, lambda learn: learn.fine_tune(3, 0.03, freeze_epochs=2, resume=True)),
    ("pct_start", {}, lambda learn: learn.fine_tune(3, 0.02, 2, pct_start=0.4, resume=True)),
    ("frozen", {}, lambda learn: learn.fit_one_cycle(2, 0.02, resume=True)),
    ("schedule", {}, lambda learn: learn.fit(2, 0.02, resume=True)),
    ("callbacks", {}, lambda learn: learn.fine_tune(3, 0.02, 2, cbs=Callback(), resume=True)),
    ("weight decay", {"wd": 0.1}, partial(fine_tune, resume=True)),
    ("optimizer", {"opt_func": torch.optim.SGD}, partial(fine_tune, resume=True)),
    ("head_passes", {"head_passes": 7}, partial(fine_tune, resume=True)),
    (
        "loss",
        {"loss_func": torch.nn.CrossEntropyLoss(label_smoothing=0.1)},
        partial(fine_tune, resume=True),
    ),
    ("augmentation", {}, partial(fine_tune, resume=True)),
]


@pytest.mark.parametrize(("name", "settings", "train"), OTHERS)
def test_another_training_than_the_one_that_was_cut_off_is_refused_by_name(
    name: str,
    settings: dict[str, Any],
    train: Callable[[Learner[Any]], None],
    cut_off: Notebook,
) -> None:
    _, _, learn, _ = cut_off
    for attribute, value in settings.items():
        setattr(learn, attribute, value)
    if name == "augmentation":
        learn.dls.train.batch_transforms = ()
    with pytest.raises(ConfigError, match=f"had {name} .* go on with") as refused:
        train(learn)
    assert "without resume=True" in str(refused.value.hint)


def test_what_was_refused_can_be_trained_anew(cut_off: Notebook) -> None:
    _, _, learn, _ = cut_off
    with pytest.raises(ConfigError):
        learn.fit(1, 0.02, resume=True)
    learn.fit(1, 0.02)
    assert len(learn.recorder) == 1


@pytest.mark.parametrize("change", ["seed", "data"])
def test_another_run_in_the_same_folder_is_refused(
    change: str, program: Program, tmp_path: Path
) -> None:
    settings = {"checkpoints": tmp_path / "own"}
    killed(replace(program, dies=("after_batch", 3, 2), settings=settings))
    if change == "seed":
        program = replace(program, seed=43)
    else:
        (program.folder / "photos" / "red" / "00.jpg").unlink()
    learn = learner(replace(program, settings=settings), Moments())
    with pytest.raises(ConfigError, match="checkpoint of another run"):
        fine_tune(learn, resume=True)


def test_a_callback_of_ones_own_goes_on_with_its_state(
    notebook: Notebook, uninterrupted: dict[str, Outcome]
) -> None:
    """The state is what was there at the end of the last epoch, tensors included."""

    class Counting(Callback):
        def __init__(self) -> None:
            self.seen, self.total = 0, torch.zeros(2)

        def after_batch(self, learn: Learner[Any]) -> None:
            self.seen += 1
            self.total += float(learn.loss)

        def state(self) -> dict[str, Any]:
            return {"seen": self.seen, "total": self.total}

        def load_state(self, state: dict[str, Any]) -> None:
            self.seen, self.total = state["seen"], state["total"].clone()

    _, moments, learn, _ = notebook
    counting = Counting()
    learn.cbs.append(counting)
    moments.dies = ("after_batch", 3, 2)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(learn)
    moments.dies = ()
    fine_tune(learn, resume=True)
    assert counting.seen == uninterrupted["average"].batches
    expected = torch.zeros(2)
    for loss in uninterrupted["average"].losses:
        expected += loss
    np.testing.assert_array_equal(counting.total, expected)
