"""The charts' frame: round numbers, and places inside the picture for whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.card.svg import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Frame, rounded_up, ticks

sizes = st.floats(min_value=1e-9, max_value=1e13)


@given(sizes)
def test_ticks_are_few_and_within(size: float) -> None:
    found = ticks(0.0, size)
    assert 2 <= len(found) <= 7
    assert found[0] == 0.0
    assert found[-1] <= size * (1 + 1e-9)


@given(sizes)
def test_an_axis_ends_not_far_above_the_largest_number(size: float) -> None:
    assert size * (1 - 1e-6) <= rounded_up(size) <= size * 2.0


@given(st.floats(-1e12, 1e12), st.floats(-1e12, 1e12))
def test_every_point_lies_in_the_picture(x: float, y: float) -> None:
    across, up = Frame(x=(0.0, 5.0), y=(-1.0, 1.0)).place((x, y))
    assert LEFT <= across <= WIDTH - RIGHT
    assert TOP <= up <= HEIGHT - BOTTOM


def test_the_corners_lie_in_the_corners() -> None:
    frame = Frame(x=(1.0, 3.0), y=(10.0, 20.0))
    assert frame.place((1.0, 10.0)) == (LEFT, HEIGHT - BOTTOM)
    assert frame.place((3.0, 20.0)) == (WIDTH - RIGHT, TOP)
    assert frame.place((2.0, 15.0))[0] == pytest.approx((LEFT + WIDTH - RIGHT) / 2)
