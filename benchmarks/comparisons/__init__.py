"""One module a comparison; each takes the workshop and gives sections of the report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benchmarks.comparisons import (
    answer,
    balance,
    browser,
    data,
    errors,
    growth,
    imports,
    petfinder,
    pile,
    start,
    steps,
    table_answer,
    table_scores,
    table_speed,
    train,
    twin,
    verdicts,
)
from benchmarks.report import Section
from benchmarks.workshop import Workshop

Comparison = Callable[[Workshop], Sequence[Section]]

COMPARISONS: dict[str, Comparison] = {
    "train": train.compare,
    "errors": errors.compare,
    "imports": imports.compare,
    "steps": steps.compare,
    "growth": growth.compare,
    "balance": balance.compare,
    "answer": answer.compare,
    "start": start.compare,
    "data": data.compare,
    "pile": pile.compare,
    "verdicts": verdicts.compare,
    "twin": twin.compare,
    "browser": browser.compare,
    "table_speed": table_speed.compare,
    "table_scores": table_scores.compare,
    "petfinder": petfinder.compare,
    "table_answer": table_answer.compare,
}
"""In this order: the first leaves the models that the others ask."""

SECTIONS = (
    "train",
    "epochs",
    "errors",
    "imports",
    "steps",
    "growth",
    "balance",
    "answer",
    "start",
    "memory",
    "data",
    "scale",
    "planted",
    "pile",
    "split",
    "verdicts",
    "near",
    "shift",
    "calibration",
    "twin",
    "browser",
    "table_speed",
    "table_scores",
    "petfinder",
    "table_one",
    "table_many",
)
"""The sections of the page in their order."""
