"""drivetrain.toml: what a model is for, which actions exist, and what they cost.

The Drivetrain approach to a data product asks four questions in turn: which objective, which
levers can be moved, which data, and only then which model (Howard, Zwemer and Loukides 2012,
Designing Great Data Products). The file answers the first two; every section may be missing.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from drivetrain.errors import ConfigError
from drivetrain.judge.decision import ASK, DecisionRule

PROJECT_FILE = "drivetrain.toml"
FALSE_REJECT = 0.05
PRICE_OF_ASKING = "ask_a_person"
RESERVED = ("unit", PRICE_OF_ASKING, "of", ASK, "")
"""What cannot be the name of an action."""
LARGEST_FILE = 1_000_000
LONGEST_SHOWN = 40

Cost = Annotated[float, Field(strict=True, ge=0.0, le=1e12)]
EXPECTED = {
    "dict_type": "a section is expected, with its name in brackets on a line of its own: [{name}]",
    "model_type": "a section is expected, with its name in brackets on a line of its own: [{name}]",
    "string_type": 'a text in quotes is expected, such as "Sound the siren."',
    "tuple_type": 'a list of texts is expected, such as ["At night."]',
    "float_type": "a number is expected, such as 2 or 0.5",
    "finite_number": "a number that is finite is expected",
    "greater_than": "it has to be more than {gt:g}",
    "greater_than_equal": "it has to be {ge:g} or more",
    "less_than": "it has to be less than {lt:g}",
    "less_than_equal": "it has to be {le:g} or less",
}
"""What is told of each fault that a value can have."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Objective(_Section):
    """What the model is for.

    Arguments:
        purpose: What it is for, in a sentence.
        not_for: What it must not be used for, a sentence each.
        measure: What tells whether the purpose is reached.
    """

    purpose: str = ""
    not_for: tuple[str, ...] = ()
    measure: str = ""

    @field_validator("not_for", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Costs(_Section):
    """What each action costs for each truth, and what it costs to ask a person.

    Arguments:
        unit: What is counted: euros, minutes, points.
        ask_a_person: The price of a person's look; None where nobody can be asked.
        of: For each action, its cost for each class.
    """

    unit: str = ""
    ask_a_person: Cost | None = None
    of: dict[str, dict[str, Cost]] = {}


class JudgementSettings(_Section):
    """How the verdict is made.

    Arguments:
        false_reject: The share of inputs like the training data that may be called foreign.
    """

    false_reject: float = Field(default=FALSE_REJECT, strict=True, gt=0.0, lt=0.5)


class Project(_Section):
    """What a project declares about itself.

    Example:
        >>> project = Project.from_toml('''
        ... [objective]
        ... purpose = "Warn the camp of dangerous bears."
        ... [levers]
        ... alarm = "Sound the siren."
        ... log = "Only write it down."
        ... [costs]
        ... ask_a_person = 2
        ... alarm = {black = 5, teddy = 20}
        ... log = {black = 500, teddy = 0}
        ... ''')
        >>> project.decision_rule(("black", "teddy")).decide(np.float32([[0.5, 0.5]]))
        ['ask a person']
    """

    objective: Objective = Objective()
    levers: dict[str, str] = {}
    costs: Costs = Costs()
    judgement: JudgementSettings = JudgementSettings()

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Project:
        """Read a file.

        Raises:
            ConfigError: It cannot be read, or says something that cannot be; all faults at once.
        """
        file = Path(path)
        try:
            size = file.stat().st_size
            if not file.is_file() or size > LARGEST_FILE:
                what = "larger than 1 MB" if file.is_file() else "a folder, or no file at all"
                raise ConfigError(
                    f"{file} is no drivetrain.toml: it is {what}.", hint="Check the path."
                )
            text = file.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            raise ConfigError(
                f"{file} does not exist.", hint="Run: drivetrain init, or check the path."
            ) from None
        except OSError as problem:
            raise ConfigError(f"{file} cannot be read: {problem.strerror}.") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{file} is no text in UTF-8.", hint="Save it as UTF-8.") from None
        return cls.from_toml(text, name=str(file))

    @classmethod
    def from_toml(cls, text: str, *, name: str = PROJECT_FILE) -> Project:
        """Read a file's text; see :meth:`open`."""
        try:
            content = tomllib.loads(text)
        except ValueError as problem:
            raise ConfigError(
                f"{name} is no TOML: {problem}.",
                hint='Mend that line; texts stand in quotes: purpose = "Sort the parts."',
            ) from None
        except RecursionError:
            raise ConfigError(
                f"{name} is no drivetrain.toml: it is nested too deep.", hint="Check the path."
            ) from None
        content = _gather_costs(content)
        try:
            project = cls.model_validate(content)
        except ValidationError as problem:
            raise _refuse(name, [_told(error) for error in problem.errors()]) from None
        faults = list(_faults_of_levers(project))
        if faults:
            raise _refuse(name, faults)
        return project

    @classmethod
    def of(
        cls,
        project: Project | str | os.PathLike[str] | None,
        *,
        false_reject: float | None = None,
    ) -> Project:
        """What was given as a project: itself, a file's path, or nothing.

        Arguments:
            project: A project, the path of a ``drivetrain.toml``, or None.
            false_reject: Counts more than what the project says; None leaves it.

        Raises:
            ConfigError: It is something else, or the file cannot be used.
        """
        if project is None:
            project = cls()
        elif isinstance(project, str | os.PathLike):
            project = cls.open(project)
        elif not isinstance(project, Project):
            raise ConfigError(
                f"project is a {type(project).__name__}, and it is the path of a drivetrain.toml.",
                hint="Or a Project: Project.from_toml(text).",
            )
        return project if false_reject is None else project.with_false_reject(false_reject)

    def with_false_reject(self, share: float) -> Project:
        """The same with another share of photos that may be called foreign.

        Raises:
            ConfigError: It is no share between 0 and 0.5.
        """
        if not isinstance(share, int | float) or not 0.0 < share < 0.5:
            raise ConfigError(
                f"false_reject is {share}, and it is a share between 0 and 0.5.",
                hint="0.05 calls one of twenty photos foreign that are not.",
            )
        judgement = self.judgement.model_copy(update={"false_reject": share})
        return self.model_copy(update={"judgement": judgement})

    def decision_rule(
        self, vocab: Sequence[str], *, name: str = PROJECT_FILE
    ) -> DecisionRule | None:
        """The costs in the order of a vocabulary; None where none are declared.

        Arguments:
            vocab: The classes.
            name: What to call the file in a message.

        Raises:
            ConfigError: A cost is missing for a class, or given for one that does not exist.
        """
        faults = list(_faults_of_levers(self))
        for action, costs in self.costs.of.items():
            faults += _faults_of_classes(action, costs, vocab)
        if faults:
            raise _refuse(name, faults)
        if not self.costs.of:
            return None
        return DecisionRule(
            actions=tuple(self.costs.of),
            costs=np.array([[row[each] for each in vocab] for row in self.costs.of.values()]),
            ask=self.costs.ask_a_person,
            unit=self.costs.unit,
        )


def _gather_costs(content: dict[str, Any]) -> dict[str, Any]:
    """The tables of [costs] are actions; what else stands there are settings."""
    costs = content.get("costs")
    if not isinstance(costs, dict):
        return content
    if not isinstance(costs.get("of", {}), dict):
        return content  # told as a section that is none
    tables = {name: value for name, value in costs.items() if isinstance(value, dict)}
    settings = {name: value for name, value in costs.items() if name not in tables}
    return content | {"costs": settings | {"of": tables}}


def _faults_of_levers(project: Project) -> Iterator[str]:
    for name in dict.fromkeys((*project.levers, *project.costs.of)):
        if name in RESERVED:
            yield f"levers: {name!r} is a word of its own and cannot name a lever"
        elif not name.isprintable():
            yield f"levers: {name!r} holds characters that cannot be printed"
    for name in project.costs.of:
        if project.levers and name not in project.levers:
            yield f"costs.{name}: there is no such lever{_near(name, project.levers)}"
    for name in project.levers:
        if project.costs.of and name not in project.costs.of:
            yield f"costs.{name}: the lever {name!r} has no costs"
    if project.costs.ask_a_person is not None and not project.costs.of:
        yield "costs: asking a person has a price, and no action has costs"


def _faults_of_classes(action: str, costs: dict[str, float], vocab: Sequence[str]) -> Iterator[str]:
    for name in costs:
        if name not in vocab:
            yield f"costs.{action}.{name}: there is no such class{_near(name, vocab)}"
    missing = [name for name in vocab if name not in costs]
    if missing:
        yield f"costs.{action}: what it costs is missing for {', '.join(missing)}"


def _told(error: Any) -> str:
    place = [str(part) for part in error["loc"]]
    if place[:2] == ["costs", "of"] and len(place) > 2:
        del place[1]
    where, kind = ".".join(place) or "''", error["type"]
    if kind == "extra_forbidden":
        return f"{where}: {_told_of_unknown(place, error['input'])}"
    expected = EXPECTED.get(kind)
    if expected is None:
        return f"{where}: {error['msg'][:1].lower()}{error['msg'][1:]}"
    told = expected.format(name=where, **error.get("ctx", {}))
    return f"{where} is {_shown(error['input'])}: {told}"


def _told_of_unknown(place: Sequence[str], found: Any) -> str:
    if len(place) == 1:
        return f"there is no such section{_near(place[0], Project.model_fields)}"
    known = _fields_of(place[0])
    if place[0] == "costs" and not difflib.get_close_matches(place[1], known, 1):
        return (
            f"it is {_shown(found)}, and an action costs something for each class: "
            f"{place[1]} = {{black = 5, teddy = 20}}"
        )
    return f"there is no such setting{_near(place[-1], known)}"


def _shown(value: Any) -> str:
    """A value as it stands in the file, cut short."""
    if isinstance(value, dict):
        return "a section"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _fields_of(section: Any) -> Sequence[str]:
    kind = Project.model_fields[section].annotation
    fields = getattr(kind, "model_fields", {})
    return [name for name in fields if name != "of"]


def _near(name: str, known: Any) -> str:
    found = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else f" (there are: {', '.join(known)})"


def _refuse(name: str, faults: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"{name} cannot be used: {'; '.join(fault.rstrip('.') for fault in faults)}.",
        hint="Mend the file; drivetrain init writes one with every section explained.",
    )
