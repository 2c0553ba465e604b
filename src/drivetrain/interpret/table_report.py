"""All that is known of a table's model as one HTML page."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from drivetrain.interpret.dependence_plot import draw_dependence, limits_of
from drivetrain.interpret.slice_scores import interval, score_name, score_of
from drivetrain.interpret.table_page import card, heading, pictures, table, write_page
from drivetrain.prepare.values import is_gap

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from drivetrain.interpret.table import TabularInterpretation

WORST, SLICES, PANELS, MAPS = 6, 12, 8, 3
MANY_WORDS = 8
"""Words from which on a column gets a map."""

MOST_CLASSES = 12
"""Classes up to which the confusion matrix can be read."""

SCORES = {"accuracy": "right", "all_right": "all right", "mae": "error"}
SHUFFLED = (
    "How much the loss grows when a column's values change places between rows. A pale bar's "
    "interval reaches 0: the column may tell nothing."
)
SHARED = (
    "Columns that tell the same share the importance, or hide each other's: "
    "permutation_importance(groups=…) shuffles them together."
)
MOVED = (
    "The mean answer if every row held that value, and the middle half of the rows. The bars at "
    "the foot say where the data is, the numbers in brackets how many rows hold a word."
)
COMBINED = (
    "This is what the model does, not what the world does, and it asks about combinations that "
    "may not exist. #na# stands for nothing given, #unseen# for rare and new words."
)
NATURE = (
    "A slice may be harder by nature. That many slices were looked at is allowed for (Benjamini "
    "and Hochberg, 5 %). The interval holds the slice's own figure with 95 % confidence."
)
ALIKE = (
    "Words near each other are taken for alike. The colour is the training rows' truth: words of "
    "other colours side by side were not told apart by it."
)


def write_table_report(
    interp: TabularInterpretation, path: str | os.PathLike[str], *, title: str
) -> Path:
    """Write the page.

    Arguments:
        interp: What is told of.
        path: The HTML file.
        title: Its heading.

    Raises:
        OutputError: It cannot be written.
    """
    return write_page(path, title, _lead(interp), _parts(interp))


def _parts(interp: TabularInterpretation) -> Iterator[str]:
    yield from _importance(interp)
    yield from _movements(interp)
    yield from _slices(interp)
    yield from _mistakes(interp)
    yield from _rows(interp)
    yield from _maps(interp)


def _lead(interp: TabularInterpretation) -> str:
    answered = interp.answered
    score, name = score_of(answered), score_name(answered)
    low, high = interval(score, share=name != "mae", seed=interp.seed)
    rows = f"{len(answered):,} rows"
    left_out = f" {answered.left_out:,} rows without a target are left out." * bool(
        answered.left_out
    )
    if name == "mae":
        return (
            f"On {rows} the answer is off by {_number(score.mean())} in the mean "
            f"({_number(low)} to {_number(high)}).{left_out}"
        )
    what = "wholly right" if name == "all_right" else "right"
    return (
        f"Of {rows}, {score.mean():.1%} are answered {what} ({low:.1%} to {high:.1%} with "
        f"95 % confidence).{left_out}"
    )


def _importance(interp: TabularInterpretation) -> Iterator[str]:
    yield heading("What it relies on", SHUFFLED, mind=SHARED)
    shown = ", ".join(interp.importance["column"].head(5))
    yield pictures([(interp.plot_importance(), f"The most important columns: {shown}")])


def _movements(interp: TabularInterpretation) -> Iterator[str]:
    names = interp.most_important(PANELS)
    if not names:
        return
    yield heading("How the answer moves", MOVED, mind=COMBINED)

    tables = {name: interp.partial_dependence(name) for name in names}
    drawn = interp.drawn_answers()
    limits = limits_of(tables, drawn)

    def panels() -> Iterator[tuple[Figure, str]]:
        for name, each in tables.items():
            figure = draw_dependence(interp.answered, {name: each}, drawn, limits=limits)
            yield figure, f"How the answer moves with {name}"

    yield pictures(panels())


def _slices(interp: TabularInterpretation) -> Iterator[str]:
    found = interp.worst_slices(SLICES, pairs=True)
    name = score_name(interp.answered)
    sure = [] if not len(found) else found["differs"].tolist()
    some = "All" if all(sure) else f"{sum(sure)} of the"
    several = f"{some} slices below do worse than the rest by more than chance"
    told = several if any(sure) else "No slice does worse than the rest by more than chance"
    yield heading(
        "Where it fails",
        f"{told}; {found.attrs['looked_at']}, of one column or two, were looked at.",
        mind=NATURE,
    )
    if not len(found):
        return
    percent = name != "mae"
    rows = [
        (
            row["slice"],
            f"{row['rows']:,}",
            _figure(row[name], percent),
            f"{_figure(row['low'], percent)} – {_figure(row['high'], percent)}",
            _figure(row["rest"], percent),
        )
        for _, row in found.iterrows()
    ]
    yield table(("slice", "rows", SCORES[name], "interval", "the rest"), rows, sure)


def _mistakes(interp: TabularInterpretation) -> Iterator[str]:
    kind = interp.answered.kind
    if kind.name == "numbers":
        yield heading("Answers and truth", "On the line, an answer is right.")
        names = list(kind.outputs)[:MAPS]
        yield pictures((interp.plot_answers(name), f"{name}: answers, truth") for name in names)
    elif kind.name == "category":
        yield heading("What it mistakes for what")
        if len(kind.vocab) <= MOST_CLASSES:
            yield pictures([(interp.plot_confusion_matrix(title=""), "The confusion matrix")])
        pairs = [(f"{true} for {answer}", f"{n:,}") for true, answer, n in interp.most_confused()]
        if len(kind.vocab) > 2 and pairs:
            yield table(("takes", "rows"), pairs[:10])


def _rows(interp: TabularInterpretation) -> Iterator[str]:
    worst = interp.worst_rows(WORST)
    kept = [column.name for column in interp.answered.preparation.columns]
    important = [name for name in interp.importance["column"] if name in kept]
    yield heading(
        "Rows that it gets most wrong",
        "Look for wrong labels and for what no column says.",
    )
    cards = []
    for index, row in worst.iterrows():
        answer, truth = (row.get(f"{one} (model)", row.get(one)) for one in ("answer", "truth"))
        sure = f" ({row['probability']:.0%})" if "probability" in worst else ""
        head = f"is {_value(truth) or 'none'}, answered {_value(answer) or 'none'}{sure}"
        fields = [(name, _value(row[name])) for name in important[:14]]
        cards.append(card(head, f"row {index} · loss {_number(row['loss'])}", fields))
    yield f'<div class="rows">{"".join(cards)}</div>'


def _maps(interp: TabularInterpretation) -> Iterator[str]:
    names = interp.word_columns(MANY_WORDS)[:MAPS]
    if not names:
        return
    yield heading("What it learned of words", ALIKE)
    yield pictures((interp.plot_embeddings(name), f"The words of {name}") for name in names)


def _value(value: Any) -> str:
    if is_gap(value):
        return "–"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    if isinstance(value, float):
        return _number(value)
    return str(value)


def _number(number: float) -> str:
    whole = float(number).is_integer() and abs(number) < 1e12
    return f"{number:,.0f}" if whole else f"{number:,.4g}"


def _figure(number: float, percent: bool) -> str:
    if math.isnan(number):
        return "–"
    return f"{number:.0%}" if percent else _number(number)
