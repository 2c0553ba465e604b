"""From a folder to a bundle: ``init`` and ``train``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from drivetrain.cli.arguments import AsJson, folder, is_table, pile
from drivetrain.cli.clock import STARTED
from drivetrain.cli.say import print_json, print_text

ARCH, SIZE = "tf_efficientnet_lite0", 224


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
        Path,
        typer.Argument(metavar="DATA", parser=pile, help="One folder a class, or a CSV file."),
    ],
    out: Annotated[Path, typer.Option(help="The bundle to write.")],
    target: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Of a table: the column to predict; may be repeated."),
    ] = None,
    split_by: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Of a table: validate on the largest fifth of this column."
        ),
    ] = None,
    arch: Annotated[str, typer.Option(help="An architecture of timm.")] = ARCH,
    size: Annotated[int, typer.Option(help="The side that photos are brought to, pixels.")] = SIZE,
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
            metavar="SHARE", help="Of inputs like the training's, how many may be called foreign."
        ),
    ] = None,
    int8: Annotated[
        bool, typer.Option("--int8", help="Write a network in 8 bits where it does not lose by it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train on a folder of photos, or on a table, and write a bundle."""
    from drivetrain.extras import need
    from drivetrain.project import Project

    chosen = project or _project_here()
    Project.of(chosen, false_reject=false_reject)  # told before seconds go into imports
    need("torch", purpose="train a model")
    if is_table(data):
        _check_options_of_tables(
            target=target, arch=arch, size=size, budget=budget, weights=weights, int8=int8
        )
        from drivetrain.learn.tabular.recipe import train_table

        report = train_table(
            data,
            out,
            target=target or (),
            split_by=split_by,
            epochs=epochs,
            seed=seed,
            resume=resume,
            project=chosen,
            false_reject=false_reject,
        )
        _tell(report, "rows", as_json=as_json)
        return
    if target or split_by:
        raise typer.BadParameter("--target and --split-by belong to a table, and DATA is none.")
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
    _tell(report, "photos", as_json=as_json)


def _tell(report: dict[str, Any], noun: str, *, as_json: bool) -> None:
    """How the training ended."""
    if as_json:
        print_json(report)
        return
    valid = report["valid"]
    figures = f"error rate {valid['error_rate']:.1%}" if "error_rate" in valid else ""
    if not figures:
        known = [name for name in valid if name.partition(" ")[0] in ("rmse", "mae", "accuracy")]
        figures = ", ".join(f"{name} {valid[name]:.4g}" for name in known)
    if "roc_auc_score" in valid:
        figures += f", area under the ROC curve {valid['roc_auc_score']:.3f}"
    print_text(
        f"{report['bundle']}: {figures} on {valid['n']} validation "
        f"{noun}, after {report['seconds']:.0f} s.\nNext: drivetrain serve {report['bundle']}"
    )


def _check_options_of_tables(**options: Any) -> None:
    if not options.pop("target"):
        raise typer.BadParameter("a table needs --target NAME: the column to predict.")
    usual = {"arch": ARCH, "size": SIZE, "budget": None, "weights": None, "int8": False}
    given = [name for name, value in options.items() if value != usual[name]]
    if given:
        raise typer.BadParameter(f"--{given[0]} belongs to photos, and DATA is a table.")


def _project_here() -> Path | None:
    """The drivetrain.toml of the current folder, if there is one; that it is used is told."""
    from drivetrain.project import PROJECT_FILE

    file = Path(PROJECT_FILE)
    if not file.exists():
        return None
    typer.echo(f"using {file} of this folder", err=True)
    return file
