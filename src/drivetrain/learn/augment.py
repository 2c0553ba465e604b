"""Random augmentation of whole batches: every geometric step composed into one interpolation.

Coordinates run from -1 to 1 over the picture, as in ``torch.nn.functional.grid_sample``. A step
is a 3 × 3 matrix for each picture that maps places of the result to places of the source, so
that steps compose by multiplication and the pixels are interpolated once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.learn.batches import BatchTransform

NEARLY_BLACK, NEARLY_WHITE = 1e-3, 1 - 1e-3


def aug_transforms(
    mult: float = 1.0,
    do_flip: bool = True,
    flip_vert: bool = False,
    max_rotate: float = 10.0,
    min_zoom: float = 1.0,
    max_zoom: float = 1.1,
    max_lighting: float = 0.2,
    max_warp: float = 0.2,
    p_affine: float = 0.75,
    p_lighting: float = 0.75,
) -> list[BatchTransform]:
    """The lesson's augmentation: flip, rotate, zoom, warp and lighting, in training only.

    Example:
        >>> augment, = aug_transforms(mult=2)
        >>> augment(torch.rand(2, 3, 8, 8), torch.Generator()).shape
        torch.Size([2, 3, 8, 8])

    Arguments:
        mult: Multiplies rotation, lighting and warp.
        do_flip: Whether to mirror half of the pictures.
        flip_vert: Whether to flip upside down and turn by quarters too.
        max_rotate: The largest rotation in degrees.
        min_zoom: The smallest zoom; 1 is the whole picture.
        max_zoom: The largest zoom.
        max_lighting: The largest change of brightness and contrast, 0 to 1.
        max_warp: The largest change of perspective.
        p_affine: The share of pictures that are rotated, zoomed and warped, each.
        p_lighting: The share of pictures whose lighting changes.

    Raises:
        ConfigError: A probability outside 0..1, a zoom that is not positive, or lighting or warp
            of 1 and more.
    """
    return [
        Augment(
            do_flip=do_flip,
            flip_vert=flip_vert,
            max_rotate=max_rotate * mult,
            zoom=(min_zoom, max_zoom),
            max_lighting=max_lighting * mult,
            max_warp=max_warp * mult,
            p_affine=p_affine,
            p_lighting=p_lighting,
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What :func:`aug_transforms` returns; the arguments are explained there."""

    do_flip: bool
    flip_vert: bool
    max_rotate: float
    zoom: tuple[float, float]
    max_lighting: float
    max_warp: float
    p_affine: float
    p_lighting: float

    def __post_init__(self) -> None:
        for name in ("p_affine", "p_lighting"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} is {getattr(self, name)}, and it lies between 0 and 1.")
        if not 0.0 < self.zoom[0] <= self.zoom[1]:
            raise ConfigError(f"The zoom runs from {self.zoom[0]} to {self.zoom[1]}.")
        if not 0.0 <= self.max_lighting < 1.0:
            raise ConfigError(
                f"max_lighting × mult is {self.max_lighting}, and it has to stay below 1."
            )
        if not 0.0 <= self.max_warp < 1.0:
            raise ConfigError(f"max_warp × mult is {self.max_warp}, and it has to stay below 1.")

    def __call__(self, x: Tensor, random: torch.Generator) -> Tensor:
        """Augment float32 [N, 3, H, W] in 0..1."""
        draw = Draw(len(x), x.device, random, proportion=x.shape[-1] / x.shape[-2])
        places = self._flips(draw) @ self._rotations(draw) @ self._zooms(draw) @ self._warps(draw)
        return self._relight(sample(x, places), draw)

    def _flips(self, draw: Draw) -> Tensor:
        places = draw.identity()
        if self.do_flip:
            places[:, 0, 0] = draw.signs()
        if self.flip_vert:
            places[:, 1, 1] = draw.signs()
            quarter = torch.tensor(
                [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], device=places.device
            )
            places = torch.where(draw.chosen(0.5)[:, None, None], places @ quarter, places)
        return places

    def _rotations(self, draw: Draw) -> Tensor:
        limit = math.radians(self.max_rotate)
        angle = draw.uniform(-limit, limit) * draw.chosen(self.p_affine)
        places = draw.identity()
        places[:, 0, 0] = places[:, 1, 1] = angle.cos()
        places[:, 0, 1], places[:, 1, 0] = (
            -angle.sin() / draw.proportion,
            angle.sin() * draw.proportion,
        )
        return places

    def _zooms(self, draw: Draw) -> Tensor:
        chosen = draw.chosen(self.p_affine)
        zoom = torch.where(chosen, draw.uniform(*self.zoom), 1.0)
        room = 1 - 1 / zoom
        places = draw.identity()
        places[:, 0, 0] = places[:, 1, 1] = 1 / zoom
        places[:, 0, 2] = room * draw.uniform(-1, 1)
        places[:, 1, 2] = room * draw.uniform(-1, 1)
        return places

    def _warps(self, draw: Draw) -> Tensor:
        """A tilt of the plane: places at one edge move apart, at the other together."""
        places = draw.identity()
        for column in (0, 1):
            tilt = draw.uniform(-self.max_warp, self.max_warp) * draw.chosen(self.p_affine)
            places[:, 2, column] = tilt / 2
        return places

    def _relight(self, x: Tensor, draw: Draw) -> Tensor:
        if self.max_lighting == 0:
            return x
        brightness = draw.uniform(0.5 - self.max_lighting / 2, 0.5 + self.max_lighting / 2)
        log_contrast = math.log(1 - self.max_lighting)
        contrast = draw.uniform(log_contrast, -log_contrast).exp()
        shift = torch.where(draw.chosen(self.p_lighting), torch.logit(brightness), 0.0)
        gain = torch.where(draw.chosen(self.p_lighting), contrast, 1.0)
        logits = torch.logit(x.clamp(NEARLY_BLACK, NEARLY_WHITE))
        return torch.sigmoid((logits + shift[:, None, None, None]) * gain[:, None, None, None])


