"""The one preparation: what turns an input into the array that a model takes.

The same code runs in validation, in export and in serving, so that a model is asked in
production exactly what it was asked when it was measured. Everything here is deterministic;
random augmentation lives in ``drivetrain.learn`` and never ships.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from drivetrain.errors import BundleVersionError
from drivetrain.prepare.image import ImagePreparation


class Preparation(Protocol):
    """What every kind of data brings: one file in this folder each."""

    @property
    def kind(self) -> str:
        """The name of the kind in a bundle's manifest."""
        ...

    @property
    def media_types(self) -> tuple[str, ...]:
        """The HTTP content types that :meth:`__call__` reads as bytes."""
        ...

    @property
    def array_shape(self) -> tuple[int, ...]:
        """The shape of one prepared input, without the batch axis."""
        ...

    def __call__(self, source: Any) -> NDArray[np.uint8]:
        """One input, from a path, from bytes or from memory, as an array."""
        ...

    def model_dump(self, *, mode: str = ...) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        ...


KINDS: dict[str, type[ImagePreparation]] = {"image": ImagePreparation}


def preparation_from(settings: dict[str, Any]) -> Preparation:
    """Rebuild a preparation from the settings in a bundle's manifest.

    Example:
        >>> preparation_from({"kind": "image", "size": [32, 32]}).array_shape
        (32, 32, 3)

    Raises:
        BundleVersionError: This version knows no such kind or no such setting.
    """
    kind = settings.get("kind")
    try:
        return KINDS[str(kind)].model_validate(settings)
    except KeyError:
        raise BundleVersionError(
            f"The bundle holds a model for data of the kind {kind!r}, which is unknown here.",
            hint="Run: pip install --upgrade drivetrain",
        ) from None
    except ValidationError as problem:
        details = "; ".join(
            f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors()
        )
        raise BundleVersionError(
            f"The bundle's preparation of {kind} data has settings unknown here ({details}).",
            hint="Run: pip install --upgrade drivetrain",
        ) from None
