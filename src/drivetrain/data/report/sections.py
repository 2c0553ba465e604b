"""The sections of the ingest report's page: what stands in each, made when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from drivetrain.data.report.finding import count_of
from drivetrain.data.report.ingest import IngestReport
from drivetrain.data.report.leakage import DuplicatePair
from drivetrain.data.report.pictures import names_list, pair_figures, photo_figures, shown
from drivetrain.data.report.text import NAMELESS, leakage_line

MOST_CLASSES = 60
TURNS = {
    2: "mirrored",
    3: "upside down",
    4: "upside down, mirrored",
    5: "sideways, mirrored",
    6: "sideways",
    7: "sideways, mirrored",
    8: "sideways",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page.

    Arguments:
        name: What links lead to it by.
        title: Its heading.
        count: How much there is in it.
        is_open: Whether it is open from the start.
        content: Its HTML, made piece by piece.
    """

    name: str
    title: str
    count: str
    is_open: bool
    content: Iterable[str]


def sections_of(report: IngestReport) -> Iterator[Section]:
    """The sections that have something in them, the most important first.

    Example:
        >>> from drivetrain.data.report.ingest import inspect_items
        >>> [section.title for section in sections_of(inspect_items([b"no picture"]))]
        ['Cannot be read']
    """
    two, leak = report.two_labels, report.leakage
    if two:
        yield _pairs("two-labels", "The same picture under two labels", two, report.root)
    if leak and leak.pairs:
        yield _pairs("leakage", "On both sides of the split", leak.pairs, report.root)
    if report.classes:
        yield Section("classes", "Classes", f"{len(report.classes):,}", True, _classes(report))
    if leak or report.split_test:
        yield Section("split", "The split", "", True, _split(report))
    yield from _copies(report)
    yield from _files(report)
    yield from _sizes(report)
    left = report.leftovers
    if left and (
        left.hidden_count or left.foreign_count or left.dangling or left.beside or left.empty
    ):
        yield Section("left-out", "Left out, or out of place", "", False, _left_out(report))


def _pairs(
    name: str, title: str, pairs: Sequence[DuplicatePair], root: str, *, is_open: bool = True
) -> Section:
    count = count_of(len(pairs), "pair")
    return Section(name, title, count, is_open, pair_figures(pairs, root, "pairs"))


def _copies(report: IngestReport) -> Iterator[Section]:
    """Copies with one label; those with two stand at the top."""
    near = [pair for pair in report.near if pair.first_label == pair.second_label]
    exact = [pair for pair in report.exact if pair.first_label == pair.second_label]
    if near:
        yield _pairs("near", "Nearly the same picture", near, report.root)
    if exact:
        yield _pairs("exact", "Exact copies", exact, report.root, is_open=False)


def _files(report: IngestReport) -> Iterator[Section]:
    root = report.root
    if bad := report.unreadable:
        reasons = names_list([(item.file, item.reason) for item in bad], len(bad))
        yield Section("unreadable", "Cannot be read", count_of(len(bad), "file"), True, reasons)
    for name, title, photos in (
        ("suffix", "Another format than the name says",
         [(lie.file, lie.format) for lie in report.suffix_lies]),
        ("turned", "Stored turned or mirrored",
         [(photo.file, TURNS[photo.orientation]) for photo in report.turned]),
        ("colours", "Unusual colours",
         [(file, kind) for kind, files in report.odd_modes.items() for file in files]),
    ):  # fmt: skip
        if photos:
            count = count_of(len(photos), "photo")
            yield Section(name, title, count, False, photo_figures(photos, root, len(photos)))


def _sizes(report: IngestReport) -> Iterator[Section]:
    if report.sizes is None:
        return
    for name, title, some in (
        ("smallest", "The smallest photos", report.sizes.smallest),
        ("largest", "The largest photos", report.sizes.largest),
    ):
        photos = [(photo.file, f"{photo.width} × {photo.height}") for photo in some]
        yield Section(name, title, "", False, photo_figures(photos, report.root, len(photos)))


def _classes(report: IngestReport) -> Iterator[str]:
    ordered = sorted(report.classes.items(), key=lambda item: (-item[1], item[0]))
    half, hidden = MOST_CLASSES // 2, len(ordered) - MOST_CLASSES
    parts = [ordered] if hidden <= 0 else [ordered[:half], ordered[-half:]]
    for at, part in enumerate(parts):
        if at:
            yield f"<p>{hidden:,} classes between, and the smallest:</p>\n"
        yield _bars([(name, count / ordered[0][1], f"{count:,}") for name, count in part])


def _split(report: IngestReport) -> Iterator[str]:
    if line := leakage_line(report):
        yield f"<p>{shown(line)}</p>\n"
    if test := report.split_test:
        yield "<p>What a simple model on frozen features gets right:</p>\n"
        rows = [("random split", test["random"])]
        rows += [(f"split by {blocked['by']}", blocked["accuracy"]) for blocked in test["blocked"]]
        yield _bars([(name, accuracy, f"{accuracy:.1%}") for name, accuracy in rows])


def _bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """A bar chart: names, shares between 0 and 1, and what stands beside the bar."""
    lines = "".join(
        f"<dt>{shown(name or NAMELESS)}</dt>"
        f'<dd><i style="width:{max(share * 100, 0.5):.1f}%"></i></dd><dd>{value}</dd>\n'
        for name, share, value in rows
    )
    return f'<dl class="classes">\n{lines}</dl>\n'


def _left_out(report: IngestReport) -> Iterator[str]:
    left = report.leftovers
    if left is None:
        return
    suffixes = ", ".join(
        f"{count:,} {suffix or 'without a suffix'}"
        for suffix, count in left.foreign_suffixes.items()
    )
    for text, names, count in (
        ("Photos beside the class folders:", left.beside, len(left.beside)),
        ("Folders without a photo:", left.empty, len(left.empty)),
        ("Names that lead to no file:", left.dangling, len(left.dangling)),
        (f"Left out for their suffix ({suffixes}):", left.foreign, left.foreign_count),
        ("Hidden, left out:", left.hidden, left.hidden_count),
    ):
        if names:
            yield f"<p>{shown(text)}</p>\n"
            yield from names_list(((name, "") for name in names), count)
