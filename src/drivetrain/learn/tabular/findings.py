"""What is to be said of columns beside each other, and of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from drivetrain.data.report.finding import Finding, count_of
from drivetrain.learn.tabular.facts import Facts
from drivetrain.learn.tabular.inference import gaps_in_time, note


def copies_of(columns: Sequence[Facts]) -> Iterator[tuple[str, Finding]]:
    """Columns that say exactly what an earlier one says, value by value."""
    first: dict[tuple[bytes, int], Facts] = {}
    for facts in columns:
        if not facts.known or facts.holds == "objects":
            continue
        earlier = first.setdefault((facts.codes.tobytes(), facts.distinct), facts)
        if earlier is facts or earlier.words != facts.words:
            continue
        what = f"{facts.name} says in every row what {earlier.name} says; it is left out."
        yield facts.name, note("note", "copy", 1, what)


def repeated_rows(columns: Sequence[Facts]) -> int:
    """How many rows are the same as an earlier one in every column."""
    generator = np.random.default_rng(0)
    mixed = np.zeros(columns[0].rows, np.uint64)
    for facts in columns:
        if facts.holds == "objects":
            return 0
        keys = generator.integers(1, 2**63, facts.distinct + 1, np.uint64)
        mixed += keys[facts.codes]
    return len(mixed) - len(np.unique(mixed))


def for_some_time(features: Sequence[Facts]) -> Iterator[tuple[str, Finding]]:
    """Columns that exist for some time only: in the order of the rows, or of the first dates."""
    if not features:
        return
    orders = [(np.arange(features[0].rows), "the table's order")]
    dates = next((each for each in features if each.holds == "dates" and not each.gaps), None)
    if dates is not None and dates.numbers is not None:
        orders.append((np.argsort(dates.numbers, kind="stable"), f"the order of {dates.name}"))
    for facts in features:
        for order, by in orders:
            finding = gaps_in_time(facts, order, by) if facts.gaps else None
            if finding is not None:
                yield facts.name, finding
                break


def about_rows(rows: int, columns: Sequence[Facts]) -> Iterator[Finding]:
    """What is to be said of the rows.

    Arguments:
        rows: How many there are.
        columns: The columns of those that were looked at.
    """
    looked_at = columns[0].rows
    if looked_at < rows:
        yield note(
            "note", "sampled", looked_at,
            f"Of {rows:,} rows, {looked_at:,} were looked at, evenly spread; what is counted is "
            "counted in those.",
        )  # fmt: skip
    if repeated := repeated_rows(columns):
        yield note(
            "note", "repeated_rows", repeated,
            f"{count_of(repeated, 'row is', 'rows are')} the same as an earlier one in every "
            "column.",
            "Split at random, such rows lie on both sides and flatter the result.",
        )  # fmt: skip
