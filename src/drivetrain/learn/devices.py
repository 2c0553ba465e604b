"""Where tensors live: the one place that knows of CUDA, MPS and the CPU."""

from __future__ import annotations

import torch

from drivetrain.errors import ConfigError


def chosen_device(name: str | torch.device | None) -> torch.device:
    """The device of that name, or the fastest one at hand.

    Raises:
        ConfigError: There is no such device on this machine.
    """
    if name is None:
        return default_device()
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError, TypeError) as problem:
        raise ConfigError(
            f"device is {name!r}, which is none of this machine's.",
            hint=f"Leave it out for {default_device()}.",
        ) from problem
    return device


def default_device() -> torch.device:
    """The fastest device at hand: CUDA, then Apple's MPS, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")
