"""Where tensors live: the one place that knows of CUDA, MPS and the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache

import torch
from torch import nn

from drivetrain.errors import ConfigError

SECONDS_TO_MEASURE = 10.0
"""For all devices together, where there is more than one."""

PICTURES, SIDE, CHANNELS = 16, 112, 64

Measure = Callable[[torch.device, float], float]
"""From a device and the seconds that it may take to training steps a second."""


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


@cache
def default_device() -> torch.device:
    """The device that trains fastest; measured once a process where there are several."""
    return fastest(devices_at_hand(), steps_a_second)


def devices_at_hand() -> list[torch.device]:
    """What this machine can train on, the CPU last."""
    found = []
    if torch.cuda.is_available():
        found.append(torch.device("cuda"))
    if torch.backends.mps.is_available():
        found.append(torch.device("mps"))
    return [*found, torch.device("cpu")]


def fastest(devices: Sequence[torch.device], measure: Measure) -> torch.device:
    """The device with the most steps a second; one that fails is out.

    Arguments:
        devices: The candidates; a single one is not measured.
        measure: How fast a device is.
    """
    if len(devices) == 1:
        return devices[0]
    speeds = {}
    for device in devices:
        try:
            speeds[device] = measure(device, SECONDS_TO_MEASURE / len(devices))
        except (RuntimeError, NotImplementedError, MemoryError):
            speeds[device] = 0.0
    return max(speeds, key=lambda device: speeds[device])


def steps_a_second(device: torch.device, seconds: float) -> float:
    """Training steps a second of a small convolutional network, after one that does not count.

    Arguments:
        device: Where to train.
        seconds: When to stop at the latest; three steps are enough.
    """
    with torch.random.fork_rng():  # weights are drawn: the caller's random numbers stay
        network, first = _small_network()
    network.to(device)
    x = torch.zeros(PICTURES, 3, SIDE, SIDE, device=device)
    started = finished = time.perf_counter()
    steps = -1
    while steps < 1 or (steps < 3 and finished - started < seconds):
        if steps == 0:
            started = time.perf_counter()
        network(x).square().mean().backward()
        assert first.weight.grad is not None
        float(first.weight.grad.sum())  # waits for the device to be done
        finished = time.perf_counter()
        steps += 1
    return steps / (finished - started)


def _small_network() -> tuple[nn.Module, nn.Conv2d]:
    """The network, and its first layer."""
    first = nn.Conv2d(3, CHANNELS, 3, stride=2, padding=1)
    network = nn.Sequential(
        first,
        nn.BatchNorm2d(CHANNELS),
        nn.ReLU(),
        nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, groups=CHANNELS),
        nn.Conv2d(CHANNELS, 2 * CHANNELS, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )
    return network, first
