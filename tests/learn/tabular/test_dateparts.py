"""The lesson's helpers: their names, their values, what they refuse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from drivetrain.errors import DataError
from drivetrain.learn.tabular.dateparts import PARTS, TIMES, add_datepart, cont_cat_split


def days() -> list[datetime]:
    """Days over leap years and turns of the year, each with a time."""
    start = datetime(2011, 12, 25, 1, 2, 3)
    return [start + timedelta(days=step, minutes=7 * step) for step in range(0, 1900, 3)]


def wanted(when: datetime) -> dict[str, float]:
    """The parts by the standard library's calendar."""
    tomorrow, quarters = when + timedelta(days=1), (1, 4, 7, 10)
    ends, starts = tomorrow.day == 1, when.day == 1
    return {
        "Year": when.year, "Month": when.month, "Week": when.isocalendar().week, "Day": when.day,
        "Dayofweek": when.weekday(), "Dayofyear": when.timetuple().tm_yday,
        "Is_month_end": ends, "Is_month_start": starts,
        "Is_quarter_end": ends and tomorrow.month in quarters,
        "Is_quarter_start": starts and when.month in quarters,
        "Is_year_end": ends and tomorrow.month == 1, "Is_year_start": starts and when.month == 1,
        "Hour": when.hour, "Minute": when.minute, "Second": when.second,
        "Elapsed": when.replace(tzinfo=UTC).timestamp(),
    }  # fmt: skip


@pytest.mark.parametrize("unit", ["s", "us", "ns"])
def test_every_part_is_that_of_the_calendar_whatever_unit_pandas_keeps(unit: str) -> None:
    frame = pd.DataFrame({"saledate": np.array(days(), f"datetime64[{unit}]")})
    made = add_datepart(frame, "saledate", time=True)
    for row, when in enumerate(days()):
        assert made.iloc[row].to_dict() == {f"sale{k}": v for k, v in wanted(when).items()}


def test_the_table_is_changed_and_given_back_with_the_lessons_names() -> None:
    frame = pd.DataFrame({"x": [1], "Date": ["2013-01-31"]})
    assert add_datepart(frame, "Date") is frame
    assert list(frame.columns) == ["x", *PARTS, "Elapsed"]


def test_prefix_drop_and_time_are_heeded() -> None:
    frame = add_datepart(pd.DataFrame({"when": ["2013-01-31 05:06:07"]}), "when", "w_", False, True)
    assert list(frame.columns) == ["when", *(f"w_{part}" for part in (*PARTS, *TIMES, "Elapsed"))]
    assert [frame[f"w_{part}"].iloc[0] for part in TIMES] == [5, 6, 7]


def test_a_gap_stays_one() -> None:
    frame = add_datepart(pd.DataFrame({"d": ["2013-01-31", None]}), "d")
    assert frame.loc[1, ["dYear", "dWeek", "dElapsed"]].isna().all()
    assert frame["dElapsed"].iloc[0] == 1359590400


def test_a_moment_with_a_zone_counts_from_1970_in_utc_and_has_local_parts() -> None:
    zoned = pd.to_datetime(["2013-06-01T00:30:00+02:00"]).tz_convert("Europe/Zurich")
    frame = add_datepart(pd.DataFrame({"d": zoned}), "d")
    assert (frame["dMonth"].iloc[0], frame["dElapsed"].iloc[0]) == (6, 1370039400)


def test_what_is_no_date_and_what_is_not_there_are_named() -> None:
    with pytest.raises(DataError, match="sold holds something that is no date"):
        add_datepart(pd.DataFrame({"sold": ["yesterdayish"]}), "sold")
    with pytest.raises(DataError, match="no column 'sold'"):
        add_datepart(pd.DataFrame({"when": ["2013-01-31"]}), "sold")


def test_numbers_come_first_and_few_whole_ones_are_categories() -> None:
    frame = pd.DataFrame(
        {
            "real": np.arange(30.0),
            "few": [*range(20), *[0] * 10],
            "many": [*range(21), *[0] * 9],
            "gap": pd.array([None, *range(20), *[0] * 9], dtype="Int64"),
            "truth": [True] * 30,
            "word": ["a", "b"] * 15,
            "y": np.arange(30.0),
        }
    )
    assert cont_cat_split(frame, dep_var="y") == (["real", "many", "gap"], ["few", "truth", "word"])
    numbers, words = cont_cat_split(frame, 5, ["y", "word"])
    assert numbers == ["real", "few", "many", "gap"]
    assert words == ["truth"]
