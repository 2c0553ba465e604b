"""What the commands print: words or JSON on standard output, the rest on standard error."""

from __future__ import annotations

import json
from typing import Any

import typer

from drivetrain.errors import DrivetrainError


def print_text(text: str) -> None:
    """Print a line for people."""
    typer.echo(text)


def print_json(content: dict[str, Any]) -> None:
    """Print an object on a line of its own."""
    typer.echo(json.dumps(content, ensure_ascii=False))


def complain(error: DrivetrainError) -> None:
    """Tell an error on one line of standard error."""
    typer.echo(f"error: {' '.join(str(error).split())}", err=True)


def show_warning(message: Warning | str, *_: object, **__: object) -> None:
    """Tell a warning on one line of standard error."""
    typer.echo(f"warning: {' '.join(str(message).split())}", err=True)
