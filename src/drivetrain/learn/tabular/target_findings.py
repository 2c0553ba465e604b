"""What is to be said of a table's targets: what they ask for, and what tells too much of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from drivetrain.data.report.finding import Finding, count_of
from drivetrain.learn.tabular.facts import Facts
from drivetrain.learn.tabular.inference import NEARLY_ALL, few_whole, note, share, told
from drivetrain.learn.tabular.leaking import Alone
from drivetrain.prepare.values import shown

Task = Literal["category", "numbers"]

LEAKING, SUSPICIOUS = 0.99, 0.95
FEWEST_OF_A_CLASS = 5
MANY_CLASSES = 100
IMBALANCE = 100
WORTH_A_NAME = 3
"""Letters from which on a target's name inside another column's says something."""


def task_of(target: Facts, max_card: int) -> Task:
    """What a target asks for: words, truths, and a few whole numbers are classes."""
    if target.holds in ("words", "truths", "nothing", "objects", "dates"):
        return "category"
    return "category" if few_whole(target, max_card) else "numbers"


def about_target(target: Facts, task: Task) -> Iterator[Finding]:
    """What a person should know of a target."""
    name = target.name
    if not target.known:
        yield note("problem", "target", target.rows, f"The target {name} holds nothing.")
        return
    if target.gaps:
        yield note(
            "warning", "target_gaps", target.gaps,
            f"The target {name} is missing in {count_of(target.gaps, 'row')} "
            f"({share(target.gaps, target.rows)}); they are left out of training.",
        )  # fmt: skip
    if target.holds in ("objects", "dates"):
        yield note(
            "problem", "target", target.known,
            f"The target {name} holds {'dates' if target.holds == 'dates' else 'objects'}, such as "
            f"{target.words[0]}; a model predicts classes or numbers.",
            "Make one of them of it, such as the days that pass until then.",
        )  # fmt: skip
        return
    if target.distinct == 1:
        yield note(
            "problem", "target", target.known,
            f"The target {name} is {told(target, target.words[0])} in every row that has one.",
        )  # fmt: skip
        return
    if target.infinite:
        yield note(
            "problem", "infinite", target.infinite,
            f"The target {name} is infinite in {count_of(target.infinite, 'row')}.",
            "Leave those rows out.",
        )  # fmt: skip
    if target.odd:
        yield note(
            "warning", f"mixed_{target.mostly}", len(target.odd),
            f"The target {name} holds {target.mostly}, but also "
            f"{', '.join(shown(word) for word, _ in target.odd[:3])}: so each is a class.",
            "Empty those cells if it is a number that you want.",
        )  # fmt: skip
    if task == "category":
        yield from _about_classes(target)


def _about_classes(target: Facts) -> Iterator[Finding]:
    name = target.name
    if target.distinct >= NEARLY_ALL * target.known or target.distinct > MANY_CLASSES:
        yield note(
            "problem" if target.distinct >= NEARLY_ALL * target.known else "warning",
            "many_classes", target.distinct,
            f"The target {name} has {target.distinct:,} classes in {target.known:,} rows.",
            "Is it the right column? Classes of few rows cannot be learned.",
        )  # fmt: skip
        return
    if target.holds == "numbers":
        yield note(
            "note", "number_classes", target.distinct,
            f"The target {name} has {target.distinct} different numbers, which are taken as "
            f"classes: {', '.join(sorted(target.words, key=float)[:6])}"
            f"{', …' if target.distinct > 6 else ''}.",
        )  # fmt: skip
    small = [(word, count) for word, count in target.commonest if count < FEWEST_OF_A_CLASS]
    if small:
        yield note(
            "warning", "small_classes", len(small),
            f"The target {name} has {count_of(len(small), 'class', 'classes')} of fewer than "
            f"{FEWEST_OF_A_CLASS} rows: "
            f"{', '.join(f'{told(target, word)} ({count})' for word, count in small[:3])}"
            f"{', …' if len(small) > 3 else ''}.",
            "Nothing can be learned or measured with so few: find more, or join classes.",
        )  # fmt: skip
    largest, smallest = target.counts.max(), target.counts.min()
    if largest > IMBALANCE * smallest:
        yield note(
            "note", "imbalance", int(smallest),
            f"The largest class of {name} has {largest // smallest:,} times the rows of the "
            "smallest.",
        )  # fmt: skip


def leaks_of(
    features: Sequence[Facts], target: Facts, task: Task
) -> Iterator[tuple[str, float, Finding | None]]:
    """For each column how much it alone tells of a target, and whether that is too much.

    Arguments:
        features: The columns.
        target: The target.
        task: What it asks for.
    """
    if target.distinct < 2 or target.infinite or target.holds in ("objects", "dates"):
        return
    classes = task == "category"
    alone = Alone(target, classes=classes)
    for facts in features:
        score = alone(facts)
        yield facts.name, round(score, 4), _leak(facts, target, score, alone.measure)


def _leak(facts: Facts, target: Facts, score: float, measure: str) -> Finding | None:
    name = facts.name
    if score >= LEAKING:
        return note(
            "problem", "leaking", 1,
            f"{name} alone tells {target.name} almost perfectly ({measure} {score:.3f}).",
            "Is it known before the answer is? If it is written down afterwards, or made from it, "
            "leave it out: production will not have it.",
        )  # fmt: skip
    if _named_after(name, target.name):
        return note(
            "warning", "named_after_target", 1,
            f"{name} is called after the target {target.name} ({measure} {score:.2f} alone).",
            "If it is made from it, leave it out.",
        )  # fmt: skip
    if score >= SUSPICIOUS:
        return note(
            "warning", "tells_much", 1,
            f"{name} alone tells {target.name} very well ({measure} {score:.3f}).",
            "Make sure that it is known before the answer is.",
        )  # fmt: skip
    return None


def _named_after(name: str, target: str) -> bool:
    parts, wanted = _parts(name), _parts(target)
    if len("".join(wanted)) < WORTH_A_NAME or len(parts) <= len(wanted):
        return False
    return any(parts[at : at + len(wanted)] == wanted for at in range(len(parts)))


def _parts(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", name.lower())
