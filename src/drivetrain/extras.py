"""Optional parts: import them late, and say how to install them when they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from drivetrain.errors import MissingExtraError

EXTRA_OF = {
    "torch": "train",
    "torchvision": "train",
    "timm": "train",
    "onnx": "train",
    "onnxscript": "train",
    "matplotlib": "train",
    "pandas": "train",
    "sklearn": "train",
    "httpx": "train",
    "av": "video",
    "ddgs": "search",
    "tensorboard": "tensorboard",
    "fastapi": "serve",
    "uvicorn": "serve",
    "sqlalchemy": "serve",
    "alembic": "serve",
    "elpv_dataset": "demo",
}


def need(module: str, *, purpose: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Example:
        >>> need("json", purpose="read a file").__name__
        'json'

    Arguments:
        module: The module's import name.
        purpose: What it is needed for, to follow "to" in a sentence.

    Raises:
        MissingExtraError: The module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] != module.partition(".")[0]:
            raise
        extra = EXTRA_OF.get(module.partition(".")[0])
        package = f'"drivetrain[{extra}]"' if extra else module
        raise MissingExtraError(
            f"{module} is needed to {purpose}, and it is not installed.",
            hint=f"Run: pip install {package}",
        ) from None
