"""Real processes that begin afresh, for tests that kill them."""

from __future__ import annotations

import multiprocessing
from typing import Any

MODULES = [
    "drivetrain.data.cache",
    "drivetrain.export.onnx",
    "drivetrain.learn.learner",
    "drivetrain.learn.training.resuming",
    "drivetrain.prepare.image",
    "onnxruntime",
    "onnxscript",
    "timm",
    "torch.onnx",
]
"""What they are born with. There is one server of them for all tests, and it is asked once."""


def processes() -> Any:
    """A context whose processes start quickly where the system has them."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(MODULES)
    return context
