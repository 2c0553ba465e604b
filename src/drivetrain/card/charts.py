"""The card's charts: reliability, in-domain scores, and the decision curve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drivetrain.card import svg, words
from drivetrain.card.decisions import Decisions, Outcome
from drivetrain.card.markup import Markup, shown
from drivetrain.card.trust import STEPS, DomainFigures
from drivetrain.judge.reliability import Bin
from drivetrain.metrics import wilson_interval

SMALLEST_DOT, LARGEST_DOT = 3.5, 9.0
ROOM = 1.15
"""How much higher than its highest bar a histogram is, for what is written above the bars."""

FARTHEST_LINE = 4.0
"""A comparison that costs this many times what the picture shows is told in words only."""


def reliability_chart(name: str, title: str, bins: Sequence[Bin]) -> Markup:
    """How often answers were right, over how sure they were."""
    frame = svg.Frame(x=(0.0, 1.0), y=(0.0, 1.0))
    marks = [(place / 5, f"{place / 5:.0%}") for place in range(6)]
    items = sum(one.count for one in bins)
    told = "; ".join(
        f"sure {one.confidence:.0%}: right {one.accuracy:.0%} of {one.count:,}" for one in bins
    )

    def content() -> Iterator[str]:
        yield svg.axes(frame, ("how sure it was", "how often it was right"), (marks, marks))
        yield svg.path(frame, [(0, 0), (1, 1)], "ideal")
        for one in bins:
            low, high = wilson_interval(one.accuracy, one.count)
            yield svg.path(frame, [(one.confidence, low), (one.confidence, high)], "whisker")
        for one in bins:
            radius = max(SMALLEST_DOT, LARGEST_DOT * (one.count / items) ** 0.5)
            yield svg.dot(frame, (one.confidence, one.accuracy), radius, "dot")

    return svg.chart(name, title, f"{told}.", content())


def domain_chart(figures: DomainFigures, noun: str) -> Markup:
    """How far validation items lie from the training data."""
    counts = figures.counts
    frame = svg.Frame(x=(0.0, len(counts) / STEPS), y=(0.0, svg.rounded_up(max(counts) * ROOM)))
    far = ticks_of_scores(len(counts))
    up = [(mark, f"{mark:,.0f}") for mark in svg.ticks(*frame.y, 4) if mark == int(mark)]
    beyond = sum(counts[STEPS:])
    told = (
        f"{sum(counts[:STEPS]):,} of {sum(counts):,} {noun} lie within the border at 1, "
        f"{beyond:,} beyond it."
    )

    def content() -> Iterator[str]:
        yield svg.axes(frame, ("domain score; 1 is the border", noun), (far, up))
        for place, count in enumerate(counts):
            if count:
                style = "bar" if place < STEPS else "bar beyond"
                yield svg.bar(frame, (place / STEPS, (place + 1) / STEPS), count, style)
        yield svg.path(frame, [(1.0, 0.0), (1.0, frame.y[1])], "border")
        x, y = frame.place((1.0, frame.y[1]))
        yield svg.text((x + 6, y + 12), "unlike", "name")
        yield svg.text((x - 6, y + 12), "like", "name end")

    return svg.chart("scores", f"Domain scores of validation {noun}", told, content())


def ticks_of_scores(bars: int) -> list[tuple[float, str]]:
    """The numbers below a histogram of scores."""
    ends = bars / STEPS
    return [(mark, f"{mark:g}") for mark in svg.ticks(0.0, ends, 6)]


def cost_chart(decisions: Decisions, outcome: Outcome) -> Markup:
    """The mean cost over the price of asking, beside what can be had without a model."""
    curve, price = outcome.curve, decisions.rule.ask
    shown_costs = [point.cost for point in curve]
    low, high = min(0.0, *shown_costs), max(*shown_costs, curve[-1].ask * 0.5)
    alone = outcome.one_action_cost
    there = alone <= FARTHEST_LINE * high
    if there:
        low, high = min(low, alone), max(high, alone)
    frame = svg.Frame(x=(curve[0].ask, curve[-1].ask), y=(low, svg.rounded_up(high)))
    unit = decisions.rule.unit
    told = (
        f"From {words.amount(curve[0].cost)} where asking is free to "
        f"{words.amount(curve[-1].cost)} where nobody is asked for doubt; {outcome.one_action} "
        f"always costs {words.amount(alone)}."
    )
    beside = f"{outcome.one_action} always"
    if not there:
        beside += f" ({words.amount(alone)}, not shown)"
    legend = Markup(
        '<span class="key model">with the model</span>'
        f'<span class="key alone">{shown(beside)}</span>'
        '<span class="key asking">a person always</span>'
    )

    def content() -> Iterator[str]:
        yield svg.axes(frame, (_price(unit), "mean cost"), (_marks(frame.x), _marks(frame.y)))
        if there:
            yield svg.path(frame, [(frame.x[0], alone), (frame.x[1], alone)], "alone")
        edge = min(frame.x[1], frame.y[1])
        yield svg.path(frame, [(frame.x[0], frame.x[0]), (edge, edge)], "asking")
        yield svg.path(frame, [(point.ask, point.cost) for point in curve], "model")
        yield from _declared(frame, price, {point.ask: point.cost for point in curve}, "")

    return svg.chart("costs", "Mean cost", told, content(), caption=legend)


def asked_chart(decisions: Decisions, outcome: Outcome) -> Markup:
    """The share that is asked over the price of asking."""
    curve = outcome.curve
    frame = svg.Frame(x=(curve[0].ask, curve[-1].ask), y=(0.0, 1.0))
    shares = [(place / 4, f"{place / 4:.0%}") for place in range(5)]
    told = "; ".join(f"at {words.amount(one.ask)}: {one.asked:.0%}" for one in curve[::8])

    def content() -> Iterator[str]:
        labels = (_price(decisions.rule.unit), "share asked")
        yield svg.axes(frame, labels, (_marks(frame.x), shares))
        yield svg.path(frame, [(point.ask, point.asked) for point in curve], "model")
        asked = {point.ask: point.asked for point in curve}
        yield from _declared(frame, decisions.rule.ask, asked, "%")

    return svg.chart(
        "asked",
        "Share that goes to a person",
        f"{told}.",
        content(),
        caption=Markup('<span class="key model">with the model</span>'),
    )


def _declared(
    frame: svg.Frame, price: float | None, values: dict[float, float], form: str
) -> Iterator[str]:
    """The declared price, and what the curve says there."""
    if price is None or price not in values:
        return
    value = values[price]
    yield svg.path(frame, [(price, frame.y[0]), (price, frame.y[1])], "border")
    yield svg.dot(frame, (price, value), 4.5, "dot declared")
    x, y = frame.place((price, value))
    left = x > svg.WIDTH * 0.7
    label = f"{value:.0%}" if form else words.amount(value)
    over = bool(form) == (y > svg.TOP + 24) or y > svg.HEIGHT - svg.BOTTOM - 20
    place = (x - 8 if left else x + 8, y - 9 if over else y + 18)
    yield svg.text(place, label, "value end" if left else "value")


def _marks(bounds: tuple[float, float]) -> list[tuple[float, str]]:
    return [(mark, words.amount(mark)) for mark in svg.ticks(*bounds, 4)]


def _price(unit: str) -> str:
    return f"price of asking{f', {unit}' if unit else ''}"
