"""onnxruntime-web: what runs a network in a browser, in one exact version, checked by hash."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from drivetrain.data.cache_folder import cache_folder
from drivetrain.errors import ConfigError, MissingExtraError

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
INTEGRITY = (
    "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3j"
    "L02Vb7QmRMDs1SigqR4CXAfKYQ=="
)
"""Of the package's file, as npm's registry publishes it."""

SHA256 = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}
"""The two files of the package that the page needs: 14 MB of its 145."""

PATIENCE = 900.0
PLACES = ("", "dist", "package/dist", f"{PACKAGE}/dist", f"node_modules/{PACKAGE}/dist")
BY_HAND = (
    f"run npm pack {PACKAGE}@{VERSION} on a machine with npm and a connection, unpack the file, "
    "and give its folder with --runtime"
)

Files = dict[str, bytes]


def runtime_files(folder: Path | None = None) -> Files:
    """The files of onnxruntime-web by name, each with the hash that is written down here.

    Without a folder they come from the user's cache, and the first time from npm's registry by
    npm's own client.

    Arguments:
        folder: Where the package was unpacked, or its ``dist``; None fetches it.

    Raises:
        ConfigError: The folder lacks a file, or holds one of another version.
        MissingExtraError: There is no npm, or it does not bring the package.
    """
    if folder is not None:
        return _given(folder)
    cached = cache_folder()
    kept = None if cached is None else cached / "runtime" / f"{PACKAGE}-{VERSION}"
    found = {} if kept is None else _sound(kept)
    if found.keys() != SHA256.keys():
        found = _fetch()
        if kept is not None:
            _keep(kept, found)
    return found


def _given(folder: Path) -> Files:
    places = [folder / place for place in PLACES]
    place = next((one for one in places if any((one / name).is_file() for name in SHA256)), None)
    if place is None:
        what = "holds none of the runtime's files" if folder.is_dir() else "is no folder"
        raise ConfigError(
            f"{folder} {what}: {' and '.join(SHA256)} of {PACKAGE} {VERSION} are expected.",
            hint="Give the folder of the unpacked package, or leave --runtime out.",
        )
    found = _sound(place)
    for name in SHA256:
        if name not in found:
            fault = "is of another version" if (place / name).exists() else "is missing"
            raise ConfigError(
                f"{place / name} {fault}: that of {PACKAGE} {VERSION} is expected, and checked "
                "by its SHA-256.",
                hint=f"Take exactly version {VERSION}, or leave --runtime out.",
            )
    return found


def _sound(folder: Path) -> Files:
    """Those files of a folder that are what they should be."""
    found = {}
    for name, expected in SHA256.items():
        with suppress(OSError):
            content = (folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() == expected:
                found[name] = content
    return found


def _keep(folder: Path, files: Mapping[str, bytes]) -> None:
    """Keep files for the next time; where that cannot be, it is fetched again."""
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            beside = folder / f".{name}.{os.getpid()}"
            beside.write_bytes(content)
            beside.replace(folder / name)


def _fetch() -> Files:
    npm = shutil.which("npm")
    if npm is None:
        raise MissingExtraError(
            f"The page needs {PACKAGE} {VERSION}, npm would fetch it, and there is no npm here.",
            hint=f"Install Node.js, which brings npm; or {BY_HAND}.",
        )
    with tempfile.TemporaryDirectory(prefix="drivetrain-") as folder:
        return _unpack(_pack(npm, Path(folder)))


def _pack(npm: str, folder: Path) -> Path:
    """The package's file, as npm's client brings it."""
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--no-update-notifier"]
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _not_fetched(f"it took longer than {PATIENCE / 60:.0f} minutes") from None
    except OSError as problem:
        raise _not_fetched(problem.strerror or "npm cannot be started") from None
    file = next(iter(folder.glob("*.tgz")), None)
    if ended.returncode or file is None:
        raise _not_fetched(_said(ended.stderr))
    return file


def _said(text: str) -> str:
    """What npm's complaint comes down to: its code and its first sentence."""
    lines = [line.removeprefix("npm error").strip() for line in text.splitlines()]
    told = [line for line, whole in zip(lines, text.splitlines(), strict=True) if line != whole]
    told = [line for line in told if line and not line.startswith("A complete log")]
    return "; ".join(told[:2]) or "npm ended without a word"


def _unpack(file: Path) -> Files:
    digest = base64.b64encode(hashlib.sha512(file.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise _not_fetched("what came has another SHA-512 than it should")
    with tarfile.open(file) as archive:
        return {name: _member(archive, name) for name in SHA256}


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"package/dist/{name}")
    assert file is not None
    return file.read()


def _not_fetched(reason: str) -> MissingExtraError:
    return MissingExtraError(
        f"{PACKAGE} {VERSION}, which the page needs, could not be fetched by npm: {reason}.",
        hint=f"Check the connection and try again; or {BY_HAND}.",
    )
