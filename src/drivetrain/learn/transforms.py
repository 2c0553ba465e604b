"""Item transforms: how a photo becomes an array, in training and everywhere else.

Each one has two sides. The ``preparation`` is what validation, export and serving use; it ships
in the bundle. Training begins with ``base``, which is deterministic too, so that a photo is decoded
once and kept, and goes on with ``vary``, which may be random and never ships.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from PIL import Image
from pydantic import BaseModel, ConfigDict
from torch.nn import functional

from drivetrain.data.cache import PreparesUpright
from drivetrain.errors import ConfigError
from drivetrain.prepare.image import (
    ImageArray,
    ImagePreparation,
    ImageSource,
    centre_box,
    rgb,
    upright_photo,
)

Method = Literal["crop", "pad", "squish"]
Padding = Literal["zeros", "border", "reflection"]
Size = int | tuple[int, int]

CROP_FRACTION_AFTER_RANDOM_CROPS = 0.875
LEAST_SCALE_WITH_ROOM = 0.25
SHARPNESS = 0.875
NOT_WORTH_SHRINKING = 1.25
TRIES_FOR_A_BOX = 10


class ResizeMethod:
    """The names that the lesson uses for the ways to a size."""

    Crop: Method = "crop"
    Pad: Method = "pad"
    Squish: Method = "squish"


class PadMode:
    """The names that the lesson uses for what padding is filled with."""

    Zeros: Padding = "zeros"
    Border: Padding = "border"
    Reflection: Padding = "reflection"


class ItemTransform(Protocol):
    """What an item transform provides."""

    @property
    def preparation(self) -> ImagePreparation:
        """From a photo to what the model sees in validation and in production."""
        ...

    @property
    def base(self) -> PreparesUpright:
        """From a photo to what training varies: deterministic, so that it can be kept."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what :meth:`vary` returns."""
        ...

    @property
    def varies(self) -> bool:
        """Whether :meth:`vary` uses the random numbers: without, every epoch sees the same."""
        ...

    def vary(self, base: ImageArray, random: np.random.Generator) -> ImageArray:
        """The training side, uint8 [H, W, 3] at ``size``; may use the random numbers given."""
        ...


class Resize:
    """Bring every photo to one size, the same way in training and afterwards.

    Example:
        >>> Resize(128, ResizeMethod.Pad, pad_mode="zeros").preparation.size
        (128, 128)

    Arguments:
        size: The side in pixels, or height and width.
        method: ``crop`` from the centre, ``pad``, or ``squish``.
        pad_mode: What padding is filled with: ``zeros``, ``border`` or ``reflection``.

    Raises:
        ConfigError: An unknown method or padding, or an impossible size.
    """

    varies = False

    def __init__(
        self, size: Size, method: Method = "crop", pad_mode: Padding = "reflection"
    ) -> None:
        _check_choice("method", method, ("crop", "pad", "squish"))
        _check_choice("pad_mode", pad_mode, ("zeros", "border", "reflection"))
        self.size = _height_and_width(size)
        self.preparation = ImagePreparation(size=self.size, method=method, pad_mode=pad_mode)
        self.base = self.preparation

    def vary(self, base: ImageArray, random: np.random.Generator) -> ImageArray:  # noqa: ARG002
        """The array itself: nothing here is random."""
        return base


class RandomResizedCrop:
    """Train on a random part of each photo; validate and serve on its centre.

    The box covers ``min_scale`` to all of the area at a proportion within ``ratio`` (Szegedy et
    al. 2015, "Going deeper with convolutions", section 6).

    Example:
        >>> RandomResizedCrop(224, min_scale=0.5).preparation.crop_fraction
        0.875

    Arguments:
        size: The side in pixels, or height and width.
        min_scale: The smallest share of the area that a box covers.
        ratio: The narrowest and the widest proportion of width to height.

    Raises:
        ConfigError: An impossible size, scale or ratio.
    """

    varies = True

    def __init__(
        self, size: Size, min_scale: float = 0.08, ratio: tuple[float, float] = (3 / 4, 4 / 3)
    ) -> None:
        if not 0.0 < min_scale <= 1.0:
            raise ConfigError(f"min_scale is {min_scale}, and it has to lie between 0 and 1.")
        if not 0.0 < ratio[0] <= ratio[1]:
            raise ConfigError(f"ratio is {ratio}, and it has to rise from a number above 0.")
        self.min_scale = min_scale
        self.ratio = ratio
        self.size = _height_and_width(size)
        self.preparation = ImagePreparation(
            size=self.size, crop_fraction=CROP_FRACTION_AFTER_RANDOM_CROPS
        )
        self.base = RoomForBoxes(size=self.size, min_scale=min_scale)

    def vary(self, base: ImageArray, random: np.random.Generator) -> ImageArray:
        """A random box of the photo at the final size."""
        high, wide = base.shape[:2]
        left, top, right, bottom = self._random_box(wide, high, random)
        box = base[round(top) : max(round(bottom), 1), round(left) : max(round(right), 1)]
        return shrink_or_enlarge(box, self.size)

    def _random_box(
        self, width: int, height: int, random: np.random.Generator
    ) -> tuple[float, float, float, float]:
        narrowest, widest = math.log(self.ratio[0]), math.log(self.ratio[1])
        for _ in range(TRIES_FOR_A_BOX):
            area = width * height * random.uniform(self.min_scale, 1.0)
            proportion = math.exp(random.uniform(narrowest, widest))
            wide, high = math.sqrt(area * proportion), math.sqrt(area / proportion)
            if wide <= width and high <= height:
                left, top = random.uniform(0, width - wide), random.uniform(0, height - high)
                return left, top, min(width, left + wide), min(height, top + high)
        side = min(width, height)
        return centre_box(width, height, side, side)


