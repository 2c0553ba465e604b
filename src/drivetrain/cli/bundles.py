"""What can be done with a bundle: ``predict``, ``inspect``, ``verify``, ``page``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from drivetrain.cli.arguments import AsJson, BundleFile
from drivetrain.cli.say import complain, print_json, print_text


def predict(
    bundle: BundleFile,
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT...", help="Photos; for tables files of CSV or JSON."),
    ],
    as_json: AsJson = False,
) -> None:
    """Answer one input or many; one that cannot be read does not stop the others."""
    from drivetrain.cli.answering import in_a_line, named, named_answers
    from drivetrain.data.report.finding import printable
    from drivetrain.errors import InputError
    from drivetrain.predictor import Predictor

    failed = False
    predictor = Predictor.open(bundle)
    model = predictor.bundle.short_id
    for name, answer in named_answers(predictor, inputs):
        if isinstance(answer, InputError):
            failed = True
            complain(named(answer, name))
            if as_json:
                print_json({"input": name, "error": answer.as_dict()})
        elif as_json:
            print_json({"input": name, "id": None} | answer.as_dict() | {"model": model})
        else:
            said = in_a_line(answer, predictor.preparation.noun)
            print_text(printable(f"{name}: {said}"))
    if failed:
        raise typer.Exit(1)


def inspect(
    bundle: BundleFile,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the card as a page.")
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Show the decisions under this file's costs."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a reviewer wants to know of a bundle before saying yes."""
    from drivetrain.bundle import Bundle
    from drivetrain.card.card import Card
    from drivetrain.card.page import write_card
    from drivetrain.card.terminal import card_lines
    from drivetrain.project import Project

    opened = Bundle.open(bundle)
    card = Card.of(opened, project=None if project is None else Project.open(project))
    page = None if html is None else str(write_card(card, html))
    if as_json:
        print_json(card.as_dict() | {"page": page})
        return
    print_text("\n".join(card_lines(card)))
    if page:
        print_text(f"\nThe page is {page}.")


def verify(bundle: BundleFile, as_json: AsJson = False) -> None:
    """Check a bundle's seal, schema and hashes, and answer its stored samples again."""
    from drivetrain.predictor import Predictor

    predictor = Predictor.open(bundle)
    difference = predictor.verify()
    samples = len(predictor.bundle.manifest.samples)
    if as_json:
        print_json(
            {
                "bundle": str(bundle),
                "ok": True,
                "sha256": predictor.bundle.seal,
                "members": len(predictor.bundle.members),
                "samples": samples,
                "largest_difference": difference,
            }
        )
        return
    print_text(
        f"{bundle} is in order: seal {predictor.bundle.short_id}, "
        f"{len(predictor.bundle.members)} members, {samples} samples answered alike "
        f"(largest difference {difference:.1e})."
    )


def page(
    bundle: BundleFile,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="The folder to write.")],
    runtime: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder with onnxruntime-web; else npm fetches it."),
    ] = None,
) -> None:
    """Write a static page that classifies photos in the visitor's own browser."""
    from drivetrain.apps.browser import write_page

    folder = write_page(bundle, out, runtime=runtime)
    print_text(
        f"{folder} is ready for any static file server. To try it here: "
        f"python3 -m http.server --directory {shlex.quote(str(folder))}"
    )
