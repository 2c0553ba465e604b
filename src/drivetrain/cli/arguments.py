"""Arguments that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def folder(text: str) -> Path:
    """A folder's path; an empty one is a mistake in a script."""
    if not text.strip():
        raise typer.BadParameter("it is empty; give a folder.")
    return Path(text)


BundleFile = Annotated[Path, typer.Argument(metavar="FILE.bundle", help="The bundle.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
