"""Writes the page: one folder for any static file server, which asks nobody else for anything."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

from drivetrain.apps.browser.folder import check_replaceable, put_in_place
from drivetrain.apps.browser.runtime import PACKAGE, VERSION, runtime_files
from drivetrain.bundle.reader import MODEL, Bundle
from drivetrain.errors import ConfigError
from drivetrain.judge import ClassJudgement

DOMAIN = "domain.safetensors"
SETTINGS = "model.json"
SERVICE_WORKER = "sw.js"
SIBLING = "serve/pages"
SHARED = ("style.css", "answer.js", "choose.js", "problem.js", "show.js", "words.js")
"""What both pages are made of; it lives with the server's."""

PLACEHOLDER = "/* filled in by drivetrain page */ null"

Contents = dict[str, bytes]


def write_page(
    bundle_path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    runtime: str | os.PathLike[str] | None = None,
) -> Path:
    """Write a folder that classifies photos in the visitor's own browser.

    Preparation, calibration, verdict and decision are those of the bundle. The folder works from
    any static server, under any path, and without a connection once it was loaded.

    Example:
        >>> from drivetrain.apps.browser import write_page
        >>> write_page("bears.bundle", "site")  # doctest: +SKIP
        PosixPath('site')

    Arguments:
        bundle_path: The bundle.
        out: The folder; a page that was written there before is replaced as a whole.
        runtime: A folder with onnxruntime-web; None lets npm fetch it once.

    Raises:
        BundleError: The bundle cannot be used.
        ConfigError: The folder holds something else, or the runtime is another one.
        MissingExtraError: The runtime is not here and cannot be fetched.
        OutputError: The folder cannot be written.
    """
    bundle = Bundle.open(bundle_path)
    folder = Path(out)
    check_replaceable(folder)
    if bundle.preparation.kind != "image" or not isinstance(bundle.judgement, ClassJudgement):
        raise ConfigError(
            f"{bundle.name} takes {bundle.preparation.noun[1]} and answers with "
            f"{bundle.manifest.target.kind}, and the page takes photos and answers with one class.",
            hint="Serve it with: drivetrain serve",
        )
    libraries = runtime_files(None if runtime is None else Path(runtime))
    put_in_place(folder, _contents(bundle, libraries))
    return folder


def _contents(bundle: Bundle, libraries: Mapping[str, bytes]) -> Contents:
    contents = _assets()
    large = {MODEL: bundle.model}
    if bundle.manifest.domain is not None:
        large[DOMAIN] = bundle.members[bundle.manifest.domain.member]
    large |= {f"runtime/{name}": content for name, content in libraries.items()}
    contents |= large | {SETTINGS: _json(_settings(bundle, large))}
    worker = contents.pop(SERVICE_WORKER).decode()
    return contents | {SERVICE_WORKER: worker.replace(PLACEHOLDER, _listing(contents)).encode()}


def _assets() -> Contents:
    package = package_files("drivetrain")
    own = {
        file.name: file.read_bytes()
        for file in package.joinpath("apps/browser/assets").iterdir()
        if file.is_file()
    }
    return own | {name: package.joinpath(SIBLING, name).read_bytes() for name in SHARED}


def _settings(bundle: Bundle, large: Mapping[str, bytes]) -> dict[str, Any]:
    """What the page needs to know, as its modules read it."""
    manifest, judgement = bundle.manifest, bundle.judgement
    assert isinstance(judgement, ClassJudgement)
    rule, record, network = judgement.decision, manifest.domain, manifest.network
    return {
        "format": "drivetrain.page",
        "format_version": 1,
        "model": bundle.short_id,
        "created": manifest.created,
        "runtime": f"{PACKAGE} {VERSION}",
        "vocab": list(bundle.vocab),
        "preparation": bundle.preparation.model_dump(mode="json"),
        "network": {"input": network.input, "outputs": network.outputs},
        "calibration": judgement.calibration.model_dump(mode="json"),
        "domain": record and {"rest": record.rest, "border": record.border},
        "decision": rule
        and {"actions": rule.actions, "costs": rule.costs.tolist(), "ask": rule.ask},
        "project": manifest.project.model_dump(mode="json", include={"objective", "levers"}),
        "training": manifest.training.model_dump(
            mode="json", include={"metrics", "valid_items", "notes"}
        ),
        "files": {
            name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in large.items()
        },
    }


def _listing(contents: Mapping[str, bytes]) -> str:
    """What the service worker keeps: a hash a file, and a version that follows from them."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    version = hashlib.sha256(_json(hashes)).hexdigest()[:16]
    return _json({"version": version, "files": hashes}).decode()


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode()
