"""LightGBM with its defaults on a table that ``table_material.py`` wrote.

Categories are those of the training rows, as pandas categories; a text's features stand behind
them. Writes the answers for the rows that are asked: the probability of the second class, or the
number.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import lightgbm  # type: ignore[import-not-found]
import numpy as np
import pandas as pd


def main() -> None:
    """Train and answer."""
    given = _arguments()
    plan = json.loads(given.plan.read_text())
    frame = pd.read_csv(given.plan.with_name("table.csv"))
    target = frame[plan["target"]].to_numpy()
    with np.load(given.split) as split:
        train, test = split["train"], split["test"]
    taken = frame[[*plan["words"], *plan["numbers"]]].copy()
    for name in plan["words"]:
        known = sorted(taken[name].iloc[train].dropna().unique())
        taken[name] = taken[name].astype(pd.CategoricalDtype(known))
    if given.text:
        text = np.load(given.text)
        names = [f"text {place}" for place in range(text.shape[1])]
        taken = pd.concat([taken, pd.DataFrame(text, columns=names)], axis=1)
    rows, asked = taken.iloc[train], taken.iloc[test]
    settings = {"random_state": given.seed, "verbose": -1}
    if given.as_number:
        answers = lightgbm.LGBMRegressor(**settings).fit(rows, target[train]).predict(asked)
    else:
        model = lightgbm.LGBMClassifier(**settings).fit(rows, target[train])
        answers = model.predict_proba(asked)[:, 1]
    np.save(given.answers, answers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--split", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--text", type=Path, help="features of the text, float32 [N, D]")
    parser.add_argument("--as-number", action="store_true", help="regress")
    parser.add_argument("--answers", type=Path, required=True)
    return parser.parse_args()


if __name__ == "__main__":
    main()
