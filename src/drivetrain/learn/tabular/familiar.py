"""What tells a row of a kind that training saw from one that it never saw, as plain numbers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from drivetrain.learn.tabular.model import Layout

DIRECTIONS = 6
"""Numbers that stand for a word beside how rare it is; which ones is decided by chance."""

TEXT_DIRECTIONS = 16
LEAST_SPREAD = 1e-3
"""A part that varies less than this in training is not magnified: there it says nothing."""

LEAST_VARIANCE, LEAST_LEFT = 1e-2, 0.5
MOST_AXES, ROWS_AN_AXIS = 60, 5
CONSTANT = 10.0
"""How long the constant is against a usual row: so much longer that lengths stay in proportion."""

SEED = 0


class Familiar(nn.Module):
    """Rows as the in-domain test sees them: how large, how far out, how rare, in which company.

    A network that was trained to tell classes apart forgets what does not matter for that: an age
    of 500 years may leave no trace in its last layer. So the test looks at the row itself. For each
    number there is its size, whose square root counts where it is large, and how far it lies
    outside of all that training saw; for each word how rare it is (minus the logarithm of its
    share) and a few random directions that are its own, so that unusual company shows as an unusual
    sum; for texts, random directions of their features (random projections: Johnson, Lindenstrauss
    1984).
    What goes together in training is taken apart into its principal components, each brought to
    spread 1, and what they leave is one more number: with the word for a woman comes no husband. A
    constant is put behind them, because the test brings every row to length 1 and the length has
    to stay visible.

    Arguments:
        layout: What stands where in a row.
        axes: How many principal components there are.
    """

    surprise: Tensor
    directions: Tensor
    text_directions: Tensor
    offsets: Tensor
    low: Tensor
    high: Tensor
    mean: Tensor
    spread: Tensor
    axes: Tensor
    lengths: Tensor
    left: Tensor

    def __init__(self, layout: Layout, axes: int = 1) -> None:
        super().__init__()
        self.layout = layout
        random = torch.Generator().manual_seed(SEED)
        codes, words = len(layout.sizes), sum(layout.sizes)
        texts = min(TEXT_DIRECTIONS, layout.texts)
        size = 2 * layout.numbers + codes * (1 + DIRECTIONS) + layout.flags + texts
        starts = np.cumsum([0, *layout.sizes])[:-1].astype(np.int64)
        self.register_buffer("offsets", torch.from_numpy(starts))
        self.register_buffer("surprise", torch.zeros(words))
        self.register_buffer("directions", torch.randn(words, DIRECTIONS, generator=random))
        directions = torch.randn(layout.texts, texts, generator=random)
        self.register_buffer("text_directions", directions)
        self.register_buffer("low", torch.zeros(layout.numbers))
        self.register_buffer("high", torch.ones(layout.numbers))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))
        self.register_buffer("axes", torch.eye(size)[:, :axes].contiguous())
        self.register_buffer("lengths", torch.ones(axes))
        self.register_buffer("left", torch.tensor([0.0, 1.0]))

    @classmethod
    def fitted(cls, layout: Layout, arrays: Tensor) -> Familiar:
        """Learn from prepared training rows, float32 [N, F], what is usual."""
        made = cls(layout)
        made._measure(arrays)
        parts = made._standard(arrays)
        variances, axes = torch.linalg.eigh((parts.T @ parts).double() / len(parts))
        most = max(1, min(MOST_AXES, len(parts) // ROWS_AN_AXIS))
        chosen = torch.where(variances > LEAST_VARIANCE)[0].flip(0)[:most]
        chosen = chosen if len(chosen) else torch.tensor([len(variances) - 1])
        made.axes = axes[:, chosen].float().contiguous()
        made.lengths = variances[chosen].clamp_min(LEAST_VARIANCE).sqrt().float()
        left = (parts - (parts @ made.axes) @ made.axes.T).norm(dim=1)
        made.left = torch.stack([left.mean(), left.std(unbiased=False).clamp_min(LEAST_LEFT)])
        return made

    @property
    def num_axes(self) -> int:
        """How many principal components there are."""
        return len(self.lengths)

    def forward(self, x: Tensor) -> Tensor:
        """Prepared rows float32 [N, F] to float32 [N, axes + 2]."""
        parts = self._standard(x)
        along = parts @ self.axes
        left = (parts - along @ self.axes.T).norm(dim=1, keepdim=True)
        seen = torch.cat([along / self.lengths, (left - self.left[0]) / self.left[1]], 1)
        constant = torch.full_like(left, CONSTANT * float(self.num_axes + 1) ** 0.5)
        return torch.cat([seen, constant], 1)

    def _measure(self, arrays: Tensor) -> None:
        """How rare each word is, where numbers end, and the mean and the spread of each part."""
        codes = len(self.layout.sizes)
        if codes:
            places = (arrays[:, :codes].long() + self.offsets).flatten()
            counts = torch.bincount(places, minlength=len(self.surprise)).float()
            self.surprise.copy_(-torch.log((counts + 1) / (2 * len(arrays))))
        numbers = arrays[:, codes : codes + self.layout.numbers]
        if self.layout.numbers:
            low, high = numbers.amin(0), numbers.amax(0)
            self.low.copy_(low)
            self.high.copy_(torch.where(high > low, high, low + 1))
        parts = self._parts(arrays)
        spread = parts.std(0, unbiased=False)
        self.mean.copy_(parts.mean(0))
        self.spread.copy_(torch.where(spread > LEAST_SPREAD, spread, torch.ones(())))

    def _standard(self, x: Tensor) -> Tensor:
        return (self._parts(x) - self.mean) / self.spread

    def _parts(self, x: Tensor) -> Tensor:
        layout, codes = self.layout, len(self.layout.sizes)
        numbers = x[:, codes : codes + layout.numbers]
        rest = codes + layout.numbers
        parts = []
        if layout.numbers:
            inside = torch.minimum(torch.maximum(numbers, self.low), self.high)
            beyond = (numbers - inside) / (self.high - self.low)
            parts += [_size(numbers), _size(10 * beyond)]
        if codes:
            places = x[:, :codes].long() + self.offsets
            parts += [self.surprise[places], self.directions[places].flatten(1)]
        parts.append(x[:, rest : rest + layout.flags])
        if layout.texts:
            parts.append(x[:, rest + layout.flags :] @ self.text_directions)
        return torch.cat(parts, 1)


def _size(x: Tensor) -> Tensor:
    """A number where it is small, and its square root where it is large.

    Roots and quotients are rounded alike by every processor and at every place of a batch, which
    logarithms are not: one row and many have the same verdict to the last digit.
    """
    return x / (1 + x.abs()).sqrt()
