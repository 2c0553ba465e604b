"""How much one column alone tells of a target, judged on rows that it was not read off."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivetrain.extras import need
from drivetrain.learn.tabular.facts import Facts

MOST_ROWS = 20_000
FEWEST_ROWS = 20
LEAVES, LEAF_ROWS = 128, 3
MOST_CLASSES = 5
FARTHEST = 1e30

Numbers = NDArray[np.float64]


class Alone:
    """How much single columns tell of one target.

    Half of the rows show what a column's values mean for the target (of numbers, the leaves of a
    decision tree, or what lies between two of them); the other half judges that. Of more than
    20,000 rows, so many are drawn at random.

    Arguments:
        target: The target.
        classes: Whether it is one of classes; otherwise it is numbers.
        seed: Decides the rows.
    """

    def __init__(self, target: Facts, *, classes: bool, seed: int = 42) -> None:
        known = np.flatnonzero(target.codes >= 0)
        drawn = np.random.default_rng(seed).permutation(known)[:MOST_ROWS]
        self._learn, self._judge = np.array_split(drawn, 2)
        self.measure = "AUC" if classes else "R²"
        if classes:
            ordered = np.argsort(-target.counts, kind="stable")[:MOST_CLASSES]
            self._targets = [(target.codes == place).astype(float) for place in ordered.tolist()]
        else:
            assert target.numbers is not None, "a target of numbers has some"
            self._targets = [target.numbers]
        self._classes = classes

    def __call__(self, facts: Facts) -> float:
        """The area under the ROC curve (of classes, by their share), or R²; 0 if it cannot be told.

        The source of the decision tree: Breiman and others, Classification and Regression Trees,
        1984, as in scikit-learn.
        """
        if len(self._judge) < FEWEST_ROWS or facts.holds in ("nothing", "objects"):
            return 0.0
        learned, judged = self._groups(facts)
        size = int(max(learned.max(), judged.max())) + 1
        rows = np.bincount(learned, minlength=size)
        scores, weights = [], []
        for target in self._targets:
            seen, truth = target[self._learn], target[self._judge]
            sums = np.bincount(learned, weights=seen, minlength=size)
            guesses = ((sums + seen.mean()) / (rows + 1.0))[judged]
            if self._classes:
                found = _auc(guesses, truth)
            else:
                found = _r_squared(guesses, truth)
                if found is not None and facts.numbers is not None:
                    between = self._between(facts.numbers, seen)
                    found = max(found, _r_squared(between, truth) or 0.0)
            if found is not None:
                scores.append(found)
                weights.append(truth.sum() if self._classes else 1.0)
        return float(np.average(scores, weights=weights)) if scores else 0.0

    def _between(self, numbers: Numbers, seen: Numbers) -> Numbers:
        """The target between its values at the nearest numbers: exact where one makes the other."""
        here, there = numbers[self._learn], numbers[self._judge]
        known = np.isfinite(here)
        if not known.any():
            return np.full(len(there), seen.mean())
        different, places, rows = np.unique(here[known], return_inverse=True, return_counts=True)
        means = np.bincount(places, weights=seen[known]) / rows
        found = np.interp(np.where(np.isfinite(there), there, 0.0), different, means)
        return np.where(np.isfinite(there), found, seen.mean())

    def _groups(self, facts: Facts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The group of values that each row belongs to: of those to learn from, and the others."""
        if facts.numbers is None or facts.holds == "truths":
            return facts.codes[self._learn] + 1, facts.codes[self._judge] + 1
        trees = need("sklearn.tree", purpose="find columns that tell a table's target")
        known = facts.codes >= 0
        values = np.where(known & np.isfinite(facts.numbers), facts.numbers, 0.0)
        columns = np.column_stack([np.clip(values, -FARTHEST, FARTHEST), ~known])
        tree = trees.DecisionTreeRegressor(
            max_leaf_nodes=LEAVES, min_samples_leaf=LEAF_ROWS, random_state=0
        )
        tree.fit(columns[self._learn], np.column_stack(self._targets)[self._learn])
        return tree.apply(columns[self._learn]), tree.apply(columns[self._judge])


def _auc(scores: Numbers, truth: Numbers) -> float | None:
    positive, negative = truth.sum(), (1 - truth).sum()
    if not positive or not negative:
        return None
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    wins = ranks[truth == 1].sum() - positive * (positive + 1) / 2
    return float(wins / (positive * negative))


def _r_squared(guesses: Numbers, truth: Numbers) -> float | None:
    total = float(((truth - truth.mean()) ** 2).sum())
    return 1.0 - float(((truth - guesses) ** 2).sum()) / total if total > 0 else None
