"""Item transforms: how a photo becomes an array, in training and everywhere else.

Each one has two sides: the ``preparation`` that validation, export and serving use, which ships
in the bundle, and ``for_training``, which may be random and never ships.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from drivetrain.errors import ConfigError
from drivetrain.prepare.image import (
    ImageArray,
    ImagePreparation,
    ImageSource,
    centre_box,
    upright_photo,
)

Method = Literal["crop", "pad", "squish"]
Padding = Literal["zeros", "border", "reflection"]
Size = int | tuple[int, int]

CROP_FRACTION_AFTER_RANDOM_CROPS = 0.875
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
        """The deterministic side, which ships."""
        ...

    def for_training(self, source: ImageSource, random: np.random.Generator) -> ImageArray:
        """The training side, which may use the random numbers it is given."""
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

    def __init__(
        self, size: Size, method: Method = "crop", pad_mode: Padding = "reflection"
    ) -> None:
        _check_choice("method", method, ("crop", "pad", "squish"))
        _check_choice("pad_mode", pad_mode, ("zeros", "border", "reflection"))
        self.preparation = ImagePreparation(
            size=_height_and_width(size), method=method, pad_mode=pad_mode
        )

    def for_training(self, source: ImageSource, random: np.random.Generator) -> ImageArray:  # noqa: ARG002
        """The preparation itself: nothing here is random."""
        return self.preparation(source)


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

    def __init__(
        self, size: Size, min_scale: float = 0.08, ratio: tuple[float, float] = (3 / 4, 4 / 3)
    ) -> None:
        if not 0.0 < min_scale <= 1.0:
            raise ConfigError(f"min_scale is {min_scale}, and it has to lie between 0 and 1.")
        if not 0.0 < ratio[0] <= ratio[1]:
            raise ConfigError(f"ratio is {ratio}, and it has to rise from a number above 0.")
        self.min_scale = min_scale
        self.ratio = ratio
        self.preparation = ImagePreparation(
            size=_height_and_width(size), crop_fraction=CROP_FRACTION_AFTER_RANDOM_CROPS
        )

    def for_training(self, source: ImageSource, random: np.random.Generator) -> ImageArray:
        """A random box of the photo at the final size."""

        def crop(photo: Image.Image) -> Image.Image:
            high, wide = self.preparation.size
            box = self._random_box(photo.width, photo.height, random)
            return photo.resize((wide, high), Image.Resampling.BILINEAR, box=box)

        return upright_photo(
            source,
            crop,
            enough=self._size_to_decode,
            max_pixels=self.preparation.max_pixels,
            min_side=self.preparation.min_side,
        )

    def _size_to_decode(self, width: int, height: int) -> tuple[int, int]:
        high, wide = self.preparation.size
        scale = min(1.0, math.sqrt(high * wide / (self.min_scale * width * height)))
        return math.ceil(width * scale), math.ceil(height * scale)

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
    if not (hasattr(chosen[0], "preparation") and hasattr(chosen[0], "for_training")):
        raise ConfigError(
            f"item_tfms holds {chosen[0]!r}, which is no item transform.",
            hint="Use Resize(224) or RandomResizedCrop(224); put augmentation into batch_tfms.",
        )
    transform: ItemTransform = chosen[0]
    return transform


def _height_and_width(size: Size) -> tuple[int, int]:
    high, wide = (size, size) if isinstance(size, int) else size
    if not (1 <= high <= 8192 and 1 <= wide <= 8192):
        raise ConfigError(f"size is {size}, and a side lies between 1 and 8192 pixels.")
    return high, wide


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}, and it is one of {', '.join(choices)}.")
