"""What may happen around training."""

from drivetrain.learn.callbacks.averages import EMACallback
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.gradients import GradientAccumulation, GradientClip
from drivetrain.learn.callbacks.logs import CSVLogger, TensorBoardCallback
from drivetrain.learn.callbacks.mixup import CutMix, MixUp
from drivetrain.learn.callbacks.precision import MixedPrecision
from drivetrain.learn.callbacks.saving import SaveModelCallback
from drivetrain.learn.callbacks.stopping import (
    EarlyStoppingCallback,
    ReduceLROnPlateau,
    TrackerCallback,
)

__all__ = [
    "CSVLogger",
    "Callback",
    "CutMix",
    "EMACallback",
    "EarlyStoppingCallback",
    "GradientAccumulation",
    "GradientClip",
    "MixUp",
    "MixedPrecision",
    "ReduceLROnPlateau",
    "SaveModelCallback",
    "TensorBoardCallback",
    "TrackerCallback",
]
