"""Probabilities that can be taken at their word: of answers given with 80 %, 80 % are right."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivetrain.schema import Probabilities

Logits = NDArray[np.float32]
"""float32 [N, C]: what a network says before it is brought to sum to 1."""

Factor = Annotated[float, Field(gt=0.0, le=1e6)]
Shift = Annotated[float, Field(ge=-1e6, le=1e6)]


class Calibration(BaseModel):
    """Logits times a factor plus a shift, then the soft-max.

    Example:
        >>> halved = Calibration(method="temperature", factor=(0.5,))
        >>> halved.probabilities(np.array([[2.0, 0.0]], np.float32)).round(2).tolist()
        [[0.7300000190734863, 0.27000001072883606]]

    Arguments:
        method: ``none`` is the plain soft-max; ``temperature`` has one factor, the inverse of the
            temperature; ``vector`` has a factor and a shift for each class (Guo et al. 2017, On
            Calibration of Modern Neural Networks, section 4.2).
        factor: One number, or one a class.
        shift: One number, or one a class.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    method: Literal["none", "temperature", "vector"] = "none"
    factor: tuple[Factor, ...] = Field(default=(1.0,), min_length=1)
    shift: tuple[Shift, ...] = Field(default=(0.0,), min_length=1)

    @model_validator(mode="after")
    def _as_many_as_the_method_has(self) -> Calibration:
        if self.method != "vector" and (len(self.factor), self.shift) != (1, (0.0,)):
            raise ValueError(f"{self.method} has one factor and no shift")
        if self.method == "none" and self.factor != (1.0,):
            raise ValueError("without a method the factor is 1")
        return self

    def fits(self, num_classes: int) -> bool:
        """Whether it can be applied to logits of so many classes."""
        return all(len(part) in (1, num_classes) for part in (self.factor, self.shift))

    def probabilities(self, logits: Logits) -> Probabilities:
        """Logits float32 [N, C] to probabilities float32 [N, C]."""
        factor, shift = np.array(self.factor), np.array(self.shift)
        return softmax(logits.astype(np.float64) * factor + shift).astype(np.float32)


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[Any]:
    """Logits [N, C] to probabilities that sum to 1 in each row, of the same kind of number.

    Example:
        >>> softmax(np.zeros((1, 2), np.float32)).tolist()
        [[0.5, 0.5]]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[Any] = powers / powers.sum(axis=1, keepdims=True)
    return shares
