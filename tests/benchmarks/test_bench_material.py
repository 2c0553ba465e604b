from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmarks.comparisons.errors import _peer, difference, peer_key
from benchmarks.intervals import half_width
from benchmarks.material import Material, draw_originals
from benchmarks.report import PEER_RUNS, Record, Section, Setting
from benchmarks.workshop import Workshop

ORIGINALS, COPIES = {"black": 10, "grizzly": 5, "teddy": 2}, 3
VERSIONS = {"fastai": "2.8.12", "torch": "2.14.1", "torchvision": "0.29.1", "timm": "1.0.31"}


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    folder = tmp_path / "copies"
    for label, count in ORIGINALS.items():
        (folder / label).mkdir(parents=True)
        for original in range(count):
            for number in range(COPIES):
                (folder / label / f"{label}-{original:04d}-{number:03d}.jpg").touch()
    return folder


def test_copies_of_one_original_are_on_one_side(copies: Path) -> None:
    for seed in range(1, 6):
        valid = draw_originals(copies, seed)
        drawn = {name.rpartition("-")[0] for name in valid}

        assert len(valid) == len(set(valid)) == len(drawn) * COPIES
        labels = sorted(name.partition("/")[0] for name in drawn)
        assert labels == ["black", "black", "grizzly", "teddy"]  # a fifth, and at least one


def test_the_seed_alone_draws_the_originals(copies: Path) -> None:
    drawn = [draw_originals(copies, seed) for seed in (1, 1, 2, 3)]

    assert drawn[0] == drawn[1]
    assert len({tuple(valid) for valid in drawn}) > 1


def split_of(tmp_path: Path, names: list[str]) -> Callable[[int], Path]:
    def split(seed: int) -> Path:
        file = tmp_path / f"{seed}.json"
        file.write_text(json.dumps(names))
        return file

    return split


def material(tmp_path: Path, *names: str) -> Material:
    return Material(name="bears", folder=tmp_path, split=split_of(tmp_path, list(names)))


def test_a_run_of_the_peer_has_another_key_when_what_decides_it_changes(tmp_path: Path) -> None:
    first = peer_key(VERSIONS, material(tmp_path, "a/1.jpg", "b/2.jpg"), 1)
    others = {
        peer_key(VERSIONS, material(tmp_path, "a/1.jpg", "b/3.jpg"), 1),
        peer_key(VERSIONS, material(tmp_path, "a/1.jpg", "b/2.jpg"), 2),
        peer_key(VERSIONS | {"torch": "2.15.0"}, material(tmp_path, "a/1.jpg", "b/2.jpg"), 1),
    }

    assert first == peer_key(VERSIONS, material(tmp_path, "b/2.jpg", "a/1.jpg"), 1)
    assert len(others) == 3
    assert first not in others


def test_a_kept_run_of_the_peer_is_not_run_again(tmp_path: Path) -> None:
    record = Record(tmp_path, [])
    bears = material(tmp_path, "a/1.jpg")
    record.keep_peer_run(peer_key(VERSIONS, bears, 1), {"error": 0.25})

    def train_peer(*_: Any, **__: Any) -> None:
        raise AssertionError("it was kept")

    peer = SimpleNamespace(versions=VERSIONS)
    workshop = SimpleNamespace(record=Record(tmp_path, []), peer=peer, train_peer=train_peer)

    assert _peer(cast(Workshop, workshop), bears, 1)["error"] == 0.25


def test_two_processes_that_write_one_record_lose_nothing(tmp_path: Path) -> None:
    first, second = Record(tmp_path, ["speed"]), Record(tmp_path, ["speed"])
    second.keep_peer_run("run 1", {"error": 0.02})
    section = Section(name="speed", title="Speed", columns=["what"], rows=[["all"]], notes="None.")
    first.keep(section, Setting(machine="one", ours={}, peer={}))
    second.keep_peer_run("run 2", {"error": 0.04})

    content = json.loads((tmp_path / "results.json").read_text())
    assert set(content) == {"speed", PEER_RUNS}
    assert set(content[PEER_RUNS]) == {"run 1", "run 2"}
    assert "run 1" not in (tmp_path / "RESULTS.md").read_text()


def test_the_interval_of_a_mean_is_that_of_student() -> None:
    # scipy.stats.t.interval(0.95, 4, 3, sem) of 1, 2, 3, 4, 5 is 3 ± 1.963
    assert half_width([1, 2, 3, 4, 5]) == pytest.approx(1.963, abs=0.005)


def test_the_difference_is_that_of_each_seed() -> None:
    assert difference([0.03, 0.04, 0.05], [0.02, 0.03, 0.04]) == "+1.0 ± 0.0"
    assert difference([0.01], [0.02]) == "-1.0"
