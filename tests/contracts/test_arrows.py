"""Imports point one way, and the running world never meets torch."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

LINTER = Path(sys.executable).with_name("lint-imports")
RUNNING_WORLD = [
    "errors", "extras", "schema", "metrics", "prepare", "data", "judge", "project",
    "project_template", "bundle",
    "engine", "network", "predictor", "card", "store", "serve",
]  # fmt: skip
LEARNING_WORLD = ["torch", "torchvision", "timm", "onnx", "onnxscript", "pandas", "matplotlib"]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINTER, "--config", REPOSITORY / ".importlinter", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_arrows_are_kept() -> None:
    ended = lint(REPOSITORY)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("file", "planted", "broken"),
    [
        ("serve/app.py", "import torch", "The running world"),
        ("predictor.py", "import drivetrain.export.onnx", "The running world"),
        ("prepare/image.py", "from drivetrain.predictor import Predictor", "one way"),
        ("store/database.py", "import drivetrain.bundle.reader", "one way"),
        ("interpret/gallery.py", "import drivetrain.learn.learner", "one way"),
    ],
)
def test_a_planted_wrong_import_makes_the_check_fail(
    tmp_path: Path, file: str, planted: str, broken: str
) -> None:
    shutil.copytree(REPOSITORY / "src" / "drivetrain", tmp_path / "src" / "drivetrain")
    planted_file = tmp_path / "src" / "drivetrain" / file
    planted_file.write_text(planted_file.read_text() + f"\n{planted}\n")
    ended = lint(tmp_path)
    assert ended.returncode == 1, ended.stdout
    assert any(broken in line and "BROKEN" in line for line in ended.stdout.splitlines())


def test_every_room_of_the_running_world_imports_where_torch_cannot_be_imported() -> None:
    program = f"""
import importlib, pkgutil, sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {LEARNING_WORLD}:
            raise ImportError(f"the running world imported {{name}}")
sys.meta_path.insert(0, Wall())
import drivetrain
for room in {RUNNING_WORLD}:
    module = importlib.import_module(f"drivetrain.{{room}}")
    for part in pkgutil.walk_packages(getattr(module, "__path__", []), f"drivetrain.{{room}}."):
        if "migrations" not in part.name:
            importlib.import_module(part.name)
import drivetrain.cli
print(sorted(name for name in sys.modules if name.startswith("drivetrain.learn")))
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip() == "[]"


def test_importing_drivetrain_imports_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import drivetrain; "
        "print([n for n in sys.modules if n not in before and 'drivetrain' not in n "
        "and n.partition('.')[0] not in sys.stdlib_module_names])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ended.stdout.strip() == "[]"


def test_the_engine_tells_nobody_that_it_runs(tmp_path: Path) -> None:
    program = "from drivetrain.predictor import Predictor; import sys; Predictor.open(sys.argv[1])"
    golden = REPOSITORY / "tests" / "golden" / "format-1.bundle"
    environment = {k: v for k, v in os.environ.items() if "TELEMETRY" not in k}
    subprocess.run(
        [sys.executable, "-c", program, str(golden)],
        env=environment | {"HOME": str(tmp_path)},
        check=True,
    )
    assert list(tmp_path.rglob("*")) == []
