"""What a benchmark raises when it cannot go on: one line for people."""

from __future__ import annotations


class BenchmarkError(RuntimeError):
    """Something is missing, or a measured program failed."""
