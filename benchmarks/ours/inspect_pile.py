"""What Drivetrain says about the duplicates of a folder, and how it splits them.

``inspect_pile.py FOLDER`` prints the pairs of the report, the group of each file, how many pairs
the report counts as torn, and which files validate in the split that takes no notice of pairs
(``plain``) and in the one that keeps them together (``valid``).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from drivetrain.data import RandomSplitter, get_image_files, parent_label
from drivetrain.data.looks.duplicates import Duplicates, Pair
from drivetrain.data.report.ingest import VALID_PCT, inspect_folder
from drivetrain.data.splits.drawn import split_items

SEED = 42


def main() -> None:
    """Inspect the folder, and draw the report's split again for the names in it."""
    folder = Path(sys.argv[1])
    report = inspect_folder(folder, seed=SEED)
    assert report.leakage is not None
    items = get_image_files(folder)
    names = [item.relative_to(folder).as_posix() for item in items]
    place = {name: number for number, name in enumerate(names)}
    pairs = [
        Pair(place[pair.first], place[pair.second], pair.exact, pair.similarity)
        for pair in report.pairs
    ]
    groups = Duplicates(pairs, len(items), report.too_alike).groups()
    splitter, labels = RandomSplitter(VALID_PCT, SEED), list(map(parent_label, items))
    content = {
        "event": "pile",
        "pairs": [[pair.first, pair.second] for pair in report.pairs],
        "groups": dict(zip(names, groups, strict=True)),
        "left": report.leakage.left,
    }
    for key, together in (("plain", None), ("valid", groups)):
        _, valid = split_items(splitter, items, together=together, labels=labels)
        content[key] = [names[position] for position in valid]
    print(json.dumps(content), flush=True)


if __name__ == "__main__":
    main()
