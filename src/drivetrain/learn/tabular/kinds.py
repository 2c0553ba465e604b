"""Looking at a table before training: what its columns are, and what will hurt."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from drivetrain.data.report.finding import SEVERITIES, Finding
from drivetrain.errors import DataError
from drivetrain.learn.tabular.facts import Facts, facts_of
from drivetrain.learn.tabular.findings import about_rows, copies_of, for_some_time
from drivetrain.learn.tabular.frames import as_frame
from drivetrain.learn.tabular.inference import MAX_CARD, Kind, kind_of, note
from drivetrain.learn.tabular.pictures import NO_PICTURE, Picture, picture_of
from drivetrain.learn.tabular.target_findings import Task, about_target, leaks_of, task_of
from drivetrain.prepare.values import shown

__all__ = ["ColumnLook", "Kind", "TableLook", "Task", "look_at_table"]

MOST_ROWS = 500_000
"""Of larger tables, so many rows are looked at, evenly spread."""

EXAMPLES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnLook:
    """What a column is.

    Arguments:
        name: Its name.
        kind: What it is taken as; ``left out`` where nothing can be learned from it.
        distinct: How many different values it has.
        gaps: How many rows hold nothing.
        examples: Its commonest values.
        findings: What a person should know of it, the most important first.
        picture: How its values are spread.
        alone: How much it alone tells of the target, where that was tried: an AUC, or R².
    """

    name: str
    kind: Kind
    distinct: int
    gaps: int
    examples: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    picture: Picture = NO_PICTURE
    alone: float | None = None


@dataclass(frozen=True, kw_only=True)
class TableLook:
    """What a table holds.

    Arguments:
        rows: How many rows it has.
        columns: Its columns, targets too, in their order.
        targets: The names of what is to be predicted.
        findings: All that a person should know, the most important first.
        tasks: What each target asks for: one of some classes (``category``), or ``numbers``.
        looked_at: How many rows the counts come from; fewer than ``rows`` in a large table.
    """

    rows: int
    columns: tuple[ColumnLook, ...]
    targets: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    looked_at: int = 0

    @property
    def task(self) -> Task | None:
        """What the targets ask for; None without targets, or where they ask for both."""
        asked = set(self.tasks.values())
        return asked.pop() if len(asked) == 1 else None

    def names(self, kind: Kind) -> tuple[str, ...]:
        """The columns of a kind, without the targets."""
        return tuple(
            column.name
            for column in self.columns
            if column.kind == kind and column.name not in self.targets
        )

    def __getitem__(self, name: str) -> ColumnLook:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def as_dict(self) -> dict[str, Any]:
        """The look as JSON holds it."""
        return {
            "rows": self.rows,
            "looked_at": self.looked_at,
            "targets": list(self.targets),
            "tasks": dict(self.tasks),
            "columns": [asdict(column) for column in self.columns],
            "findings": [asdict(finding) for finding in self.findings],
        }


def look_at_table(
    frame: Any,
    targets: str | Sequence[str] = (),
    *,
    max_card: int = MAX_CARD,
    name: str = "the table",
) -> TableLook:
    """Look at a table before a model is trained on it; nothing of it is changed.

    Words are categories, however many there are, unless they are texts: several blanks a value and
    many different values. Numbers are numbers, unless they are whole, of at most ``max_card``
    different values and of 20 rows or more a value: then they are categories, as two values always
    are. Points in time and texts of the form 2013-01-31 are dates. What is the same in every row,
    numbers or names every row, or says exactly what an earlier column says is left out.

    Example:
        >>> import pandas as pd
        >>> ages = [17 + 7 * row % 53 for row in range(60)]
        >>> frame = pd.DataFrame({"age": ages, "sex": ["f", "m"] * 30, "row": range(60)})
        >>> look = look_at_table(frame, "sex")
        >>> look.task, look.names("number"), look.names("left out")
        ('category', ('age',), ('row',))

    Arguments:
        frame: The table, as :func:`~drivetrain.learn.tabular.frames.as_frame` takes it.
        targets: What is to be predicted: the names of columns.
        max_card: How many different whole numbers may be categories.
        name: What the table is called in messages.

    Raises:
        DataError: It is no table, holds nothing, or has no column of a target's name.
    """
    table = as_frame(frame, name=name)
    wanted = (targets,) if isinstance(targets, str) else tuple(dict.fromkeys(targets))
    _check_targets(wanted, [str(each) for each in table.columns], name)
    rows = len(table)
    if rows > MOST_ROWS:
        table = table.iloc[np.linspace(0, rows - 1, MOST_ROWS).astype(np.int64)]
    facts = {str(each): facts_of(table[each].rename(str(each))) for each in table.columns}
    tasks = {target: task_of(facts[target], max_card) for target in wanted}
    kinds = {key: _kind(facts[key], tasks.get(key), max_card) for key in facts}
    for key, copied in copies_of([each for at, each in facts.items() if at not in wanted]):
        if kinds[key][0] != "left out":
            kinds[key] = ("left out", (copied,))
    features = [facts[key] for key, (kind, _) in kinds.items() if key not in wanted
                and kind not in ("left out", "text")]  # fmt: skip
    alone: dict[str, float] = {}
    said: dict[str, list[Finding]] = {key: list(found) for key, (_, found) in kinds.items()}
    for target, task in tasks.items():
        said[target] += about_target(facts[target], task)
        for key, score, finding in leaks_of(features, facts[target], task):
            alone[key] = max(score, alone.get(key, score))
            said[key] += [finding] if finding else []
    for key, gone in for_some_time(features):
        said[key].append(gone)
    columns = tuple(
        ColumnLook(
            name=key,
            kind=kinds[key][0],
            distinct=each.distinct,
            gaps=each.gaps,
            examples=tuple(shown_word(word) for word, _ in each.commonest[:EXAMPLES]),
            findings=_ordered(said[key]),
            picture=picture_of(each, kinds[key][0]),
            alone=alone.get(key),
        )
        for key, each in facts.items()
    )
    of_all = [*(finding for each in columns for finding in each.findings)]
    of_all += about_rows(rows, list(facts.values()))
    if not any(each.kind != "left out" for each in columns if each.name not in wanted):
        what, advice = "No column is left to learn from.", "Check the table, and the target."
        of_all.append(note("problem", "nothing_to_learn_from", len(columns), what, advice))
    return TableLook(
        rows=rows,
        columns=columns,
        targets=wanted,
        findings=_ordered(of_all),
        tasks=tasks,
        looked_at=len(table),
    )


def shown_word(word: str) -> str:
    """A value as lists show it, cut short and without quotes."""
    return shown(word)[1:-1] if len(word) <= 58 else f"{word[:57]}…"


def _check_targets(targets: Sequence[str], names: Sequence[str], table: str) -> None:
    for target in targets:
        if target not in names:
            near = difflib.get_close_matches(target, names, 1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise DataError(
                f"{table} has no column {target!r}.",
                hint=f"{meant}Its columns are: {', '.join(names)}.",
            )


def _kind(facts: Facts, task: Task | None, max_card: int) -> tuple[Kind, tuple[Finding, ...]]:
    if task is None:
        return kind_of(facts, max_card)
    return ("number" if task == "numbers" else "category"), ()


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))
