"""Random numbers that follow from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def own_random_numbers(seed: int) -> Iterator[None]:
    """Random numbers that follow from the seed and leave the caller's alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
