"""Random numbers that follow from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def own_random_numbers(*follows_from: int) -> Iterator[None]:
    """Random numbers that follow from a seed, and further numbers, and leave the caller's alone.

    Example:
        >>> with own_random_numbers(42, 3):
        ...     first = torch.rand(1)
        >>> with own_random_numbers(42, 3):
        ...     bool(torch.rand(1) == first)
        True
    """
    words = [abs(number) for number in follows_from]
    seed = words[0] if len(words) == 1 else np.random.SeedSequence(words).generate_state(1)[0]
    with torch.random.fork_rng():
        torch.manual_seed(int(seed))
        yield
