"""Every name that a notebook about tables uses, under the lesson's names.

Example:
    >>> from drivetrain.tabular.all import *
    >>> frame = pd.DataFrame({"size": [1.0, 2.0] * 20, "kind": ["a", "b"] * 20})
    >>> len(TabularPandas(frame, cont_names=["size"], y_names="kind").train)
    32
"""

from pathlib import Path

import pandas as pd

from drivetrain.data import (
    EndSplitter,
    FuncSplitter,
    GroupSplitter,
    IndexSplitter,
    MaskSplitter,
    RandomSplitter,
    TrainTestSplitter,
)
from drivetrain.interpret import ClassificationInterpretation
from drivetrain.interpret.table import TabularInterpretation
from drivetrain.learn.blocks import CategoryBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.callbacks.averages import EMACallback
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.gradients import GradientAccumulation, GradientClip
from drivetrain.learn.callbacks.logs import CSVLogger, TensorBoardCallback
from drivetrain.learn.callbacks.saving import SaveModelCallback
from drivetrain.learn.callbacks.stopping import EarlyStoppingCallback, ReduceLROnPlateau
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
from drivetrain.learn.normalize import Normalize
from drivetrain.learn.tabular.dataloaders import TabularDataLoaders
from drivetrain.learn.tabular.dateparts import add_datepart, cont_cat_split
from drivetrain.learn.tabular.kinds import look_at_table
from drivetrain.learn.tabular.learner import tabular_learner
from drivetrain.learn.tabular.model import TabularModel
from drivetrain.learn.tabular.procs import Categorify, FillMissing
from drivetrain.learn.tabular.tabular_pandas import TabularPandas
from drivetrain.learn.training.lr_find import SuggestedLRs
from drivetrain.learn.training.suggestions import minimum, slide, steep, valley
from drivetrain.metrics import accuracy, accuracy_multi, error_rate, mae, rmse
from drivetrain.predictor import Predictor

__all__ = [
    "APScoreMulti",
    "BCEWithLogitsLossFlat",
    "BalancedAccuracy",
    "CSVLogger",
    "Callback",
    "Categorify",
    "CategoryBlock",
    "ClassificationInterpretation",
    "CohenKappa",
    "CrossEntropyLossFlat",
    "DataLoader",
    "DataLoaders",
    "EMACallback",
    "EarlyStoppingCallback",
    "EndSplitter",
    "F1Score",
    "F1ScoreMulti",
    "FillMissing",
    "FocalLoss",
    "FuncSplitter",
    "GradientAccumulation",
    "GradientClip",
    "GroupSplitter",
    "IndexSplitter",
    "L1LossFlat",
    "LabelSmoothingCrossEntropy",
    "Learner",
    "MSELossFlat",
    "MaskSplitter",
    "MatthewsCorrCoef",
    "MultiCategoryBlock",
    "Normalize",
    "Path",
    "PerClass",
    "Precision",
    "PrecisionMulti",
    "Predictor",
    "R2Score",
    "RandomSplitter",
    "Recall",
    "RecallMulti",
    "ReduceLROnPlateau",
    "RegressionBlock",
    "RocAuc",
    "RocAucBinary",
    "RocAucMulti",
    "SaveModelCallback",
    "SuggestedLRs",
    "TabularDataLoaders",
    "TabularInterpretation",
    "TabularModel",
    "TabularPandas",
    "TensorBoardCallback",
    "TopKAccuracy",
    "TrainTestSplitter",
    "accuracy",
    "accuracy_multi",
    "add_datepart",
    "cont_cat_split",
    "error_rate",
    "load_learner",
    "look_at_table",
    "mae",
    "minimum",
    "mse",
    "pd",
    "rmse",
    "slide",
    "steep",
    "tabular_learner",
    "top_k_accuracy",
    "valley",
]
