"""Logs for other programs: whole lines, nothing twice, nothing lost."""

from __future__ import annotations

import csv
import math
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from fake import FakeLearner, cut_and_resumed

from drivetrain.errors import ConfigError, MissingExtraError, OutputError
from drivetrain.extras import need
from drivetrain.learn.callbacks import Callback, CSVLogger, TensorBoardCallback

pytestmark = pytest.mark.usefixtures("one_torch_thread")

LOSSES = [3.0, 1.0, 0.1 + 0.2, float("nan")]
HEADER = ["epoch", "train_loss", "valid_loss", "seconds"]


def table(file: Path) -> list[list[str]]:
    """The lines of a file, every one of which has to be whole."""
    text = file.read_text()
    assert text == "" or text.endswith("\n")
    return list(csv.reader(text.splitlines()))


def lines_of(learn: FakeLearner, first: int = 0) -> list[list[str]]:
    """What the record should have become."""
    return [
        [str(number), *map(str, row.values())] for number, row in enumerate(learn.recorder, first)
    ]


class Column(Callback):
    """Adds a column from the second epoch on."""

    def after_epoch(self, learn: Any) -> None:
        if learn.epoch > 0:
            learn.recorder[-1]["extra, metric"] = 0.5


# ---- CSV -----------------------------------------------------------------------------------


def test_every_epoch_is_a_line_with_all_digits(tmp_path: Path) -> None:
    learn = FakeLearner([CSVLogger("logs/bears.csv")], path=tmp_path, valid_losses=LOSSES)
    learn.fit(4)
    written = table(tmp_path / "logs" / "bears.csv")
    assert written == [HEADER, *lines_of(learn)]
    assert float(written[3][2]) == 0.1 + 0.2
    assert math.isnan(float(written[4][2]))


class Look(Callback):
    """Reads the file at the end of each epoch."""

    order = 99

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lengths: list[int] = []

    def after_epoch(self, learn: Any) -> None:  # noqa: ARG002
        self.lengths.append(len(table(self.file)))


def test_a_line_is_there_when_its_epoch_ends(tmp_path: Path) -> None:
    look = Look(tmp_path / "history.csv")
    FakeLearner([CSVLogger(), look], path=tmp_path).fit(3)
    assert look.lengths == [2, 3, 4]


def test_the_next_training_goes_on_in_the_file_and_another_logger_begins_anew(
    tmp_path: Path,
) -> None:
    learn = FakeLearner([CSVLogger()], path=tmp_path)
    learn.fit(1)
    learn.fit(2)
    assert table(tmp_path / "history.csv") == [HEADER, *lines_of(learn)]
    other = FakeLearner([CSVLogger()], path=tmp_path)
    other.fit(1)
    assert table(tmp_path / "history.csv") == [HEADER, *lines_of(other)]


