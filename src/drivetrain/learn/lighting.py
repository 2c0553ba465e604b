"""Random brightness and contrast, as moves of the logits of pixels."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from drivetrain.learn.draws import Draws

NEARLY_BLACK = 1e-3
"""Logits of black and white are infinite; pixels stay this far from both, a quarter of a step
of a photo's 256."""


def brightnesses(draws: Draws, limit: float, share: float) -> Tensor:
    """What is added to the logits, float32 [N]; a grey of 0.5 moves by up to half the limit."""
    grey = draws.uniform(0.5 - limit / 2, 0.5 + limit / 2)
    return torch.where(draws.chosen(share), torch.logit(grey), 0.0)


def contrasts(draws: Draws, limit: float, share: float) -> Tensor:
    """What the logits are multiplied by, float32 [N]: between 1 - limit and its inverse."""
    lowest = math.log(1 - limit)
    return torch.where(draws.chosen(share), draws.uniform(lowest, -lowest).exp(), 1.0)


def relight_(x: Tensor, brightness: Tensor, contrast: Tensor) -> Tensor:
    """Change the lighting of a batch in place.

    Arguments:
        x: float32 [N, C, H, W] in 0..1, overwritten.
        brightness: Added to the logits, float32 [N].
        contrast: Multiplies the logits afterwards, float32 [N].
    """
    each = (-1, 1, 1, 1)
    logits = x.logit_(NEARLY_BLACK).add_(brightness.view(each)).mul_(contrast.view(each))
    return logits.sigmoid_()
