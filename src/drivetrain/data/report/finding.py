"""One thing that a person should know about a pile of photos, and words to say it with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

MANY_EXAMPLES = 3

Severity = Literal["problem", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("problem", "warning", "note")


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a person should know.

    Arguments:
        severity: ``problem`` (mend it first), ``warning`` (think about it) or ``note``.
        kind: A word that programs know it by.
        count: How many files, pairs or classes it is about.
        what: What was found, a sentence.
        advice: What to do about it, a sentence; "" when nothing is to be done.
    """

    severity: Severity
    kind: str
    count: int
    what: str
    advice: str = ""


def count_of(count: int, one: str, many: str = "") -> str:
    """A number and its noun.

    Example:
        >>> count_of(1, "file"), count_of(2000, "copy", "copies")
        ('1 file', '2,000 copies')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are.

    Example:
        >>> some(["a", "b", "c", "d"])
        'a, b, c and 1 more'
    """
    shown = ", ".join(names[:MANY_EXAMPLES])
    more = len(names) - MANY_EXAMPLES
    return f"{shown} and {more:,} more" if more > 0 else shown


def printable(text: str) -> str:
    r"""A text without what would move a terminal's cursor or break a page; names may hold any.

    Example:
        >>> printable("a\nb.jpg")
        'a\\nb.jpg'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def megabytes(size: int) -> str:
    """A size in bytes as people say it.

    Example:
        >>> megabytes(43_120_000)
        '43.1 MB'
    """
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
