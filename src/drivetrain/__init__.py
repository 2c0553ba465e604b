"""Drivetrain: from a folder of photos to a model that people can rely on.

Public names load when they are first used, so that ``import drivetrain`` costs nothing and the
running world (predictor, serving, record) never touches torch.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drivetrain.bundle import Bundle as Bundle
    from drivetrain.data import BlockSplitter as BlockSplitter
    from drivetrain.data import IndexSplitter as IndexSplitter
    from drivetrain.data import RandomSplitter as RandomSplitter
    from drivetrain.data import get_image_files as get_image_files
    from drivetrain.data import parent_label as parent_label
    from drivetrain.errors import DrivetrainError as DrivetrainError
    from drivetrain.interpret import ClassificationInterpretation as ClassificationInterpretation
    from drivetrain.learn.augment import aug_transforms as aug_transforms
    from drivetrain.learn.block import DataBlock as DataBlock
    from drivetrain.learn.blocks import CategoryBlock as CategoryBlock
    from drivetrain.learn.blocks import ImageBlock as ImageBlock
    from drivetrain.learn.callbacks import Callback as Callback
    from drivetrain.learn.learner import Learner as Learner
    from drivetrain.learn.loaders import DataLoader as DataLoader
    from drivetrain.learn.loaders import DataLoaders as DataLoaders
    from drivetrain.learn.transforms import PadMode as PadMode
    from drivetrain.learn.transforms import RandomResizedCrop as RandomResizedCrop
    from drivetrain.learn.transforms import Resize as Resize
    from drivetrain.learn.transforms import ResizeMethod as ResizeMethod
    from drivetrain.learn.vision import vision_learner as vision_learner
    from drivetrain.metrics import accuracy as accuracy
    from drivetrain.metrics import error_rate as error_rate
    from drivetrain.predictor import Predictor as Predictor
    from drivetrain.schema import Prediction as Prediction
    from drivetrain.schema import Vocab as Vocab

_HOME = {
    "BlockSplitter": "drivetrain.data",
    "Bundle": "drivetrain.bundle",
    "Callback": "drivetrain.learn.callbacks",
    "CategoryBlock": "drivetrain.learn.blocks",
    "ClassificationInterpretation": "drivetrain.interpret",
    "DataBlock": "drivetrain.learn.block",
    "DataLoader": "drivetrain.learn.loaders",
    "DataLoaders": "drivetrain.learn.loaders",
    "DrivetrainError": "drivetrain.errors",
    "ImageBlock": "drivetrain.learn.blocks",
    "IndexSplitter": "drivetrain.data",
    "Learner": "drivetrain.learn.learner",
    "PadMode": "drivetrain.learn.transforms",
    "Prediction": "drivetrain.schema",
    "Predictor": "drivetrain.predictor",
    "RandomResizedCrop": "drivetrain.learn.transforms",
    "RandomSplitter": "drivetrain.data",
    "Resize": "drivetrain.learn.transforms",
    "ResizeMethod": "drivetrain.learn.transforms",
    "Vocab": "drivetrain.schema",
    "accuracy": "drivetrain.metrics",
    "aug_transforms": "drivetrain.learn.augment",
    "error_rate": "drivetrain.metrics",
    "get_image_files": "drivetrain.data",
    "parent_label": "drivetrain.data",
    "vision_learner": "drivetrain.learn.vision",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version("drivetrain")
    if name not in _HOME:
        raise AttributeError(f"module 'drivetrain' has no attribute {name!r}")
    if _HOME[name].startswith(("drivetrain.learn", "drivetrain.interpret")):
        from drivetrain.extras import need

        need("torch", purpose=f"use drivetrain.{name}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
