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
    from drivetrain.collect import download_images as download_images
    from drivetrain.collect import download_url as download_url
    from drivetrain.collect import frames_from_video as frames_from_video
    from drivetrain.collect import resize_images as resize_images
    from drivetrain.collect import search_images as search_images
    from drivetrain.collect import search_images_ddg as search_images_ddg
    from drivetrain.collect import verify_images as verify_images
    from drivetrain.data import BlockSplitter as BlockSplitter
    from drivetrain.data import ColReader as ColReader
    from drivetrain.data import ColSplitter as ColSplitter
    from drivetrain.data import EndSplitter as EndSplitter
    from drivetrain.data import FileSplitter as FileSplitter
    from drivetrain.data import FuncSplitter as FuncSplitter
    from drivetrain.data import GrandparentSplitter as GrandparentSplitter
    from drivetrain.data import GroupSplitter as GroupSplitter
    from drivetrain.data import IndexSplitter as IndexSplitter
    from drivetrain.data import MaskSplitter as MaskSplitter
    from drivetrain.data import RandomSplitter as RandomSplitter
    from drivetrain.data import RegexLabeller as RegexLabeller
    from drivetrain.data import TrainTestSplitter as TrainTestSplitter
    from drivetrain.data import get_files as get_files
    from drivetrain.data import get_image_files as get_image_files
    from drivetrain.data import parent_label as parent_label
    from drivetrain.data import using_attr as using_attr
    from drivetrain.data.quarantine import Quarantine as Quarantine
    from drivetrain.errors import DrivetrainError as DrivetrainError
    from drivetrain.interpret import ClassificationInterpretation as ClassificationInterpretation
    from drivetrain.learn.augment import aug_transforms as aug_transforms
    from drivetrain.learn.block import DataBlock as DataBlock
    from drivetrain.learn.blocks import CategoryBlock as CategoryBlock
    from drivetrain.learn.blocks import ImageBlock as ImageBlock
    from drivetrain.learn.blocks import MultiCategoryBlock as MultiCategoryBlock
    from drivetrain.learn.blocks import RegressionBlock as RegressionBlock
    from drivetrain.learn.callbacks import Callback as Callback
    from drivetrain.learn.erasing import RandomErasing as RandomErasing
    from drivetrain.learn.image_dataloaders import ImageDataLoaders as ImageDataLoaders
    from drivetrain.learn.learner import Learner as Learner
    from drivetrain.learn.loaders import DataLoader as DataLoader
    from drivetrain.learn.loaders import DataLoaders as DataLoaders
    from drivetrain.learn.mixup import CutMix as CutMix
    from drivetrain.learn.mixup import MixUp as MixUp
    from drivetrain.learn.normalize import Normalize as Normalize
    from drivetrain.learn.normalize import imagenet_stats as imagenet_stats
    from drivetrain.learn.transforms import PadMode as PadMode
    from drivetrain.learn.transforms import RandomResizedCrop as RandomResizedCrop
    from drivetrain.learn.transforms import Resize as Resize
    from drivetrain.learn.transforms import ResizeMethod as ResizeMethod
    from drivetrain.learn.vision import vision_learner as vision_learner
    from drivetrain.metrics import accuracy as accuracy
    from drivetrain.metrics import accuracy_multi as accuracy_multi
    from drivetrain.metrics import error_rate as error_rate
    from drivetrain.metrics import mae as mae
    from drivetrain.metrics import rmse as rmse
    from drivetrain.predictor import Predictor as Predictor
    from drivetrain.schema import Prediction as Prediction
    from drivetrain.schema import Vocab as Vocab

_HOME = {
    "BlockSplitter": "drivetrain.data",
    "Bundle": "drivetrain.bundle",
    "Callback": "drivetrain.learn.callbacks",
    "CategoryBlock": "drivetrain.learn.blocks",
    "ClassificationInterpretation": "drivetrain.interpret",
    "ColReader": "drivetrain.data",
    "ColSplitter": "drivetrain.data",
    "CutMix": "drivetrain.learn.mixup",
    "DataBlock": "drivetrain.learn.block",
    "DataLoader": "drivetrain.learn.loaders",
    "DataLoaders": "drivetrain.learn.loaders",
    "DrivetrainError": "drivetrain.errors",
    "EndSplitter": "drivetrain.data",
    "FileSplitter": "drivetrain.data",
    "FuncSplitter": "drivetrain.data",
    "GrandparentSplitter": "drivetrain.data",
    "GroupSplitter": "drivetrain.data",
    "ImageBlock": "drivetrain.learn.blocks",
    "ImageDataLoaders": "drivetrain.learn.image_dataloaders",
    "IndexSplitter": "drivetrain.data",
    "Learner": "drivetrain.learn.learner",
    "MaskSplitter": "drivetrain.data",
    "MixUp": "drivetrain.learn.mixup",
    "MultiCategoryBlock": "drivetrain.learn.blocks",
    "Normalize": "drivetrain.learn.normalize",
    "PadMode": "drivetrain.learn.transforms",
    "Prediction": "drivetrain.schema",
    "Predictor": "drivetrain.predictor",
    "Quarantine": "drivetrain.data.quarantine",
    "RandomErasing": "drivetrain.learn.erasing",
    "RandomResizedCrop": "drivetrain.learn.transforms",
    "RandomSplitter": "drivetrain.data",
    "RegexLabeller": "drivetrain.data",
    "RegressionBlock": "drivetrain.learn.blocks",
    "Resize": "drivetrain.learn.transforms",
    "ResizeMethod": "drivetrain.learn.transforms",
    "TrainTestSplitter": "drivetrain.data",
    "Vocab": "drivetrain.schema",
    "accuracy": "drivetrain.metrics",
    "accuracy_multi": "drivetrain.metrics",
    "aug_transforms": "drivetrain.learn.augment",
    "download_images": "drivetrain.collect",
    "download_url": "drivetrain.collect",
    "error_rate": "drivetrain.metrics",
    "frames_from_video": "drivetrain.collect",
    "get_files": "drivetrain.data",
    "get_image_files": "drivetrain.data",
    "imagenet_stats": "drivetrain.learn.normalize",
    "mae": "drivetrain.metrics",
    "parent_label": "drivetrain.data",
    "resize_images": "drivetrain.collect",
    "rmse": "drivetrain.metrics",
    "search_images": "drivetrain.collect",
    "search_images_ddg": "drivetrain.collect",
    "using_attr": "drivetrain.data",
    "verify_images": "drivetrain.collect",
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
