"""How much a random split flatters: leaky embeddings score high shuffled and low in runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.learn.split_check import (
    FOLDS,
    FoldScores,
    contiguous_folds,
    score_folds,
    shuffled_folds,
)
from drivetrain.schema import Vocab

pytestmark = pytest.mark.usefixtures("one_torch_thread")

VOCAB = Vocab(("good", "bad"))
MODULES, CELLS, SIZE = 20, 12, 16


def leaky(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Cells of solar modules: what a module looks like says nothing of the next module's label."""
    random = torch.Generator().manual_seed(seed)
    modules = torch.randn(MODULES, SIZE, generator=random).repeat_interleave(CELLS, dim=0)
    cells = modules + 0.1 * torch.randn(MODULES * CELLS, SIZE, generator=random)
    labels = torch.arange(MODULES) % 2
    return cells, labels[torch.randperm(MODULES, generator=random)].repeat_interleave(CELLS)


def honest(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Items that are independent of each other, with a label that can be seen."""
    random = torch.Generator().manual_seed(seed)
    targets = torch.randint(0, 2, (MODULES * CELLS,), generator=random)
    x = torch.randn(MODULES * CELLS, SIZE, generator=random)
    x[:, 0] += 6.0 * targets
    return x, targets


def scores(data: tuple[Tensor, Tensor]) -> tuple[FoldScores, FoldScores]:
    count = len(data[1])
    shuffled, contiguous = (
        score_folds(*data, VOCAB, folds)
        for folds in (shuffled_folds(count), contiguous_folds(count))
    )
    return shuffled, contiguous


@given(st.integers(FOLDS, 200), st.integers(0, 1000))
def test_folds_are_disjoint_complete_and_validate_on_every_item_once(count: int, seed: int) -> None:
    for folds in (shuffled_folds(count, seed=seed), contiguous_folds(count)):
        assert len(folds) == FOLDS
        assert all(sorted(train + valid) == list(range(count)) for train, valid in folds)
        assert sorted(position for _, valid in folds for position in valid) == list(range(count))


def test_contiguous_folds_are_unbroken_runs_and_shuffled_ones_are_not() -> None:
    assert all(np.ptp(valid) == len(valid) - 1 for _, valid in contiguous_folds(100))
    assert all(np.ptp(valid) > len(valid) for _, valid in shuffled_folds(100))


def test_shuffled_folds_follow_from_their_seed() -> None:
    assert shuffled_folds(50, seed=1) == shuffled_folds(50, seed=1)
    assert shuffled_folds(50, seed=1) != shuffled_folds(50, seed=2)


def test_leaky_neighbours_are_found_out() -> None:
    shuffled, contiguous = scores(leaky())
    assert shuffled.accuracy > 0.95  # every module was seen in training
    assert contiguous.accuracy < 0.75  # a coin's share, and what 20 modules scatter around it
    assert contiguous.balanced_accuracy < shuffled.balanced_accuracy


def test_independent_items_score_the_same_both_ways() -> None:
    shuffled, contiguous = scores(honest())
    assert shuffled.accuracy > 0.95
    assert shuffled.accuracy == pytest.approx(contiguous.accuracy, abs=0.03)


def test_scores_follow_from_the_seed_and_leave_the_callers_random_numbers_alone() -> None:
    data, folds = honest(), shuffled_folds(MODULES * CELLS)[:1]
    before = torch.random.get_rng_state()
    first = score_folds(*data, VOCAB, folds, seed=3)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(99)
    again = score_folds(*data, VOCAB, folds, seed=3)
    assert first.accuracies == again.accuracies
    assert (first.confusion == again.confusion).all()


def test_the_confusion_counts_every_validated_item_under_its_true_class() -> None:
    x, targets = honest()
    found = score_folds(x, targets, VOCAB, contiguous_folds(len(targets)))
    assert len(found.accuracies) == len(found.balanced) == FOLDS
    assert found.confusion.sum(axis=1).tolist() == torch.bincount(targets).tolist()
    right = found.confusion.trace() / found.confusion.sum()
    assert right == pytest.approx(found.accuracy)  # folds of equal size


def test_the_means_are_taken_over_the_folds() -> None:
    found = FoldScores(
        accuracies=(0.5, 1.0), balanced=(0.25, 0.75), confusion=np.zeros((2, 2), np.int64)
    )
    assert (found.accuracy, found.balanced_accuracy) == (0.75, 0.5)


def test_checking_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    x, targets = honest()
    score_folds(x, targets, VOCAB, contiguous_folds(len(targets))[:1])
    assert capfd.readouterr() == ("", "")
