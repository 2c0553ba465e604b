"""What a person should know about the files of a pile of photos, and what to do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from drivetrain.data.leftovers import Leftovers
from drivetrain.data.report.finding import Finding, count_of, some

if TYPE_CHECKING:
    from drivetrain.data.report.ingest import IngestReport

UNREAD_PICTURES = frozenset(
    {".arw", ".cr2", ".dng", ".heic", ".heif", ".ico", ".jfif", ".jp2", ".jxl", ".nef", ".psd",
     ".raw", ".svg", ".tga"}
)  # fmt: skip


def unreadable(report: IngestReport) -> Iterator[Finding]:
    """Files that are no pictures, or others than they say."""
    if bad := report.unreadable:
        examples = some([item.file for item in bad])
        yield Finding(
            severity="problem",
            kind="unreadable",
            count=len(bad),
            what=f"{count_of(len(bad), 'file')} cannot be read: {examples}.",
            advice="Save them again from their originals, or move them away with --quarantine; "
            "training leaves them out and names them.",
        )
    if lies := report.suffix_lies:
        yield Finding(
            severity="note",
            kind="suffix",
            count=len(lies),
            what=f"{count_of(len(lies), 'file')} hold{'s' * (len(lies) == 1)} another format than "
            f"the name says: {some([f'{lie.file} is {lie.format}' for lie in lies])}.",
            advice="They are read by their content; other programs may stumble over them.",
        )


def left_out(left: Leftovers) -> Iterator[Finding]:
    """What lies in the folder and is not looked at."""
    if left.beside:
        yield Finding(
            severity="warning",
            kind="beside",
            count=len(left.beside),
            what=f"{count_of(len(left.beside), 'photo')} lie{'s' * (len(left.beside) == 1)} "
            f"beside the class folders: {some(left.beside)}.",
            advice="They are labelled with the name of the whole folder; move them into a class "
            "folder, or out.",
        )
    if left.empty:
        yield Finding(
            severity="warning",
            kind="empty_folders",
            count=len(left.empty),
            what=f"{count_of(len(left.empty), 'folder')} hold{'s' * (len(left.empty) == 1)} no "
            f"photo: {some(left.empty)}.",
            advice="Such a folder is no class: fill it or take it away.",
        )
    unread = {s: n for s, n in left.foreign_suffixes.items() if s in UNREAD_PICTURES}
    disguised = [name for name in left.disguised if _suffix(name) not in unread]
    if lost := sum(unread.values()) + len(disguised):
        examples = some([*disguised, *(f"{n:,} × {s}" for s, n in unread.items())])
        yield Finding(
            severity="warning",
            kind="pictures_left_out",
            count=lost,
            what=f"{count_of(lost, 'file')} left out may be photos: {examples}.",
            advice="Convert them to JPEG or PNG, or give them the suffix of what they are.",
        )
    if left.dangling:
        yield Finding(
            severity="warning",
            kind="dangling",
            count=len(left.dangling),
            what=f"{count_of(len(left.dangling), 'name')} lead{'s' * (len(left.dangling) == 1)} "
            f"to no file: {some(left.dangling)}.",
            advice="Mend the links, or take them away.",
        )
    if left.foreign_count:
        suffixes = ", ".join(
            f"{count:,} {suffix or 'without a suffix'}"
            for suffix, count in list(left.foreign_suffixes.items())[:6]
        )
        yield Finding(
            severity="note",
            kind="foreign",
            count=left.foreign_count,
            what=f"{count_of(left.foreign_count, 'file')} {_was(left.foreign_count)} left out for "
            f"having no picture's suffix ({suffixes}).",
        )
    if left.hidden_count:
        yield Finding(
            severity="note",
            kind="hidden",
            count=left.hidden_count,
            what=f"{count_of(left.hidden_count, 'hidden entry', 'hidden entries')}"
            f" {_was(left.hidden_count)} left out: {some(left.hidden)}.",
        )


def pictures(report: IngestReport) -> Iterator[Finding]:
    """Photos of unusual size, position or colour."""
    sizes = report.sizes
    if sizes and (tiny := len(sizes.tiny)):
        most = tiny > report.readable / 2
        yield Finding(
            severity="note" if most else "warning",
            kind="tiny",
            count=tiny,
            what=f"{count_of(tiny, 'photo')} {'is' if tiny == 1 else 'are'} small, with a side "
            f"below 64 pixels: {some(sizes.tiny)}.",
            advice="Train at a size like theirs; enlarging adds nothing." if most else
            "Thumbnails and icons are often no photos of the class: look at them.",
        )  # fmt: skip
    if sizes and (huge := len(sizes.huge)):
        yield Finding(
            severity="note",
            kind="huge",
            count=huge,
            what=f"{count_of(huge, 'photo')} {'has' if huge == 1 else 'have'} more than 40 "
            f"megapixels: {some(sizes.huge)}.",
            advice="They take long to read the first time.",
        )
    if turned := report.turned:
        yield Finding(
            severity="note",
            kind="turned",
            count=len(turned),
            what=f"{count_of(len(turned), 'photo')} {_was(len(turned))} stored sideways, upside "
            "down or mirrored, with a note that says so.",
            advice="They are turned upright whenever they are read, in training and later.",
        )
    mixed = {kind: files for kind, files in report.odd_modes.items() if "among" in kind}
    for kind, files in mixed.items():
        yield Finding(
            severity="note",
            kind="mixed_colours",
            count=len(files),
            what=f"{count_of(len(files), 'photo')} {'is' if len(files) == 1 else 'are'} {kind}: "
            f"{some(files)}.",
            advice="If one class is grey and another is not, the model learns that.",
        )
    odd = {kind: files for kind, files in report.odd_modes.items() if kind not in mixed}
    if odd:
        kinds = ", ".join(f"{len(files):,} {kind}" for kind, files in odd.items())
        yield Finding(
            severity="note",
            kind="modes",
            count=len(set().union(*odd.values())),
            what=f"Some photos store their colours in an unusual way: {kinds}.",
            advice="They are brought to 8-bit RGB whenever they are read, in training and later.",
        )


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
