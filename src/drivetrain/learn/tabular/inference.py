"""Which kind of column a column is, and what there is to say of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.report.finding import Finding, count_of
from drivetrain.learn.tabular.facts import OTHER_DATE, Facts
from drivetrain.learn.tabular.fit import MIN_COUNT
from drivetrain.prepare.values import shown

Kind = Literal["category", "number", "date", "text", "left out"]

MAX_CARD = 20
ROWS_A_VALUE = 20
"""Rows that each of a few whole numbers needs on average to be taken as categories: with fewer,
their order says more than their names."""

FEWEST_TO_IDENTIFY = 20
NEARLY_ALL = 0.95
NEARLY_CONSTANT = 0.995
MANY_WORDS = 50
SOME_RARE = 0.1
TEXT_BLANKS, TEXT_SHARE = 3.0, 0.2
"""A text has so many blanks a value, and so many of its values are different. Where nearly all
are, such as names of people, one blank is enough."""

AT_MOST_OUT_OF_PLACE = 0.02
SOME_GAPS = 0.01
IDENTIFIER = re.compile(
    r"(?i:(^|[^a-z])(id|uuid|guid|key|index|idx|nr|no|number|code)$)|[a-z]I[dD]$"
)
GAP_WORDS = frozenset(("?", "-", "--", ".", "unknown", "missing", "not available", "no data"))
UNNAMED = re.compile(r"(Unnamed: |column )\d+")


def kind_of(facts: Facts, max_card: int) -> tuple[Kind, tuple[Finding, ...]]:
    """The kind of a column that is to be learned from, and what there is to say of it."""
    reason = why_left_out(facts)
    if reason is not None:
        return "left out", (reason,)
    kind: Kind
    if facts.holds == "dates":
        kind = "date"
    elif facts.holds == "numbers":
        kind = "category" if few_whole(facts, max_card) else "number"
    else:
        kind = "text" if _is_text(facts) else "category"
    return kind, tuple(_remarks(facts, kind))


def few_whole(facts: Facts, max_card: int) -> bool:
    """Whether a column of numbers is better taken as one of a few categories."""
    few = facts.distinct <= min(max_card, facts.known // ROWS_A_VALUE)
    return facts.distinct <= 2 or (few and facts.whole)


def why_left_out(facts: Facts) -> Finding | None:
    """Why nothing can be learned from a column; None where something can."""
    if facts.holds == "objects":
        return note(
            "warning", "objects", facts.known,
            f"{facts.name} holds neither words nor numbers nor dates, such as {facts.words[0]}; "
            "it is left out.",
            "Make words or numbers of it.",
        )  # fmt: skip
    if not facts.known:
        return note("warning", "empty", facts.rows, f"{facts.name} holds nothing; it is left out.")
    if facts.distinct == 1 and not facts.gaps:
        return note(
            "note", "constant", facts.rows,
            f"{facts.name} is {told(facts, facts.words[0])} in every row; it is left out.",
        )  # fmt: skip
    how = _identifies(facts)
    if not how:
        return None
    return note(
        "note", "id_like", facts.distinct,
        f"{facts.name} {how}; it is left out.",
        "A model would learn rows by heart. If it does say something, name it among the columns "
        "to take.",
    )  # fmt: skip


def _identifies(facts: Facts) -> str:
    """In which way a column tells rows from each other and nothing else; "" if it does not."""
    if facts.odd or facts.known < FEWEST_TO_IDENTIFY or facts.distinct < NEARLY_ALL * facts.known:
        return ""
    if facts.holds == "words" and not _is_text(facts):
        return f"has {facts.distinct:,} different words in {facts.known:,} rows"
    if facts.distinct < facts.known or not facts.whole or facts.numbers is None:
        return ""
    numbers = facts.numbers[facts.codes >= 0]
    if numbers.max() - numbers.min() + 1 == len(numbers) or np.ptp(np.diff(numbers)) <= 1:
        return "numbers the rows"
    if IDENTIFIER.search(facts.name):
        return "is called like an identifier and has another number in every row"
    return ""


def _is_text(facts: Facts) -> bool:
    if facts.holds != "words" or facts.distinct <= max(MAX_CARD, TEXT_SHARE * facts.known):
        return False
    step = max(1, facts.distinct // 1000)
    looked_at = facts.words[::step]
    blanks = sum(word.count(" ") for word in looked_at) / len(looked_at)
    return blanks >= (1.0 if facts.distinct >= NEARLY_ALL * facts.known else TEXT_BLANKS)


def _remarks(facts: Facts, kind: Kind) -> Iterator[Finding]:
    name = facts.name
    if facts.infinite:
        yield note(
            "problem", "infinite", facts.infinite,
            f"{name} holds an infinite number in {count_of(facts.infinite, 'row')}.",
            "Training refuses those: put a number or nothing in their place.",
        )  # fmt: skip
    yield from _mixtures(facts)
    if facts.gaps >= NEARLY_ALL * facts.rows:
        yield note(
            "warning", "nearly_empty", facts.gaps,
            f"{name} holds nothing in {share(facts.gaps, facts.rows)} of the rows.",
            "Little can be learned from the rest; consider leaving it out.",
        )  # fmt: skip
    word, count = facts.commonest[0]
    if facts.distinct > 1 and count >= NEARLY_CONSTANT * facts.rows:
        yield note(
            "note", "nearly_constant", facts.rows - count,
            f"{name} is {told(facts, word)} in all but {count_of(facts.rows - count, 'row')}.",
        )  # fmt: skip
    if kind == "category" and facts.holds == "words" and not facts.odd:
        yield from _about_words(facts)
    if UNNAMED.fullmatch(name):
        yield note(
            "warning", "unnamed", 1, f"{name} has no name of its own in the table.",
            "Name it: production has to send it by that name.",
        )  # fmt: skip


def _mixtures(facts: Facts) -> Iterator[Finding]:
    if facts.odd:
        rows = sum(count for _, count in facts.odd)
        what = "number" if facts.mostly == "numbers" else "date"
        yield note(
            "problem" if facts.distinct > MANY_WORDS else "warning", f"mixed_{facts.mostly}", rows,
            f"{facts.name} holds {facts.mostly}, but {count_of(rows, 'row')} "
            f"({share(rows, facts.known)}) {'holds' if rows == 1 else 'hold'} none: "
            f"{', '.join(shown(word) for word, _ in facts.odd[:3])}.",
            f"As it is, every {what} counts as a word. Empty those cells to have {facts.mostly}.",
        )  # fmt: skip
    if facts.coded and facts.holds == "words":
        yield note(
            "note", "coded", 1,
            f"{facts.name} has digits that begin with a zero; they are taken as words.",
        )  # fmt: skip
    if facts.holds == "words" and all(map(OTHER_DATE.fullmatch, facts.words)):
        yield note(
            "warning", "date_form", facts.known,
            f"{facts.name} looks like dates in another form, such as {facts.words[0]}; they are "
            "taken as words.",
            "Write them as 2013-01-31: 3/4/2013 is two different days to two readers.",
        )  # fmt: skip


def _about_words(facts: Facts) -> Iterator[Finding]:
    rare = facts.counts < MIN_COUNT
    rows = int(facts.counts[rare].sum())
    if facts.distinct > MANY_WORDS and rare.mean() > SOME_RARE:
        yield note(
            "note", "many_words", facts.distinct,
            f"{facts.name} has {facts.distinct:,} different words; {int(rare.sum()):,} of them "
            f"stand in fewer than {MIN_COUNT} rows each ({share(rows, facts.known)} of the rows) "
            "and are taken as one: rare.",
        )  # fmt: skip
    for word, count in facts.commonest:
        if word.lower() in GAP_WORDS:
            yield note(
                "note", "gap_word", count,
                f"{facts.name} is {shown(word)} in {count_of(count, 'row')}, a word like any "
                "other.",
                "If it stands for nothing, empty those cells.",
            )  # fmt: skip
    folded: dict[str, str] = {}
    for word in facts.words:
        other = folded.setdefault(word.casefold(), word)
        if other != word:
            yield note(
                "note", "words_alike", 2,
                f"{facts.name} has both {shown(other)} and {shown(word)}, which differ in capital "
                "letters only.",
                "If they are the same, write them the same way; production has to send them so.",
            )  # fmt: skip
            return


def gaps_in_time(facts: Facts, order: NDArray[np.int64], by: str) -> Finding | None:
    """Whether a column begins or ends to exist somewhere in the order of the rows.

    Arguments:
        facts: The column.
        order: The rows in their order, int64 [N].
        by: What they are ordered by, to follow "in".
    """
    there = (facts.codes >= 0)[order]
    known, gaps = int(there.sum()), int((~there).sum())
    fewest = max(FEWEST_TO_IDENTIFY, int(SOME_GAPS * len(there)))
    if min(known, gaps) < fewest:
        return None
    before = np.concatenate([[0], np.cumsum(there)])
    places = np.arange(len(there) + 1)
    begins = before + (gaps - (places - before))  # known before a place, gaps after it
    ends = (places - before) + (known - before)
    wrong, place, word = min(
        (int(begins.min()), int(begins.argmin()), "from"),
        (int(ends.min()), int(ends.argmin()), "up to"),
    )
    if wrong > AT_MOST_OUT_OF_PLACE * min(known, gaps):
        return None
    return note(
        "warning", "some_time", gaps,
        f"{facts.name} is filled {word} row {place + (word == 'from'):,} only, in {by}.",
        "It began or ended to be kept: the gap then tells the time, and production knows one side "
        "of it. Consider leaving it, or the older rows, out.",
    )  # fmt: skip


def told(facts: Facts, word: str) -> str:
    """A value in a sentence: words in quotes, numbers and dates without."""
    return shown(word) if facts.holds == "words" else word


def note(
    severity: Literal["problem", "warning", "note"],
    kind: str,
    count: int,
    what: str,
    advice: str = "",
) -> Finding:
    """A finding."""
    return Finding(severity=severity, kind=kind, count=count, what=what, advice=advice)


def share(part: int, whole: int) -> str:
    """A share as people say it, never "0%" of something or "100%" of less than all.

    Example:
        >>> share(1, 3), share(1, 10_000), share(9_999, 10_000)
        ('33%', 'under 1%', 'over 99%')
    """
    percent = 100 * part / max(whole, 1)
    if 0 < percent < 1:
        return "under 1%"
    return "over 99%" if 99 < percent < 100 else f"{percent:.0f}%"
