"""Random erasing: noise over random boxes of a batch of pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.draws import Draws


@dataclass(frozen=True)
class RandomErasing:
    """Put noise over random boxes, so that no single part of a picture decides.

    Zhong et al. 2020, "Random erasing data augmentation", algorithm 1, with a random value for
    every pixel. Where a box would not fit, it is cut to the picture.

    Example:
        >>> erase = RandomErasing(p=1.0, sl=0.1)
        >>> x = torch.full((2, 3, 8, 8), 2.0)
        >>> [bool((picture < 2).any()) for picture in erase(x, torch.Generator())]
        [True, True]

    Arguments:
        p: The share of pictures that lose a part.
        sl: The smallest share of the area that is erased.
        sh: The largest share.
        min_aspect: The smallest proportion of a box, its inverse being the largest.
        max_count: The most boxes in one picture; they share the area.

    Raises:
        ConfigError: A share or a proportion outside 0..1, sl above sh, or no boxes.
    """

    p: float = 0.5
    sl: float = 0.0
    sh: float = 0.3
    min_aspect: float = 0.3
    max_count: int = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.p <= 1.0:
            raise ConfigError(f"p is {self.p}, and it lies between 0 and 1.")
        if not 0.0 <= self.sl <= self.sh <= 1.0:
            raise ConfigError(
                f"The erased share runs from sl={self.sl} to sh={self.sh}.",
                hint="Give 0 <= sl <= sh <= 1.",
            )
        if not 0.0 < self.min_aspect <= 1.0:
            raise ConfigError(f"min_aspect is {self.min_aspect}, and it lies between 0 and 1.")
        if self.max_count < 1:
            raise ConfigError(f"max_count is {self.max_count}, and it is at least 1.")

    def __call__(self, x: Tensor, random: torch.Generator) -> Tensor:
        """Erase parts of float32 [N, 3, H, W] in 0..1.

        All pictures of a batch look at the same noise, each through its own boxes.
        """
        draws = Draws(len(x), x.device, random, numbers=2 + 4 * self.max_count)
        noise = torch.rand(x.shape[1:], generator=random, device=x.device)
        return torch.where(self._erased(draws, x.shape[-2], x.shape[-1]), noise, x)

    def _erased(self, draws: Draws, high: int, wide: int) -> Tensor:
        """Which pixels are erased, bool [N, 1, H, W]."""
        chosen = draws.chosen(self.p)
        boxes = 1 + (draws.uniform(0, 1) * self.max_count).long().clamp(max=self.max_count - 1)
        erased = torch.zeros(draws.count, high, wide, dtype=torch.bool, device=draws.device)
        widest = -math.log(self.min_aspect)
        for number in range(self.max_count):
            area = draws.uniform(self.sl, self.sh) * high * wide / boxes
            proportion = draws.uniform(-widest, widest).exp()
            rows = _span((area * proportion).sqrt(), high, draws)
            columns = _span((area / proportion).sqrt(), wide, draws)
            there = (chosen & (number < boxes))[:, None, None]
            erased |= rows[:, :, None] & columns[:, None, :] & there
        return erased[:, None]


def _span(length: Tensor, limit: int, draws: Draws) -> Tensor:
    """A random run of pixels of about a length, as bool [N, limit]."""
    pixels = length.round().clamp(max=limit)
    first = (draws.uniform(0, 1) * (limit - pixels + 1)).floor()
    places = torch.arange(limit, device=length.device)
    return (places >= first[:, None]) & (places < (first + pixels)[:, None])
