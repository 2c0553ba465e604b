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
from drivetrain.learn.callbacks.averages import EMACallback
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.gradients import GradientAccumulation, GradientClip
from drivetrain.learn.callbacks.logs import CSVLogger, TensorBoardCallback
from drivetrain.learn.callbacks.mixup import CutMix, MixUp
from drivetrain.learn.callbacks.precision import MixedPrecision
from drivetrain.learn.callbacks.saving import SaveModelCallback
from drivetrain.learn.callbacks.stopping import EarlyStoppingCallback, ReduceLROnPlateau
from drivetrain.learn.erasing import RandomErasing
from drivetrain.learn.image_dataloaders import ImageDataLoaders
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.loading import load_learner
from drivetrain.learn.losses import (
    BCEWithLogitsLossFlat,
    CrossEntropyLossFlat,
    FocalLoss,
    L1LossFlat,
    LabelSmoothingCrossEntropy,
    MSELossFlat,
)
from drivetrain.learn.metrics import (
    APScoreMulti,
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    F1ScoreMulti,
    MatthewsCorrCoef,
    PerClass,
    Precision,
    PrecisionMulti,
    R2Score,
    Recall,
    RecallMulti,
    RocAuc,
    RocAucBinary,
    RocAucMulti,
    TopKAccuracy,
    mse,
    top_k_accuracy,
)
from drivetrain.learn.normalize import Normalize, imagenet_stats
from drivetrain.learn.training.lr_find import SuggestedLRs
from drivetrain.learn.training.suggestions import minimum, slide, steep, valley
from drivetrain.learn.transforms import PadMode, RandomResizedCrop, Resize, ResizeMethod
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse
from drivetrain.predictor import Predictor

# The lesson passes architectures by these names.
resnet18, resnet34, resnet50 = "resnet18", "resnet34", "resnet50"
resnet101, resnet152 = "resnet101", "resnet152"

__all__ = [
    "APScoreMulti",
    "BCEWithLogitsLossFlat",
    "BalancedAccuracy",
    "BlockSplitter",
    "CSVLogger",
    "Callback",
    "CategoryBlock",
    "ClassificationInterpretation",
    "CohenKappa",
    "ColReader",
    "ColSplitter",
    "CrossEntropyLossFlat",
    "CutMix",
    "DataBlock",
    "DataLoader",
    "DataLoaders",
    "EMACallback",
    "EarlyStoppingCallback",
    "EndSplitter",
    "F1Score",
    "F1ScoreMulti",
    "FileSplitter",
    "FocalLoss",
    "FuncSplitter",
    "GradientAccumulation",
    "GradientClip",
    "GrandparentSplitter",
    "GroupSplitter",
    "ImageBlock",
    "ImageDataLoaders",
    "IndexSplitter",
    "L1LossFlat",
    "LabelSmoothingCrossEntropy",
    "Learner",
    "MSELossFlat",
    "MaskSplitter",
    "MatthewsCorrCoef",
    "MixUp",
    "MixedPrecision",
    "MultiCategoryBlock",
    "Normalize",
    "PadMode",
    "Path",
    "PerClass",
    "Precision",
    "PrecisionMulti",
    "Predictor",
    "R2Score",
    "RandomErasing",
    "RandomResizedCrop",
    "RandomSplitter",
    "Recall",
    "RecallMulti",
    "ReduceLROnPlateau",
    "RegexLabeller",
    "RegressionBlock",
    "Resize",
    "ResizeMethod",
    "RocAuc",
    "RocAucBinary",
    "RocAucMulti",
    "SaveModelCallback",
    "SuggestedLRs",
    "TensorBoardCallback",
    "TopKAccuracy",
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
    "load_learner",
    "mae",
    "minimum",
    "mse",
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
    "slide",
    "steep",
    "top_k_accuracy",
    "using_attr",
    "valley",
    "verify_images",
    "vision_learner",
]
