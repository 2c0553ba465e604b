"""What makes training fast on the machine at hand without changing what is computed."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import torch
from torch import Tensor, nn

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
"""Settings of glibc's allocator, by their numbers in ``malloc.h``."""

KEEP_ALL = 2**30
MMAP_LARGEST = 2**25
TRIM_LARGEST = 2**26
"""Where glibc's own adjustment of the two ends."""


@contextmanager
def fast_memory(device: torch.device) -> Iterator[None]:
    """Keep freed memory for the next step inside, and give it back at the end.

    A training step on a CPU allocates and frees gigabytes. Where each large tensor is fresh
    memory of the system, the system fills it with zeros page by page, which took a third of the
    step on the machine that the figures of ``benchmarks/RESULTS.md`` come from. Other systems
    than Linux with glibc are left as they are, and so are other devices.
    """
    libc = _glibc() if device.type == "cpu" else None
    if libc is None:
        yield
        return
    libc.mallopt(MMAP_THRESHOLD, KEEP_ALL)
    libc.mallopt(TRIM_THRESHOLD, KEEP_ALL)
    try:
        yield
    finally:
        libc.mallopt(MMAP_THRESHOLD, MMAP_LARGEST)
        libc.mallopt(TRIM_THRESHOLD, TRIM_LARGEST)
        libc.malloc_trim(0)


def laid_out(x: Tensor) -> Tensor:
    """Pictures [N, C, H, W] with a pixel's channels side by side, as convolutions read them."""
    if x.ndim != 4 or x.device.type == "mps":
        return x
    return x.contiguous(memory_format=torch.channels_last)


def lay_out(model: nn.Module, device: torch.device) -> None:
    """The same for a model's weights, in place; its values stay."""
    if device.type != "mps":
        model.to(memory_format=torch.channels_last)


@cache
def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "gnu_get_libc_version") else None
