"""Which files validate when Drivetrain splits a folder: ``valid_files.py FOLDER SEED TARGET``.

Near-duplicates stay on one side, so that only Drivetrain can say it. TARGET becomes a JSON list
of paths below FOLDER, for programs of both sides.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from drivetrain import DataBlock, RandomSplitter, get_image_files, parent_label

VALID_PCT = 0.2


def main() -> None:
    """Split as ``drivetrain train --seed SEED`` does and write the validation side."""
    folder, seed, target = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    block = DataBlock(
        get_items=get_image_files,
        splitter=RandomSplitter(valid_pct=VALID_PCT, seed=seed),
        get_y=parent_label,
    )
    files = block.datasets(folder).valid.items
    target.write_text(json.dumps([file.relative_to(folder).as_posix() for file in files]))


if __name__ == "__main__":
    main()
