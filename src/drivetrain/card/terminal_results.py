"""The results in the terminal, for each kind of target."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import number_words, words
from drivetrain.card.card import Card
from drivetrain.card.lines import LABEL, table, told
from drivetrain.card.numbers import QUANTILES, NumbersResults
from drivetrain.card.results import AREA, Results
from drivetrain.card.several import SeveralResults
from drivetrain.card.share import Share

MOST_CLASSES = 20
MOST_NUMBERS = 20
MOST_CUT_INTO = 3
"""Predicted numbers whose errors are told by what was predicted."""

WIDEST_CONFUSION = 10
SHORT = {"rmse": "RMSE", "mae": "MAE", "r2": "R²"}


def result_lines(card: Card) -> Iterator[str]:
    """The results of a card, whatever it predicts."""
    results = card.results
    if isinstance(results, NumbersResults):
        yield from _figures(card, results)
        yield from _intervals(card, results)
        yield from _errors(card, results)
        return
    yield from _shares(card, results)
    yield from _classes(card, results)
    if isinstance(results, Results):
        yield from _confusion(results)


def _shares(card: Card, results: Results | SeveralResults) -> Iterator[str]:
    yield ""
    shares = {
        words.SEVERAL_METRICS.get(name, name)
        if isinstance(results, SeveralResults)
        else name.replace("_", " "): share
        for name, share in results.metrics.items()
    }
    if card.domain:
        shares["called foreign"] = card.domain.rejected
    if card.decisions and card.decisions.outcome and card.decisions.outcome.asked:
        shares["sent to a person"] = card.decisions.outcome.asked
    title = f"on {results.items:,} validation {words.noun(card.bundle)}"
    rows = [[name, f"{share.value:.1%}", share.interval] for name, share in shares.items()]
    if isinstance(results, Results) and (area := results.area):
        rows.append(
            [
                "area under the ROC curve",
                words.measured(AREA, area.value),
                words.between(area, AREA),
            ]
        )
    yield from table([title, "share", "95 % interval"], rows)


def _classes(card: Card, results: Results | SeveralResults) -> Iterator[str]:
    classes = results.classes
    yield ""
    yield from table(
        ["class", words.noun(card.bundle), "found", "right when said"],
        [
            [
                one.name,
                "" if one.items is None else f"{one.items:,}",
                _or(one.found),
                _or(one.right),
            ]
            for one in classes[:MOST_CLASSES]
        ],
    )
    yield from more_lines(len(classes), MOST_CLASSES)


def _confusion(results: Results) -> Iterator[str]:
    confusion, classes = results.confusion, results.classes
    if confusion is None:
        return
    yield ""
    if len(classes) > WIDEST_CONFUSION:
        rows = [[f"{truth} as {said}", f"{count:,}"] for count, truth, said in results.mistakes]
        yield from table(["most often confused", "times"], rows[:WIDEST_CONFUSION])
        return
    names = [one.name for one in classes]
    yield from table(
        ["truth \\ answer", *(name[:WIDEST_CONFUSION] for name in names)],
        [
            [name, *(f"{count:,}" for count in row)]
            for name, row in zip(names, confusion, strict=True)
        ],
    )


def _figures(card: Card, results: NumbersResults) -> Iterator[str]:
    yield ""
    title = f"on {results.items:,} validation {words.noun(card.bundle)}"
    rows = [
        [
            f"{SHORT[name]} of {one.name}",
            words.measured(name, figure.value),
            words.between(figure, name),
            number_words.beside(one, name),
        ]
        for one in results.numbers[:MOST_NUMBERS]
        for name, figure in one.figures.items()
    ]
    yield from table([title, "", "95 % interval", "always the mean"], rows)
    yield from more_lines(len(results.numbers), MOST_NUMBERS)


def _intervals(card: Card, results: NumbersResults) -> Iterator[str]:
    yield ""
    record = card.bundle.manifest.intervals
    if record is None:
        yield from told("intervals", number_words.NO_INTERVALS)
        return
    yield from told("intervals", number_words.intervals(record, words.noun(card.bundle)))
    rows = [
        [
            one.name,
            number_words.reach(one.interval),
            "unknown" if one.interval.held is None else f"{one.interval.held.value:.1%}",
            " at ".join(filter(None, number_words.least_held(one))),
        ]
        for one in results.numbers[:MOST_NUMBERS]
        if one.interval
    ]
    heads = ["", "width", "held", "least held part of predictions"]
    yield from table(heads, rows, indent=LABEL + 2)
    yield from more_lines(len(results.numbers), MOST_NUMBERS)


def _errors(card: Card, results: NumbersResults) -> Iterator[str]:
    drawn = [one for one in results.numbers if one.parts][:MOST_CUT_INTO]
    if not drawn:
        yield from told("errors", words.NO_EVIDENCE)
    for one in drawn:
        yield ""
        yield f"  true minus predicted {one.name}, in the order of what was predicted"
        heads = [
            "predicted",
            words.noun(card.bundle),
            *(f"{share:.0%}" for share in QUANTILES),
            *(["held"] if one.interval else []),
        ]
        rows = [
            [
                f"{words.figure(part.low)} to {words.figure(part.high)}",
                f"{part.items:,}",
                *errors,
                *([f"{part.held.value:.1%}"] if part.held else []),
            ]
            for part, errors in zip(one.parts, number_words.errors_of(one), strict=True)
        ]
        yield from table(heads, rows)


def more_lines(count: int, most: int) -> Iterator[str]:
    """That there are more than a terminal shows."""
    if count > most:
        yield f"  and {count - most:,} more; --json and --html show them"


def _or(share: Share | None) -> str:
    return "none" if share is None else str(share)
