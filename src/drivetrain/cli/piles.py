"""Looking at photos, or at a table, before training: ``check``."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from drivetrain.cli.arguments import AsJson, folder
from drivetrain.cli.say import print_json, print_text, show_warning
from drivetrain.errors import DataError, MissingExtraError, WeightsError

TABLES = (".csv", ".tsv")
OF_PHOTOS = {
    "quarantine": "--quarantine",
    "undo": "--undo",
    "split_test": "--split-test",
    "seed": "--seed",
}


def check(
    context: typer.Context,
    data: Annotated[
        Path,
        typer.Argument(metavar="DATA", parser=folder, help="A folder of photos, or a CSV file."),
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of a table, the column to predict; may be repeated."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the pictures.")
    ] = None,
    quarantine: Annotated[
        bool,
        typer.Option(
            "--quarantine",
            help="Move what cannot be read, and surplus exact copies, into DATA.quarantine.",
        ),
    ] = False,
    undo: Annotated[
        bool, typer.Option("--undo", help="Bring back what lies in quarantine.")
    ] = False,
    split_test: Annotated[
        bool, typer.Option(help="Test whether a random split flatters, with a frozen network.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Decides the split.")] = 42,
    as_json: AsJson = False,
) -> None:
    """Look at every photo of a folder, or every column of a table, and say what is wrong."""
    if data.suffix.lower() in TABLES and not data.is_dir():
        _refuse_options_of_photos(context)
        _check_table(data, target or [], html, as_json=as_json)
        return
    if target:
        raise typer.BadParameter("--target is for a table; the folders name a photo's class.")
    from drivetrain.data.looks.look import LookIndex
    from drivetrain.data.quarantine import Quarantine
    from drivetrain.data.report.ingest import inspect_folder
    from drivetrain.data.report.page import check_page, write_page
    from drivetrain.data.report.text import print_report
    from drivetrain.progress import Reporter

    if undo:
        if quarantine or html is not None:
            raise typer.BadParameter("--undo stands alone: nothing else is done with it.")
        _bring_back(data, as_json=as_json)
        return
    if html is not None:
        check_page(html)
    with LookIndex() as index:
        report = inspect_folder(data, seed=seed, index=index, track=Reporter().track)
    if split_test:
        report = replace(report, split_test=_test_split(data, seed))
    page = None if html is None else str(write_page(report, html))
    aside = {str(data / file): reason for file, reason in report.to_set_aside.items()}
    moved = Quarantine(data).put_each(aside) if quarantine else None
    if as_json:
        print_json(report.as_dict() | {"page": page, "moved": moved and asdict(moved)})
    else:
        print_report(report, next_steps=not (page or moved))
        if page:
            print_text(f"\nThe page is {page}.")
    if moved is not None:
        place = Quarantine(data).folder
        _tell_moved(moved.files, moved.left, f"moved to {place}", as_json=as_json)
        if moved.files and not as_json:
            print_text(f"Undo: drivetrain check {shlex.quote(str(data))} --undo")
        if moved.left:
            raise typer.Exit(1)


def _refuse_options_of_photos(context: typer.Context) -> None:
    given = [
        option
        for name, option in OF_PHOTOS.items()
        if (source := context.get_parameter_source(name)) and source.name != "DEFAULT"
    ]
    if given:
        raise typer.BadParameter(f"{', '.join(given)}: for a folder of photos, not for a table.")


def _check_table(file: Path, targets: list[str], html: Path | None, *, as_json: bool) -> None:
    from drivetrain.data.report.page import check_page
    from drivetrain.extras import need

    if html is not None:
        check_page(html)
    need("pandas", purpose="look at a table")
    from drivetrain.learn.tabular.frames import read_csv
    from drivetrain.learn.tabular.kinds import look_at_table
    from drivetrain.learn.tabular.report import print_look
    from drivetrain.learn.tabular.report_page import write_page

    look = look_at_table(read_csv(file), targets, name=str(file))
    page = None if html is None else str(write_page(look, html, name=file.name))
    if as_json:
        print_json({"file": str(file)} | look.as_dict() | {"page": page})
        return
    print_look(look, name=str(file), next_steps=page is None)
    if page:
        print_text(f"\nThe page is {page}.")


def _test_split(data: Path, seed: int) -> dict[str, Any] | None:
    """What the split test finds; nothing, and a word why, where it cannot be made."""
    from drivetrain.data import get_image_files, parent_label
    from drivetrain.data.splits.testable import places_to_test
    from drivetrain.extras import need

    files = get_image_files(data)
    labels = [parent_label(file) for file in files]
    if not places_to_test(labels):
        show_warning(
            "The split was not tested: that takes two classes of ten photos, and fifty in all."
        )
        return None
    try:
        for module in ("torch", "timm", "sklearn"):
            need(module, purpose="test the split")
        from drivetrain.learn.split_photos import check_split
        from drivetrain.progress import Reporter

        tested = check_split(files, labels, seed=seed, reporter=Reporter())
    except (MissingExtraError, WeightsError) as problem:
        show_warning(f"The split was not tested. {problem}")
        return None
    return None if tested is None else tested.as_dict()


def _bring_back(data: Path, *, as_json: bool) -> None:
    from drivetrain.data.quarantine import Quarantine

    quarantine = Quarantine(data)
    if not data.is_dir() and not quarantine.folder.is_dir():
        raise DataError(f"{data} does not exist, nor its quarantine.", hint="Check the path.")
    moved = quarantine.undo()
    if as_json:
        print_json({"restored": moved.files, "left": moved.left})
    _tell_moved(moved.files, moved.left, f"brought back to {data}", as_json=as_json)
    if moved.left:
        raise typer.Exit(1)


def _tell_moved(files: list[str], left: dict[str, str], what: str, *, as_json: bool) -> None:
    for file, reason in left.items():
        show_warning(f"{file} stays where it is. {reason}")
    if not as_json:
        print_text(f"{len(files):,} file{'' if len(files) == 1 else 's'} {what}.")
