"""What a server installs: small, without torch, and able to do the running world's work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from conftest import COLOURS, REPOSITORY, Run, StartServer, write_colours

PYTHON = REPOSITORY / ".venv-serve" / "bin" / "python"
SMALLEST_USEFUL = 50_000_000
MEGABYTES_ALLOWED = 250

pytestmark = pytest.mark.skipif(
    not PYTHON.exists(), reason="make setup-serve has not made .venv-serve"
)

MEASURED = """
import re, sys
from drivetrain.cli import app
try:
    app(sys.argv[1:])
finally:
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1]
    print(peak, "torch" in sys.modules, file=sys.stderr)
"""


def test_it_has_no_torch() -> None:
    ended = subprocess.run([PYTHON, "-c", "import torch"], capture_output=True, check=False)
    assert ended.returncode == 1


def test_it_weighs_under_250_megabytes() -> None:
    packages = next((PYTHON.parents[1] / "lib").glob("python*/site-packages"))
    files = [file for file in packages.rglob("*") if file.is_file() and not file.is_symlink()]
    counted = [f for f in files if f.relative_to(packages).parts[0].split("-")[0] != "pip"]
    weight = sum(file.stat().st_size for file in counted)
    assert SMALLEST_USEFUL < weight < MEGABYTES_ALLOWED * 1e6, f"{weight / 1e6:.0f} MB"


def test_it_predicts_verifies_and_inspects(bundle: Path, photo: Path, run: Run) -> None:
    predicted = run("predict", bundle, photo, "--json", python=str(PYTHON))
    assert json.loads(predicted.stdout)["label"] == "red", predicted.stderr
    assert run("verify", bundle, python=str(PYTHON)).returncode == 0
    assert "crop to 32" in run("inspect", bundle, python=str(PYTHON)).stdout


def test_a_prediction_with_the_real_network_stays_under_250_megabytes(
    real_bundle: Path, photo: Path
) -> None:
    ended = subprocess.run(
        [PYTHON, "-c", MEASURED, "predict", str(real_bundle), str(photo)],
        capture_output=True,
        text=True,
        check=False,
    )
    peak, torch_was_loaded = ended.stderr.split()
    assert "red" in ended.stdout
    assert int(peak) * 1024 < MEGABYTES_ALLOWED * 1e6
    assert torch_was_loaded == "False"


def test_it_serves_and_keeps_the_record(
    bundle: Path, photo: Path, start_server: StartServer
) -> None:
    server = start_server(bundle, python=str(PYTHON))
    answer = httpx.post(f"{server.url}/v1/predict", content=photo.read_bytes())
    assert answer.json()["label"] == "red"
    assert httpx.get(server.url).is_success
    assert (server.folder / "predictions.db").exists()


def test_training_says_what_to_install(tmp_path: Path, run: Run) -> None:
    ended = run("train", tmp_path, "--out", "m.bundle", python=str(PYTHON))
    assert ended.returncode == 1
    assert ended.stderr == (
        "error: torch is needed to train a model, and it is not installed. "
        'Run: pip install "drivetrain[train]"\n'
    )


def test_it_checks_a_pile_and_says_what_it_cannot_test(tmp_path: Path, run: Run) -> None:
    page, many = tmp_path / "report.html", 20
    pile = write_colours(tmp_path / "pile", photos_a_class=many)
    ended = run("check", pile, "--json", "--html", page, python=str(PYTHON))
    report = json.loads(ended.stdout)
    assert report["classes"] == dict.fromkeys(COLOURS, many)
    assert report["split_test"] is None
    assert "The split was not tested. torch is needed to test the split" in ended.stderr
    assert "<html" in page.read_text()


def test_the_package_holds_everything_it_needs() -> None:
    program = "import drivetrain, sys; print(drivetrain.__file__)"
    where = subprocess.run([PYTHON, "-c", program], capture_output=True, text=True, check=True)
    assert "site-packages" in where.stdout
    assert sys.executable != str(PYTHON)
