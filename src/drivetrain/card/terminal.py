"""The card in the terminal: short lines, aligned numbers, nothing that steers a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.bundle.manifest import Parity
from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.cautions import cautions
from drivetrain.card.decisions import Decisions
from drivetrain.card.lines import LABEL, table, told
from drivetrain.card.numbers import NumbersResults
from drivetrain.card.takes import HEADS, columns_taken
from drivetrain.card.terminal_results import more_lines, result_lines
from drivetrain.card.trust import CalibrationFigures
from drivetrain.data.report.finding import printable

WIDEST_COSTS = 10
MOST_COLUMNS = 20
CURVE_ROWS = 6


def card_lines(card: Card) -> list[str]:
    """The card, line by line.

    Example:
        >>> from drivetrain.bundle import Bundle
        >>> bundle = Bundle.open("tests/golden/format-1.bundle")
        >>> card_lines(Card.of(bundle, seconds=0.01))[0]
        'format-1.bundle'
    """
    parts = (_about, _data, _takes, result_lines, _trust, _decision, _network)
    lines = [card.file, *(line for part in parts for line in part(card))]
    return [printable(line).rstrip() for line in lines]


def _about(card: Card) -> Iterator[str]:
    manifest = card.bundle.manifest
    objective = manifest.project.objective
    yield from told(
        "model",
        f"{card.bundle.short_id} (format {manifest.format_version}, "
        f"{words.written(manifest.created)})",
    )
    yield from told("for", objective.purpose or words.HOW_TO_DECLARE)
    for number, sentence in enumerate(objective.not_for):
        yield from told("" if number else "not for", sentence)
    if objective.measure:
        yield from told("measured by", objective.measure)
    for number, sentence in enumerate(cautions(card)):
        yield from told("" if number else "mind", sentence)


def _data(card: Card) -> Iterator[str]:
    training = card.bundle.manifest.training
    yield from told("does", words.task(card.bundle))
    yield from told("takes", _preparation(card))
    yield from told(
        "data",
        f"trained on {training.train_items:,} {words.noun(card.bundle)}, validated on "
        f"{training.valid_items:,}",
    )
    if training.data_fingerprint:
        yield from told("", f"fingerprint {training.data_fingerprint[:12]}")
    if training.notes:
        yield from told("note", training.notes)


def _takes(card: Card) -> Iterator[str]:
    fields = card.bundle.preparation.fields
    if not fields:
        return
    yield ""
    rows = columns_taken(card.bundle, MOST_COLUMNS)
    shown = len(HEADS) if any(row[-1] for row in rows) else len(HEADS) - 1
    yield from table(HEADS[:shown], [row[:shown] for row in rows], left=3)
    yield from more_lines(len(fields), MOST_COLUMNS)


def _trust(card: Card) -> Iterator[str]:
    yield ""
    if card.calibration is not None:
        yield from _calibration(card, card.calibration)
    if card.domain is None:
        yield from told("in-domain", words.no_domain(card.bundle))
        return
    yield from told("in-domain", words.domain(card.domain))
    if isinstance(card.results, NumbersResults):
        inputs = words.noun(card.bundle)
        yield from told("", f"Of validation {inputs}, {card.domain.rejected} lie beyond it.")


def _calibration(card: Card, figures: CalibrationFigures) -> Iterator[str]:
    record = figures.record
    if card.bundle.manifest.target.kind == "categories":
        yield from told("calibration", words.calibration(figures, several=True))
        return
    yield from told("calibration", words.calibration(figures))
    if record.before is None:
        yield from told("", words.NO_RELIABILITY)
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
        yield from table(["", "soft-max", "calibrated"], rows, indent=LABEL + 2)


def _decision(card: Card) -> Iterator[str]:
    yield ""
    decisions = card.decisions
    if decisions is None:
        yield from told("decision", words.no_costs(card.bundle))
        return
    given = "costs given now, not those in the bundle" if decisions.given else "costs"
    unit = f", in {decisions.rule.unit}" if decisions.rule.unit else ""
    outcome = decisions.outcome
    rows = [
        [name, *map(words.amount, costs), f"{outcome.taken[name].value:.1%}" if outcome else ""]
        for name, _, costs in decisions.rows
    ]
    yield from told("decision", f"{given}{unit}, for each truth")
    heads = ["action", *card.bundle.vocab, *(["taken"] if outcome else [])]
    if len(card.bundle.vocab) <= WIDEST_COSTS:
        yield from table(heads, [row[: len(heads)] for row in rows])
    if outcome is None:
        yield from told("", words.NO_EVIDENCE)
        return
    yield ""
    heads = ["price of asking", "asked", "mean cost", ""]
    yield from table(heads, list(_curve(decisions)), left=0)
    action, cost = outcome.without_it(decisions.rule.ask)
    yield from told("without it", f"{action} always: {words.amount(cost)}")


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
        yield from told(
            "" if number else "parity",
            f"{parity.of}: {_alike(card, parity)}, "
            f"largest difference: {words.difference(parity.largest_difference)}",
        )
    yield from told(
        "network",
        f"{network.arch}, {network.precision}, {words.megabytes(len(card.bundle.model))}, "
        f"pretrained from: {network.pretrained_from or 'unknown'}",
    )
    yield from told(
        "speed",
        f"could not be measured: {speed}"
        if isinstance(speed, str)
        else f"{words.milliseconds(speed.one)} for one, {words.milliseconds(speed.many)} each for "
        f"{words.counted(speed.batch).lower()} at once "
        f"({speed.inputs}; {speed.machine}, {speed.threads} threads)",
    )
    yield from told("samples", f"{len(manifest.samples)} stored with their answers")
    yield from told("written by", ", ".join(f"{k} {v}" for k, v in manifest.written_by.items()))
    yield from told("sha256", card.bundle.seal)


def _alike(card: Card, parity: Parity) -> str:
    if card.bundle.manifest.target.kind == "numbers":
        return f"{parity.items:,} answers compared in standard deviations"
    return f"{parity.same_labels:.1%} of {parity.items:,} labels alike"


def _preparation(card: Card) -> str:
    settings, fields = card.bundle.manifest.preparation, card.bundle.preparation.fields
    if fields:
        return words.preparation(card.bundle)
    size = " × ".join(map(str, settings.get("size", ())))
    return f"{settings.get('kind')}, {settings.get('method', 'crop')} to {size}"
