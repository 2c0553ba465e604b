"""One seed, one result: whatever the number of workers, in whatever process."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from training_processes import Outcome, Program, assert_same, finished, make_folder

from drivetrain.learn.training.seeds import own_random_numbers

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    """Frozen and whole, with augmentation, dropout and averages."""
    return Program(folder=make_folder(tmp_path_factory.mktemp("seeds")), epochs=1)


@pytest.fixture(scope="module")
def expected(program: Program) -> Outcome:
    return finished(program)


@pytest.mark.parametrize("num_workers", [2, 4, None])
def test_one_seed_gives_one_result_whatever_the_number_of_workers(
    num_workers: int | None, program: Program, expected: Outcome
) -> None:
    assert_same(finished(replace(program, num_workers=num_workers)), expected)


def test_another_seed_gives_another_result(program: Program, expected: Outcome) -> None:
    found = finished(replace(program, seed=43))
    assert found.losses != expected.losses
    assert any(
        not np.array_equal(found.weights[name], values) for name, values in expected.weights.items()
    )


def test_a_training_leaves_the_callers_random_numbers_alone(expected: Outcome) -> None:
    assert expected.random_numbers_left_alone


def _numpys() -> list[int]:
    state: Any = np.random.get_state()
    numbers: list[int] = state[1].tolist()
    return numbers


def test_own_random_numbers_follow_from_every_number_and_leave_others_alone() -> None:
    torch.manual_seed(7)
    np.random.seed(7)
    random.seed(7)
    before = torch.get_rng_state(), _numpys(), random.getstate()
    drawn = []
    for follows_from in [(1,), (2,), (1, 0), (1, 1), (2, 1), (1, 1, 2)]:
        with own_random_numbers(*follows_from):
            drawn.append(torch.rand(1).item())
        with own_random_numbers(*follows_from):
            assert torch.rand(1).item() == drawn[-1]
    assert len(set(drawn)) == len(drawn)
    with suppress(KeyError), own_random_numbers(3):
        torch.rand(1)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), before[0])
    assert _numpys() == before[1]
    assert random.getstate() == before[2]