class RoomForBoxes(BaseModel):
    """The whole photo, upright, no larger than random boxes at a final size can use.

    The smallest boxes are enlarged a little: by an eighth where they cover a quarter of the area
    or more, by less than two where they may cover a twelfth. Room for them at full sharpness
    would cost many times the space and the time.

    Arguments:
        size: The final height and width.
        min_scale: The smallest share of the area that a box covers.
        max_pixels: As in :class:`~drivetrain.prepare.image.ImagePreparation`.
        min_side: Likewise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: tuple[int, int]
    min_scale: float
    max_pixels: int = ImagePreparation.model_fields["max_pixels"].default
    min_side: int = ImagePreparation.model_fields["min_side"].default

    def __call__(self, source: ImageSource) -> ImageArray:
        """One photo, uint8 [H, W, 3] in its own proportions."""
        return upright_photo(
            source,
            self.fit,
            enough=self.enough,
            max_pixels=self.max_pixels,
            min_side=self.min_side,
        )

    def fit(self, photo: Image.Image) -> ImageArray:
        """An upright photo, shrunk to what is needed of it."""
        wide, high = self.enough(*photo.size)
        if photo.width <= NOT_WORTH_SHRINKING * wide:
            return rgb(photo)
        whole = min(photo.width // wide, photo.height // high)
        smaller = photo.reduce(whole) if whole > 1 else photo
        return shrink_or_enlarge(rgb(smaller), (high, wide))

    def enough(self, width: int, height: int) -> tuple[int, int]:
        """The width and height at which the smallest box has nearly the final size."""
        high, wide = self.size
        smallest = max(self.min_scale, LEAST_SCALE_WITH_ROOM)
        scale = SHARPNESS * math.sqrt(high * wide / (smallest * width * height))
        return math.ceil(width * min(1.0, scale)), math.ceil(height * min(1.0, scale))


@dataclass(frozen=True)
class Presized:
    """An item transform whose results a batch transform brings to another size.

    Training varies larger pictures and the batch transform crops them to ``size``; validation
    and production go to that size at once.

    Arguments:
        transform: The item transform.
        preparation: Its preparation, at the size that the model sees.
    """

    transform: ItemTransform
    preparation: ImagePreparation

    @property
    def base(self) -> PreparesUpright:
        """That of the item transform."""
        return self.transform.base

    @property
    def size(self) -> tuple[int, int]:
        """That of the item transform: what the batch transform gets."""
        return self.transform.size

    @property
    def varies(self) -> bool:
        """As the item transform does."""
        return varies(self.transform)

    def vary(self, base: ImageArray, random: np.random.Generator) -> ImageArray:
        """As the item transform does."""
        return self.transform.vary(base, random)


def varies(transform: ItemTransform) -> bool:
    """Whether a transform is random in training; one that does not say is taken to be."""
    return bool(getattr(transform, "varies", True))


def presized(transform: ItemTransform, size: tuple[int, int]) -> ItemTransform:
    """A transform for training at its own size and for validation at another.

    Example:
        >>> presized(Resize(460), (224, 224)).preparation.size
        (224, 224)
    """
    return Presized(transform, transform.preparation.model_copy(update={"size": size}))


def shrink_or_enlarge(pixels: ImageArray, size: tuple[int, int]) -> ImageArray:
    """Bring uint8 [H, W, 3] to a height and width: bilinear, smoothed where it shrinks."""
    planes = torch.from_numpy(np.array(pixels)[None]).permute(0, 3, 1, 2)
    resized = functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    array: ImageArray = resized[0].permute(1, 2, 0).numpy()
    return array


def as_item_transform(given: object) -> ItemTransform:
    """The one item transform among what the user gave; ``Resize(224)`` when nothing was given.

    Raises:
        ConfigError: More than one, or something that is no item transform.
    """
    chosen = list(given) if isinstance(given, Sequence) else [given] if given is not None else []
    if not chosen:
        return Resize(224)
    if len(chosen) > 1:
        raise ConfigError(
            f"item_tfms holds {len(chosen)} transforms, and one decides the size of every photo.",
            hint="Keep one of Resize and RandomResizedCrop; put augmentation into batch_tfms.",
        )
    if not all(hasattr(chosen[0], name) for name in ("preparation", "base", "size", "vary")):
        raise ConfigError(
            f"item_tfms holds {chosen[0]!r}, which is no item transform.",
            hint="Use Resize(224) or RandomResizedCrop(224); put augmentation into batch_tfms.",
        )
    transform: ItemTransform = chosen[0]  # type: ignore[assignment]
    return transform


def _height_and_width(size: Size) -> tuple[int, int]:
    sides = (size, size) if isinstance(size, int) else tuple(size) if _is_pair(size) else ()
    if len(sides) != 2 or not all(isinstance(side, int) and 1 <= side <= 8192 for side in sides):
        raise ConfigError(
            f"size is {size!r}, and a side is a whole number from 1 to 8192 pixels.",
            hint="Give one number, such as 224, or height and width, such as (192, 256).",
        )
    return sides[0], sides[1]


def _is_pair(size: object) -> bool:
    return isinstance(size, Sequence) and not isinstance(size, str)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}, and it is one of {', '.join(choices)}.")
