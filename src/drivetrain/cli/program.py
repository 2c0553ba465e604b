"""The program: its commands in their order, and where errors become a line and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from typing import Annotated

import typer

from drivetrain.cli.bundles import inspect, page, predict, verify
from drivetrain.cli.piles import check
from drivetrain.cli.say import complain, print_text, show_warning
from drivetrain.cli.serving import demo, serve
from drivetrain.cli.training import init, train
from drivetrain.errors import DrivetrainError

COMMANDS = (demo, check, init, train, predict, inspect, verify, page, serve)

app = typer.Typer(
    name="drivetrain",
    help="From a folder of photos to a model that people can rely on in production.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in COMMANDS:
    app.command()(command)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print_text(version("drivetrain"))
        raise typer.Exit()


@app.callback(help=app.info.help)
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Options of the program itself."""


def main() -> None:
    """Run the command line; every error that Drivetrain raises on purpose is one line."""
    warnings.showwarning = show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may be no text
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except DrivetrainError as error:
        complain(error)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        typer.echo("error: The output cannot be written: the disk is full.", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
