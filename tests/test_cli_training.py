"""``drivetrain train`` under a budget, and when it is killed and gone on with."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import Run, json_lines
from safetensors.torch import load

from drivetrain.bundle import Bundle
from drivetrain.bundle.reader import WEIGHTS

SMALL = ("--size", "32", "--seed", "7")


def weights(bundle: Path) -> dict[str, torch.Tensor]:
    return load(Bundle.open(bundle).members[WEIGHTS])


def killed_at(line: str, command: list[str], folder: Path) -> None:
    """Run a command and kill it when it prints a line that begins so."""
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process.stderr as said:
        assert any(each.startswith(line) for each in said)
        process.kill()
    assert process.wait() == -signal.SIGKILL


def test_a_killed_training_that_is_resumed_ends_with_the_same_weights(
    colours: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "cache"))
    train = ["train", str(colours), *SMALL, "--epochs", "2", "--out"]
    command = [sys.executable, "-m", "drivetrain.cli", *train, "killed.bundle"]
    killed_at("epoch 1/2", command, tmp_path)
    resumed = run(*train, "killed.bundle", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "resumed" in resumed.stderr
    assert "frozen 1/1" not in resumed.stderr
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "other cache"))
    assert run(*train, "whole.bundle").returncode == 0
    found, expected = weights(tmp_path / "killed.bundle"), weights(tmp_path / "whole.bundle")
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_a_budget_is_planned_told_and_ends_in_a_bundle(colours: Path, run: Run) -> None:
    ended = run("train", colours, *SMALL, "--budget", "12s", "--out", "m.bundle", "--json")
    assert ended.returncode == 0, ended.stderr
    (report,) = json_lines(ended.stdout)
    assert report["valid"]["n"] == 7  # type: ignore[index]
    assert "budget" in ended.stderr
    assert "1 frozen view took" in ended.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--budget", "soon"), "budget is 'soon', which is no time"),
        (("--budget", "60", "--epochs", "3"), "budget and epochs were both given"),
        (("--budget", "60", "--resume"), "budget and resume were both given"),
    ],
)
def test_a_budget_that_cannot_be_is_one_line(
    options: tuple[str, ...], said: str, colours: Path, run: Run
) -> None:
    ended = run("train", colours, "--out", "m.bundle", *options)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line
