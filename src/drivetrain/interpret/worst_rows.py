"""The rows of a table that a model gets most wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.interpret.table_answers import TableAnswers

if TYPE_CHECKING:
    import pandas as pd


def rows_with_answers(answered: TableAnswers, places: NDArray[np.int64]) -> pd.DataFrame:
    """Some rows as they were given, with truth, answer and loss; see ``worst_rows``.

    Where the table has a column of such a name itself, ours is called ``truth (model)``.

    Arguments:
        answered: The rows and their answers.
        places: Which rows.
    """
    kind, truth, answer = answered.kind, answered.targets[places], answered.decided[places]
    told: dict[str, Any] = {
        "truth": [kind.describe(one) for one in truth],
        "answer": [kind.describe(one) for one in answer],
    }
    if kind.picks_one:
        told["probability"] = answered.answers[places].max(axis=1)
    elif kind.name == "categories":
        told["wrong"] = (truth != answer).sum(axis=1)
    elif kind.size == 1:
        told = {"truth": truth[:, 0], "answer": answer[:, 0], "error": (answer - truth)[:, 0]}
    told["loss"] = answered.losses[places]
    recipe = getattr(answered.learn.dls, "recipe", None)
    targets = [name for name in getattr(recipe, "y_names", ()) if name in answered.frame]
    rows = answered.frame.iloc[places].drop(columns=targets)
    for name, values in told.items():
        rows[f"{name} (model)" if name in rows else name] = values
    return rows
