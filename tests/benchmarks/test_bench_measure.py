from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measure import Line, Run, run
from benchmarks.training import Training
from benchmarks.tree import TreeWatch, descendants, tree_mb

HELD_MB = 80
CHILD = f"held = b'x' * {HELD_MB * 1_000_000}; print('ready', flush=True); input()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-c", {CHILD!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
)
print(child.pid if child.stdout.readline() else 0, flush=True)
input()
child.communicate(chr(10))
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what processes share")


@linux
def test_memory_of_a_process_holds_that_of_those_it_started() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        alone, found = tree_mb(child), descendants(parent.pid)
        with TreeWatch(parent.pid) as watch:
            pass
        parent.communicate("\n")

    assert found == [child]
    assert alone > HELD_MB
    assert watch.peak_mb > alone


@linux
def test_a_run_tells_what_its_processes_held(tmp_path: Path) -> None:
    assert run([sys.executable, "-c", "pass"], cwd=tmp_path).tree_mb > 0


def lines(*events: tuple[float, dict[str, object]]) -> Run:
    return Run([Line(seconds, json.dumps(event)) for seconds, event in events], 60.0, 900.0, 950.0)


def test_the_peer_is_good_when_its_first_good_epoch_ends() -> None:
    training = Training.of_peer(
        lines(
            (4.0, {"event": "begin"}),
            (14.0, {"event": "epoch", "error_rate": 0.06}),
            (15.0, {"event": "begin"}),
            (45.0, {"event": "epoch", "error_rate": 3 / 83}),
            (46.0, {"event": "trained"}),
            (47.0, {"event": "exported"}),
        )
    )

    assert (training.good, training.trained, training.written) == (45.0, 46.0, 47.0)
    assert training.epochs == [10.0, 30.0]
    assert (training.peak_mb, training.tree_mb) == (900.0, 950.0)


def test_ours_is_good_when_the_row_that_is_good_was_written() -> None:
    rows = [
        {"seconds": 8.0, "error_rate": 0.06},
        {"seconds": 20.0, "error_rate": 0.02},
        {"seconds": 21.0, "error_rate": 0.05},
    ]
    training = Training.of_ours(lines((60.0, {"event": "trained", "epochs": rows})))

    assert training.good == 60.0 - 21.0
    assert training.error == 0.05
    assert training.as_dict()["written"] is None


def test_what_never_got_good_has_no_time_in_the_record() -> None:
    rows = [{"seconds": 8.0, "error_rate": 4 / 83}]
    training = Training.of_ours(lines((20.0, {"event": "trained", "epochs": rows})))

    assert training.as_dict()["good"] is None
