"""The figures of a validation that a bundle carries, for each kind of target."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivetrain.export.answers import Answers
from drivetrain.metrics import accuracy, balanced_accuracy, error_rate, mae, rmse

TWO = 2


def measured(kind: Any, said: Answers) -> dict[str, float]:
    """How well validation items were answered, by the names of the metrics.

    Arguments:
        kind: What is predicted.
        said: The answers and the truth.
    """
    truth = said.targets
    if kind.picks_one:
        found = {
            "accuracy": accuracy(said.labels, truth),
            "error_rate": error_rate(said.labels, truth),
            "balanced_accuracy": balanced_accuracy(said.labels, truth, kind.size),
        }
        return found | _area(said) if kind.size == TWO else found
    if kind.name == "categories":
        right = (said.logits > 0) == (truth > 0)
        return {"accuracy": float(right.mean()), "all_right": float(right.all(axis=1).mean())}
    found = {}
    for place, name in enumerate(kind.outputs):
        of = "" if kind.size == 1 else f" {name}"
        said_one, true_one = said.logits[:, place], truth[:, place]
        spread = float(np.square(true_one - true_one.mean(), dtype=np.float64).mean())
        found[f"rmse{of}"] = rmse(said_one, true_one)
        found[f"mae{of}"] = mae(said_one, true_one)
        if spread > 0:
            found[f"r2{of}"] = 1.0 - found[f"rmse{of}"] ** 2 / spread
    return found


def _area(said: Answers) -> dict[str, float]:
    """The area under the ROC curve of two classes, where both occur."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(said.targets)) < TWO:
        return {}
    score = said.logits[:, 1] - said.logits[:, 0]
    return {"roc_auc": float(roc_auc_score(said.targets, score))}
