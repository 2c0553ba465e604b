"""Random augmentation of whole batches: every geometric step composed into one interpolation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal, get_args

import torch
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn import geometry
from drivetrain.learn.batches import BatchTransform
from drivetrain.learn.draws import Draws
from drivetrain.learn.lighting import brightnesses, contrasts, relight_

Mode = Literal["bilinear", "nearest", "bicubic"]
PadMode = Literal["reflection", "border", "zeros"]

NUMBERS_A_PICTURE = 24
"""At least as many random numbers as all steps together take."""

PICTURES_AT_ONCE = 8
"""On a processor: what is in work stays in its cache, and memory is used again."""

LARGEST_SIDE = 8192

SHRINK_EARLY = 0.25
"""Squares of n pixels are averaged from n less this many pixels for one: from about there on the
result comes closer to Pillow's reduction than with squares of n - 1, measured on photos."""


def aug_transforms(  # noqa: PLR0913, PLR0917
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
    xtra_tfms: BatchTransform | Sequence[BatchTransform] | None = None,
    size: int | tuple[int, int] | None = None,
    mode: Mode = "bilinear",
    pad_mode: PadMode = "reflection",
    align_corners: bool = True,  # noqa: ARG001
    batch: bool = False,
    min_scale: float = 1.0,
) -> list[BatchTransform]:
    """The lesson's augmentation: crop, flip, rotate, zoom, warp and lighting, in training only.

    Example:
        >>> augment, = aug_transforms(mult=2, size=4, min_scale=0.75)
        >>> augment(torch.rand(2, 3, 8, 8), torch.Generator()).shape
        torch.Size([2, 3, 4, 4])

    Arguments:
        mult: Multiplies rotation, lighting and warp.
        do_flip: Whether to mirror half of the pictures.
        flip_vert: Whether to flip upside down too and, if pictures are square, turn by quarters.
        max_rotate: The largest rotation in degrees.
        min_zoom: The smallest zoom; 1 is the whole picture.
        max_zoom: The largest zoom.
        max_lighting: The largest change of brightness and contrast, 0 to 1.
        max_warp: The largest change of perspective.
        p_affine: The share of pictures that are rotated, zoomed and warped, each.
        p_lighting: The share whose brightness and whose contrast change, each.
        xtra_tfms: More transforms, applied afterwards.
        size: The side of the result, or height and width; as it comes when left out.
        mode: How pixels are interpolated: ``bilinear``, ``nearest`` or ``bicubic``.
        pad_mode: What fills places outside: ``reflection``, ``border`` or ``zeros``.
        align_corners: Taken as in the lesson, without effect: pixels are areas here.
        batch: Whether all pictures of a batch are changed in the same way.
        min_scale: The smallest area of a random crop, as a share of the largest box that has
            the proportion of ``size``.

    Raises:
        ConfigError: A probability or min_scale outside 0..1, a zoom that is not positive,
            lighting or warp of 1 and more, an impossible size, an unknown mode or pad_mode.
    """
    extra = [] if xtra_tfms is None else [xtra_tfms] if callable(xtra_tfms) else list(xtra_tfms)
    augment = Augment(
        do_flip=do_flip,
        flip_vert=flip_vert,
        max_rotate=max_rotate * mult,
        zoom=(min_zoom, max_zoom),
        max_lighting=max_lighting * mult,
        max_warp=max_warp * mult,
        p_affine=p_affine,
        p_lighting=p_lighting,
        size=(size, size) if isinstance(size, int) else size,
        mode=mode,
        pad_mode=pad_mode,
        batch=batch,
        min_scale=min_scale,
    )
    return [augment, *extra]


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
    size: tuple[int, int] | None = None
    mode: Mode = "bilinear"
    pad_mode: PadMode = "reflection"
    batch: bool = False
    min_scale: float = 1.0

    def __post_init__(self) -> None:
        for name in ("p_affine", "p_lighting"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} is {getattr(self, name)}, and it lies between 0 and 1.")
        if not isinstance(self.max_rotate, int | float) or not math.isfinite(self.max_rotate):
            raise ConfigError(f"max_rotate × mult is {self.max_rotate}, and it is an angle.")
        if not 0.0 < self.zoom[0] <= self.zoom[1] < math.inf:
            raise ConfigError(f"The zoom runs from {self.zoom[0]} to {self.zoom[1]}.")
        for name in ("max_lighting", "max_warp"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(
                    f"{name} × mult is {getattr(self, name)}, and it has to stay below 1."
                )
        if not 0.0 < self.min_scale <= 1.0:
            raise ConfigError(f"min_scale is {self.min_scale}, and it lies between 0 and 1.")
        if self.size is not None and not _is_size(self.size):
            raise ConfigError(
                f"size is {self.size}, and a side lies between 1 and {LARGEST_SIDE} pixels."
            )
        for name, choices in (("mode", get_args(Mode)), ("pad_mode", get_args(PadMode))):
            if getattr(self, name) not in choices:
                raise ConfigError(
                    f"{name} is {getattr(self, name)!r}, and it is one of {', '.join(choices)}."
                )

    def __call__(self, x: Tensor, random: torch.Generator) -> Tensor:
        """Augment float32 [N, 3, H, W] in 0..1; the result has ``size``, where it was given."""
        draws = Draws(len(x), x.device, random, numbers=NUMBERS_A_PICTURE, batch=self.batch)
        source = (x.shape[-2], x.shape[-1])
        result = self.size or source
        places = self._places(draws, source, result)
        lighting = self._lighting(draws)
        factor = self._shrink_factor(source, result)
        out = x.new_empty((len(x), x.shape[1], *result))
        at_once = PICTURES_AT_ONCE if x.device.type == "cpu" else max(1, len(x))
        for start in range(0, len(x), at_once):
            part = slice(start, start + at_once)
            read = x[part] if places is None else self._read(x[part], places[part], result, factor)
            out[part] = read
            if lighting is not None:
                relight_(out[part], lighting[0][part], lighting[1][part])
        return out

    def _places(
        self, draws: Draws, source: tuple[int, int], result: tuple[int, int]
    ) -> Tensor | None:
        """Where each picture is read, float32 [N, 3, 3]; None for where it is."""
        box = geometry.largest_box(source, result)
        steps = []
        if self.do_flip:
            steps.append(geometry.flips(draws))
        if self.flip_vert:
            steps.append(geometry.turns(draws, quarters=source[0] == source[1]))
        if self.max_rotate:
            proportion = source[1] / source[0]
            steps.append(geometry.rotations(draws, self.max_rotate, self.p_affine, proportion))
        if self.zoom != (1.0, 1.0):
            steps.append(geometry.zooms(draws, self.zoom, self.p_affine))
        if self.max_warp:
            steps.append(geometry.warps(draws, self.max_warp, self.p_affine))
        if self.min_scale < 1.0 or result != source:
            steps.append(geometry.crops(draws, self.min_scale, box))
        return reduce(torch.matmul, steps) if steps else None

    def _lighting(self, draws: Draws) -> tuple[Tensor, Tensor] | None:
        if not self.max_lighting:
            return None
        limit, share = self.max_lighting, self.p_lighting
        return brightnesses(draws, limit, share), contrasts(draws, limit, share)

    def _shrink_factor(self, source: tuple[int, int], result: tuple[int, int]) -> int:
        """Pixels of the source for one of the result, on each side of a crop of middling size.

        Interpolation looks at neighbours only. Where it would skip pixels, whole squares of them
        are averaged first, and fine patterns do not turn into coarse ones.
        """
        if self.mode == "nearest":
            return 1
        side = math.sqrt((1.0 + self.min_scale) / 2)
        high = source[0] * geometry.largest_box(source, result)[0]
        return max(1, int(side * high / result[0] + SHRINK_EARLY))

    def _read(self, x: Tensor, places: Tensor, result: tuple[int, int], factor: int) -> Tensor:
        if factor > 1:
            x, smaller = geometry.shrink(x, factor)
            places = smaller @ places
        read = geometry.sample(x, places, result, mode=self.mode, pad_mode=self.pad_mode)
        return read.clamp_(0.0, 1.0) if self.mode == "bicubic" else read


def _is_size(size: tuple[int, int]) -> bool:
    sides = list(size)
    return len(sides) == 2 and all(
        isinstance(side, int) and 1 <= side <= LARGEST_SIDE for side in sides
    )
