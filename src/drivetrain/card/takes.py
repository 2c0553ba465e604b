"""What a bundle takes where its inputs have columns: from a form's fields to words."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from drivetrain.bundle.reader import Bundle
from drivetrain.data.report.finding import printable

Field = Mapping[str, Any]
"""A column as a preparation's ``fields`` describe it."""

FIRST_CHOICES = 4
LONGEST_CHOICE = 24
LONGEST_ROW = 400
"""Letters of an example: a longer one is kept in a file of its own."""

HEADS = ("column", "kind", "what it may hold", "gaps in training")
PLURALS = {
    "category": "categories",
    "number": "numbers",
    "date": "dates",
    "text": "texts",
}


def columns_taken(bundle: Bundle, most: int) -> list[tuple[str, str, str, str]]:
    """Name, kind, content and gaps of the first columns; nothing where inputs have none."""
    return [
        (str(one["name"]), str(one["kind"]), content_of(one), gaps_of(one))
        for one in bundle.preparation.fields[:most]
    ]


def content_of(field: Field) -> str:
    """What a column may hold, in a few words.

    Example:
        >>> content_of({"kind": "number", "low": 17.0, "high": 90.0, "typical": 37.0})
        '17 to 90, typically 37'
        >>> content_of({"kind": "category", "choices": ["f", "m"]})
        'f, m'
    """
    if field.get("of") == "truth":
        return "true or false"
    if "choices" in field:
        return _choices([str(one) for one in field["choices"]])
    if "low" in field and "high" in field:
        whole = ", whole numbers" if field.get("whole") else ""
        typical = f", typically {_short(field['typical'])}" if "typical" in field else ""
        return f"{_short(field['low'])} to {_short(field['high'])}{typical}{whole}"
    if "timed" in field:
        return "a date and a time" if field["timed"] else "a date"
    return "free text"


def gaps_of(field: Field) -> str:
    """How many training rows held nothing in a column; empty where that is not told."""
    gaps = field.get("gaps")
    if gaps is None:
        return ""
    return f"{gaps:,}" if gaps else "none"


def kinds_in_words(fields: Sequence[Field]) -> str:
    """How many columns of which kinds.

    Example:
        >>> kinds_in_words([{"kind": "number"}, {"kind": "number"}, {"kind": "date"}])
        '2 numbers and 1 date'
    """
    counted = Counter(str(one["kind"]) for one in fields)
    parts = [
        f"{count:,} {kind if count == 1 else PLURALS.get(kind, f'{kind}s')}"
        for kind, count in counted.items()
    ]
    return joined(parts)


def joined(parts: Sequence[str]) -> str:
    """Words with commas, and ``and`` before the last.

    Example:
        >>> joined(["age", "sex", "education"])
        'age, sex and education'
    """
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def example_row(fields: Sequence[Field]) -> dict[str, Any]:
    """A row made up of what each column may hold, none of the training's."""
    return {str(one["name"]): _example(one) for one in fields}


def example_text(fields: Sequence[Field]) -> str | None:
    """The example as JSON; None where it would be too long to be read."""
    text = json.dumps(example_row(fields), ensure_ascii=False)
    return text if len(text) <= LONGEST_ROW else None


def _example(field: Field) -> Any:
    kind = field["kind"]
    if "choices" in field:
        first = next(iter(field["choices"]), None)
        if field.get("of") == "truth":
            return str(first).lower() == "true"
        if field.get("of") == "number" and first is not None:
            return json.loads(first) if _is_number(first) else first
        return first
    if "typical" in field:
        typical = float(field["typical"])
        return round(typical) if field.get("whole") else float(f"{typical:.6g}")
    if kind == "date":
        return "2026-01-31 12:00" if field.get("timed") else "2026-01-31"
    return "A text."


def _is_number(text: Any) -> bool:
    try:
        return isinstance(json.loads(str(text)), int | float)
    except ValueError:
        return False


def _choices(words: Sequence[str]) -> str:
    shown = ", ".join(_cut(word) for word in words[:FIRST_CHOICES])
    if len(words) <= FIRST_CHOICES:
        return shown or "nothing that is told apart"
    return f"{shown} and {len(words) - FIRST_CHOICES:,} more"


def _cut(word: str) -> str:
    clean = printable(word)
    return clean if len(clean) <= LONGEST_CHOICE else f"{clean[: LONGEST_CHOICE - 1]}…"


def _short(number: float) -> str:
    """A bound as people write it: whole where it is, else with the digits that tell something."""
    if abs(number) < 1e12 and (number == round(number) or abs(number) >= 1000):
        return f"{number:.0f}"
    return f"{number:.4g}"
