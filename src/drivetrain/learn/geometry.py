"""Where the pixels of an augmented picture come from, and one interpolation to fetch them.

Places run from -1 to 1 between the edges of a picture. A step is a 3 × 3 matrix for each picture
that maps places of the result to places of the source, so that steps compose by multiplication.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from drivetrain.learn.draws import Draws


def identity(draws: Draws) -> Tensor:
    """Float32 [N, 3, 3]: places that stay where they are."""
    return torch.eye(3, device=draws.device).repeat(draws.count, 1, 1)


def flips(draws: Draws) -> Tensor:
    """Half of the pictures are mirrored."""
    places = identity(draws)
    places[:, 0, 0] = draws.signs()
    return places


def turns(draws: Draws, *, quarters: bool) -> Tensor:
    """Half of the pictures are upside down; with ``quarters``, half are turned by a quarter."""
    places = identity(draws)
    places[:, 1, 1] = draws.signs()
    turned = draws.chosen(0.5) & quarters
    quarter = torch.tensor([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]], device=draws.device)
    return torch.where(turned[:, None, None], places @ quarter, places)


def rotations(draws: Draws, degrees: float, share: float, proportion: float) -> Tensor:
    """Turns by up to some degrees either way.

    Arguments:
        draws: The random numbers.
        degrees: The limit.
        share: The share of pictures that are turned.
        proportion: Width over height, without which a turn would shear.
    """
    angle = draws.uniform(-math.radians(degrees), math.radians(degrees)) * draws.chosen(share)
    places = identity(draws)
    places[:, 0, 0] = places[:, 1, 1] = angle.cos()
    places[:, 0, 1] = -angle.sin() / proportion
    places[:, 1, 0] = angle.sin() * proportion
    return places


def zooms(draws: Draws, zoom: tuple[float, float], share: float) -> Tensor:
    """A part of the picture, anywhere in it; below 1, the picture with room around it."""
    factor = torch.where(draws.chosen(share), draws.uniform(*zoom), 1.0)
    return _boxes(draws, 1 / factor, 1 / factor)


def warps(draws: Draws, magnitude: float, share: float) -> Tensor:
    """A tilt of the plane: places at one edge move apart, at the other together."""
    places = identity(draws)
    for column in (0, 1):
        tilt = draws.uniform(-magnitude, magnitude) * draws.chosen(share)
        places[:, 2, column] = tilt / 2
    return places


def crops(draws: Draws, min_scale: float, box: tuple[float, float]) -> Tensor:
    """Random boxes of one proportion.

    Arguments:
        draws: The random numbers.
        min_scale: The smallest share of the largest box's area.
        box: Height and width of the largest box, as shares of the picture's.
    """
    side = draws.uniform(min_scale, 1.0).sqrt()
    return _boxes(draws, side * box[0], side * box[1])


def largest_box(source: tuple[int, int], result: tuple[int, int]) -> tuple[float, float]:
    """The largest box of the result's proportion, as shares of the source's height and width.

    Example:
        >>> largest_box((100, 200), (50, 50))
        (1.0, 0.5)
    """
    relative = (source[1] * result[0]) / (source[0] * result[1])
    return min(1.0, relative), min(1.0, 1 / relative)


def _boxes(draws: Draws, high: Tensor, wide: Tensor) -> Tensor:
    places = identity(draws)
    places[:, 0, 0], places[:, 1, 1] = wide, high
    places[:, 0, 2] = (1 - wide) * draws.uniform(-1, 1)
    places[:, 1, 2] = (1 - high) * draws.uniform(-1, 1)
    return places


def sample(
    x: Tensor,
    places: Tensor,
    size: tuple[int, int] | None = None,
    *,
    mode: str = "bilinear",
    pad_mode: str = "reflection",
) -> Tensor:
    """Read a batch at new places, with one interpolation.

    Arguments:
        x: float32 [N, C, H, W].
        places: float32 [N, 3, 3], from homogeneous places of the result to those of ``x``.
        size: Height and width of the result; those of ``x`` when left out.
        mode: ``bilinear``, ``nearest`` or ``bicubic``.
        pad_mode: What lies outside: ``reflection``, ``border`` or ``zeros``.
    """
    high, wide = size or (x.shape[-2], x.shape[-1])
    across = _centres(wide, x.device)
    down = torch.stack([_centres(high, x.device), torch.ones(high, device=x.device)], dim=1)

    # Along a row of the result, x and y stand in turns; both are linear in the row's height, as
    # is what they are divided by. So each is a product of [high, 2] and [2, 2 × wide] matrices.
    def lines(rows: Tensor) -> Tensor:
        moves = rows[:, None, :, 1].expand(-1, wide, -1)
        starts = across[:, None] * rows[:, None, :, 0] + rows[:, None, :, 2]
        return down @ torch.stack([moves, starts], dim=1).flatten(2)

    grid = lines(places[:, :2]).div_(lines(places[:, 2:].expand(-1, 2, -1)))
    return functional.grid_sample(
        x, grid.view(-1, high, wide, 2), mode=mode, padding_mode=pad_mode, align_corners=False
    )


def shrink(x: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """The means of squares of pixels, and the map float32 [3, 3] from old places to new ones.

    Rows and columns that fill no square are left out; the map knows.

    Arguments:
        x: float32 [N, C, H, W].
        factor: The side of a square.
    """
    high, wide = x.shape[-2] // factor, x.shape[-1] // factor
    rows = x[:, :, : high * factor]
    down = sum((rows[:, :, start::factor] for start in range(1, factor)), rows[:, :, ::factor])
    columns = down[..., : wide * factor]
    small = columns[..., ::factor].clone()
    for start in range(1, factor):
        small += columns[..., start::factor]
    kept = [x.shape[-1] / (wide * factor), x.shape[-2] / (high * factor)]
    places = torch.diag(torch.tensor([*kept, 1.0], device=x.device))
    places[:2, 2] = torch.tensor(kept, device=x.device) - 1
    return small.div_(factor**2), places


def _centres(count: int, device: torch.device) -> Tensor:
    """The places of the middles of that many pixels."""
    return torch.linspace(-1 + 1 / count, 1 - 1 / count, count, device=device)
