"""Random numbers for the pictures of a batch."""

from __future__ import annotations

import torch
from torch import Tensor


class Draws:
    """Random numbers for the pictures of one batch, float32 [N] at a time.

    All of them are drawn at once, picture by picture, so that the numbers of a picture follow
    from the generator and the picture's place in the batch alone.

    Example:
        >>> draws = Draws(2, torch.device("cpu"), torch.Generator(), numbers=3)
        >>> draws.uniform(0.0, 1.0).shape
        torch.Size([2])

    Arguments:
        count: N.
        device: Where the numbers go.
        random: What they follow from.
        numbers: How many there are for each picture.
        batch: Whether all pictures get the same numbers.
    """

    def __init__(
        self,
        count: int,
        device: torch.device,
        random: torch.Generator,
        *,
        numbers: int,
        batch: bool = False,
    ) -> None:
        self.count, self.device = count, device
        drawn = torch.rand(1 if batch else count, numbers, generator=random, device=device)
        self._unused = list(drawn.expand(count, numbers).unbind(1))

    def uniform(self, low: float, high: float) -> Tensor:
        """Numbers between two bounds."""
        return low + (high - low) * self._unused.pop()

    def chosen(self, share: float) -> Tensor:
        """True for about that share of the pictures."""
        return self._unused.pop() < share

    def signs(self) -> Tensor:
        """1 or -1."""
        return torch.where(self.chosen(0.5), -1.0, 1.0)
