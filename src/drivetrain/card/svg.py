"""Charts drawn by hand: a frame that maps numbers to places, and the few marks a card needs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drivetrain.card.markup import Markup, shown

WIDTH, HEIGHT = 360.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 12.0, 12.0, 44.0

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Where numbers lie on a picture of 360 by 250.

    Example:
        >>> Frame(x=(0, 1), y=(0, 10)).place((0, 0))
        (52.0, 206.0)

    Arguments:
        x: The least and the largest number from left to right.
        y: The least and the largest number from the bottom to the top.
    """

    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, point: Point) -> Point:
        """The place of a point; one that lies outside is put on the edge."""
        across = _share(point[0], self.x)
        up = _share(point[1], self.y)
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
        )


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers between two bounds.

    Example:
        >>> ticks(0.0, 18.5)
        [0.0, 5.0, 10.0, 15.0]
    """
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(place * step, 12) for place in range(first, last + 1)]


def rounded_up(number: float) -> float:
    """The first round number that is not below another: where an axis ends well.

    Example:
        >>> rounded_up(18.5)
        20.0
    """
    if number <= 0.0:
        return 0.0
    first, second = ticks(0.0, number, 4)[:2]
    return round(math.ceil(number / (second - first) - 1e-9) * (second - first), 12)


def axes(
    frame: Frame,
    labels: tuple[str, str],
    marks: tuple[Sequence[tuple[float, str]], Sequence[tuple[float, str]]],
) -> str:
    """The grid with its numbers and names.

    Arguments:
        frame: The frame.
        labels: What lies along x and along y.
        marks: The numbers along x and along y, each with its text.
    """
    parts = []
    for number, mark in marks[1]:
        left, y = frame.place((frame.x[0], number))
        parts.append(stroke([(left, y), (WIDTH - RIGHT, y)], "grid"))
        parts.append(text((left - 6, y + 4), mark, "tick end"))
    bottom = HEIGHT - BOTTOM
    for number, mark in marks[0]:
        x, _ = frame.place((number, frame.y[0]))
        parts.append(stroke([(x, bottom), (x, bottom + 4)], "axis"))
        parts.append(text((x, bottom + 17), mark, "tick middle"))
    parts.append(stroke([(LEFT, bottom), (WIDTH - RIGHT, bottom)], "axis"))
    parts.append(text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6), labels[0], "name middle"))
    middle = (TOP + bottom) / 2
    parts.append(
        f'<text class="name middle" transform="translate(13 {middle:.1f}) rotate(-90)">'
        f"{shown(labels[1])}</text>"
    )
    return "".join(parts)


def path(frame: Frame, points: Iterable[Point], style: str) -> str:
    """A line through points."""
    return stroke([frame.place(point) for point in points], style)


def stroke(places: Iterable[Point], style: str) -> str:
    """A line through places on the picture."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline class="{style}" points="{through}"/>'


def dot(frame: Frame, point: Point, radius: float, style: str) -> str:
    """A dot at a point."""
    x, y = frame.place(point)
    return f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'


def bar(frame: Frame, span: tuple[float, float], height: float, style: str) -> str:
    """A bar over a part of x."""
    left, top = frame.place((span[0], height))
    right, bottom = frame.place((span[1], frame.y[0]))
    return (
        f'<rect class="{style}" x="{left + 0.75:.1f}" y="{top:.1f}" '
        f'width="{max(right - left - 1.5, 0.5):.1f}" height="{bottom - top:.1f}"/>'
    )


def cell(frame: Frame, corners: tuple[Point, Point], opacity: float) -> str:
    """A part of the picture, more or less filled.

    Arguments:
        frame: The frame.
        corners: Its lower left and its upper right one.
        opacity: How much it is filled, 0 to 1.
    """
    left, bottom = (round(place, 1) for place in frame.place(corners[0]))
    right, top = (round(place, 1) for place in frame.place(corners[1]))
    return (
        f'<rect class="cell" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" fill-opacity="{opacity:.2f}"/>'
    )


def text(place: Point, words: str, style: str) -> str:
    """A text at a place on the picture."""
    return f'<text class="{style}" x="{place[0]:.1f}" y="{place[1]:.1f}">{shown(words)}</text>'


def chart(name: str, title: str, told: str, content: Iterable[str], *, caption: str = "") -> Markup:
    """A picture with its title, and with what it shows in words for those who do not see it.

    Arguments:
        name: Its own on the page.
        title: What it is.
        told: What it shows, a sentence.
        content: Its marks.
        caption: HTML below its title.
    """
    return Markup(
        f"<figure>\n<figcaption><b>{shown(title)}</b>{caption}</figcaption>\n"
        f'<svg viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'aria-labelledby="{name}-title {name}-told">'
        f'<title id="{name}-title">{shown(title)}</title>'
        f'<desc id="{name}-told">{shown(told)}</desc>'
        f"{''.join(content)}</svg>\n</figure>\n"
    )


def _share(number: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    return min(1.0, max(0.0, (number - low) / (high - low)))
