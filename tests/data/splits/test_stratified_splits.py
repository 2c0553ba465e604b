"""Every class has its share on both sides, and what belongs together stays together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.data import RandomSplitter, TrainTestSplitter
from drivetrain.data.splits.drawn import Split, split_items
from drivetrain.errors import ConfigError, DataError

LABELS = st.lists(st.sampled_from("aaaaaaabbbbccd"), min_size=2, max_size=120)
SHARES = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 2**32)


def assert_both_sides_hold_everything_once(split: Split, count: int) -> None:
    train, valid = split
    assert sorted(train + valid) == list(range(count))
    assert train == sorted(train)
    assert valid == sorted(valid)
    assert train
    assert valid


def labels_of(side: list[int], labels: Sequence[Any]) -> Counter[Any]:
    return Counter(labels[position] for position in side)


@given(LABELS, SHARES, SEEDS)
def test_every_class_of_two_or_more_is_on_both_sides_with_its_share(
    labels: list[str], share: float, seed: int
) -> None:
    split = TrainTestSplitter(test_size=share, random_state=seed, stratify=labels)(labels)
    assert_both_sides_hold_everything_once(split, len(labels))
    train, valid = (labels_of(side, labels) for side in split)
    alone = [label for label, count in Counter(labels).items() if count == 1]
    several = Counter(label for label in labels if label not in alone)
    for label in several:
        assert train[label]
        assert valid[label]
    wanted = min(len(labels) - 1, max(1, int(len(labels) * share)))
    if several:
        assert not any(valid[label] for label in alone)
        assert sum(valid.values()) == min(
            max(wanted, len(several)), sum(several.values()) - len(several)
        )


@given(LABELS, SHARES, SEEDS)
def test_the_labels_may_come_from_the_block_and_the_seed_alone_decides(
    labels: list[str], share: float, seed: int
) -> None:
    told = TrainTestSplitter(test_size=share, random_state=seed, stratify=labels)
    left = TrainTestSplitter(test_size=share, random_state=seed)
    split = told(labels)
    assert split == told.draw(labels) == split_items(left, labels, labels=labels)
    assert split == left.draw(labels, labels=labels, together=range(len(labels)))


@given(LABELS, SHARES, SEEDS, st.data())
def test_what_belongs_together_is_never_cut_across_classes_either(
    labels: list[str], share: float, seed: int, data: st.DataObject
) -> None:
    numbers = st.lists(st.integers(0, 40), min_size=len(labels), max_size=len(labels))
    together = data.draw(numbers.filter(lambda drawn: len(set(drawn)) > 1))
    splitter = TrainTestSplitter(test_size=share, random_state=seed)
    split = splitter.draw(labels, labels=labels, together=together)
    assert_both_sides_hold_everything_once(split, len(labels))
    train, valid = ({together[position] for position in side} for side in split)
    assert not train & valid


def test_a_share_of_pairs_is_met_in_every_class() -> None:
    labels = ["a"] * 200 + ["b"] * 100 + ["c"] * 40
    together = [number // 2 for number in range(340)]
    for seed in range(10):
        splitter = TrainTestSplitter(test_size=0.2, random_state=seed)
        _, valid = splitter.draw(labels, labels=labels, together=together)
        assert labels_of(valid, labels) == {"a": 40, "b": 20, "c": 8}


def test_a_class_of_one_component_trains() -> None:
    labels, together = "aaaabb", [0, 1, 2, 3, 4, 4]
    for seed in range(10):
        train, _ = TrainTestSplitter(random_state=seed).draw(
            labels, labels=labels, together=together
        )
        assert {4, 5} <= set(train)


def test_another_seed_is_another_split_of_the_same_shares() -> None:
    labels = "a" * 20 + "b" * 10
    sides = [TrainTestSplitter(random_state=seed, stratify=labels)(labels)[1] for seed in range(40)]
    assert len({tuple(side) for side in sides}) > 30  # of 218,025 possible ones
    assert all(labels_of(side, labels) == {"a": 4, "b": 2} for side in sides)


@given(st.integers(2, 200), SHARES, SEEDS)
def test_without_classes_it_is_a_random_splitter(count: int, share: float, seed: int) -> None:
    plain = TrainTestSplitter(test_size=share, random_state=seed, stratify=None)
    assert plain(range(count)) == RandomSplitter(share, seed)(range(count))
    measured = [0.5, 0.5] + [float(number) for number in range(count - 2)]
    by_block = TrainTestSplitter(test_size=share, random_state=seed)
    assert by_block.draw(range(count), labels=measured) == plain(range(count))


def test_lists_of_labels_give_every_label_its_share() -> None:
    rng = np.random.default_rng(0)
    labels = [[name for name in "abcd" if rng.random() < 0.3] for _ in range(300)] + [["rare"]] * 5
    train, valid = TrainTestSplitter(test_size=0.2).draw(labels, labels=labels)
    assert sorted(train + valid) == list(range(305))
    assert len(valid) == pytest.approx(61, abs=6)
    counts = Counter(name for label in labels for name in label)
    held = Counter(name for position in valid for name in labels[position])
    assert held["rare"] == 1
    assert all(held[name] == pytest.approx(counts[name] / 5, abs=4) for name in "abcd")


def test_a_rare_label_beside_a_frequent_one_keeps_its_share() -> None:
    labels = [["a", "rare"]] * 20 + [["a"]] * 180
    for seed in range(10):
        _, valid = TrainTestSplitter(0.2, random_state=seed, stratify=labels)(labels)
        assert len(valid) == 40
        assert sum(position < 20 for position in valid) == 4


def test_without_shuffle_the_last_of_each_class_validate() -> None:
    labels = "abababababab"
    splitter = TrainTestSplitter(test_size=4, stratify=labels, shuffle=False)
    assert splitter(labels)[1] == [8, 9, 10, 11]
    assert TrainTestSplitter(0.25, stratify=None, shuffle=False)(range(8))[1] == [6, 7]


@pytest.mark.parametrize(
    ("sizes", "train_count", "valid_count"),
    [
        ({"test_size": 10}, 90, 10),
        ({"test_size": None, "train_size": 0.7}, 70, 30),
        ({"test_size": None, "train_size": 70}, 70, 30),
        ({"test_size": 0.3, "train_size": 0.7}, 70, 30),
        ({"test_size": 0.2, "train_size": 0.5}, 50, 20),
        ({"test_size": 5, "train_size": 10}, 10, 5),
    ],
)
def test_sizes_are_shares_or_counts_and_what_neither_takes_is_left_out(
    sizes: dict[str, Any], train_count: int, valid_count: int
) -> None:
    labels = "a" * 60 + "b" * 40
    train, valid = TrainTestSplitter(**sizes, stratify=labels)(labels)
    assert (len(train), len(valid)) == (train_count, valid_count)
    assert not set(train) & set(valid)
    assert labels_of(train, labels)["a"] == round(0.6 * train_count)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"test_size": 0.0}, r"test_size is 0\.0, and it has to lie between 0 and 1"),
        ({"test_size": 0}, r"test_size is 0, and it has to lie between 0 and 1"),
        ({"test_size": 1.0}, r"test_size is 1\.0"),
        ({"train_size": "half"}, r"train_size is 'half'"),
        ({"test_size": None}, r"test_size and train_size are both None"),
        ({"random_state": -3}, r"random_state is -3"),
        ({"test_size": 4}, r"test_size is 4, and there are 4 items for both sides"),
        ({"train_size": 0.9}, r"train_size 0\.9 and test_size 0\.2 are more than all"),
        (
            {"test_size": 3, "train_size": 3},
            r"3 and 3 items, and there are 4\. Give test_size=None",
        ),
        ({"stratify": "ab"}, r"stratify holds 2 labels, and there are 4 items"),
        ({"stratify": True}, r"given no labels .*Give stratify=labels"),
        ({"stratify": ["a", None, "a", "b"]}, r"holds no label for item 1"),
    ],
)
def test_what_cannot_work_is_refused_with_the_way_out(sizes: dict[str, Any], message: str) -> None:
    with pytest.raises((ConfigError, DataError), match=message) as refused:
        TrainTestSplitter(**({"stratify": None} | sizes))("abcd")
    assert refused.value.hint


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_items_for_two_sides_are_refused(count: int) -> None:
    with pytest.raises(DataError, match=rf"^{count} items cannot be split .*Collect more"):
        TrainTestSplitter(stratify=None)(range(count))
