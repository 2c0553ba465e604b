"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

TABLES = (".csv", ".tsv")


def folder(text: str) -> Path:
    """A folder's path; an empty one is a mistake in a script."""
    if not text.strip():
        raise typer.BadParameter("it is empty; give a folder.")
    return Path(text)


def pile(text: str) -> Path:
    """A folder's path, or that of a table."""
    if not text.strip():
        raise typer.BadParameter("it is empty; give a folder of photos, or a table.")
    return Path(text)


def is_table(path: Path) -> bool:
    """Whether a path is that of a table, by its suffix.

    Example:
        >>> is_table(Path("adult.csv")), is_table(Path("bears"))
        (True, False)
    """
    return path.suffix.lower() in TABLES and not path.is_dir()


BundleFile = Annotated[Path, typer.Argument(metavar="FILE.bundle", help="The bundle.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
