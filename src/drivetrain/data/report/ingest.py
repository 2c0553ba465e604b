"""What is in a pile of photos: everything to know before something is learned from it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from drivetrain.data.items import get_image_files
from drivetrain.data.labels import parent_label
from drivetrain.data.leftovers import Leftovers, find_leftovers
from drivetrain.data.looks.duplicates import Pair, find_duplicates
from drivetrain.data.looks.look import Look, LookIndex, look_at_all
from drivetrain.data.report.finding import Finding
from drivetrain.data.report.findings import findings_of
from drivetrain.data.report.leakage import DuplicatePair, Leakage, leakage_of
from drivetrain.data.report.tally import Sizes, SuffixLie, Tally, Turned, Unreadable
from drivetrain.data.sides import BySide, sides_of
from drivetrain.data.splits.drawn import RandomSplitter, Split, Splitter, split_items
from drivetrain.errors import DataError

VALID_PCT = 0.2


class Track(Protocol):
    """Passes looks on and shows how far they are, as :meth:`Reporter.track` does."""

    def __call__(self, steps: Iterable[Look], what: str, *, total: int) -> Iterable[Look]:
        """The same looks, in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class IngestReport:
    """What was found in a pile of photos; files are named relative to ``root``.

    Arguments:
        root: The folder, "" for items that lie in none.
        files: How many items were looked at.
        readable: How many of them are pictures that can be read.
        bytes: Their size on disk.
        classes: How many readable photos each label has; empty without labels.
        formats: How many photos have each format, by content.
        modes: How many photos are stored in each of Pillow's modes.
        unreadable: Files that cannot be read, and why.
        suffix_lies: Files that hold another format than their suffix says.
        sizes: How large the photos are, upright.
        turned: Photos that are turned or mirrored by a note in the file.
        odd_modes: Files by what is unusual about how they store colours.
        pairs: Files that show the same picture, exact copies first; of several copies of a file,
            each with the next.
        too_alike: Whether the photos are so alike that near duplicates mean nothing.
        two_labels: The pairs whose labels differ.
        surplus: Exact copies that could be taken away, so that one remains of each picture. None
            of a picture that has two labels: which is right, a person has to say.
        listed_twice: Files that are the photo of more than one item.
        merged_folders: Labels that come from several folders of one name, with those folders.
        leakage: What the split does to such pairs; None where nothing is split.
        leftovers: What else lies in the folder; None for items that were given one by one.
        split_test: How much a random split promises over blocked ones: ``random`` (accuracy),
            ``blocked`` (a list of ``{"by", "accuracy"}``), ``warning`` (a sentence or "").
    """

    root: str
    files: int
    readable: int
    bytes: int
    classes: dict[str, int]
    formats: dict[str, int]
    modes: dict[str, int]
    unreadable: tuple[Unreadable, ...]
    suffix_lies: tuple[SuffixLie, ...]
    sizes: Sizes | None
    turned: tuple[Turned, ...]
    odd_modes: dict[str, tuple[str, ...]]
    pairs: tuple[DuplicatePair, ...]
    too_alike: bool
    two_labels: tuple[DuplicatePair, ...]
    surplus: tuple[str, ...]
    listed_twice: tuple[str, ...] = ()
    merged_folders: dict[str, tuple[str, ...]] = field(default_factory=dict)
    leakage: Leakage | None = None
    leftovers: Leftovers | None = None
    split_test: dict[str, Any] | None = None

    @property
    def imbalance(self) -> float | None:
        """How many times larger the largest class is than the smallest; None below two classes."""
        counts = self.classes.values()
        return max(counts) / min(counts) if len(counts) > 1 and min(counts) else None

    @property
    def exact(self) -> tuple[DuplicatePair, ...]:
        """The pairs of files with the same content."""
        return tuple(pair for pair in self.pairs if pair.exact)

    @property
    def near(self) -> tuple[DuplicatePair, ...]:
        """The pairs of pictures that were saved again, resized or cropped a little."""
        return tuple(pair for pair in self.pairs if not pair.exact)

    @cached_property
    def findings(self) -> list[Finding]:
        """What a person should know, the most important first."""
        return findings_of(self)

    @property
    def to_set_aside(self) -> dict[str, str]:
        """What a quarantine may take without a person's decision: files to reasons."""
        unreadable = {item.file: f"The file {item.reason}" for item in self.unreadable}
        return unreadable | dict.fromkeys(self.surplus, "Another file has the same content.")

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        content: dict[str, Any] = _plain(asdict(self))
        del content["pairs"]
        pairs = {"exact": self.exact, "near": self.near}
        return content | {
            "imbalance": self.imbalance,
            "duplicates": {kind: _plain([asdict(p) for p in some]) for kind, some in pairs.items()},
            "findings": [asdict(finding) for finding in self.findings],
        }


