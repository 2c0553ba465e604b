"""Members that hold tensors, in the safetensors format: numbers with names, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.archive import ASK_AGAIN
from drivetrain.errors import BundleCorruptError

Tensors = dict[str, NDArray[Any]]


def write_tensors(tensors: Tensors) -> bytes:
    """Some arrays as a member.

    Example:
        >>> read_tensors(write_tensors({"a": np.arange(3)}), name="demo")["a"].tolist()
        [0, 1, 2]
    """
    from safetensors.numpy import save

    return save({name: np.ascontiguousarray(array) for name, array in tensors.items()})


def read_tensors(content: bytes, *, name: str) -> Tensors:
    """The arrays of a member.

    Arguments:
        content: The member's bytes.
        name: What to call it in a message.

    Raises:
        BundleCorruptError: It is no file of tensors, or a number in it is none.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors: Tensors = load(content)
    except (SafetensorError, KeyError, ValueError) as problem:
        raise BundleCorruptError(f"{name} holds no tensors: {problem}.", hint=ASK_AGAIN) from None
    for tensor, array in tensors.items():
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise BundleCorruptError(
                f"{name} has something in {tensor} that is no number.", hint=ASK_AGAIN
            )
    return tensors


def is_safetensors(content: bytes) -> bool:
    """Whether it starts as safetensors do: a length, then that many bytes of JSON.

    Example:
        >>> is_safetensors(b"no tensors")
        False
    """
    length = int.from_bytes(content[:8], "little")
    if len(content) < 8 or length > len(content) - 8:
        return False
    try:
        return isinstance(json.loads(content[8 : 8 + length]), dict)
    except (ValueError, RecursionError):
        return False
