"""The card in the terminal: short lines, aligned numbers, nothing that steers a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions
from drivetrain.card.decisions import Decisions
from drivetrain.card.share import Share
from drivetrain.data.report.finding import printable

WIDTH = 88
LABEL = 14
MOST_CLASSES = 20
WIDEST_CONFUSION = 10
CURVE_ROWS = 6


def card_lines(card: Card) -> list[str]:
    """The card, line by line.

    Example:
        >>> from drivetrain.bundle import Bundle
        >>> bundle = Bundle.open("tests/golden/format-1.bundle")
        >>> card_lines(Card.of(bundle, seconds=0.01))[0]
        'format-1.bundle'
    """
    parts = (_about, _data, _results, _classes, _confusion, _trust, _decision, _network)
    lines = [card.file, *(line for part in parts for line in part(card))]
    return [printable(line).rstrip() for line in lines]


def _about(card: Card) -> Iterator[str]:
    manifest = card.bundle.manifest
    objective = manifest.project.objective
    yield from _told(
        "model",
        f"{card.bundle.short_id} (format {manifest.format_version}, "
        f"{words.written(manifest.created)})",
    )
    yield from _told("for", objective.purpose or words.HOW_TO_DECLARE)
    for number, sentence in enumerate(objective.not_for):
        yield from _told("" if number else "not for", sentence)
    if objective.measure:
        yield from _told("measured by", objective.measure)
    for number, sentence in enumerate(cautions(card)):
        yield from _told("" if number else "mind", sentence)


def _data(card: Card) -> Iterator[str]:
    training = card.bundle.manifest.training
    yield from _told("takes", _preparation(card))
    yield from _told(
        "data",
        f"trained on {training.train_items:,} {words.noun(card.bundle)}, validated on "
        f"{training.valid_items:,}",
    )
    if training.data_fingerprint:
        yield from _told("", f"fingerprint {training.data_fingerprint[:12]}")
    if training.notes:
        yield from _told("note", training.notes)


def _results(card: Card) -> Iterator[str]:
    yield ""
    shares = {name.replace("_", " "): share for name, share in card.results.metrics.items()}
    if card.domain:
        shares["called foreign"] = card.domain.rejected
    if card.decisions and card.decisions.outcome and card.decisions.outcome.asked:
        shares["sent to a person"] = card.decisions.outcome.asked
    title = f"on {card.results.items:,} validation {words.noun(card.bundle)}"
    yield from _table(
        [title, "share", "95 % interval"],
        [[name, f"{share.value:.1%}", share.interval] for name, share in shares.items()],
    )


def _classes(card: Card) -> Iterator[str]:
    classes = card.results.classes
    yield ""
    yield from _table(
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
    if len(classes) > MOST_CLASSES:
        yield f"  and {len(classes) - MOST_CLASSES:,} more; --json and --html show them"


def _confusion(card: Card) -> Iterator[str]:
    confusion, classes = card.results.confusion, card.results.classes
    if confusion is None:
        return
    yield ""
    if len(classes) > WIDEST_CONFUSION:
        rows = [
            [f"{truth} as {said}", f"{count:,}"] for count, truth, said in card.results.mistakes
        ]
        yield from _table(["most often confused", "times"], rows[:WIDEST_CONFUSION])
        return
    names = [one.name for one in classes]
    yield from _table(
        ["truth \\ answer", *(name[:WIDEST_CONFUSION] for name in names)],
        [
            [name, *(f"{count:,}" for count in row)]
            for name, row in zip(names, confusion, strict=True)
        ],
    )


def _trust(card: Card) -> Iterator[str]:
    yield ""
    record = card.calibration.record
    yield from _told("calibration", words.calibration(card.calibration))
    if record.before is None:
        yield from _told("", words.NO_RELIABILITY)
    else:
        after = record.after
        rows = [
            [name, f"{before:.4f}", "not measured" if now is None else f"{now:.4f}"]
            for name, before, now in (
                ("ECE", record.before.ece, after and after.ece),
                ("Brier score", record.before.brier, after and after.brier),
                ("log loss", record.before.log_loss, after and after.log_loss),
            )
        ]
        yield from _table(["", "soft-max", "calibrated"], rows, indent=LABEL + 2)
    yield from _told("in-domain", words.domain(card.domain) if card.domain else words.NO_DOMAIN)


def _decision(card: Card) -> Iterator[str]:
    yield ""
    decisions = card.decisions
    if decisions is None:
        yield from _told("decision", words.NO_COSTS)
        return
    given = "costs given now, not those in the bundle" if decisions.given else "costs"
    unit = f", in {decisions.rule.unit}" if decisions.rule.unit else ""
    outcome = decisions.outcome
    rows = [
        [name, *map(words.amount, costs), f"{outcome.taken[name].value:.1%}" if outcome else ""]
        for name, _, costs in decisions.rows
    ]
    yield from _told("decision", f"{given}{unit}, for each truth")
    heads = ["action", *card.bundle.vocab, *(["taken"] if outcome else [])]
    if len(card.bundle.vocab) <= WIDEST_CONFUSION:
        yield from _table(heads, [row[: len(heads)] for row in rows])
    if outcome is None:
        yield from _told("", words.NO_EVIDENCE)
        return
    yield ""
    heads = ["price of asking", "asked", "mean cost", ""]
    yield from _table(heads, list(_curve(decisions)), names=False)
    action, cost = outcome.without_it(decisions.rule.ask)
    yield from _told("without it", f"{action} always: {words.amount(cost)}")


def _curve(decisions: Decisions) -> Iterator[list[str]]:
    outcome, price = decisions.outcome, decisions.rule.ask
    if outcome is None:
        return
    points = outcome.curve
    places = {round(step * (len(points) - 1) / CURVE_ROWS) for step in range(CURVE_ROWS + 1)}
    chosen = [point for place, point in enumerate(points) if place in places or point.ask == price]
    prices = words.aligned([point.ask for point in chosen])
    costs = words.aligned([point.cost for point in chosen])
    for point, asking, cost in zip(chosen, prices, costs, strict=True):
        yield [asking, f"{point.asked:.1%}", cost, "declared" if point.ask == price else ""]


def _network(card: Card) -> Iterator[str]:
    manifest, speed = card.bundle.manifest, card.speed
    network = manifest.network
    yield ""
    for number, parity in enumerate(manifest.parity):
        yield from _told(
            "" if number else "parity",
            f"{parity.of}: {parity.same_labels:.1%} of {parity.items:,} labels alike, "
            f"largest difference: {words.difference(parity.largest_difference)}",
        )
    yield from _told(
        "network",
        f"{network.arch}, {network.precision}, {words.megabytes(len(card.bundle.model))}, "
        f"pretrained from: {network.pretrained_from or 'unknown'}",
    )
    yield from _told(
        "speed",
        f"could not be measured: {speed}"
        if isinstance(speed, str)
        else f"{speed.one:.1f} ms for one, {speed.many:.1f} ms each for eight at once "
        f"({speed.inputs}; {speed.machine}, {speed.threads} threads)",
    )
    yield from _told("samples", f"{len(manifest.samples)} stored with their answers")
    yield from _told("written by", ", ".join(f"{k} {v}" for k, v in manifest.written_by.items()))
    yield from _told("sha256", card.bundle.seal)


def _preparation(card: Card) -> str:
    settings = card.bundle.manifest.preparation
    size = " × ".join(map(str, settings.get("size", ())))
    return f"{settings.get('kind')}, {settings.get('method', 'crop')} to {size}"


def _told(label: str, text: str) -> Iterable[str]:
    """A label and a text, which goes on below itself where it is long."""
    before = f"  {label:<{LABEL}}"
    lines = textwrap.wrap(printable(text), WIDTH - len(before), break_long_words=False)
    return [f"{before}{line}" if not number else f"{'':{len(before)}}{line}"
            for number, line in enumerate(lines or [""])]  # fmt: skip


def _table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 2, names: bool = True
) -> list[str]:
    """Columns as wide as what stands in them, to the right, or names first to the left."""
    whole = [[printable(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*whole, strict=True)]
    return [
        " " * indent
        + "  ".join(
            f"{cell:>{width}}" if place or not names else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in whole
    ]


def _or(share: Share | None) -> str:
    return "none" if share is None else str(share)
