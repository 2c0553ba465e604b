"""From a folder to a bundle: ``init`` and ``train``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from drivetrain.cli.arguments import AsJson, folder
from drivetrain.cli.clock import STARTED
from drivetrain.cli.say import print_json, print_text


def init(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA", parser=folder, help="One folder a class, to name the classes."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")] = Path(
        "drivetrain.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace what is there.")] = False,
) -> None:
    """Write a drivetrain.toml that explains itself: objective, levers, costs."""
    from drivetrain.project_template import write_project_file

    classes = write_project_file(out, data, force=force)
    whose = f", with the classes of {data}" if classes else ""
    print_text(
        f"{out}: every section explained{whose}; nothing is set in it yet.\n"
        f"Next: take the # off the lines you want, then "
        f"drivetrain train DATA --out FILE.bundle --project {shlex.quote(str(out))}"
    )


def train(  # noqa: PLR0913, PLR0917
    data: Annotated[
        Path, typer.Argument(metavar="DATA", parser=folder, help="One folder a class.")
    ],
    out: Annotated[Path, typer.Option(help="The bundle to write.")],
    arch: Annotated[str, typer.Option(help="An architecture of timm.")] = "tf_efficientnet_lite0",
    size: Annotated[int, typer.Option(help="The side that photos are brought to, pixels.")] = 224,
    epochs: Annotated[
        int | None, typer.Option(min=0, help="Epochs of the whole model after the frozen one.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Time to take for all, in place of --epochs: 60, 5min."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where the same training was cut off.")
    ] = False,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Decides the split and the order.")
    ] = 42,
    weights: Annotated[Path | None, typer.Option(help="A file of pretrained weights.")] = None,
    project: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What the model is for and what its actions cost; "
            "drivetrain.toml where there is one.",
        ),
    ] = None,
    false_reject: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE", help="Of photos like the training's, how many may be called foreign."
        ),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Write a network in 8 bits where it does not lose by it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train on a folder of photos and write a bundle."""
    from drivetrain.extras import need
    from drivetrain.project import Project

    chosen = project or _project_here()
    Project.of(chosen, false_reject=false_reject)  # told before seconds go into imports
    need("torch", purpose="train a model")
    from drivetrain.learn.recipe import train_folder
    from drivetrain.learn.training.time_plan import seconds_of

    report = train_folder(
        data,
        out,
        arch=arch,
        size=size,
        epochs=epochs,
        seed=seed,
        weights=weights,
        budget=None if budget is None else seconds_of(budget),
        resume=resume,
        since=STARTED,
        project=chosen,
        false_reject=false_reject,
        int8=int8,
    )
    if as_json:
        print_json(report)
        return
    valid = report["valid"]
    print_text(
        f"{report['bundle']}: error rate {valid['error_rate']:.1%} on {valid['n']} validation "
        f"photos, after {report['seconds']:.0f} s.\nNext: drivetrain serve {report['bundle']}"
    )


def _project_here() -> Path | None:
    """The drivetrain.toml of the current folder, if there is one; that it is used is told."""
    from drivetrain.project import PROJECT_FILE

    file = Path(PROJECT_FILE)
    if not file.exists():
        return None
    typer.echo(f"using {file} of this folder", err=True)
    return file