@pytest.mark.parametrize("ending", ["\n", ""])
def test_what_was_in_the_file_stays_when_that_is_wanted(ending: str, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_text(f"epoch,accuracy\n0,0.5\n1,0.75{ending}")
    learn = FakeLearner([CSVLogger(append=True)], path=tmp_path)
    learn.fit(2)
    assert table(tmp_path / "history.csv") == [
        ["epoch", "accuracy", *HEADER[1:]],
        ["0", "0.5", "", "", ""],
        ["1", "0.75", "", "", ""],
        *([line[0], "", *line[1:]] for line in lines_of(learn)),
    ]


def test_a_column_that_appears_later_is_empty_before(tmp_path: Path) -> None:
    FakeLearner([Column(), CSVLogger()], path=tmp_path).fit(2)
    written = table(tmp_path / "history.csv")
    assert [line[-1] for line in written] == ["extra, metric", "", "0.5"]
    assert {len(line) for line in written} == {5}


@pytest.mark.parametrize("content", [b"name,age\nBruno,7\n", b"\xff\xfe\x00", b'"epoch\n1'])
def test_a_file_that_is_no_table_of_epochs_is_left_alone(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "history.csv").write_bytes(content)
    with pytest.raises(ConfigError, match=r"history\.csv holds something other"):
        FakeLearner([CSVLogger(append=True)], path=tmp_path).fit(1)
    assert (tmp_path / "history.csv").read_bytes() == content


@pytest.mark.parametrize("append", [False, True])
def test_a_file_that_cannot_be_written_is_told_before_training(
    append: bool, tmp_path: Path
) -> None:
    (tmp_path / "history.csv").mkdir()
    learn = FakeLearner([CSVLogger(append=append)], path=tmp_path)
    with pytest.raises(OutputError, match=r"history\.csv cannot be written"):
        learn.fit(1)
    assert not hasattr(learn, "loss")


@pytest.mark.parametrize("load_first", [True, False])
@pytest.mark.parametrize("append", [False, True])
@pytest.mark.parametrize("checkpoint", [0, 1, 2])
def test_a_resumed_training_writes_each_epoch_once(
    checkpoint: int, append: bool, load_first: bool, tmp_path: Path
) -> None:
    before = [[str(epoch), "9.0", "9.0", "9.0"] for epoch in range(5)]
    (tmp_path / "history.csv").write_text("\n".join(map(",".join, [HEADER, *before])) + "\n")
    cut = FakeLearner([CSVLogger(append=append)], path=tmp_path)
    cut.fit(5, cut_in_epoch=3)  # three lines are there, whichever checkpoint was the last
    seen = table(tmp_path / "history.csv")
    resumed = FakeLearner([CSVLogger(append=append)], path=tmp_path)
    resumed.fit(5, resume_from=cut.checkpoints[checkpoint], load_first=load_first)
    written = table(tmp_path / "history.csv")
    assert written == [HEADER, *(before if append else []), *lines_of(resumed)]
    assert written[: len(seen)] == seen


@pytest.mark.parametrize("left", [0, 1, 5, 30, -1, None])
def test_a_line_that_was_cut_off_is_written_anew_in_a_resumed_training(
    left: int | None, tmp_path: Path
) -> None:
    cut = FakeLearner([CSVLogger()], path=tmp_path)
    cut.fit(3, cut_in_epoch=1)
    file = tmp_path / "history.csv"
    text = file.read_text()
    file.write_text(text + text.splitlines()[1].replace("0", "1", 1)[:left])
    resumed = FakeLearner([CSVLogger()], path=tmp_path)
    resumed.fit(3, resume_from=cut.checkpoints[0])
    assert table(file) == [HEADER, *lines_of(resumed)]


@pytest.mark.parametrize("resume", [True, False])
def test_a_last_line_whose_end_an_editor_took_stays(resume: bool, tmp_path: Path) -> None:
    cut = FakeLearner([CSVLogger(append=True)], path=tmp_path)
    cut.fit(3, cut_in_epoch=1)
    file = tmp_path / "history.csv"
    seen = table(file)
    file.write_text(file.read_text().removesuffix("\n"))
    resumed = FakeLearner([CSVLogger(append=True)], path=tmp_path)
    resumed.fit(3, resume_from=cut.checkpoints[0] if resume else None)
    assert table(file) == [*seen, *lines_of(resumed)[1 if resume else 0 :]]


def test_a_resumed_training_whose_file_is_gone_begins_a_new_one(tmp_path: Path) -> None:
    learn = cut_and_resumed(
        lambda: FakeLearner([CSVLogger()], path=tmp_path), epochs=3, cut=1, load_first=False
    )
    (tmp_path / "history.csv").unlink()
    learn.fit(1)
    assert table(tmp_path / "history.csv") == [HEADER, *lines_of(learn)[-1:]]


KILLED = """
import os, signal, sys
from fake import FakeLearner
from drivetrain.learn.callbacks import Callback, CSVLogger

class Kill(Callback):
    def after_batch(self, learn):
        if learn.epoch == 2:
            os.kill(os.getpid(), signal.SIGKILL)

FakeLearner([CSVLogger(sys.argv[1]), Kill()]).fit(4)
"""


def test_a_killed_process_leaves_a_whole_line_for_every_epoch(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, file],
        cwd=Path(__file__).parent,
        check=False,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    whole = FakeLearner()
    whole.fit(2)
    written = table(file)
    assert [line[0] for line in written] == ["epoch", "0", "1"]
    assert all(math.isfinite(float(value)) for line in written[1:] for value in line)


# ---- TensorBoard ---------------------------------------------------------------------------


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What TensorBoard itself reads: steps and values by name."""
    reader = "tensorboard.backend.event_processing.event_accumulator"
    events = need(reader, purpose="read the logs back").EventAccumulator(str(folder))
    events.Reload()
    return {
        name: [(event.step, event.value) for event in events.Scalars(name)]
        for name in events.Tags()["scalars"]
    }


class Batches(Callback):
    """Notes the loss and the rate of every batch."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.rates: list[float] = []

    def after_batch(self, learn: Any) -> None:
        self.losses.append(float(learn.loss))
        self.rates.append(learn.optimizer.param_groups[0]["lr"])


def test_tensorboard_reads_every_batch_and_every_epoch(tmp_path: Path) -> None:
    batches = Batches()
    learn = FakeLearner([TensorBoardCallback(tmp_path / "run"), batches])
    learn.fit(2)
    learn.fit(1)
    written = scalars(tmp_path / "run")
    assert sorted(written) == [
        "batch/lr",
        "batch/train_loss",
        "epoch/seconds",
        "epoch/train_loss",
        "epoch/valid_loss",
    ]
    steps = list(range(1, 13))
    assert written["batch/train_loss"] == list(zip(steps, map(near, batches.losses), strict=True))
    assert written["batch/lr"] == list(zip(steps, map(near, batches.rates), strict=True))
    valid = [near(row["valid_loss"]) for row in learn.recorder]
    assert written["epoch/valid_loss"] == list(zip([4, 8, 12], valid, strict=True))


def near(value: float) -> Any:
    """TensorBoard keeps float32."""
    return pytest.approx(value, rel=1e-6)


def test_the_folder_is_named_by_the_time_when_none_is_given(tmp_path: Path) -> None:
    callback = TensorBoardCallback()
    FakeLearner([callback], path=tmp_path).fit(1)
    folders = list((tmp_path / "runs").iterdir())
    assert [str(folder) for folder in folders] == [callback.log_dir]
    assert len(scalars(folders[0])["batch/lr"]) == 4


@pytest.mark.parametrize("load_first", [True, False])
def test_a_resumed_log_goes_on_and_replaces_what_is_done_again(
    load_first: bool, tmp_path: Path
) -> None:
    cut = FakeLearner([TensorBoardCallback(tmp_path / "runs" / "first")], path=tmp_path)
    cut.fit(4, cut_in_epoch=3)
    cut.cbs[0].after_fit(cut)  # type: ignore[arg-type]
    resumed = FakeLearner([TensorBoardCallback()], path=tmp_path)
    resumed.fit(4, resume_from=cut.checkpoints[0], load_first=load_first)
    (folder,) = (tmp_path / "runs").iterdir()
    assert len(list(folder.iterdir())) == 2
    written = scalars(folder)
    assert [step for step, _ in written["batch/train_loss"]] == list(range(1, 17))
    valid = [near(row["valid_loss"]) for row in resumed.recorder]
    assert written["epoch/valid_loss"] == list(zip([4, 8, 12, 16], valid, strict=True))


class Fail(Callback):
    """Fails at the end of the second epoch's first batch."""

    order = 99

    def after_batch(self, learn: Any) -> None:
        if learn.epoch == 1:
            raise RuntimeError("no more")


def test_a_training_that_failed_leaves_a_whole_log_and_no_thread(tmp_path: Path) -> None:
    threads = set(threading.enumerate())
    with pytest.raises(RuntimeError):
        FakeLearner([TensorBoardCallback(tmp_path), Fail()]).fit(2)
    assert set(threading.enumerate()) <= threads
    assert len(scalars(tmp_path)["batch/lr"]) == 5


def test_a_missing_tensorboard_is_told_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    learn = FakeLearner([TensorBoardCallback()])
    with pytest.raises(MissingExtraError, match="tensorboard is needed to write logs"):
        learn.fit(1)
    assert not hasattr(learn, "loss")


def test_nothing_of_tensorboard_is_imported_before_it_is_needed() -> None:
    program = "import sys, drivetrain.learn.callbacks; print('tensorboard' in sys.modules)"
    asked = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert asked.stdout == "False\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(OutputError, match=r"runs.* cannot be written"):
        FakeLearner([TensorBoardCallback()], path=tmp_path).fit(1)