def inspect_folder(
    path: str | os.PathLike[str],
    *,
    seed: int = 42,
    index: LookIndex | None = None,
    workers: int | None = None,
    track: Track | None = None,
) -> IngestReport:
    """Look at every photo of a folder, and at what else lies there.

    Photos are labelled by the folder that they lie in, when there are such folders. Folders
    named as the sides of a split (``train``, ``valid``) are taken as one; otherwise the split
    is the one that training draws.

    Example:
        >>> import tempfile
        >>> from PIL import Image
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("black", "teddy"):
        ...         (Path(folder) / name).mkdir()
        ...         Image.linear_gradient("L").save(Path(folder) / name / "1.png")
        ...     report = inspect_folder(folder)
        >>> report.classes, [finding.kind for finding in report.findings][:1]
        ({'black': 1, 'teddy': 1}, ['two_labels'])

    Arguments:
        path: The folder.
        seed: What the split follows from.
        index: Remembers looks between runs.
        workers: The number of threads; one for each processor when None.
        track: Shows the progress.

    Raises:
        DataError: The folder does not exist, holds no photos, or cannot be looked into.
    """
    root = Path(path)
    items = get_image_files(root)
    leftovers = find_leftovers(root, items)
    if not items:
        raise DataError(f"{root} holds no photos.", hint=_what_there_is(leftovers))
    sides = sides_of(root, items)
    tops = {root} | {root / side for side in set(sides or []) if side}
    labels = None if {item.parent for item in items} <= tops else list(map(parent_label, items))
    report = inspect_items(
        items,
        labels,
        splitter=BySide(sides) if sides else RandomSplitter(valid_pct=VALID_PCT, seed=seed),
        root=root,
        index=index,
        workers=workers,
        track=track,
    )
    merged = {} if labels is None or sides else _folders_of_one_name(root, items)
    return replace(report, leftovers=leftovers, merged_folders=merged)


def inspect_items(
    items: Sequence[Any],
    labels: Sequence[Any] | None = None,
    *,
    splitter: Splitter | None = None,
    root: str | os.PathLike[str] | None = None,
    index: LookIndex | None = None,
    workers: int | None = None,
    track: Track | None = None,
) -> IngestReport:
    """Look at items, wherever they come from; memory grows by some hundred bytes a file.

    Example:
        >>> import numpy as np
        >>> items = [np.full((20, 20), 9, np.uint8), np.full((20, 20), 9, np.uint8), b"?"]
        >>> report = inspect_items(items, ["day", "night", "day"])
        >>> report.readable, len(report.two_labels), report.unreadable[0].file
        (2, 1, 'item 2')

    Arguments:
        items: Paths, encoded files' bytes, Pillow images or arrays.
        labels: The label of each: a text, a number, or a list of them.
        splitter: Draws the split whose leakage is reported; none is drawn when None.
        root: The folder that files are named relative to.
        index: Remembers looks between runs.
        workers: The number of threads; one for each processor when None.
        track: Shows the progress.

    Raises:
        DataError: There are not as many labels as items, or the splitter refuses.
    """
    if labels is not None and len(labels) != len(items):
        raise DataError(f"There are {len(items)} items and {len(labels)} labels.")
    plain: Split | None = None
    if splitter is not None and len(items) > 1:
        plain = split_items(splitter, items, labels=labels)
    tally = Tally(items, labels, root=None if root is None else Path(root))
    looks: Iterable[Look] = look_at_all(items, index=index, workers=workers)
    if track is not None:
        looks = track(looks, "looking", total=len(items))
    duplicates = find_duplicates(tally.noting(looks))
    found = sorted(
        duplicates.pairs,
        key=lambda pair: (not pair.exact, -pair.similarity, pair.first, pair.second),
    )
    listed_twice = tuple(pair for pair in found if tally.same_file(pair.first, pair.second))
    named = tuple(_with_names(pair, tally) for pair in found)
    of_two_files = tuple(pair for pair in named if pair.first != pair.second)
    leakage = None
    if plain is not None and splitter is not None:
        together = partial(
            split_items, splitter, items, together=duplicates.groups(), labels=labels
        )
        leakage = leakage_of(splitter, plain, together, found, named)
    return IngestReport(
        root="" if root is None else Path(root).as_posix(),
        files=len(items),
        pairs=of_two_files,
        listed_twice=tuple(sorted({tally.name(pair.first) for pair in listed_twice})),
        too_alike=duplicates.too_alike,
        two_labels=tuple(p for p in of_two_files if p.first_label != p.second_label),
        leakage=leakage,
        **tally.results(),
    )


def _folders_of_one_name(root: Path, items: Sequence[Path]) -> dict[str, tuple[str, ...]]:
    folders: dict[str, set[str]] = {}
    for item in items:
        folders.setdefault(item.parent.name, set()).add(item.parent.relative_to(root).as_posix())
    return {name: tuple(sorted(those)) for name, those in folders.items() if len(those) > 1}


def _with_names(pair: Pair, tally: Tally) -> DuplicatePair:
    return DuplicatePair(
        first=tally.name(pair.first),
        second=tally.name(pair.second),
        first_label=tally.label(pair.first),
        second_label=tally.label(pair.second),
        exact=pair.exact,
        similarity=round(pair.similarity, 3),
    )


def _what_there_is(leftovers: Leftovers) -> str:
    """What to do about a folder without photos, by what it holds instead."""
    if leftovers.disguised:
        return f"{leftovers.disguised[0]} is a picture: give such files a suffix, as in .jpg."
    if leftovers.foreign_count:
        suffixes = ", ".join(suffix or "without a suffix" for suffix in leftovers.foreign_suffixes)
        return f"Its files are no pictures by their suffix ({suffixes}); .jpg and .png are some."
    return "Put photos into it, such as .jpg or .png files; hidden ones do not count."


def _plain(content: Any) -> Any:
    """Lists for tuples, all the way down."""
    if isinstance(content, dict):
        return {key: _plain(value) for key, value in content.items()}
    return [_plain(value) for value in content] if isinstance(content, tuple | list) else content
