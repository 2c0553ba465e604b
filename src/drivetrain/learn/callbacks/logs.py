"""Records of a training for other programs: a CSV file, and TensorBoard."""

from __future__ import annotations

import csv
import io
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivetrain.bundle.archive import cannot_write, writing
from drivetrain.errors import ConfigError
from drivetrain.extras import need
from drivetrain.learn.callbacks.base import Callback

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner

FIRST_COLUMN = "epoch"


class CSVLogger(Callback):
    """Writes one line an epoch to a CSV file, and makes sure that it is on the disk.

    The columns are ``epoch``, counted from 0 over all trainings of the learner, and those of
    ``learn.recorder``. Later trainings with the same logger go on in the file; so does one that
    was cut off, without a line that is already there. A column that appears later is added, and
    left empty in earlier lines.

    Example:
        >>> CSVLogger("bears.csv").fname
        'bears.csv'

    Arguments:
        fname: The file, in ``learn.path`` unless the path is absolute.
        append: Whether to keep what is in the file when the first training begins.

    Raises:
        ConfigError: The file is to be kept, and it is no table of epochs.
        OutputError: The file cannot be written.
    """

    order = 80

    def __init__(self, fname: str | os.PathLike[str] = "history.csv", append: bool = False) -> None:
        self.fname, self.append = fname, append
        self._lines_before: int | None = None
        self._cut_off = False
        self._there: set[str] = set()
        self._epoch = 0

    def before_epoch(self, learn: Learner[Any]) -> None:
        """Make the file ready before the first epoch."""
        self._epoch = learn.epochs_trained
        file = Path(learn.path) / self.fname
        if self._cut_off:
            self._cut_off = False
            _complete(file, before=self._epoch)
            lines = _read(file)[1:][self._lines_before :]
            self._there = {line[0] for line in lines if line}
        elif self._lines_before is None:
            if self.append:
                _complete(file)
            else:
                _write(file, "", mode="w")
            self._lines_before = len(_read(file)[1:])

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Write the epoch's line, unless it was written before the training was cut off."""
        file = Path(learn.path) / self.fname
        row = {FIRST_COLUMN: self._epoch} | learn.recorder[-1]
        if str(self._epoch) in self._there:
            return
        header = _with_columns(file, list(row))
        _write(file, _as_csv([[row.get(name, "") for name in header]]), mode="a")

    def state(self) -> dict[str, Any]:
        """How many lines of other trainings the file began with."""
        return {} if self._lines_before is None else {"lines_before": self._lines_before}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on in the file."""
        if state:
            self._lines_before, self._cut_off = state["lines_before"], True


class TensorBoardCallback(Callback):
    """Writes what TensorBoard shows: loss and learning rate a batch, each column an epoch.

    Their names are ``batch/train_loss``, ``batch/lr`` (the highest of all groups) and
    ``epoch/`` with the column; their step is the number of batches so far. A training that was
    cut off goes on in the same folder, and what is done again replaces what was there.

    Example:
        >>> TensorBoardCallback("runs/first").log_dir
        'runs/first'

    Arguments:
        log_dir: The folder; when left out, one named by date and time in ``learn.path/runs``.

    Raises:
        MissingExtraError: The package tensorboard is not installed.
        OutputError: The folder cannot be written.
    """

    order = 80

    def __init__(self, log_dir: str | os.PathLike[str] | None = None) -> None:
        self.log_dir = log_dir
        self._batches = 0
        self._cut_off = False
        self._writer: Any = None

    def before_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """See that what is needed is there."""
        need("tensorboard", purpose="write logs for TensorBoard")

    def before_epoch(self, learn: Learner[Any]) -> None:
        """Open the log before the first epoch."""
        if self._writer is not None:
            return
        if self.log_dir is None:
            self.log_dir = str(Path(learn.path) / "runs" / f"{datetime.now():%Y-%m-%d_%H-%M-%S}")
        done_again_from = self._batches + 1 if self._cut_off else None
        self._cut_off = False
        writer = need("torch.utils.tensorboard", purpose="write logs for TensorBoard")
        try:
            folder = os.fspath(self.log_dir)
            self._writer = writer.SummaryWriter(folder, purge_step=done_again_from)
        except OSError as problem:
            raise cannot_write(Path(self.log_dir), problem) from None

    def after_batch(self, learn: Learner[Any]) -> None:
        """Write the batch's loss and learning rate."""
        self._batches += 1
        rate = max(group["lr"] for group in learn.optimizer.param_groups)
        self._add("batch/train_loss", float(learn.loss.detach()))
        self._add("batch/lr", rate)

    def after_epoch(self, learn: Learner[Any]) -> None:
        """Write the epoch's row, and all that waits, to the disk."""
        for name, value in learn.recorder[-1].items():
            self._add(f"epoch/{name}", value)
        self._writer.flush()

    def after_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """Close the log."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def state(self) -> dict[str, Any]:
        """The folder, and the number of batches so far."""
        return {
            "log_dir": None if self.log_dir is None else os.fspath(self.log_dir),
            "batches": self._batches,
        }

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on in the folder."""
        if state:
            self.log_dir, self._batches = state["log_dir"], state["batches"]
            self._cut_off = True

    def _add(self, name: str, value: float) -> None:
        self._writer.add_scalar(name, value, self._batches)


def _read(file: Path) -> list[list[str]]:
    """The lines of a file, its header first; none when there is no file."""
    try:
        with file.open(encoding="utf-8", newline="") as text:
            lines = list(csv.reader(text))
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise cannot_write(file, problem) from None
    except (UnicodeDecodeError, csv.Error):
        lines = [[]]
    if lines and lines[0][:1] != [FIRST_COLUMN]:
        raise ConfigError(
            f"{file} holds something other than a table whose first column is {FIRST_COLUMN!r}.",
            hint="Give CSVLogger another fname; append=False would replace the file.",
        )
    return lines


def _complete(file: Path, before: int | None = None) -> None:
    """End the last line, or take it out if it is not that of an epoch before this one."""
    lines = _read(file)
    if not lines or file.read_bytes().endswith(b"\n"):
        return
    number = lines[-1][0] if lines[-1] else ""
    whole = len(lines[-1]) == len(lines[0]) and number.isdigit()
    if before is not None and not (whole and int(number) < before):
        lines.pop()
    _replace(file, lines)


def _with_columns(file: Path, names: list[str]) -> list[str]:
    """The header of the file, once it has all of these columns."""
    lines = _read(file)
    before = lines[0] if lines else []
    header = before + [name for name in names if name not in before]
    if header != before:
        longer = [line + [""] * (len(header) - len(line)) for line in lines[1:]]
        _replace(file, [header, *longer])
    return header


def _replace(file: Path, lines: list[list[str]]) -> None:
    with writing(file) as beside:
        _write(beside, _as_csv(lines), mode="w")


def _write(file: Path, text: str, *, mode: str) -> None:
    """Write some lines at once, and wait until they are on the disk."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open(mode, encoding="utf-8", newline="") as lines:
            lines.write(text)
            lines.flush()
            os.fsync(lines.fileno())
    except OSError as problem:
        raise cannot_write(file, problem) from None


def _as_csv(rows: list[list[Any]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
