"""The command line: thin commands; an error is one line and an exit code.

Exit codes: 0 all went well, 1 something was wrong with what was given, 2 the command was not
understood. Progress and errors go to standard error; with ``--json`` standard output holds
nothing but JSON.
"""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import sys
import time
import warnings
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from drivetrain.errors import DataError, DrivetrainError, MissingExtraError, WeightsError

if TYPE_CHECKING:
    from drivetrain.schema import Prediction

STARTED = time.monotonic()
"""When the process began, as nearly as its own code can tell."""

app = typer.Typer(
    name="drivetrain",
    help="From a folder of photos to a model that people can rely on in production.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _folder(text: str) -> Path:
    if not text.strip():
        raise typer.BadParameter("it is empty; give a folder.")
    return Path(text)


BundleFile = Annotated[Path, typer.Argument(metavar="FILE.bundle", help="The bundle.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        _print(version("drivetrain"))
        raise typer.Exit()


@app.callback(help=app.info.help)
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="The folder for the bundle and the report.")] = Path(
        "drivetrain-demo"
    ),
    serve: Annotated[bool, typer.Option(help="Serve the model at the end.")] = True,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port to serve on; 0 takes a free one.")
    ] = 8000,
) -> None:
    """The whole loop on real data: 2,624 photos of solar cells."""
    if serve:
        _need_server()
        from drivetrain.serve.run import listening_socket

        listening_socket("127.0.0.1", port).close()  # in use? better told before than after
    from drivetrain.extras import need

    need("torch", purpose="run the demo")
    from drivetrain.apps.demo import run_demo

    bundle, photo = run_demo(out)
    if serve:
        _serve(bundle, "127.0.0.1", port, f"sqlite:///{out / 'predictions.db'}", photo)


@app.command()
def check(
    data: Annotated[
        Path, typer.Argument(metavar="DATA", parser=_folder, help="A folder of photos.")
    ],
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
    """Look at every photo of a folder, and say what is wrong with the pile."""
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
        _print_json(report.as_dict() | {"page": page, "moved": moved and asdict(moved)})
    else:
        print_report(report, next_steps=not (page or moved))
        if page:
            _print(f"\nThe page is {page}.")
    if moved is not None:
        place = Quarantine(data).folder
        _tell_moved(moved.files, moved.left, f"moved to {place}", as_json=as_json)
        if moved.files and not as_json:
            _print(f"Undo: drivetrain check {shlex.quote(str(data))} --undo")
        if moved.left:
            raise typer.Exit(1)


@app.command()
def init(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="DATA", parser=_folder, help="One folder a class, to name the classes."
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
    _print(
        f"{out}: every section explained{whose}; nothing is set in it yet.\n"
        f"Next: take the # off the lines you want, then "
        f"drivetrain train DATA --out FILE.bundle --project {shlex.quote(str(out))}"
    )


@app.command()
def train(  # noqa: PLR0913, PLR0917
    data: Annotated[
        Path, typer.Argument(metavar="DATA", parser=_folder, help="One folder a class.")
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
        project=project or _project_here(),
        false_reject=false_reject,
        int8=int8,
    )
    if as_json:
        _print_json(report)
        return
    valid = report["valid"]
    _print(
        f"{report['bundle']}: error rate {valid['error_rate']:.1%} on {valid['n']} validation "
        f"photos, after {report['seconds']:.0f} s.\nNext: drivetrain serve {report['bundle']}"
    )


@app.command()
def predict(
    bundle: BundleFile,
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="Photos.")],
    as_json: AsJson = False,
) -> None:
    """Answer one input or many; one that cannot be read does not stop the others."""
    from drivetrain.errors import InputError
    from drivetrain.predictor import Predictor

    failed = False
    predictor = Predictor.open(bundle)
    model = predictor.bundle.short_id
    answers = predictor.predict_each(inputs)
    for name, answer in zip(inputs, answers, strict=True):
        if isinstance(answer, InputError):
            failed = True
            _complain(answer)
            if as_json:
                _print_json({"input": name, "error": answer.as_dict()})
        elif as_json:
            _print_json({"input": name, "id": None} | answer.as_dict() | {"model": model})
        else:
            _print(f"{name}: {_answered(answer)}")
    if failed:
        raise typer.Exit(1)


@app.command()
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
        _print_json(card.as_dict() | {"page": page})
        return
    _print("\n".join(card_lines(card)))
    if page:
        _print(f"\nThe page is {page}.")


@app.command()
def verify(bundle: BundleFile, as_json: AsJson = False) -> None:
    """Check a bundle's seal, schema and hashes, and answer its stored samples again."""
    from drivetrain.predictor import Predictor

    predictor = Predictor.open(bundle)
    difference = predictor.verify()
    samples = len(predictor.bundle.manifest.samples)
    if as_json:
        _print_json(
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
    _print(
        f"{bundle} is in order: seal {predictor.bundle.short_id}, "
        f"{len(predictor.bundle.members)} members, {samples} samples answered alike "
        f"(largest difference {difference:.1e})."
    )


@app.command()
def serve(
    bundle: BundleFile,
    host: Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 is the network.")] = (
        "127.0.0.1"
    ),
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")
    ] = 8000,
    store: Annotated[str, typer.Option(help="The database that keeps every prediction.")] = (
        "sqlite:///predictions.db"
    ),
) -> None:
    """Serve a bundle over HTTP, with a page for people."""
    _serve(bundle, host, port, store, Path("photo.jpg"))


