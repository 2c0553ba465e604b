"""Both sides are disjoint and complete, the seed decides them, and groups are never cut."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivetrain.data import BlockSplitter, GroupSplitter, RandomSplitter
from drivetrain.data.splits.drawing import components
from drivetrain.data.splits.drawn import Split, Splitter, pairs_across, split_items
from drivetrain.errors import ConfigError, DataError

COUNTS = st.integers(2, 300)
SHARES = st.floats(0.001, 0.999)
SEEDS = st.integers(0, 2**32)
TOGETHER = st.integers(2, 60).flatmap(
    lambda count: st.lists(st.integers(0, 30), min_size=count, max_size=count)
)


def largest(together: Sequence[Any]) -> int:
    return Counter(together).most_common(1)[0][1]


def assert_none_is_cut(split: Split, together: Sequence[Any]) -> None:
    train, valid = ({together[position] for position in side} for side in split)
    assert not train & valid


def assert_both_sides_hold_everything_once(split: Split, count: int) -> None:
    train, valid = split
    assert sorted(train + valid) == list(range(count))
    assert train == sorted(train)
    assert valid == sorted(valid)
    assert train
    assert valid


@given(COUNTS, SHARES, SEEDS)
def test_a_random_split_is_disjoint_complete_and_of_the_share_asked_for(
    count: int, share: float, seed: int
) -> None:
    split = RandomSplitter(valid_pct=share, seed=seed)(range(count))
    assert_both_sides_hold_everything_once(split, count)
    assert len(split[1]) == min(count - 1, max(1, int(count * share)))
    assert all(type(position) is int for position in split[0] + split[1])


@given(COUNTS, SHARES, SEEDS)
def test_the_seed_alone_decides_a_random_split(count: int, share: float, seed: int) -> None:
    splitter = RandomSplitter(valid_pct=share, seed=seed)
    names = [f"{number}.jpg" for number in range(count)]
    np.random.seed(7)
    once = splitter(names)
    np.random.seed(8)
    assert RandomSplitter(valid_pct=share, seed=seed)(range(count)) == splitter(names) == once


def test_a_split_is_the_same_on_every_system() -> None:
    assert RandomSplitter(valid_pct=0.3, seed=42)(range(10))[1] == [0, 5, 6]


def test_another_seed_is_another_split_and_every_item_gets_its_turn() -> None:
    sides = [tuple(RandomSplitter(valid_pct=0.2, seed=seed)(range(20))[1]) for seed in range(60)]
    assert len(set(sides)) > 50  # of 4845 possible ones
    assert {position for side in sides for position in side} == set(range(20))


@given(TOGETHER, SHARES, SEEDS)
def test_items_that_belong_together_are_never_cut_and_the_share_is_nearly_met(
    together: list[int], share: float, seed: int
) -> None:
    assume(len(set(together)) > 1)
    count = len(together)
    splitter = RandomSplitter(valid_pct=share, seed=seed)
    split = splitter.draw(range(count), together=together)
    assert_both_sides_hold_everything_once(split, count)
    assert_none_is_cut(split, together)
    assert split == splitter.draw(range(count), together=together)
    wanted = min(count - 1, max(1, int(count * share)))
    assert abs(len(split[1]) - wanted) < largest(together)


@given(COUNTS, SHARES, SEEDS)
def test_items_that_all_stand_alone_are_split_as_ever(count: int, share: float, seed: int) -> None:
    splitter = RandomSplitter(valid_pct=share, seed=seed)
    alone = splitter.draw(range(count), together=[7 * number for number in range(count)])
    assert alone == splitter.draw(range(count)) == splitter(range(count))


def test_small_components_of_a_large_set_leave_the_share_as_it_was() -> None:
    together = [number // 3 for number in range(900)]
    _, valid = RandomSplitter(0.2, seed=3).draw(range(900), together=together)
    assert len(valid) == 180


def test_a_component_that_would_overshoot_by_far_is_passed_over() -> None:
    together = [0] * 60 + list(range(1, 41))  # 60 of one kind, 40 alone; 20 are wanted
    for seed in range(30):
        _, valid = RandomSplitter(0.2, seed=seed).draw(range(100), together=together)
        assert len(valid) == 20
        assert valid[0] >= 60


def test_with_two_large_components_the_smaller_validates() -> None:
    for seed in range(20):
        split = RandomSplitter(0.1, seed=seed).draw(range(50), together=[0] * 30 + [1] * 20)
        assert split == (list(range(30)), list(range(30, 50)))


def test_items_that_all_hang_together_are_refused() -> None:
    with pytest.raises(DataError, match=r"All 4 items hang together, .*Collect photos of other"):
        RandomSplitter().draw("abcd", together=[5, 5, 5, 5])


def test_a_number_that_is_missing_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"There are 4 items, and 2 numbers"):
        RandomSplitter().draw("abcd", together=[0, 1])


@given(TOGETHER, SHARES, SEEDS)
def test_groups_are_never_cut_and_their_share_is_nearly_met(
    keys: list[int], share: float, seed: int
) -> None:
    assume(len(set(keys)) > 1)
    splitter = GroupSplitter(by=lambda item: item[1], valid_pct=share, seed=seed)
    items = list(enumerate(keys))
    split = splitter(items)
    assert_both_sides_hold_everything_once(split, len(keys))
    assert_none_is_cut(split, keys)
    assert split == splitter.draw(items) == splitter.draw(items, together=range(len(keys)))
    wanted = min(len(keys) - 1, max(1, int(len(keys) * share)))
    assert abs(len(split[1]) - wanted) < largest(keys)


@given(TOGETHER, SEEDS, st.randoms(use_true_random=False))
def test_the_same_groups_validate_in_whatever_order_the_items_come(
    keys: list[int], seed: int, random: Any
) -> None:
    assume(len(set(keys)) > 1)
    splitter = GroupSplitter(by=int, seed=seed)
    shuffled = random.sample(keys, len(keys))
    validating = [{items[at] for at in splitter(items)[1]} for items in (keys, shuffled)]
    assert validating[0] == validating[1]


@given(TOGETHER, st.data())
def test_groups_that_share_a_likeness_land_on_one_side(
    keys: list[int], data: st.DataObject
) -> None:
    together = data.draw(st.lists(st.integers(0, 30), min_size=len(keys), max_size=len(keys)))
    assume(len(set(components(len(keys), keys, together))) > 1)
    split = GroupSplitter(by=lambda at: keys[at]).draw(range(len(keys)), together=together)
    assert_both_sides_hold_everything_once(split, len(keys))
    assert_none_is_cut(split, keys)
    assert_none_is_cut(split, together)


def test_a_chain_of_groups_and_likenesses_is_one_component() -> None:
    # a - b by the likeness 0, b - c by the likeness 1; only d is free.
    keys, together = "aabbccdd", [9, 0, 0, 1, 1, 8, 7, 6]
    split = GroupSplitter(by=str, valid_pct=0.25).draw(keys, together=together)
    assert split == ([0, 1, 2, 3, 4, 5], [6, 7])


def test_keys_of_different_kinds_and_hash_seeds_give_one_split() -> None:
    program = (
        "from drivetrain.data import GroupSplitter as G, TrainTestSplitter as T\n"
        "names = [f'patient {n % 17}' for n in range(90)]\n"
        "print(G(by=str, seed=5)(names)[1], T(stratify=names, test_size=0.3)(names)[1])"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert printed[0] == printed[1] != ""


def test_an_item_without_a_group_is_named() -> None:
    for nothing in (None, float("nan")):
        with pytest.raises(DataError, match=rf"by returned {nothing} for b\..*needs a group"):
            GroupSplitter(by={"a": 1, "b": nothing}.get)("ab")


def test_a_failing_key_names_the_item_and_the_reason() -> None:
    with pytest.raises(DataError, match=r"by failed on b: KeyError: 'b'"):
        GroupSplitter(by={"a": 1}.__getitem__)("ab")


def test_one_group_alone_is_refused_with_its_name() -> None:
    with pytest.raises(DataError, match=r"All 3 items are of one group \('ann'\)"):
        GroupSplitter(by=lambda _: "ann")("abc")


def test_a_splitter_of_ones_own_is_called_with_the_items_alone() -> None:
    def halves(items: Sequence[Any]) -> Any:
        middle = len(items) // 2
        return np.arange(middle), tuple(range(middle, len(items)))

    split = split_items(halves, "abcd", together=[0, 0, 0, 1], labels="xyxy")
    assert split == ([0, 1], [2, 3])
    assert all(type(position) is int for side in split for position in side)


def test_what_belongs_together_reaches_a_splitter_that_draws() -> None:
    together = [0, 0, 0, 1, 1, 1]
    for splitter in (RandomSplitter(0.4, seed=1), GroupSplitter(by=int, valid_pct=0.4)):
        assert_none_is_cut(split_items(splitter, range(6), together=together), together)


def fails(items: Sequence[Any]) -> Split:
    raise KeyError(len(items))


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (fails, "The splitter failed: KeyError: 3"),
        (lambda _: [0, 1, 2], "something else than two lists of positions"),
        (lambda _: ([0.5], [1]), "something else than two lists of positions"),
        (lambda _: None, "something else than two lists of positions"),
        (lambda _: ([0, 1], [3]), "returned position 3, and there are 3 items"),
        (lambda _: ([0, 1], [-1]), "returned position -1, and there are 3 items"),
    ],
)
def test_a_splitter_that_fails_or_returns_no_positions_is_refused(
    splitter: Splitter, message: str
) -> None:
    with pytest.raises(DataError, match=message) as refused:
        split_items(splitter, "abc")
    assert refused.value.hint


def test_an_error_with_a_hint_of_its_own_is_passed_on() -> None:
    with pytest.raises(ConfigError, match="there are 5 blocks of 2"):
        split_items(BlockSplitter(0.2, block=9), range(10))


def test_pairs_across_are_counted_in_both_directions() -> None:
    split = ([0, 1, 2], [3, 4])
    assert pairs_across(split, []) == 0
    assert pairs_across(split, [(0, 1), (3, 4)]) == 0
    assert pairs_across(split, [(0, 3), (4, 1), (1, 2), (2, 9)]) == 2


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 20, float("nan"), "0.2", None])
@pytest.mark.parametrize("splitter", [RandomSplitter, partial(GroupSplitter, str)])
def test_a_share_outside_0_to_1_is_refused_where_it_is_given(splitter: Any, share: Any) -> None:
    with pytest.raises(ConfigError, match=rf"valid_pct is {share!r}, .*0\.2 keeps a fifth"):
        splitter(valid_pct=share)


@pytest.mark.parametrize("seed", [-1, 0.5, "42", True])
@pytest.mark.parametrize("splitter", [RandomSplitter, partial(GroupSplitter, str)])
def test_a_seed_that_is_no_whole_number_is_refused(splitter: Any, seed: Any) -> None:
    with pytest.raises(ConfigError, match=rf"seed is {seed!r}, .*whole number from 0"):
        splitter(seed=seed)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("splitter", [RandomSplitter(), GroupSplitter(str)])
def test_too_few_items_for_two_sides_are_refused(splitter: Any, count: int) -> None:
    with pytest.raises(DataError, match=rf"^{count} items cannot be split .*Collect more"):
        splitter(range(count))
