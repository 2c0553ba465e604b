"""Every name that a notebook about photos uses, under the lesson's names.

Example:
    >>> from drivetrain.vision.all import *
    >>> Resize(224).preparation.size
    (224, 224)
"""

from pathlib import Path

from drivetrain.collect import (
    download_images,
    download_url,
    frames_from_video,
    resize_images,
    search_images,
    search_images_ddg,
    verify_images,
)
from drivetrain.data import (
    BlockSplitter,
    ColReader,
    ColSplitter,
    EndSplitter,
    FileSplitter,
    FuncSplitter,
    GrandparentSplitter,
    GroupSplitter,
    IndexSplitter,
    MaskSplitter,
    RandomSplitter,
    RegexLabeller,
    TrainTestSplitter,
    get_files,
    get_image_files,
    parent_label,
    using_attr,
)
from drivetrain.interpret import ClassificationInterpretation
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.callbacks import Callback
from drivetrain.learn.erasing import RandomErasing
from drivetrain.learn.image_dataloaders import ImageDataLoaders
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.mixup import CutMix, MixUp
from drivetrain.learn.normalize import Normalize, imagenet_stats
from drivetrain.learn.transforms import PadMode, RandomResizedCrop, Resize, ResizeMethod
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse
from drivetrain.predictor import Predictor

# The lesson passes architectures by these names.
resnet18, resnet34, resnet50 = "resnet18", "resnet34", "resnet50"
resnet101, resnet152 = "resnet101", "resnet152"

__all__ = [
    "BlockSplitter",
    "Callback",
    "CategoryBlock",
    "ClassificationInterpretation",
    "ColReader",
    "ColSplitter",
    "CutMix",
    "DataBlock",
    "DataLoader",
    "DataLoaders",
    "EndSplitter",
    "FileSplitter",
    "FuncSplitter",
    "GrandparentSplitter",
    "GroupSplitter",
    "ImageBlock",
    "ImageDataLoaders",
    "IndexSplitter",
    "Learner",
    "MaskSplitter",
    "MixUp",
    "MultiCategoryBlock",
    "Normalize",
    "PadMode",
    "Path",
    "Predictor",
    "RandomErasing",
    "RandomResizedCrop",
    "RandomSplitter",
    "RegexLabeller",
    "RegressionBlock",
    "Resize",
    "ResizeMethod",
    "TrainTestSplitter",
    "accuracy",
    "accuracy_multi",
    "aug_transforms",
    "download_images",
    "download_url",
    "error_rate",
    "frames_from_video",
    "get_files",
    "get_image_files",
    "imagenet_stats",
    "mae",
    "parent_label",
    "resize_images",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "rmse",
    "search_images",
    "search_images_ddg",
    "using_attr",
    "verify_images",
    "vision_learner",
]