def main() -> None:
    """Run the command line; every error that Drivetrain raises on purpose is one line."""
    warnings.showwarning = _show_warning
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a file's name may be no text
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except DrivetrainError as error:
        _complain(error)
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


def _serve(bundle: Path, host: str, port: int, store: str, photo: Path) -> None:
    _need_server()
    from drivetrain.serve.run import serve as serve_bundle

    def announce(url: str) -> None:
        _print(
            f"Serving {bundle} on {url} (stop with Ctrl+C); the record is {store}\n"
            f'Try: curl -F "file=@{photo}" {url}/v1/predict'
        )
        sys.stdout.flush()

    serve_bundle(bundle, host=host, port=port, store=store, when_ready=announce)


def _test_split(data: Path, seed: int) -> dict[str, Any] | None:
    """What the split test finds; nothing, and a word why, where it cannot be made."""
    from drivetrain.extras import need

    try:
        for module in ("torch", "timm", "sklearn"):
            need(module, purpose="test the split")
        from drivetrain.data import get_image_files, parent_label
        from drivetrain.learn.split_photos import check_split
        from drivetrain.progress import Reporter

        files = get_image_files(data)
        labels = [parent_label(file) for file in files]
        tested = check_split(files, labels, seed=seed, reporter=Reporter())
    except (MissingExtraError, WeightsError) as problem:
        _show_warning(f"The split was not tested. {problem}")
        return None
    if tested is None:
        _show_warning(
            "The split was not tested: that takes two classes of ten photos, and fifty in all."
        )
        return None
    return tested.as_dict()


def _bring_back(data: Path, *, as_json: bool) -> None:
    from drivetrain.data.quarantine import Quarantine

    quarantine = Quarantine(data)
    if not data.is_dir() and not quarantine.folder.is_dir():
        raise DataError(f"{data} does not exist, nor its quarantine.", hint="Check the path.")
    moved = quarantine.undo()
    if as_json:
        _print_json({"restored": moved.files, "left": moved.left})
    _tell_moved(moved.files, moved.left, f"brought back to {data}", as_json=as_json)
    if moved.left:
        raise typer.Exit(1)


def _tell_moved(files: list[str], left: dict[str, str], what: str, *, as_json: bool) -> None:
    for file, reason in left.items():
        _show_warning(f"{file} stays where it is. {reason}")
    if not as_json:
        _print(f"{len(files):,} file{'' if len(files) == 1 else 's'} {what}.")


def _project_here() -> Path | None:
    """The drivetrain.toml of the current folder, if there is one; that it is used is told."""
    from drivetrain.project import PROJECT_FILE

    file = Path(PROJECT_FILE)
    if not file.exists():
        return None
    typer.echo(f"using {file} of this folder", err=True)
    return file


def _answered(answer: Prediction) -> str:
    """A prediction in a line: the label, the verdict where it is a warning, the decision."""
    parts = [f"{answer.label} ({answer.confidence:.1%})"]
    if answer.in_domain is False:
        parts.append(f"not like the training photos ({answer.domain_score:.1f} times the border)")
    if answer.decision is not None:
        parts.append(f"decision: {answer.decision}")
    return "; ".join(parts)


def _need_server() -> None:
    from drivetrain.extras import need

    for module in ("fastapi", "uvicorn", "sqlalchemy", "alembic"):
        need(module, purpose="serve a bundle")


def _print(text: str) -> None:
    typer.echo(text)


def _print_json(content: dict[str, Any]) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False))


def _complain(error: DrivetrainError) -> None:
    typer.echo(f"error: {' '.join(str(error).split())}", err=True)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    typer.echo(f"warning: {' '.join(str(message).split())}", err=True)


if __name__ == "__main__":
    main()
