"""Looking at what a model gets wrong."""

from drivetrain.interpret.classification import ClassificationInterpretation

__all__ = ["ClassificationInterpretation"]
