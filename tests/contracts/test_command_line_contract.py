"""The command line that others build on: commands and options only change with a note."""

from __future__ import annotations

from typing import Any

import typer
from conftest import REPOSITORY

from drivetrain.cli import app

COMMANDS = {
    "demo": {"--out", "--serve", "--no-serve", "--port"},
    "check": {
        "DATA", "--html", "--quarantine", "--undo", "--split-test", "--no-split-test", "--seed",
        "--target", "--json",
    },
    "init": {"DATA", "--out", "--force"},
    "train": {
        "DATA", "--out", "--target", "--split-by", "--arch", "--size", "--epochs", "--seed",
        "--weights", "--budget", "--resume", "--project", "--false-reject", "--int8", "--json",
    },
    "predict": {"FILE.bundle", "INPUT...", "--json"},
    "inspect": {"FILE.bundle", "--html", "--project", "--json"},
    "verify": {"FILE.bundle", "--json"},
    "page": {"FILE.bundle", "OUT", "--runtime"},
    "serve": {"FILE.bundle", "--host", "--port", "--store"},
}  # fmt: skip
REFERENCE = (REPOSITORY / "docs" / "reference.md").read_text()


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(app)
    return dict(group.commands)


def spellings(parameter: Any) -> set[str]:
    if parameter.param_type_name == "argument":
        return {parameter.metavar}
    return {*parameter.opts, *parameter.secondary_opts}


def test_the_commands_and_their_options_are_these() -> None:
    found = {
        name: set().union(*(spellings(p) for p in command.params if p.name != "help"))
        for name, command in commands().items()
    }
    assert found == COMMANDS


def test_every_command_and_option_has_help_and_stands_in_the_reference() -> None:
    for name, command in commands().items():
        assert command.help, name
        assert f"drivetrain {name}" in REFERENCE
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name}"
    for options in COMMANDS.values():
        for option in options - {"DATA", "FILE.bundle", "INPUT...", "OUT"}:
            assert f"`{option}" in REFERENCE, option


def test_every_error_and_environment_variable_stands_in_the_reference() -> None:
    from drivetrain import errors
    from drivetrain.learn.weights import FOLDER_VARIABLE

    assert FOLDER_VARIABLE in REFERENCE
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.DrivetrainError):
            assert f"`{kind.__name__}`" in REFERENCE, kind
            assert f"`{kind.code}`" in REFERENCE, kind
