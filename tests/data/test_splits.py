"""Both sides of a split are disjoint and complete, and the seed alone decides them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivetrain.data import BlockSplitter, IndexSplitter, RandomSplitter
from drivetrain.data.splits import Split
from drivetrain.errors import ConfigError, DataError

COUNTS = st.integers(2, 300)
SHARES = st.floats(0.001, 0.999)
SEEDS = st.integers(0, 2**32)


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


@given(COUNTS, SHARES, st.data())
def test_a_block_is_one_unbroken_run(count: int, share: float, data: st.DataObject) -> None:
    size = min(count - 1, max(1, int(count * share)))
    blocks = -(-count // size)
    block = data.draw(st.integers(-blocks, blocks - 1))
    split = BlockSplitter(valid_pct=share, block=block)(range(count))
    assert_both_sides_hold_everything_once(split, count)
    _, valid = split
    assert valid == list(range(valid[0], valid[0] + size))


@given(COUNTS, SHARES)
def test_the_blocks_together_validate_on_every_item(count: int, share: float) -> None:
    size = min(count - 1, max(1, int(count * share)))
    blocks = [BlockSplitter(share, block)(range(count))[1] for block in range(-(-count // size))]
    assert sorted({position for valid in blocks for position in valid}) == list(range(count))
    assert BlockSplitter(share, -1)(range(count))[1] == blocks[-1]
    assert blocks[-1][-1] == count - 1


@pytest.mark.parametrize("block", [5, -6])
def test_a_block_that_does_not_exist_is_refused_with_their_number(block: int) -> None:
    with pytest.raises(ConfigError, match=rf"block is {block}, and there are 5 blocks of 2"):
        BlockSplitter(valid_pct=0.2, block=block)(range(10))


@given(COUNTS, st.data())
def test_an_index_split_validates_on_the_positions_given(count: int, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.integers(0, count - 1), min_size=1))
    assume(len(set(chosen)) < count)
    split = IndexSplitter(chosen)(range(count))
    assert_both_sides_hold_everything_once(split, count)
    assert set(split[1]) == set(chosen)


def test_an_index_split_takes_any_iterable_and_gives_the_same_split_twice() -> None:
    for positions in ({0, 2}, np.array([2, 0]), (position for position in (2, 0))):
        splitter = IndexSplitter(positions)
        assert splitter("abc") == splitter("abc") == ([1], [0, 2])


@pytest.mark.parametrize("position", [3, -1])
def test_a_position_outside_the_items_is_named(position: int) -> None:
    with pytest.raises(DataError, match=rf"given position {position}, and there are 3 items"):
        IndexSplitter([1, position])("abc")


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 20, float("nan")])
@pytest.mark.parametrize("splitter", [RandomSplitter, BlockSplitter])
def test_a_share_outside_0_to_1_is_refused_where_it_is_given(splitter: Any, share: float) -> None:
    with pytest.raises(ConfigError, match=rf"valid_pct is {share}, .*0\.2 keeps a fifth"):
        splitter(valid_pct=share)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("splitter", [RandomSplitter(), BlockSplitter()])
def test_too_few_items_for_two_sides_are_refused(splitter: Any, count: int) -> None:
    with pytest.raises(DataError, match=rf"^{count} items cannot be split .*Collect more"):
        splitter(range(count))
