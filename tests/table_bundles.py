"""The bundles of small tables that several test files serve, each made once a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tables import table_bundle

from drivetrain.project import Project

PROJECT = """
[objective]
purpose = "Whom to call."
[levers]
call = "Ring them up."
leave = "Let them be."
[costs]
ask_a_person = 2
call = {no = 5, yes = 0}
leave = {no = 0, yes = 30}
"""

_made: dict[str, Path] = {}


def made_once(factory: pytest.TempPathFactory, target: str = "category") -> Path:
    """The bundle of one target; with costs where the answer is one class. Do not write to it."""
    if target not in _made:
        project = Project.from_toml(PROJECT) if target == "category" else None
        path = factory.mktemp("tables") / f"{target}.bundle"
        _made[target] = table_bundle(path, target, project=project)
    return _made[target]
