"""The statistics that pixels are normalised by, which belong to the network, not to a batch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from drivetrain.errors import ConfigError

imagenet_stats = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
"""Mean and spread of red, green and blue over ImageNet's photos."""


@dataclass(frozen=True)
class Normalize:
    """Which mean is taken off the pixels, and which spread they are divided by.

    Put it into ``batch_tfms``. No batch is changed by it: the network normalises inside, so that
    a bundle carries the statistics and production cannot forget them. Without statistics it
    stands for those that the pretrained weights were made with, which is also what happens
    without it.

    Example:
        >>> Normalize.from_stats(*imagenet_stats).mean
        (0.485, 0.456, 0.406)

    Arguments:
        mean: The mean of each channel, in 0..1.
        std: The spread of each channel, above 0.

    Raises:
        ConfigError: One without the other, different lengths, or numbers that cannot be.
    """

    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.mean is None and self.std is None:
            return
        if self.mean is None or self.std is None or not 0 < len(self.mean) == len(self.std):
            raise ConfigError(
                f"The mean is {self.mean} and the std is {self.std}.",
                hint="Give one number of each for every channel, such as imagenet_stats.",
            )
        if not all(0.0 <= mean <= 1.0 for mean in self.mean):
            raise ConfigError(
                f"The mean is {self.mean}, and pixels lie between 0 and 1.",
                hint="Divide statistics of 0..255 by 255.",
            )
        if not all(0.0 < std < math.inf for std in self.std):
            raise ConfigError(f"The std is {self.std}, and it has to be above 0.")

    @classmethod
    def from_stats(cls, mean: Sequence[float], std: Sequence[float]) -> Normalize:
        """Normalise by these: ``Normalize.from_stats(*imagenet_stats)``.

        Arguments:
            mean: The mean of each channel, in 0..1.
            std: The spread of each channel, above 0.
        """
        return cls(tuple(map(float, mean)), tuple(map(float, std)))

    def statistics_for(
        self, mean: tuple[float, ...], std: tuple[float, ...]
    ) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Its own mean and std for a network; those of the network's weights where it has none.

        Raises:
            ConfigError: The network takes another number of channels.
        """
        if self.mean is None or self.std is None:
            return mean, std
        if len(self.mean) != len(mean):
            raise ConfigError(
                f"Normalize has statistics of {len(self.mean)} channels, and the network takes "
                f"{len(mean)}.",
                hint="Give one mean and one std for each channel.",
            )
        return self.mean, self.std


class Normalized(nn.Module):
    """A network that normalises what it is given.

    Arguments:
        model: From normalised float32 [N, C, H, W] to whatever it answers.
        mean: The mean of each channel.
        std: The spread of each channel.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Float32 [N, C, H, W] in 0..1 to what the network answers."""
        answer: Tensor = self.model((x - self.mean) / self.std)
        return answer


def normalized(model: nn.Module, normalize: Normalize | None) -> nn.Module:
    """The network with the normalisation inside; itself when there is none to add.

    Raises:
        ConfigError: No statistics were given, and a network of one's own brings none.
    """
    if normalize is None:
        return model
    if normalize.mean is None or normalize.std is None:
        raise ConfigError(
            "Normalize() means the statistics of pretrained weights, and this model has none.",
            hint="Give numbers, such as Normalize.from_stats(*imagenet_stats).",
        )
    return Normalized(model, normalize.mean, normalize.std)
