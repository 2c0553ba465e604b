"""The file that ``drivetrain init`` writes: it sets nothing until a line is taken up."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import write_colours
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from drivetrain.errors import DataError, OutputError
from drivetrain.judge.decision import ASK
from drivetrain.project import Costs, JudgementSettings, Objective, Project
from drivetrain.project_template import project_template, write_project_file

EXAMPLE = re.compile(r"^#(?=[^ \n])", re.MULTILINE)
SECTIONS: tuple[type[BaseModel], ...] = (Objective, Costs, JudgementSettings)


def taken_up(text: str) -> str:
    """The file with the # taken off every example."""
    return EXAMPLE.sub("", text)


def test_untouched_it_sets_nothing() -> None:
    assert Project.from_toml(project_template()) == Project()


def test_every_example_is_valid_once_it_is_taken_up() -> None:
    project = Project.from_toml(taken_up(project_template()))
    assert project.objective.purpose
    assert project.objective.not_for
    assert project.objective.measure
    assert list(project.levers) == list(project.costs.of) == ["alarm", "log"]
    rule = project.decision_rule(("black", "grizzly", "teddy"))
    assert rule is not None
    sure_and_torn = np.array([[1, 0, 0], [0, 0, 1], [0.5, 0, 0.5]], np.float32)
    assert rule.decide(sure_and_torn) == ["alarm", "log", ASK]


def test_every_section_and_setting_is_in_it_with_a_word_before() -> None:
    text = project_template()
    lines = text.splitlines()
    for section in Project.model_fields:
        assert lines.count(f"[{section}]") == 1
        assert lines[lines.index(f"[{section}]") + 1].startswith("# ")
    for kind in SECTIONS:
        for setting in set(kind.model_fields) - {"of"}:
            place = next(n for n, line in enumerate(lines) if line.startswith(f"#{setting} = "))
            assert lines[place - 1].startswith("# "), setting
    assert max(map(len, lines)) <= 100


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_whatever_the_classes_are_called_the_costs_are_theirs(names: list[str]) -> None:
    text = project_template(names)
    assert Project.from_toml(text) == Project()
    rule = Project.from_toml(taken_up(text)).decision_rule(names)
    assert rule is not None
    assert rule.costs.tolist() == [
        [1.0] * (len(names) - 1) + [20.0],
        [500.0] * (len(names) - 1) + [0.0],
    ]


def test_a_folder_of_classes_names_the_costs(tmp_path: Path) -> None:
    data = write_colours(tmp_path / "data", photos_a_class=1)
    (data / "red").rename(data / 'my "red" #1 = 🧸')
    file = tmp_path / "drivetrain.toml"
    assert write_project_file(file, data) == ("blue", "green", 'my "red" #1 = 🧸')
    assert Project.open(file) == Project()
    rule = Project.from_toml(taken_up(file.read_text("utf-8"))).decision_rule(
        ("blue", "green", 'my "red" #1 = 🧸')
    )
    assert rule is not None


def test_classes_below_folders_of_a_split_are_found(tmp_path: Path) -> None:
    for side in ("train", "valid"):
        write_colours(tmp_path / "data" / side, photos_a_class=1)
    found = write_project_file(tmp_path / "x.toml", tmp_path / "data")
    assert found == ("blue", "green", "red")


def test_what_is_there_is_not_replaced_unless_it_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "drivetrain.toml"
    file.write_text("mine")
    with pytest.raises(OutputError, match="is there already") as caught:
        write_project_file(file)
    assert "--force" in caught.value.hint
    assert file.read_text() == "mine"
    write_project_file(file, force=True)
    assert Project.open(file) == Project()


def test_what_cannot_be_listed_or_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    data = write_colours(tmp_path / "data", photos_a_class=1)
    with pytest.raises(OutputError, match="nowhere"):
        write_project_file(tmp_path / "nowhere" / "x.toml")
    with pytest.raises(OutputError, match="is there"):
        write_project_file(data, force=True)
    with pytest.raises(DataError, match="does not exist"):
        write_project_file(tmp_path / "x.toml", tmp_path / "nowhere")
    shutil.rmtree(data / "red")
    shutil.rmtree(data / "green")
    with pytest.raises(DataError, match="at least two classes"):
        write_project_file(tmp_path / "x.toml", data)
    shutil.rmtree(data / "blue")
    with pytest.raises(DataError, match="holds no photos"):
        write_project_file(tmp_path / "x.toml", data)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
