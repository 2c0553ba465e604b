"""Where tensors live: the one place that knows of CUDA, MPS and the CPU."""

from __future__ import annotations

import torch


def default_device() -> torch.device:
    """The fastest device at hand: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
