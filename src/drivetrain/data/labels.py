"""Reading an item's label off the item. Label functions serve training and never leave it."""

from __future__ import annotations

import os
from pathlib import Path


def parent_label(path: str | os.PathLike[str]) -> str:
    """The name of the folder that an item lies in.

    Example:
        >>> parent_label("bears/grizzly/001.jpg")
        'grizzly'
    """
    return Path(path).parent.name
