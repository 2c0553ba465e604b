"""The learning rate goes up once and down once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import ConfigError
from drivetrain.learn.training.schedule import OneCycle

STARTS = st.floats(0.01, 0.99)
DONE = st.floats(0.0, 1.0)


@given(STARTS, st.floats(1.0, 100.0), st.floats(1.0, 1e6))
def test_the_cycle_starts_low_peaks_at_the_highest_and_ends_lowest(
    pct_start: float, div: float, div_final: float
) -> None:
    cycle = OneCycle(pct_start=pct_start, div=div, div_final=div_final)
    assert cycle.factor(0.0) == pytest.approx(1 / div)
    assert cycle.factor(pct_start) == pytest.approx(1.0)
    assert cycle.factor(1.0) == pytest.approx(1 / div_final, abs=1e-12)


@given(STARTS, DONE, DONE)
def test_the_rate_rises_up_to_the_peak_and_falls_after_it(
    pct_start: float, one: float, other: float
) -> None:
    cycle = OneCycle(pct_start=pct_start)
    earlier, later = sorted((one, other))
    if later <= pct_start:
        assert cycle.factor(earlier) <= cycle.factor(later) + 1e-12
    if earlier >= pct_start:
        assert cycle.factor(earlier) >= cycle.factor(later) - 1e-12


def test_both_halves_are_half_cosines() -> None:
    cycle = OneCycle(pct_start=0.5, div=2.0, div_final=4.0)
    # A half cosine is halfway at its middle, and 1/2 - cos(45°)/2 = 0.146 of the way at a quarter.
    assert cycle.factor(0.25) == pytest.approx(0.75)
    assert cycle.factor(0.125) == pytest.approx(0.5 + 0.5 * 0.1464466)
    assert cycle.factor(0.75) == pytest.approx(0.625)


def optimizer(*rates: float) -> torch.optim.AdamW:
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "max_lr": rate} for rate in rates]
    return torch.optim.AdamW(groups)


def test_every_group_gets_its_own_share_of_its_own_highest_rate() -> None:
    groups = optimizer(1e-3, 1e-1)
    OneCycle(pct_start=0.5, div=2.0).apply(groups, 0.25)
    assert [group["lr"] for group in groups.param_groups] == pytest.approx([0.75e-3, 0.75e-1])


@pytest.mark.parametrize(("done", "momentum"), [(0.0, 0.95), (0.25, 0.85), (1.0, 0.95)])
def test_momentum_is_lowest_where_the_rate_is_highest(done: float, momentum: float) -> None:
    groups = optimizer(1.0)
    OneCycle(pct_start=0.25).apply(groups, done)
    assert groups.param_groups[0]["betas"] == pytest.approx((momentum, 0.999))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pct_start": 0.0}, r"pct_start is 0\.0"),
        ({"pct_start": 1.0}, r"pct_start is 1\.0, and it has to lie between 0 and 1"),
        ({"pct_start": 25}, "pct_start is 25"),
        ({"div": 0.0}, r"div is 0\.0, and it has to be positive"),
        ({"div_final": -1.0}, r"div_final is -1\.0"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        OneCycle(**settings)
