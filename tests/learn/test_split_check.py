"""How much a random split flatters: leaky embeddings score high shuffled and low in runs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.data.splits.drawn import Split
from drivetrain.learn.split_check import (
    FOLDS,
    Embeddings,
    FoldScores,
    SplitTest,
    Targets,
    contiguous_folds,
    grouped_folds,
    ordered_folds,
    score_folds,
    shuffled_folds,
    split_test,
)

pytestmark = pytest.mark.usefixtures("one_torch_thread")

MODULES, CELLS, SIZE = 20, 12, 256
COUNT = MODULES * CELLS
FILES = [f"cells/cell{number}.png" for number in range(COUNT)]


def leaky(seed: int = 0) -> tuple[Embeddings, Targets]:
    """Cells of solar modules: what a module looks like says nothing of the next module's label."""
    random = np.random.default_rng(seed)
    modules = np.repeat(random.normal(size=(MODULES, SIZE)), CELLS, axis=0)
    cells = modules + random.normal(scale=0.1, size=(COUNT, SIZE))
    labels = random.permutation(np.arange(MODULES) % 2)
    return cells.astype(np.float32), np.repeat(labels, CELLS)


def honest(seed: int = 0) -> tuple[Embeddings, Targets]:
    """Items that are independent of each other, with a label that can be seen."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, 2, COUNT)
    x = random.normal(size=(COUNT, SIZE))
    x[:, :64] += targets[:, None]
    return x.astype(np.float32), targets


def scores(data: tuple[Embeddings, Targets], folds: list[Split], *, classes: int = 2) -> FoldScores:
    return score_folds(*data, folds, classes=classes)


def both_ways(data: tuple[Embeddings, Targets]) -> SplitTest:
    return split_test(*data, files=FILES, classes=2)


def validated(folds: list[Split]) -> list[list[int]]:
    return [valid for _, valid in folds]


# ---- folds ---------------------------------------------------------------------------------


@given(st.integers(FOLDS, 200), st.integers(1, 5), st.integers(0, 1000))
def test_folds_are_disjoint_complete_and_validate_on_every_item_once(
    count: int, classes: int, seed: int
) -> None:
    targets = np.random.default_rng(seed).integers(0, classes, count)
    files = [f"{target}/{number}.jpg" for number, target in enumerate(targets)]
    for folds in (
        shuffled_folds(targets, seed=seed),
        contiguous_folds(files, targets),
        ordered_folds([-number for number in range(count)]),
        grouped_folds([number // 3 for number in range(count)]),
    ):
        assert 1 < len(folds) <= FOLDS
        assert all(sorted(train + valid) == list(range(count)) for train, valid in folds)
        assert sorted(position for _, valid in folds for position in valid) == list(range(count))


def test_contiguous_folds_are_unbroken_runs_and_shuffled_ones_are_not() -> None:
    targets = np.arange(COUNT) % 2
    folds = contiguous_folds(FILES, targets)
    assert all(np.ptp(valid) == len(valid) - 1 for valid in validated(folds))
    assert all(np.ptp(valid) > len(valid) for valid in validated(shuffled_folds(targets)))


def test_names_with_numbers_run_by_their_value() -> None:
    files = [f"{number}.jpg" for number in range(20)]
    folds = contiguous_folds(files[::-1], np.arange(20) % 2)
    assert validated(folds) == [list(range(16 - start, 20 - start)) for start in range(0, 20, 4)]


def test_a_run_is_cut_through_the_folders_of_all_classes_at_the_same_names() -> None:
    targets = np.arange(COUNT) % 2
    files = [f"{'ab'[target]}/{number}.png" for number, target in enumerate(targets)]
    for valid in validated(contiguous_folds(files, targets)):
        assert np.ptp(valid) == len(valid) - 1


def test_where_names_follow_the_classes_each_folder_is_cut_by_itself() -> None:
    targets = np.repeat([0, 1, 2, 3], 10)
    files = [f"{target}/{'abcd'[target]}{number}.png" for number, target in enumerate(targets)]
    for valid in validated(contiguous_folds(files, targets)):
        assert np.bincount(targets[valid]).tolist() == [2, 2, 2, 2]


def test_folds_by_groups_cut_none_and_are_of_even_size() -> None:
    groups = [f"patient {number % 10}" for number in range(100)]
    folds = grouped_folds(groups)
    assert [len(valid) for valid in validated(folds)] == [20] * FOLDS
    for train, valid in folds:
        assert not {groups[place] for place in train} & {groups[place] for place in valid}


def test_one_group_alone_makes_no_fold() -> None:
    assert grouped_folds(["all"] * 10) == []


def test_shuffled_folds_follow_from_their_seed_and_hold_every_class_evenly() -> None:
    targets = np.repeat([0, 1], [40, 10])
    assert shuffled_folds(targets, seed=1) == shuffled_folds(targets, seed=1)
    assert shuffled_folds(targets, seed=1) != shuffled_folds(targets, seed=2)
    for valid in validated(shuffled_folds(targets)):
        assert np.bincount(targets[valid]).tolist() == [8, 2]


# ---- scores --------------------------------------------------------------------------------


def test_leaky_neighbours_are_found_out() -> None:
    test = both_ways(leaky())
    (runs,) = test.blocked
    assert test.random.accuracy > 0.95  # every module was seen in training
    assert runs.accuracy < 0.75  # a coin's share, and what 20 modules scatter around it
    assert runs.balanced_accuracy < test.random.balanced_accuracy
    assert test.flattered_by is runs


def test_the_warning_gives_both_figures_and_says_what_to_do() -> None:
    test = both_ways(leaky())
    assert f"promises {test.random.accuracy:.0%}" in test.warning
    assert f"by file order give {test.blocked[0].accuracy:.0%}" in test.warning
    assert "BlockSplitter" in test.warning
    assert test.as_dict()["warning"] == test.warning
    assert test.as_dict()["random"] == round(test.random.accuracy, 4)


def test_independent_items_score_the_same_both_ways_and_nothing_is_said() -> None:
    test = both_ways(honest())
    assert test.random.accuracy > 0.95
    assert test.random.accuracy == pytest.approx(test.blocked[0].accuracy, abs=0.03)
    assert test.flattered_by is None
    assert test.warning == ""


def test_the_worst_of_several_ways_to_block_is_told() -> None:
    x, targets = leaky()
    shuffled = np.random.default_rng(1).permutation(COUNT)
    test = split_test(
        x[shuffled],
        targets[shuffled],
        files=FILES,
        classes=2,
        orders={"time taken": list(range(COUNT))},
        groups={"camera": [int(place) // CELLS for place in shuffled]},
    )
    assert [scores.by for scores in test.blocked] == ["file order", "time taken", "camera"]
    assert test.flattered_by is test.blocked[2]
    assert "folds by camera give" in test.warning
    assert "GroupSplitter by the camera" in test.warning


def test_few_items_are_no_ground_for_a_warning() -> None:
    """Ten items, of which two differ: twenty points, and less than chance makes of ten items."""

    def fold_scores(by: str, correct: list[bool]) -> FoldScores:
        share = float(np.mean(correct))
        return FoldScores(
            by=by,
            accuracies=(share,),
            balanced=(share,),
            confusion=np.zeros((2, 2), np.int64),
            correct=np.array(correct),
        )

    for repeats, warns in ((1, False), (20, True)):
        random = fold_scores("random", [True] * 10 * repeats)
        runs = fold_scores("file order", [*[True] * 8, False, False] * repeats)
        assert bool(SplitTest(random=random, blocked=(runs,)).warning) is warns


def test_scores_follow_from_the_data_alone_and_leave_random_numbers_alone() -> None:
    data = honest()
    folds = shuffled_folds(data[1])[:1]
    before = np.random.get_state()[1].tolist()  # type: ignore[index]
    first, again = scores(data, folds), scores(data, folds)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]
    assert first.accuracies == again.accuracies
    assert (first.confusion == again.confusion).all()


def test_the_confusion_counts_every_validated_item_under_its_true_class() -> None:
    data = honest()
    found = scores(data, contiguous_folds(FILES, data[1]), classes=3)
    assert len(found.accuracies) == len(found.balanced) == FOLDS
    assert found.confusion.sum(axis=1).tolist() == [*np.bincount(data[1]).tolist(), 0]
    right = found.confusion.trace() / found.confusion.sum()
    assert right == pytest.approx(found.accuracy)  # folds of equal size
    assert found.correct.mean() == pytest.approx(found.accuracy)


def test_a_fold_that_holds_all_of_the_other_class_answers_the_only_one_it_saw() -> None:
    x, _ = honest()
    targets = np.repeat([0, 1], [COUNT - 20, 20])
    folds = [(list(range(COUNT - 20)), list(range(COUNT - 20, COUNT)))]
    assert scores((x, targets), folds).accuracies == (0.0,)


def test_the_means_are_taken_over_the_folds() -> None:
    found = FoldScores(
        by="",
        accuracies=(0.5, 1.0),
        balanced=(0.25, 0.75),
        confusion=np.zeros((2, 2), np.int64),
        correct=np.zeros(0, bool),
    )
    assert (found.accuracy, found.balanced_accuracy) == (0.75, 0.5)


def test_checking_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    data = honest()
    scores(data, contiguous_folds(FILES, data[1])[:1])
    assert capfd.readouterr() == ("", "")
