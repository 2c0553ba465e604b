"""A process that starts, answers one photo and ends: how soon, and with how much memory."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.environment import has_lean_python
from benchmarks.measure import Run, median
from benchmarks.report import Section
from benchmarks.table import figure, ratio
from benchmarks.workshop import Workshop

COLUMNS = ("what", "fastai", "Drivetrain", "ratio")
SIDES = ("fastai", "ours")

TIME_NOTES = """\
A fresh process a measurement, in turns, after one of each that does not count. fastai is a script
with `load_learner("export.pkl")` and `learn.predict(photo)`. Drivetrain is the command
`drivetrain predict FILE PHOTO`
{where}.

The programs' files are in the system's cache: a machine that was just switched on takes longer on
both sides."""

MEMORY_NOTES = """\
The most that the process held resident at a time, from the same runs, as the system accounts for
it when the process ends; pages of libraries that other processes share are counted in full. It
does not show a server after hours of requests."""


def compare(workshop: Workshop) -> list[Section]:
    """Start both sides in turns and look at the clock and at the memory."""
    runs: dict[str, list[Run]] = {side: [] for side in SIDES}
    photo = workshop.photos.some_bears(1)[0]
    starts: dict[str, Callable[[], Run]] = {
        "fastai": lambda: workshop.run_peer(
            "fastai_predict.py", "once", workshop.peer_model, photo
        ),
        "ours": lambda: workshop.drivetrain("predict", workshop.our_model, photo),
    }
    for number in range(workshop.answers + 1):
        for side, start in starts.items():
            run = start()
            if number:
                runs[side].append(run)
    where = (
        "in an environment without torch" if has_lean_python() else "in the environment that trains"
    )
    return [
        _section(
            "start",
            "The start of a process to its first answer",
            {
                "start to the first answer printed": (lambda run: run.lines[-1].seconds, "s"),
                "start to the end of the process": (lambda run: run.seconds, "s"),
            },
            runs,
            TIME_NOTES.format(where=where),
        ),
        _section(
            "memory",
            "Memory to answer one photo",
            {"peak resident memory": (lambda run: run.peak_mb, "MB")},
            runs,
            MEMORY_NOTES,
        ),
    ]


def _section(
    name: str,
    title: str,
    figures: dict[str, tuple[Callable[[Run], float], str]],
    runs: dict[str, list[Run]],
    notes: str,
) -> Section:
    rows, samples = [], {}
    for what, (figure_of, unit) in figures.items():
        values = {side: [round(figure_of(run), 3) for run in runs[side]] for side in SIDES}
        peer, ours = (median(values[side]) for side in SIDES)
        rows.append((what, figure(peer, unit), figure(ours, unit), ratio(peer, ours)))
        samples[what] = values
    return Section(name=name, title=title, columns=COLUMNS, rows=rows, notes=notes, samples=samples)
