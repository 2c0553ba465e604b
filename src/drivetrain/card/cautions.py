"""What a reviewer should think about before saying yes, found in the figures."""

from __future__ import annotations

from collections.abc import Iterator

from drivetrain.card.card import Card
from drivetrain.card.number_cautions import MOST_NAMED, cautions_of_numbers, named
from drivetrain.card.numbers import NumbersResults
from drivetrain.card.results import Results
from drivetrain.card.several import SeveralResults
from drivetrain.card.words import noun

FEW_ITEMS = 100
FEW_OF_A_CLASS = 20
FAR_FROM_DECLARED = 2.0
MUCH_ASKED = 0.25
FEW_FOR_A_CLOUD = 10


def cautions(card: Card) -> list[str]:
    """Sentences about what is missing or weak; empty when nothing is."""
    return [*_of_data(card), *_of_results(card), *_of_judgement(card), *_of_network(card)]


def _of_data(card: Card) -> Iterator[str]:
    results = card.results
    items, inputs = results.items, noun(card.bundle)
    if items < FEW_ITEMS:
        yield f"Only {items:,} validation {inputs}: every figure here is uncertain."
    if isinstance(results, NumbersResults) or items < FEW_ITEMS:
        return
    known = results.confusion if isinstance(results, Results) else results.guess
    few = [
        one.name for one in results.classes if (one.found.of if one.found else 0) < FEW_OF_A_CLASS
    ]
    if known and few:
        yield f"Fewer than {FEW_OF_A_CLASS} validation {inputs} of {named(few)}."


def _of_results(card: Card) -> Iterator[str]:
    results = card.results
    if isinstance(results, NumbersResults):
        yield from cautions_of_numbers(results.numbers)
        return
    if isinstance(results, SeveralResults):
        right = results.metrics.get("all_right")
        most = None if right is None else 1.0 - right.low
    else:
        error = results.metrics.get("error_rate")
        most = None if error is None else error.high
    guess = results.guess
    if guess and most is not None and most >= guess[1]:
        yield (
            f"It may be no better than always answering {guess[0]}, which is wrong {guess[1]:.1%} "
            f"of the time."
        )


def _of_judgement(card: Card) -> Iterator[str]:
    objective = card.bundle.manifest.project.objective
    if not objective.purpose:
        yield "It does not say what it is for."
    elif not objective.not_for:
        yield "It does not say what it must not be used for."
    if thin := [name for name, count in _trained(card) if count < FEW_FOR_A_CLOUD]:
        listed = ", ".join(thin[:MOST_NAMED]) + (" and more" if len(thin) > MOST_NAMED else "")
        yield f"So few {noun(card.bundle)} of {listed} make a wide border: it misses foreign ones."
    if card.decisions is not None and card.decisions.rule.ask is None:
        yield "Nobody can be asked: what is foreign gets an action like all else."
    if card.domain is None:
        yield "It cannot tell when an input is like nothing that it was trained on."
    elif card.domain.rejected.low > FAR_FROM_DECLARED * card.domain.record.false_reject:
        yield (
            f"It calls {card.domain.rejected.value:.1%} of its validation {noun(card.bundle)} "
            f"foreign, and {card.domain.record.false_reject:.1%} are meant to be."
        )
    if not isinstance(card.results, Results):
        return
    if card.calibration is None or card.calibration.record.after is None:
        yield "Nobody measured how far its probabilities can be taken at their word."
    if card.decisions is None:
        yield "No costs are declared: it answers with probabilities, not with decisions."
    elif outcome := card.decisions.outcome:
        asked, best = outcome.asked, outcome.without_it(card.decisions.rule.ask)[1]
        if outcome.cost >= best:
            yield "Under these costs one could do as well without it."
        elif asked and asked.value > MUCH_ASKED:
            yield f"Under these costs {asked.value:.1%} go to a person."


def _trained(card: Card) -> list[tuple[str, int]]:
    """How many items a class was trained on; the manifest counts those of validation too."""
    if not isinstance(card.results, Results):
        return []
    training = card.bundle.manifest.training
    held = {one.name: one.found.of if one.found else 0 for one in card.results.classes}
    return [(name, count - held.get(name, 0)) for name, count in training.class_counts.items()]


def _of_network(card: Card) -> Iterator[str]:
    if card.bundle.manifest.network.precision_note:
        yield card.bundle.manifest.network.precision_note
    if isinstance(card.speed, str):
        yield f"It could not answer on this machine: {card.speed}"
    if not card.bundle.manifest.samples:
        yield "It holds no samples, so that a machine cannot prove that it answers alike."
