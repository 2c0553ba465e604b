"""How good answers are: metrics on scikit-learn, which is imported when one is measured."""

from drivetrain.learn.metrics.check import check_metrics
from drivetrain.learn.metrics.numbers import R2Score, mse
from drivetrain.learn.metrics.one_class import (
    BalancedAccuracy,
    CohenKappa,
    F1Score,
    MatthewsCorrCoef,
    Precision,
    Recall,
)
from drivetrain.learn.metrics.per_class import PerClass
from drivetrain.learn.metrics.protocol import Metric, name_of, value_of
from drivetrain.learn.metrics.ranked import RocAuc, RocAucBinary, TopKAccuracy, top_k_accuracy
from drivetrain.learn.metrics.several_classes import (
    APScoreMulti,
    F1ScoreMulti,
    PrecisionMulti,
    RecallMulti,
    RocAucMulti,
)

__all__ = [
    "APScoreMulti",
    "BalancedAccuracy",
    "CohenKappa",
    "F1Score",
    "F1ScoreMulti",
    "MatthewsCorrCoef",
    "Metric",
    "PerClass",
    "Precision",
    "PrecisionMulti",
    "R2Score",
    "Recall",
    "RecallMulti",
    "RocAuc",
    "RocAucBinary",
    "RocAucMulti",
    "TopKAccuracy",
    "check_metrics",
    "mse",
    "name_of",
    "top_k_accuracy",
    "value_of",
]
