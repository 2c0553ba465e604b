"""What lies in a folder, what it is called, and how it is split: no torch."""

from drivetrain.data.items import get_files, get_image_files
from drivetrain.data.labels import ColReader, RegexLabeller, parent_label, using_attr
from drivetrain.data.splits.drawn import GroupSplitter, RandomSplitter
from drivetrain.data.splits.given import (
    ColSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    IndexSplitter,
    MaskSplitter,
)
from drivetrain.data.splits.ordered import BlockSplitter, EndSplitter
from drivetrain.data.splits.stratified import TrainTestSplitter

__all__ = [
    "BlockSplitter",
    "ColReader",
    "ColSplitter",
    "EndSplitter",
    "FileSplitter",
    "FuncSplitter",
    "GrandparentSplitter",
    "GroupSplitter",
    "IndexSplitter",
    "MaskSplitter",
    "RandomSplitter",
    "RegexLabeller",
    "TrainTestSplitter",
    "get_files",
    "get_image_files",
    "parent_label",
    "using_attr",
]
