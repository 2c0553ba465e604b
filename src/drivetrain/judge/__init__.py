"""The judgement: from a network's numbers to what a person can act on, in numpy alone.

Calibrated probabilities, whether the input is like what the model was trained on, and the action
of least expected cost. Fitting them belongs to ``drivetrain.export``; here they are applied.
"""

from drivetrain.judge.calibration import Calibration
from drivetrain.judge.decision import ASK, DecisionRule
from drivetrain.judge.domain import DomainTest
from drivetrain.judge.judgement import (
    ClassJudgement,
    Judgement,
    NumbersJudgement,
    SeveralJudgement,
)

__all__ = [
    "ASK",
    "Calibration",
    "ClassJudgement",
    "DecisionRule",
    "DomainTest",
    "Judgement",
    "NumbersJudgement",
    "SeveralJudgement",
]
