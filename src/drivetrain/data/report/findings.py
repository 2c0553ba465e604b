"""What a person should know about the labels, the split and the copies, and what to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from drivetrain.data.report.finding import SEVERITIES, Finding, count_of, some
from drivetrain.data.report.findings_of_files import left_out, pictures, unreadable

if TYPE_CHECKING:
    from drivetrain.data.report.ingest import IngestReport

FEW_IN_A_CLASS = 10
UNEVEN, VERY_UNEVEN = 3, 10


def findings_of(report: IngestReport) -> list[Finding]:
    """All that was found, the most important first."""
    found = [
        *_labels(report),
        *_split(report),
        *unreadable(report),
        *_duplicates(report),
        *_classes(report),
        *(left_out(report.leftovers) if report.leftovers else ()),
        *pictures(report),
    ]
    return sorted(found, key=lambda finding: SEVERITIES.index(finding.severity))


def _labels(report: IngestReport) -> Iterator[Finding]:
    if pairs := len(report.two_labels):
        yield Finding(
            severity="problem",
            kind="two_labels",
            count=pairs,
            what=f"{count_of(pairs, 'pair')} of files {'shows' if pairs == 1 else 'show'} "
            f"{_how_alike(report)} under two labels.",
            advice="Where it is one picture, decide which label is right and take the other file "
            "away: nobody can learn from a contradiction, and no quarantine decides it for you.",
        )


def _how_alike(report: IngestReport) -> str:
    exact = [pair.exact for pair in report.two_labels]
    return "the same picture" if all(exact) else "the same or nearly the same picture"


def _split(report: IngestReport) -> Iterator[Finding]:
    if report.split_test and report.split_test.get("warning"):
        yield Finding(
            severity="problem",
            kind="flattery",
            count=1,
            what=str(report.split_test["warning"]),
            advice="Split by what separates your photos from those to come, not at random.",
        )
    leak = report.leakage
    if leak is None or not leak.torn:
        return
    if leak.left:
        yield Finding(
            severity="problem",
            kind="leakage",
            count=leak.left,
            what=f"{count_of(leak.left, 'pair')} of files show the same picture on both sides of "
            f"the split ({leak.split}). {leak.problem}".strip(),
            advice="Take one file of each pair away: what validates has been seen in training, "
            "and the score flatters.",
        )
    if leak.torn > leak.left:
        yield Finding(
            severity="note",
            kind="kept_together",
            count=leak.torn - leak.left,
            what=f"{count_of(leak.torn, 'pair')} of the same picture would have been torn apart "
            f"by the split; kept together, {leak.left or 'none'} remain{'s' * (leak.left == 1)}.",
        )


def _duplicates(report: IngestReport) -> Iterator[Finding]:
    if pairs := len(report.exact):
        spare = len(report.surplus)
        yield Finding(
            severity="warning" if spare else "note",
            kind="exact_copies",
            count=pairs,
            what=f"{count_of(pairs, 'pair')} of files {'has' if pairs == 1 else 'have'} the same "
            "content.",
            advice=f"--quarantine moves {count_of(spare, 'surplus copy', 'surplus copies')} away "
            "and leaves one of each." if spare else "",
        )  # fmt: skip
    if report.too_alike:
        yield Finding(
            severity="note",
            kind="too_alike",
            count=report.readable,
            what="The photos are so alike as a whole that near duplicates cannot be told from "
            "others.",
            advice="Exact copies were found all the same; split by group (object, patient, day).",
        )
    elif pairs := len([pair for pair in report.near if pair not in report.two_labels]):
        yield Finding(
            severity="warning",
            kind="near_copies",
            count=pairs,
            what=f"{count_of(pairs, 'pair')} of files {'shows' if pairs == 1 else 'show'} nearly "
            "the same picture.",
            advice="Look at them: they count twice in training, and on both sides of a split "
            "they flatter.",
        )


def _classes(report: IngestReport) -> Iterator[Finding]:
    classes = report.classes
    if report.listed_twice:
        yield Finding(
            severity="warning",
            kind="listed_twice",
            count=len(report.listed_twice),
            what=f"{count_of(len(report.listed_twice), 'file')} stand in the list more than once: "
            f"{some(list(report.listed_twice))}.",
            advice="Each row counts in training; rows of one file stay on one side of the split.",
        )
    if report.merged_folders:
        name, folders = next(iter(report.merged_folders.items()))
        yield Finding(
            severity="warning",
            kind="merged_folders",
            count=len(report.merged_folders),
            what=f"{len(folders)} folders are called {name} and count as one class: "
            f"{some(list(folders))}.",
            advice="Rename them if they are different classes, or give a get_y of your own.",
        )
    if not classes and report.leftovers is not None:
        yield Finding(
            severity="note",
            kind="no_classes",
            count=report.readable,
            what="The photos lie in no class folders, so they have no labels.",
            advice="To train on them, put the photos of each class into a folder of their own.",
        )
    if len(classes) == 1:
        yield Finding(
            severity="warning",
            kind="one_class",
            count=1,
            what=f"All photos have one label, {next(iter(classes))}.",
            advice="Put the photos of each class into a folder of their own.",
        )
    if small := [name for name, count in classes.items() if count < FEW_IN_A_CLASS]:
        alone = any(classes[name] < 2 for name in small)
        yield Finding(
            severity="problem" if alone and len(classes) > 1 else "warning",
            kind="small_classes",
            count=len(small),
            what=f"{count_of(len(small), 'class', 'classes')} ha{'s' if len(small) == 1 else 've'} "
            f"fewer than {FEW_IN_A_CLASS} photos: "
            f"{some([f'{name} has {classes[name]}' for name in small])}.",
            advice="Collect more, or leave the class out; a class with one photo is never both "
            "learned and validated.",
        )
    ratio = report.imbalance
    if ratio is not None and ratio >= UNEVEN:
        largest, smallest = (
            max(classes, key=classes.__getitem__),
            min(classes, key=classes.__getitem__),
        )
        yield Finding(
            severity="warning" if ratio >= VERY_UNEVEN else "note",
            kind="imbalance",
            count=len(classes),
            what=f"The largest class ({largest}, {classes[largest]:,}) is {ratio:.0f} times the "
            f"smallest ({smallest}, {classes[smallest]:,}).",
            advice="Judge by the error of each class, and weight the classes in training.",
        )
    for names in _spelled_alike(list(classes)):
        yield Finding(
            severity="warning",
            kind="names_alike",
            count=len(names),
            what=f"{' and '.join(repr(name) for name in names)} are labels that differ only in "
            "case, spaces or hyphens.",
            advice="If they mean one class, give them one name.",
        )


def _spelled_alike(names: list[str]) -> list[list[str]]:
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike["".join(c for c in name.casefold() if c not in " _-")].append(name)
    return [group for group in alike.values() if len(group) > 1]
