"""How far a bundle's answers can be trusted, and what they lead to."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card import words
from drivetrain.card.card import Card
from drivetrain.card.charts import asked_chart, cost_chart, domain_chart, reliability_chart
from drivetrain.card.decisions import Decisions, Outcome
from drivetrain.card.markup import Markup, Section, facts, paragraph, table, with_interval
from drivetrain.card.trust import CalibrationFigures


def sections(card: Card) -> Iterator[Section]:
    """Calibration, in-domain test and decision."""
    if card.calibration is not None:
        figures = card.calibration
        several = card.bundle.manifest.target.kind == "categories"
        told = _sigmoids(figures) if several else _calibration(figures)
        yield Section(name="calibration", title="Calibration", content=told)
    yield Section(name="domain", title="In-domain test", content=_domain(card))
    yield Section(name="decision", title="Decision", content=_decision(card))


def _sigmoids(figures: CalibrationFigures) -> Iterator[str]:
    """What is told where several classes may hold."""
    yield paragraph(words.calibration(figures, several=True))
    if not figures.before:
        yield paragraph(words.NO_EVIDENCE)
        return
    chart = reliability_chart("before", "All yes or no answers", figures.before)
    yield f'<div class="charts">\n{chart}</div>\n'
    yield paragraph(
        "A dot is a group of answers whether a class holds, larger for more of them, with its 95 % "
        "interval; on the dashed line the answers are as often right as they are sure.",
        "small",
    )


def _calibration(figures: CalibrationFigures) -> Iterator[str]:
    yield paragraph(words.calibration(figures))
    before, after = figures.record.before, figures.record.after
    if before is None:
        yield paragraph(words.NO_RELIABILITY)
    else:
        rows = [
            ("ECE", f"{before.ece:.4f}", f"{after.ece:.4f}" if after else "not measured"),
            ("Brier score", f"{before.brier:.4f}", f"{after.brier:.4f}" if after else ""),
            ("Log loss", f"{before.log_loss:.4f}", f"{after.log_loss:.4f}" if after else ""),
        ]
        yield table("reliability", ["", "soft-max", "calibrated"], rows)
        yield paragraph(
            "ECE, the expected calibration error, is the mean distance between how sure it was and "
            "how often it was right; the Brier score is the squared distance from the truth, 0 "
            "to 2. Even perfect probabilities measure above zero on few items.",
            "small",
        )
    if not figures.after:
        yield paragraph(words.NO_EVIDENCE)
        return
    yield '<div class="charts">\n'
    yield reliability_chart("before", "Plain soft-max", figures.before)
    if figures.record.settings.method != "none":
        yield reliability_chart("after", "Calibrated", figures.after)
    yield "</div>\n"
    yield paragraph(
        "A dot is a group of answers, larger for more of them, with its 95 % interval; on the "
        "dashed line the answers are as often right as they are sure."
        + (
            " The calibrated picture shows the items that the calibration was fitted to."
            if figures.record.settings.method != "none"
            else ""
        ),
        "small",
    )


def _domain(card: Card) -> Iterator[str]:
    figures, noun = card.domain, words.noun(card.bundle)
    if figures is None:
        yield paragraph(words.no_domain(card.bundle))
        return
    said = "numbers" if card.bundle.manifest.target.kind == "numbers" else "probabilities"
    yield paragraph(
        "The score says how far an input lies from what the model was trained on, in units of the "
        f"border: above 1 it is unlike the training data, and its {said} mean nothing."
    )
    yield paragraph(words.domain(figures))
    yield facts(
        [
            ("Meant", f"{figures.record.false_reject:.1%} of like {noun} beyond the border"),
            ("Measured", f"{figures.rejected} of {figures.rejected.of:,} validation {noun}"),
            ("Learned from", f"{figures.record.reference:,} training {noun}"),
        ]
    )
    if figures.counts:
        yield f'<div class="charts">\n{domain_chart(figures, noun)}</div>\n'
    else:
        yield paragraph(words.NO_EVIDENCE)


def _decision(card: Card) -> Iterator[str]:
    decisions = card.decisions
    if decisions is None:
        yield paragraph(words.no_costs(card.bundle))
        return
    if decisions.given:
        yield paragraph("The costs are those given for this card, not those in the bundle.")
    levers = [(name, told) for name, told, _ in decisions.rows if told]
    if levers:
        yield facts(levers)
    yield paragraph(
        f"What each action costs for each truth{_in(decisions)}. The action of least expected cost "
        "is taken; what is unlike the training data goes to a person where one can be asked."
    )
    outcome = decisions.outcome
    rows = [
        (
            name,
            *map(words.amount, costs),
            *([with_interval(outcome.taken[name])] if outcome else []),
        )
        for name, _, costs in decisions.rows
    ]
    heads = ["action", *card.bundle.vocab, *(["taken"] if outcome else [])]
    yield table("costs", heads, rows)
    if outcome is None:
        yield paragraph(words.NO_EVIDENCE)
        return
    yield from _outcome(decisions, outcome, words.noun(card.bundle))


def _outcome(decisions: Decisions, outcome: Outcome, noun: str) -> Iterator[str]:
    price = decisions.rule.ask
    yield facts(
        [
            ("With it", f"{words.amount(outcome.cost)} on average{_in(decisions)}"),
            (
                "Without it",
                f"{words.amount(outcome.one_action_cost)} with the best single action, "
                f"{outcome.one_action} always",
            ),
            ("Asking always", "" if price is None else words.amount(price)),
            ("Sent to a person", "" if outcome.asked is None else str(outcome.asked)),
            ("Because unlike", "" if outcome.foreign is None else str(outcome.foreign)),
            ("Measured on", f"{outcome.items:,} validation {noun}, which the calibration saw too"),
        ]
    )
    told = (
        "The declared price is marked."
        if price is not None
        else "No price of asking is declared: this is what would happen if a person could be asked."
    )
    yield paragraph(f"What another price of asking would do. {told}")
    yield f'<div class="charts">\n{cost_chart(decisions, outcome)}'
    yield f"{asked_chart(decisions, outcome)}</div>\n"
    rows = [
        (words.amount(point.ask), f"{point.asked:.1%}", words.amount(point.cost))
        for place, point in enumerate(outcome.curve)
        if place % 4 == 0 or point.ask == price
    ]
    numbers = table("decision curve", ["price of asking", "asked", "mean cost"], rows)
    yield Markup(f"<details><summary>The curve in numbers</summary>\n{numbers}</details>\n")


def _in(decisions: Decisions) -> str:
    return f", in {decisions.rule.unit}" if decisions.rule.unit else ""
