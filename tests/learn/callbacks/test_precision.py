"""bfloat16 while a training is at work, and what was there before afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from fake import FakeLearner

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks import Callback, MixedPrecision

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class Look(Callback):
    """Notes the precision of every batch, and may fail."""

    def __init__(self, *, fail: bool = False) -> None:
        self.seen: set[torch.dtype | None] = set()
        self.fail = fail

    def before_batch(self, learn: Any) -> None:
        self.seen.add(learn.precision)
        if self.fail:
            raise RuntimeError("no more")


@pytest.mark.parametrize("before", [None, torch.float16])
def test_training_is_told_the_precision_and_gets_its_own_back(before: torch.dtype | None) -> None:
    look = Look()
    learn = FakeLearner([MixedPrecision(), look])
    learn.precision = before
    learn.fit(1)
    assert (look.seen, learn.precision) == ({torch.bfloat16}, before)


def test_a_training_that_failed_gets_its_own_back_too() -> None:
    learn = FakeLearner([MixedPrecision(), Look(fail=True)])
    with pytest.raises(RuntimeError):
        learn.fit(1)
    assert learn.precision is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64, "bf16"])
def test_another_dtype_is_refused(dtype: Any) -> None:
    with pytest.raises(ConfigError, match=r"computes in torch.bfloat16 only") as refused:
        MixedPrecision(dtype)
    assert str(dtype) in refused.value.message
