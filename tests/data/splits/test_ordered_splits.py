"""Splits along the order of the items are unbroken runs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.data import BlockSplitter, EndSplitter
from drivetrain.data.splits.drawn import Split
from drivetrain.errors import ConfigError, DataError

COUNTS = st.integers(2, 300)
SHARES = st.floats(0.001, 0.999)


def assert_both_sides_hold_everything_once(split: Split, count: int) -> None:
    train, valid = split
    assert sorted(train + valid) == list(range(count))
    assert train == sorted(train)
    assert valid == sorted(valid)
    assert train
    assert valid


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


@given(COUNTS, SHARES)
def test_an_end_splitter_takes_the_last_or_the_first_items(count: int, share: float) -> None:
    size = min(count - 1, max(1, int(count * share)))
    last = EndSplitter(valid_pct=share)(range(count))
    first = EndSplitter(valid_pct=share, valid_last=False)(range(count))
    assert_both_sides_hold_everything_once(last, count)
    assert last[1] == list(range(count - size, count))
    assert first[1] == list(range(size))


@pytest.mark.parametrize("share", [0.0, 1.0, -0.2, 20, float("nan"), "0.2", None])
@pytest.mark.parametrize("splitter", [BlockSplitter, EndSplitter])
def test_a_share_outside_0_to_1_is_refused_where_it_is_given(splitter: Any, share: Any) -> None:
    with pytest.raises(ConfigError, match=rf"valid_pct is {share!r}, .*0\.2 keeps a fifth"):
        splitter(valid_pct=share)


@pytest.mark.parametrize("count", [0, 1])
@pytest.mark.parametrize("splitter", [BlockSplitter(), EndSplitter()])
def test_too_few_items_for_two_sides_are_refused(splitter: Any, count: int) -> None:
    with pytest.raises(DataError, match=rf"^{count} items cannot be split .*Collect more"):
        splitter(range(count))
