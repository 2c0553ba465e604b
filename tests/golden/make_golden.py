"""Writes the golden bundle of the format that this version writes.

One bundle a format version stays here for ever, so that every later reader proves that it still
opens it. Run this once, when FORMAT_VERSION rises: ``python tests/golden/make_golden.py``.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import tiny_learner, write_colours

from drivetrain.bundle import FORMAT_VERSION
from drivetrain.project import Project

COSTS = """
[objective]
purpose = "Sort the balls."
[levers]
keep = "Put it into the box."
throw = "Throw it away."
[costs]
unit = "points"
ask_a_person = 1
keep = {blue = 0, green = 0, red = 50}
throw = {blue = 10, green = 10, red = 0}
"""


def main() -> None:
    """Train the tiny learner on colours and export it beside this file."""
    target = Path(__file__).parent / f"format-{FORMAT_VERSION}.bundle"
    if target.exists():
        sys.exit(f"{target.name} is there already and must never change.")
    with tempfile.TemporaryDirectory() as folder:
        learn = tiny_learner(write_colours(Path(folder) / "colours", photos_a_class=40))
        learn.fit_one_cycle(6)
        learn.export(target, project=Project.from_toml(COSTS))


if __name__ == "__main__":
    main()
