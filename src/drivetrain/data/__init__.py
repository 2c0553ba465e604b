"""What lies in a folder, what it is called, and how it is split: no torch."""

from drivetrain.data.items import get_image_files
from drivetrain.data.labels import parent_label
from drivetrain.data.splits import BlockSplitter, IndexSplitter, RandomSplitter

__all__ = [
    "BlockSplitter",
    "IndexSplitter",
    "RandomSplitter",
    "get_image_files",
    "parent_label",
]
