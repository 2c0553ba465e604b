"""The ingest report of a data block: its own items, labels and splitter."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from drivetrain.data.looks.look import LookIndex
from drivetrain.data.report.ingest import IngestReport, inspect_items
from drivetrain.data.report.page import check_page, write_page
from drivetrain.data.report.text import print_report
from drivetrain.data.splits.drawn import RandomSplitter
from drivetrain.learn.split_photos import check_split
from drivetrain.learn.steps import Steps
from drivetrain.learn.targets import OneOf
from drivetrain.progress import Reporter

if TYPE_CHECKING:
    from drivetrain.learn.block import DataBlock


def check_block(
    block: DataBlock, source: Any, *, html: str | os.PathLike[str] | None, split_test: bool
) -> IngestReport:
    """Look at the items of a source as a data block sees them, and print what is found."""
    if html is not None:
        check_page(html)
    steps = Steps(block)
    items = steps.items(source)
    photos = steps.inputs(items)[0]
    targets = steps.targets(items)
    labels = [targets[0].kind.describe(value) for value in targets[0].values]
    one_class_each = isinstance(targets[0].kind, OneOf)
    reporter = Reporter()
    with LookIndex() as index:
        report = inspect_items(
            photos,
            labels if one_class_each else None,
            splitter=block.splitter or RandomSplitter(),
            root=source if isinstance(source, str | os.PathLike) else None,
            index=index,
            track=reporter.track,
        )
    if split_test and one_class_each and _are_files(photos):
        tested = check_split(photos, labels, reporter=reporter)
        report = replace(report, split_test=None if tested is None else tested.as_dict())
    print_report(report, next_steps=False)
    if html is not None:
        reporter.say(f"The page is {write_page(report, html)}.")
    return report


def _are_files(photos: Sequence[Any]) -> bool:
    return all(isinstance(photo, str | os.PathLike) for photo in photos)
