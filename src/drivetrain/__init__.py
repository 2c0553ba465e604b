"""Drivetrain: from a folder of photos, or a table, to a model that people can rely on.

Public names load when they are first used, so that ``import drivetrain`` costs nothing and the
running world (predictor, serving, record) never touches torch.

Threads that wait for each other sleep while they do (``OMP_WAIT_POLICY``, unless it is set): where
they spin, as is the default, one busy neighbour on the machine makes torch forty times slower.
It has to be said before torch is loaded for the first time.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

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
    from drivetrain.interpret.table import TabularInterpretation as TabularInterpretation
    from drivetrain.learn.augment import aug_transforms as aug_transforms
    from drivetrain.learn.block import DataBlock as DataBlock
    from drivetrain.learn.blocks import CategoryBlock as CategoryBlock
    from drivetrain.learn.blocks import ImageBlock as ImageBlock
    from drivetrain.learn.blocks import MultiCategoryBlock as MultiCategoryBlock
    from drivetrain.learn.blocks import RegressionBlock as RegressionBlock
    from drivetrain.learn.callbacks.averages import EMACallback as EMACallback
    from drivetrain.learn.callbacks.base import Callback as Callback
    from drivetrain.learn.callbacks.gradients import GradientAccumulation as GradientAccumulation
    from drivetrain.learn.callbacks.gradients import GradientClip as GradientClip
    from drivetrain.learn.callbacks.logs import CSVLogger as CSVLogger
    from drivetrain.learn.callbacks.logs import TensorBoardCallback as TensorBoardCallback
    from drivetrain.learn.callbacks.mixup import CutMix as CutMix
    from drivetrain.learn.callbacks.mixup import MixUp as MixUp
    from drivetrain.learn.callbacks.precision import MixedPrecision as MixedPrecision
    from drivetrain.learn.callbacks.saving import SaveModelCallback as SaveModelCallback
    from drivetrain.learn.callbacks.stopping import EarlyStoppingCallback as EarlyStoppingCallback
    from drivetrain.learn.callbacks.stopping import ReduceLROnPlateau as ReduceLROnPlateau
    from drivetrain.learn.erasing import RandomErasing as RandomErasing
    from drivetrain.learn.further_data import OtherPreparationWarning as OtherPreparationWarning
    from drivetrain.learn.image_dataloaders import ImageDataLoaders as ImageDataLoaders
    from drivetrain.learn.learner import Learner as Learner
    from drivetrain.learn.loaders import DataLoader as DataLoader
    from drivetrain.learn.loaders import DataLoaders as DataLoaders
    from drivetrain.learn.loading import load_learner as load_learner
    from drivetrain.learn.losses import BCEWithLogitsLossFlat as BCEWithLogitsLossFlat
    from drivetrain.learn.losses import CrossEntropyLossFlat as CrossEntropyLossFlat
    from drivetrain.learn.losses import FocalLoss as FocalLoss
    from drivetrain.learn.losses import L1LossFlat as L1LossFlat
    from drivetrain.learn.losses import LabelSmoothingCrossEntropy as LabelSmoothingCrossEntropy
    from drivetrain.learn.losses import MSELossFlat as MSELossFlat
    from drivetrain.learn.metrics import APScoreMulti as APScoreMulti
    from drivetrain.learn.metrics import BalancedAccuracy as BalancedAccuracy
    from drivetrain.learn.metrics import CohenKappa as CohenKappa
    from drivetrain.learn.metrics import F1Score as F1Score
    from drivetrain.learn.metrics import F1ScoreMulti as F1ScoreMulti
    from drivetrain.learn.metrics import MatthewsCorrCoef as MatthewsCorrCoef
    from drivetrain.learn.metrics import PerClass as PerClass
    from drivetrain.learn.metrics import Precision as Precision
    from drivetrain.learn.metrics import PrecisionMulti as PrecisionMulti
    from drivetrain.learn.metrics import R2Score as R2Score
    from drivetrain.learn.metrics import Recall as Recall
    from drivetrain.learn.metrics import RecallMulti as RecallMulti
    from drivetrain.learn.metrics import RocAuc as RocAuc
    from drivetrain.learn.metrics import RocAucBinary as RocAucBinary
    from drivetrain.learn.metrics import RocAucMulti as RocAucMulti
    from drivetrain.learn.metrics import TopKAccuracy as TopKAccuracy
    from drivetrain.learn.metrics import mse as mse
    from drivetrain.learn.metrics import top_k_accuracy as top_k_accuracy
    from drivetrain.learn.normalize import Normalize as Normalize
    from drivetrain.learn.normalize import imagenet_stats as imagenet_stats
    from drivetrain.learn.tabular.dataloaders import TabularDataLoaders as TabularDataLoaders
    from drivetrain.learn.tabular.dateparts import add_datepart as add_datepart
    from drivetrain.learn.tabular.dateparts import cont_cat_split as cont_cat_split
    from drivetrain.learn.tabular.kinds import look_at_table as look_at_table
    from drivetrain.learn.tabular.learner import tabular_learner as tabular_learner
    from drivetrain.learn.tabular.model import TabularModel as TabularModel
    from drivetrain.learn.tabular.procs import Categorify as Categorify
    from drivetrain.learn.tabular.procs import FillMissing as FillMissing
    from drivetrain.learn.tabular.tabular_pandas import TabularPandas as TabularPandas
    from drivetrain.learn.training.lr_find import SuggestedLRs as SuggestedLRs
    from drivetrain.learn.training.suggestions import minimum as minimum
    from drivetrain.learn.training.suggestions import slide as slide
    from drivetrain.learn.training.suggestions import steep as steep
    from drivetrain.learn.training.suggestions import valley as valley
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
    from drivetrain.schema import Predictions as Predictions
    from drivetrain.schema import Vocab as Vocab

_HOME = {
    "APScoreMulti": "drivetrain.learn.metrics",
    "BCEWithLogitsLossFlat": "drivetrain.learn.losses",
    "BalancedAccuracy": "drivetrain.learn.metrics",
    "BlockSplitter": "drivetrain.data",
    "Bundle": "drivetrain.bundle",
    "CSVLogger": "drivetrain.learn.callbacks.logs",
    "Callback": "drivetrain.learn.callbacks.base",
    "Categorify": "drivetrain.learn.tabular.procs",
    "CategoryBlock": "drivetrain.learn.blocks",
    "ClassificationInterpretation": "drivetrain.interpret",
    "CohenKappa": "drivetrain.learn.metrics",
    "ColReader": "drivetrain.data",
    "ColSplitter": "drivetrain.data",
    "CrossEntropyLossFlat": "drivetrain.learn.losses",
    "CutMix": "drivetrain.learn.callbacks.mixup",
    "DataBlock": "drivetrain.learn.block",
    "DataLoader": "drivetrain.learn.loaders",
    "DataLoaders": "drivetrain.learn.loaders",
    "DrivetrainError": "drivetrain.errors",
    "EMACallback": "drivetrain.learn.callbacks.averages",
    "EarlyStoppingCallback": "drivetrain.learn.callbacks.stopping",
    "EndSplitter": "drivetrain.data",
    "F1Score": "drivetrain.learn.metrics",
    "F1ScoreMulti": "drivetrain.learn.metrics",
    "FileSplitter": "drivetrain.data",
    "FillMissing": "drivetrain.learn.tabular.procs",
    "FocalLoss": "drivetrain.learn.losses",
    "FuncSplitter": "drivetrain.data",
    "GradientAccumulation": "drivetrain.learn.callbacks.gradients",
    "GradientClip": "drivetrain.learn.callbacks.gradients",
    "GrandparentSplitter": "drivetrain.data",
    "GroupSplitter": "drivetrain.data",
    "ImageBlock": "drivetrain.learn.blocks",
    "ImageDataLoaders": "drivetrain.learn.image_dataloaders",
    "IndexSplitter": "drivetrain.data",
    "L1LossFlat": "drivetrain.learn.losses",
    "LabelSmoothingCrossEntropy": "drivetrain.learn.losses",
    "Learner": "drivetrain.learn.learner",
    "MSELossFlat": "drivetrain.learn.losses",
    "MaskSplitter": "drivetrain.data",
    "MatthewsCorrCoef": "drivetrain.learn.metrics",
    "MixUp": "drivetrain.learn.callbacks.mixup",
    "MixedPrecision": "drivetrain.learn.callbacks.precision",
    "MultiCategoryBlock": "drivetrain.learn.blocks",
    "Normalize": "drivetrain.learn.normalize",
    "OtherPreparationWarning": "drivetrain.learn.further_data",
    "PadMode": "drivetrain.learn.transforms",
    "PerClass": "drivetrain.learn.metrics",
    "Precision": "drivetrain.learn.metrics",
    "PrecisionMulti": "drivetrain.learn.metrics",
    "Prediction": "drivetrain.schema",
    "Predictions": "drivetrain.schema",
    "Predictor": "drivetrain.predictor",
    "Quarantine": "drivetrain.data.quarantine",
    "R2Score": "drivetrain.learn.metrics",
    "RandomErasing": "drivetrain.learn.erasing",
    "RandomResizedCrop": "drivetrain.learn.transforms",
    "RandomSplitter": "drivetrain.data",
    "Recall": "drivetrain.learn.metrics",
    "RecallMulti": "drivetrain.learn.metrics",
    "ReduceLROnPlateau": "drivetrain.learn.callbacks.stopping",
    "RegexLabeller": "drivetrain.data",
    "RegressionBlock": "drivetrain.learn.blocks",
    "Resize": "drivetrain.learn.transforms",
    "ResizeMethod": "drivetrain.learn.transforms",
    "RocAuc": "drivetrain.learn.metrics",
    "RocAucBinary": "drivetrain.learn.metrics",
    "RocAucMulti": "drivetrain.learn.metrics",
    "SaveModelCallback": "drivetrain.learn.callbacks.saving",
    "SuggestedLRs": "drivetrain.learn.training.lr_find",
    "TabularDataLoaders": "drivetrain.learn.tabular.dataloaders",
    "TabularInterpretation": "drivetrain.interpret.table",
    "TabularModel": "drivetrain.learn.tabular.model",
    "TabularPandas": "drivetrain.learn.tabular.tabular_pandas",
    "TensorBoardCallback": "drivetrain.learn.callbacks.logs",
    "TopKAccuracy": "drivetrain.learn.metrics",
    "TrainTestSplitter": "drivetrain.data",
    "Vocab": "drivetrain.schema",
    "accuracy": "drivetrain.metrics",
    "accuracy_multi": "drivetrain.metrics",
    "add_datepart": "drivetrain.learn.tabular.dateparts",
    "aug_transforms": "drivetrain.learn.augment",
    "cont_cat_split": "drivetrain.learn.tabular.dateparts",
    "download_images": "drivetrain.collect",
    "download_url": "drivetrain.collect",
    "error_rate": "drivetrain.metrics",
    "frames_from_video": "drivetrain.collect",
    "get_files": "drivetrain.data",
    "get_image_files": "drivetrain.data",
    "imagenet_stats": "drivetrain.learn.normalize",
    "load_learner": "drivetrain.learn.loading",
    "look_at_table": "drivetrain.learn.tabular.kinds",
    "mae": "drivetrain.metrics",
    "minimum": "drivetrain.learn.training.suggestions",
    "mse": "drivetrain.learn.metrics",
    "parent_label": "drivetrain.data",
    "resize_images": "drivetrain.collect",
    "rmse": "drivetrain.metrics",
    "search_images": "drivetrain.collect",
    "search_images_ddg": "drivetrain.collect",
    "slide": "drivetrain.learn.training.suggestions",
    "steep": "drivetrain.learn.training.suggestions",
    "tabular_learner": "drivetrain.learn.tabular.learner",
    "top_k_accuracy": "drivetrain.learn.metrics",
    "using_attr": "drivetrain.data",
    "valley": "drivetrain.learn.training.suggestions",
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
