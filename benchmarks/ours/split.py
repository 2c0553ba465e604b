"""Drivetrain's test of a random split: ``split.py FILE`` with the photos' paths and labels.

FILE holds them as JSON, ``[[path, label], ...]``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from drivetrain.learn.split_photos import check_split


def main() -> None:
    """Test the split and print the accuracies and the warning."""
    photos = json.loads(Path(sys.argv[1]).read_text())
    tested = check_split([path for path, _ in photos], [label for _, label in photos])
    assert tested is not None
    print(json.dumps({"event": "split", "photos": len(photos)} | tested.as_dict()), flush=True)


if __name__ == "__main__":
    main()