@dataclass(frozen=True)
class Draw:
    """Random numbers for the pictures of one batch, [N] each.

    Arguments:
        count: N.
        device: Where the numbers go.
        random: What they follow from.
        proportion: Width over height of the pictures.
    """

    count: int
    device: torch.device
    random: torch.Generator
    proportion: float = 1.0

    def uniform(self, low: float, high: float) -> Tensor:
        """Numbers between two bounds."""
        numbers = torch.rand(self.count, generator=self.random, device=self.device)
        return low + (high - low) * numbers

    def chosen(self, share: float) -> Tensor:
        """True for about that share of the pictures."""
        return self.uniform(0, 1) < share

    def signs(self) -> Tensor:
        """1 or -1."""
        return torch.where(self.chosen(0.5), -1.0, 1.0)

    def identity(self) -> Tensor:
        """Float32 [N, 3, 3]: places that stay where they are."""
        return torch.eye(3, device=self.device).repeat(self.count, 1, 1)


def sample(x: Tensor, places: Tensor) -> Tensor:
    """Read a batch at new places, with one interpolation; outside, the border is mirrored.

    Arguments:
        x: float32 [N, 3, H, W].
        places: float32 [N, 3, 3], from homogeneous places of the result to those of ``x``.
    """
    high, wide = x.shape[-2:]
    down = torch.linspace(-1 + 1 / high, 1 - 1 / high, high, device=x.device)
    across = torch.linspace(-1 + 1 / wide, 1 - 1 / wide, wide, device=x.device)
    grid_y, grid_x = torch.meshgrid(down, across, indexing="ij")
    grid = torch.stack([grid_x, grid_y, torch.ones_like(grid_x)], dim=-1).view(1, -1, 3)
    mapped = grid @ places.transpose(1, 2)
    flat = (mapped[..., :2] / mapped[..., 2:]).view(len(x), high, wide, 2)
    return functional.grid_sample(x, flat, padding_mode="reflection", align_corners=False)
