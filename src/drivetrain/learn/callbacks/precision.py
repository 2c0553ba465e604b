"""Training with numbers of 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner


class MixedPrecision(Callback):
    """Computes training batches in bfloat16 where that is safe; weights stay float32.

    On a GPU with bfloat16 units (NVIDIA: from 2020 on) large networks train sooner and take less
    memory. On a processor it depends on the network: with AMX or avx512_bf16 among the flags of
    ``lscpu`` it may be faster, without them it is slower than float32, so time an epoch of each.
    Frozen training gains nothing: its head is small. Validation and answers stay float32.

    float16 is not offered: its small range needs a scaled loss, while bfloat16 has the range of
    float32 (Micikevicius et al. 2018, "Mixed precision training", section 3).

    Example:
        >>> MixedPrecision().dtype
        torch.bfloat16

    Arguments:
        dtype: ``torch.bfloat16``.

    Raises:
        ConfigError: Another dtype.
    """

    def __init__(self, dtype: torch.dtype = torch.bfloat16) -> None:
        if dtype != torch.bfloat16:
            raise ConfigError(
                f"MixedPrecision was given {dtype}, and it computes in torch.bfloat16 only, on a "
                "CPU as on a GPU.",
                hint="Leave dtype out: bfloat16 is as fast as float16 and has the range of "
                "float32.",
            )
        self.dtype = dtype
        self._before: list[torch.dtype | None] = []

    def before_fit(self, learn: Learner[Any]) -> None:
        """Have training batches computed in ``dtype``."""
        self._before = [learn.precision]
        learn.precision = self.dtype

    def after_fit(self, learn: Learner[Any]) -> None:
        """Put back what was there."""
        while self._before:
            learn.precision = self._before.pop()
