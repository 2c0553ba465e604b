"""How long the imports take that a session begins with."""

from __future__ import annotations

from benchmarks.measure import median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.workshop import Workshop

BAR_MS, TIMES = 100, 2
"""What ``import drivetrain`` may take, and how many times as long the peer's star has to take."""

OURS = {"name": "import drivetrain", "star": "from drivetrain.vision.all import *"}
PEER = "from fastai.vision.all import *"

NOTES = """\
Milliseconds of the one statement, taken inside a fresh process that does nothing else, in turns
after one process of each that does not count; medians of {answers}. The start of Python itself is
not in it. The programs' files are in the system's cache: a machine that was just switched on takes
longer on both sides. `import drivetrain` alone loads what is asked of it later: its time is no
measure of the work before a model trains, which the star import holds."""


def compare(workshop: Workshop) -> list[Section]:
    """Import in turns."""
    samples: dict[str, list[float]] = {"name": [], "star": [], "fastai": []}
    for number in range(workshop.answers + 1):
        taken = {what: workshop.time_ours(statement) for what, statement in OURS.items()}
        taken["fastai"] = workshop.time_peer(PEER)
        if number:
            for what, milliseconds in taken.items():
                samples[what].append(round(milliseconds, 2))
    name, star, peer = (median(samples[what]) for what in ("name", "star", "fastai"))
    rows = [
        (f"`{OURS['name']}`", "", figure(name, "ms"), "", f"≤ {BAR_MS} ms"),
        (
            "`from … .vision.all import *`",
            figure(peer, "ms"),
            figure(star, "ms"),
            ratio(peer, star),
            f"≥ {TIMES} ×",
        ),
    ]
    return [
        Section(
            name="imports",
            title="Imports",
            columns=("statement", "fastai", "Drivetrain", "ratio", "bar"),
            rows=rows,
            notes=NOTES.format(answers=workshop.answers),
            samples=samples,
        )
    ]
