"""Every name that a notebook about photos uses, under the lesson's names.

Example:
    >>> from drivetrain.vision.all import *
    >>> Resize(224).preparation.size
    (224, 224)
"""

from pathlib import Path

from drivetrain.data import (
    BlockSplitter,
    IndexSplitter,
    RandomSplitter,
    get_image_files,
    parent_label,
)
from drivetrain.interpret import ClassificationInterpretation
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock
from drivetrain.learn.callbacks import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.transforms import PadMode, RandomResizedCrop, Resize, ResizeMethod
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, error_rate
from drivetrain.predictor import Predictor

__all__ = [
    "BlockSplitter",
    "Callback",
    "CategoryBlock",
    "ClassificationInterpretation",
    "DataBlock",
    "DataLoader",
    "DataLoaders",
    "ImageBlock",
    "IndexSplitter",
    "Learner",
    "PadMode",
    "Path",
    "Predictor",
    "RandomResizedCrop",
    "RandomSplitter",
    "Resize",
    "ResizeMethod",
    "accuracy",
    "aug_transforms",
    "error_rate",
    "get_image_files",
    "parent_label",
    "vision_learner",
]
