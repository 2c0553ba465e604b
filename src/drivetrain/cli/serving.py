"""A model at work: ``demo`` and ``serve``."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from drivetrain.cli.arguments import BundleFile
from drivetrain.cli.say import print_text


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
    _serve(bundle, host, port, store)


def _serve(bundle: Path, host: str, port: int, store: str, photo: Path | None = None) -> None:
    _need_server()
    from drivetrain.bundle import Bundle
    from drivetrain.card.takes import example_text
    from drivetrain.serve.run import serve as serve_bundle

    preparation = Bundle.open(bundle).preparation
    sent = f'-F "file=@{photo or f"{preparation.noun[0]}.jpg"}"'
    if preparation.fields:
        example = example_text(preparation.fields)
        sent = "-F file=@rows.csv" if example is None else f"--json {shlex.quote(example)}"

    def announce(url: str) -> None:
        print_text(
            f"Serving {bundle} on {url} (stop with Ctrl+C); the record is {store}\n"
            f"Try: curl {sent} {url}/v1/predict"
        )
        sys.stdout.flush()

    serve_bundle(bundle, host=host, port=port, store=store, when_ready=announce)


def _need_server() -> None:
    from drivetrain.extras import need

    for module in ("fastapi", "uvicorn", "sqlalchemy", "alembic"):
        need(module, purpose="serve a bundle")
