"""Mixing the pictures of a training batch with each other, and their labels with them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.learn.callbacks.base import Callback

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner


PICTURES = 4
"""The axes of a batch of pictures."""


class Mix(Callback, ABC):
    """What :class:`MixUp` and :class:`CutMix` have in common.

    Every picture meets another of its batch, and the label becomes the share of each: class
    probabilities float32 [N, C], which cross-entropy takes. The random numbers follow from the
    learner's seed, the epoch and the batch. Validation sees every picture as it is.

    Arguments:
        alpha: Of the Beta(alpha, alpha) that shares are drawn from: towards 0 a picture is left
            alone or replaced, at 1 every share is as likely, above 1 halves are likelier.

    Raises:
        ConfigError: An alpha that is not above 0.
    """

    needs_pixels = True
    kind: int
    """Keeps the random numbers of two kinds apart that work in one training."""

    def __init__(self, alpha: float) -> None:
        if not 0.0 < alpha < float("inf"):
            raise ConfigError(f"alpha is {alpha}, and it has to be above 0.")
        self.alpha = alpha
        self._tried = False
        self._batch_number = 0

    def before_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """Try the loss function anew."""
        self._tried = False

    def before_epoch(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        """Count batches from the start."""
        self._batch_number = 0

    def before_batch(self, learn: Learner[Any]) -> None:
        """Mix the pictures and the labels of ``learn.batch``.

        Raises:
            ConfigError: The loss function takes no class probabilities.
        """
        follows_from = (abs(learn.seed), learn.epochs_trained, self._batch_number, self.kind)
        self._batch_number += 1
        batch, random = learn.batch, np.random.default_rng(follows_from)
        if batch.x.ndim != PICTURES:
            raise ConfigError(
                f"{type(self).__name__} mixes pictures, and the batch is {tuple(batch.x.shape)}.",
                hint="Leave it out: rows of a table have words, which cannot be mixed.",
            )
        partners = torch.from_numpy(random.permutation(len(batch.x))).to(batch.x.device)
        y = _probabilities(batch.y, learn)
        x, kept = self.mix(batch.x, partners, random)
        share = kept.view(-1, *[1] * (y.ndim - 1))
        mixed = y * share + y[partners] * (1 - share)
        learn.batch = replace(batch, xs=(x, *batch.xs[1:]), ys=(mixed, *batch.ys[1:]))
        if not self._tried:
            self._try_loss(learn)

    @abstractmethod
    def mix(
        self, x: Tensor, partners: Tensor, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """The mixed pictures [N, C, H, W], and how much of each is its own, float32 [N].

        Arguments:
            x: The pictures, float32 [N, C, H, W].
            partners: Where each one's partner stands, int64 [N].
            random: What the shares follow from.
        """

    def shares(self, count: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
        """How much of each picture is to stay, float64 [N]."""
        return random.beta(self.alpha, self.alpha, count)

    def _try_loss(self, learn: Learner[Any]) -> None:
        self._tried = True
        try:
            learn.compute_loss(torch.zeros_like(learn.batch.y), learn.batch)
        except (RuntimeError, TypeError, ValueError, IndexError) as problem:
            raise ConfigError(
                f"{type(self).__name__} makes labels class probabilities, and the loss function "
                f"does not take them: {problem}",
                hint="Use the default, or nn.CrossEntropyLoss with or without label_smoothing.",
            ) from problem


class MixUp(Mix):
    """Train on blends of two pictures (Zhang et al. 2018, "mixup", equation 1).

    Each picture has a share of its own, and is never the weaker half of its blend.

    Example:
        >>> MixUp(0.2).alpha
        0.2

    Arguments:
        alpha: Of the Beta(alpha, alpha) that shares are drawn from.
    """

    kind = 1

    def __init__(self, alpha: float = 0.4) -> None:
        super().__init__(alpha)

    def shares(self, count: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
        """How much of each picture stays, float64 [N], at least a half."""
        drawn = super().shares(count, random)
        kept: np.ndarray[Any, Any] = np.maximum(drawn, 1 - drawn)
        return kept

    def mix(
        self, x: Tensor, partners: Tensor, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Blend every picture with its partner."""
        kept = torch.from_numpy(self.shares(len(x), random)).to(x)
        return torch.lerp(x[partners], x, kept.view(-1, 1, 1, 1)), kept


class CutMix(Mix):
    """Train on pictures with a box out of another (Yun et al. 2019, "CutMix", section 3).

    A box may reach over the edge, as in the paper; the label follows what is seen of it.

    Example:
        >>> CutMix().alpha
        1.0

    Arguments:
        alpha: Of the Beta(alpha, alpha) that shares are drawn from.
    """

    kind = 2

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__(alpha)

    def mix(
        self, x: Tensor, partners: Tensor, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Put a box of its partner into every picture."""
        high, wide = x.shape[-2:]
        side = np.sqrt(1 - self.shares(len(x), random))
        rows, columns = _span(side, high, random), _span(side, wide, random)
        foreign = torch.from_numpy(rows[:, :, None] & columns[:, None, :]).to(x.device)
        kept = 1 - rows.sum(1) * columns.sum(1) / (high * wide)
        mixed = torch.where(foreign[:, None], x[partners], x)
        return mixed, torch.from_numpy(kept).to(x)


def _span(
    side: np.ndarray[Any, Any], pixels: int, random: np.random.Generator
) -> np.ndarray[Any, Any]:
    """Runs of pixels around random middles, cut at the edges, as bool [N, pixels]."""
    length = np.rint(side * pixels)
    first = np.floor(random.uniform(0, pixels, len(side)) - length / 2)
    places = np.arange(pixels)
    inside: np.ndarray[Any, Any] = (places >= first[:, None]) & (places < (first + length)[:, None])
    return inside


def _probabilities(y: Tensor, learn: Learner[Any]) -> Tensor:
    """Positions int64 [N] as class probabilities float32 [N, C]; other targets as they are."""
    if y.is_floating_point():
        return y
    if y.ndim > 1:
        return y.float()
    return functional.one_hot(y, len(learn.dls.vocab)).float()
