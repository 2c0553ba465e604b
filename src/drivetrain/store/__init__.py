"""The record: every served prediction is a row, before its answer leaves."""

from drivetrain.store.database import Database
from drivetrain.store.predictions import PredictionLog, PredictionRow

__all__ = ["Database", "PredictionLog", "PredictionRow"]
