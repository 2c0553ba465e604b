"""drivetrain.toml: what it declares is read, and each fault is told with its place."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import ConfigError
from drivetrain.judge.decision import ASK
from drivetrain.project import Project

BEARS = ("black", "teddy")
WHOLE = """
[objective]
purpose = "Warn the camp of dangerous bears."
not_for = "Counting bears."
measure = "Fewer bears in the kitchen."
[levers]
alarm = "Sound the siren."
log = "Only write it down."
[costs]
unit = "euros"
ask_a_person = 2
[costs.alarm]
black = 5
teddy = 20
[costs.log]
teddy = 0
black = 500.5
[judgement]
false_reject = 0.02
"""


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        Project.from_toml(text)
    assert caught.value.message.startswith("drivetrain.toml ")
    assert caught.value.hint
    assert "\n" not in caught.value.message
    return caught.value.message


def test_everything_that_can_be_declared_is_read() -> None:
    project = Project.from_toml(WHOLE)
    assert project.objective.purpose == "Warn the camp of dangerous bears."
    assert project.objective.not_for == ("Counting bears.",)
    assert project.objective.measure == "Fewer bears in the kitchen."
    assert project.levers == {"alarm": "Sound the siren.", "log": "Only write it down."}
    assert project.judgement.false_reject == 0.02
    rule = project.decision_rule(("teddy", "black"))
    assert rule is not None
    assert rule.actions == ("alarm", "log")
    assert rule.costs.tolist() == [[20.0, 5.0], [0.0, 500.5]]
    assert (rule.ask, rule.unit) == (2.0, "euros")
    assert rule.decide(np.array([[0.5, 0.5], [1, 0]], np.float32)) == [ASK, "log"]


def test_an_inline_table_is_a_table() -> None:
    inline = Project.from_toml("[costs]\nalarm = {black = 5, teddy = 20}")
    assert inline == Project.from_toml("[costs.alarm]\nblack = 5\nteddy = 20")


@pytest.mark.parametrize("section", ["objective", "levers", "costs", "judgement"])
def test_each_section_may_be_missing(section: str) -> None:
    others = [part for part in WHOLE.split("\n[") if not part.startswith(section)]
    project = Project.from_toml("\n[".join(others))
    assert getattr(project, section) == getattr(Project(), section)


def test_nothing_declared_is_no_decision() -> None:
    assert Project.from_toml("") == Project()
    assert Project().decision_rule(BEARS) is None


def test_a_project_survives_json_as_a_manifest_holds_it() -> None:
    project = Project.from_toml(WHOLE)
    assert Project.model_validate_json(project.model_dump_json()) == project


# ---- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("costs = 5", "costs is 5: a section is expected, with its name in brackets"),
        ("levers = []", "levers is []: a section is expected"),
        ("objective = 'x'", "on a line of its own: [objective]"),
        ("[costs]\nof = 5", "costs.of is 5: a section"),
        ("[objective]\npurpose = 5", "objective.purpose is 5: a text in quotes"),
        ("[objective]\nnot_for = 5", "objective.not_for is 5: a list of texts"),
        ("[objective]\nnot_for = ['a', 5]", "objective.not_for.1 is 5: a text in quotes"),
        ("[levers]\nalarm = {a = 1}", "levers.alarm is a section: a text in quotes"),
        ("[costs]\nask_a_person = '2'", "costs.ask_a_person is '2': a number"),
        ("[costs]\nask_a_person = true", "costs.ask_a_person is true: a number"),
        ("[costs.alarm]\nblack = nan", "costs.alarm.black is nan: a number that is finite"),
        ("[costs.alarm]\nblack = 1e999", "costs.alarm.black is inf: a number that is finite"),
        ("[costs.alarm]\nblack = 1e13", "costs.alarm.black is 10000000000000.0: it has to be"),
        (f"[costs.alarm]\nblack = {'9' * 400}", "costs.alarm.black is 999"),
        ("[costs.alarm.black]\nx = 1", "costs.alarm.black is a section: a number"),
        ("[costs.of]\nblack = 'x'", "costs.of.black is 'x': a number"),
        ("[costs]\nalarm = 5", "costs.alarm: it is 5, and an action costs something for each"),
        ("[judgement]\nfalse_reject = 0.5", "judgement.false_reject is 0.5: it has to be less"),
        ("[judgement]\nfalse_reject = 0", "judgement.false_reject is 0: it has to be more"),
        ("x = 5", "x: there is no such section (there are: objective, levers"),
        ("objektive = 5", "objektive: there is no such section; did you mean 'objective'?"),
        ("[judgment]", "judgment: there is no such section; did you mean 'judgement'?"),
        ("[costs]\nunits = 'x'", "costs.units: there is no such setting; did you mean 'unit'?"),
        ("[objective]\npurpos = ''", "objective.purpos: there is no such setting; did you mean"),
        ("[judgement]\nx = 1", "judgement.x: there is no such setting (there are: false_reject)"),
        ("[levers]\nunit = 'x'", "levers: 'unit' is a word of its own"),
        ("[levers]\nof = 'x'", "levers: 'of' is a word of its own"),
        ("[levers]\n'ask a person' = 'x'", "levers: 'ask a person' is a word of its own"),
        ("[costs.unit]\nblack = 1", "levers: 'unit' is a word of its own"),
        ("[costs]\nask_a_person = 2", "costs: asking a person has a price, and no action"),
        ("foo bar", "is no TOML: Expected '='"),
        ("a = 1\na = 2\n", "Cannot overwrite a value (at line 2"),
        (f"a = {'9' * 5000}", "is no TOML"),
        ("a = " + "[" * 50_000, "nested too deep"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, said: str) -> None:
    assert said in refused(text)


def test_several_faults_are_told_at_once() -> None:
    told = refused("x = 5\n[objective]\npurpose = 5\n[costs.alarm]\nblack = nan")
    assert all(place in told for place in ("x: ", "objective.purpose ", "costs.alarm.black "))


def test_levers_and_costs_have_to_name_the_same_actions() -> None:
    told = refused("[levers]\nalarm = 'a'\n[costs.alrm]\nblack = 1")
    assert "costs.alrm: there is no such lever; did you mean 'alarm'?" in told
    assert "costs.alarm: the lever 'alarm' has no costs" in told


def test_a_reserved_name_is_told_once() -> None:
    assert refused("[levers]\nunit = 'x'\n[costs.unit]\nblack = 1").count("'unit'") == 1


def test_costs_have_to_name_every_class_and_no_other() -> None:
    project = Project.from_toml("[costs.alarm]\nblack = 5\ntedy = 1\n[costs.log]\nteddy = 1")
    with pytest.raises(ConfigError) as caught:
        project.decision_rule(BEARS)
    told = caught.value.message
    assert "costs.alarm.tedy: there is no such class; did you mean 'teddy'?" in told
    assert "costs.alarm: what it costs is missing for teddy" in told
    assert "costs.log: what it costs is missing for black" in told


LITERALS = st.one_of(
    st.integers(-(10**15), 10**15).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["nan", "-inf", "true", "[]", "{}", "{a = 1}", "2020-01-01", "'a'", "['a']"]),
)
NAMES = st.sampled_from(
    ["objective", "levers", "costs", "judgement", "unit", "of", "ask_a_person", "purpose", "alarm",
     "not_for", "false_reject", "black", "''", "'ask a person'", "x"]
)  # fmt: skip
LINES = st.one_of(
    st.builds("{} = {}".format, NAMES, LITERALS),
    st.builds("[{}]".format, NAMES),
    st.builds("[{}.{}]".format, NAMES, NAMES),
)


@given(st.lists(LINES, max_size=8).map("\n".join))
def test_any_file_is_read_or_refused_with_the_place(text: str) -> None:
    try:
        project = Project.from_toml(text)
    except ConfigError as problem:
        told = problem.message
        names = {part.strip("[]'") for line in text.split("\n") for part in line.split(" = ")[:1]}
        parts = {part.strip("'") for name in names for part in name.split(".")}
        assert "is no TOML" in told or any(part in told for part in parts)
    else:
        assert Project.model_validate_json(project.model_dump_json()) == project


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ConfigError):
        Project.from_toml(text)


# ---- files --------------------------------------------------------------------------------------


def test_a_file_is_read_with_and_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "drivetrain.toml"
    for encoding in ("utf-8", "utf-8-sig"):
        file.write_text(WHOLE.replace("camp", "Lager für Bären 🧸"), encoding=encoding)
        assert "Lager für Bären 🧸" in Project.open(file).objective.purpose
    file.write_bytes(WHOLE.replace("\n", "\r\n").encode())
    assert Project.open(str(file)) == Project.from_toml(WHOLE)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("purpose = 'Bären'".encode("latin-1"), "is no text in UTF-8"),
        (WHOLE.encode("utf-16"), "is no text in UTF-8"),
        (b"#" * 1_000_001, "larger than 1 MB"),
        (b"costs = 5", "costs is 5"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_its_path(
    content: bytes, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "bears.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        Project.open(file)
    assert str(file) in caught.value.message


def test_a_folder_and_a_file_that_is_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="it is a folder"):
        Project.open(tmp_path)
    with pytest.raises(ConfigError, match="does not exist") as caught:
        Project.open(tmp_path / "drivetrain.toml")
    assert "drivetrain init" in caught.value.hint
    with pytest.raises(ConfigError, match="a folder, or no file at all"):
        Project.open(os.devnull)


@pytest.mark.parametrize("share", [0.0, 0.5, -1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="a share between"):
        Project().with_false_reject(share)


def test_another_share_changes_nothing_else() -> None:
    project = Project.from_toml(WHOLE)
    changed = project.with_false_reject(0.1)
    assert changed.judgement.false_reject == 0.1
    assert changed.with_false_reject(0.02) == project
