"""The star import is quick: what only some notebooks need waits until they need it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

LATER = ("timm", "torchvision", "matplotlib", "pandas", "sklearn", "onnx", "onnxscript")
"""Hundreds of milliseconds each, or a part of them."""


def loaded_after(statement: str) -> set[str]:
    code = f"import json, sys\n{statement}\nprint(json.dumps([*sys.modules]))"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300
    )
    return set(json.loads(ended.stdout))


@pytest.mark.parametrize("module", ["drivetrain.vision.all", "drivetrain.learn.recipe"])
def test_what_a_model_or_a_plot_needs_is_not_loaded_before(module: str) -> None:
    loaded = loaded_after(f"import {module}")
    assert "torch" in loaded
    assert not loaded & {*LATER, "torch._dynamo"}
