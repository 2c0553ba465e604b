"""Writes the golden bundle of the format that this version writes.

One bundle a format version stays here for ever, so that every later reader proves that it still
opens it. Run this once, when FORMAT_VERSION rises: ``python tests/golden/make_golden.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tables import table_bundle

from drivetrain.bundle import FORMAT_VERSION
from drivetrain.project import Project

COSTS = """
[objective]
purpose = "Decide whom to call."
[levers]
call = "Call them."
wait = "Leave them in peace."
[costs]
unit = "points"
ask_a_person = 1
call = {yes = 0, no = 4}
wait = {yes = 9, no = 0}
"""


def main() -> None:
    """Train a small learner of a table and export it beside this file."""
    target = Path(__file__).parent / f"format-{FORMAT_VERSION}.bundle"
    if target.exists():
        sys.exit(f"{target.name} is there already and must never change.")
    table_bundle(target, project=Project.from_toml(COSTS))


if __name__ == "__main__":
    main()
