"""The one preparation: what turns an input into the array that a model takes.

The same code runs in validation, in export and in serving, so that a model is asked in
production exactly what it was asked when it was measured. Everything here is deterministic;
random augmentation lives in ``drivetrain.learn`` and never ships.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from drivetrain.errors import BundleVersionError
from drivetrain.prepare.group import Group, Remarks, Unpacked
from drivetrain.prepare.image import ImagePreparation
from drivetrain.prepare.table import TablePreparation


class Preparation(Protocol):
    """What every kind of data brings: one file in this folder each."""

    @property
    def kind(self) -> str:
        """The name of the kind in a bundle's manifest."""
        ...

    @property
    def noun(self) -> tuple[str, str]:
        """What one input is called, and several."""
        ...

    @property
    def media_types(self) -> tuple[str, ...]:
        """The HTTP content types that :meth:`unpack` reads."""
        ...

    @property
    def fields(self) -> list[dict[str, Any]]:
        """What a form for one input asks for; nothing where an input is a file."""
        ...

    @property
    def array_shape(self) -> tuple[int, ...]:
        """The shape of one prepared input, without the batch axis."""
        ...

    @property
    def array_type(self) -> np.dtype[Any]:
        """The type of its numbers."""
        ...

    @property
    def at_once(self) -> int:
        """How many inputs are best answered together."""
        ...

    @property
    def members(self) -> dict[str, bytes]:
        """What a bundle has to hold for it beside the settings."""
        ...

    def __call__(self, source: Any) -> NDArray[Any]:
        """One input, from a path, from bytes or from memory, as an array."""
        ...

    def remarks(self, source: Any) -> Remarks:
        """What is worth knowing of an input that was taken."""
        ...

    def groups(self, inputs: Any, *, threads: int) -> Iterator[Group]:
        """Many inputs, in their order, some at a time."""
        ...

    def unpack(self, content: bytes, media_type: str, *, most: int | None = None) -> Unpacked:
        """The inputs in the bytes of a message or a file."""
        ...

    def packed(self, source: Any) -> bytes:
        """An input as bytes that :meth:`__call__` takes, to travel with a bundle."""
        ...

    def model_dump(self, *, mode: str = ...) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        ...


KINDS: dict[str, type[ImagePreparation | TablePreparation]] = {
    "image": ImagePreparation,
    "table": TablePreparation,
}


def preparation_from(
    settings: dict[str, Any], members: Mapping[str, bytes] | None = None
) -> Preparation:
    """Rebuild a preparation from the settings in a bundle's manifest.

    Example:
        >>> preparation_from({"kind": "image", "size": [32, 32]}).array_shape
        (32, 32, 3)

    Arguments:
        settings: What ``model_dump`` gave.
        members: The bundle's members, some of which a preparation may need.

    Raises:
        BundleVersionError: This version knows no such kind or no such setting.
        BundleCorruptError: A member that it needs is missing or broken.
    """
    kind = settings.get("kind")
    if kind not in tuple(KINDS):
        raise BundleVersionError(
            f"The bundle holds a model for data of the kind {kind!r}, which is unknown here.",
            hint="Run: pip install --upgrade drivetrain",
        )
    try:
        return KINDS[kind].model_validate(settings).with_members(members or {})
    except ValidationError as problem:
        details = "; ".join(
            f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in problem.errors()
        )
        raise BundleVersionError(
            f"The bundle's preparation of {kind} data has settings unknown here ({details}).",
            hint="Run: pip install --upgrade drivetrain",
        ) from None
