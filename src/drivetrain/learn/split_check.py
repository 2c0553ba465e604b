"""How much a random split flatters: one simple classifier, on folds drawn in several ways.

The classifier is a ridge regression on the embeddings of a frozen network: it is solved in one
step, so that the test takes seconds where training would take hours, and ranks splits alike. A
blocked fold keeps together what was made together (a run of files, a folder, an hour, a camera),
as a model's future photos are apart from those it has seen (Roberts et al. 2017,
"Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic
structure").
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.data.splits.drawn import Split
from drivetrain.metrics import accuracy, balanced_accuracy, confusion_matrix

FOLDS = 5
SHRINKAGE_AN_ITEM = 0.5
GAP_TO_WARN_OF = 0.03
STANDARD_ERRORS = 2.0

Embeddings = NDArray[np.float32]
"""float32 [N, D]."""

Targets = NDArray[np.int64]
"""int64 [N], positions in the vocabulary."""


@dataclass(frozen=True, kw_only=True)
class FoldScores:
    """What the classifier scores on folds.

    Arguments:
        by: How the folds were drawn, such as ``file order``.
        accuracies: One for each fold.
        balanced: The balanced accuracy of each fold.
        confusion: The confusion matrix [C, C] of all folds together.
        correct: Which items were answered rightly when they validated, bool [N].
    """

    by: str
    accuracies: tuple[float, ...]
    balanced: tuple[float, ...]
    confusion: NDArray[np.int64]
    correct: NDArray[np.bool_]

    @property
    def accuracy(self) -> float:
        """The mean accuracy over the folds."""
        return float(np.mean(self.accuracies))

    @property
    def balanced_accuracy(self) -> float:
        """The mean balanced accuracy over the folds."""
        return float(np.mean(self.balanced))


@dataclass(frozen=True, kw_only=True)
class SplitTest:
    """A random split beside blocked ones.

    Arguments:
        random: The scores on folds drawn at random.
        blocked: The scores on folds that keep something together, one for each way.
    """

    random: FoldScores
    blocked: tuple[FoldScores, ...]

    @property
    def flattered_by(self) -> FoldScores | None:
        """The blocked folds that a random split promises much more than, the worst of them.

        Much is more than three points of accuracy and more than two standard errors of the
        difference over the items.
        """
        worst = min(self.blocked, key=lambda scores: scores.accuracy, default=None)
        if worst is None:
            return None
        difference = self.random.correct.astype(float) - worst.correct.astype(float)
        error = float(difference.std() / np.sqrt(max(1, len(difference))))
        gap = self.random.accuracy - worst.accuracy
        return worst if gap > max(GAP_TO_WARN_OF, STANDARD_ERRORS * error) else None

    @property
    def warning(self) -> str:
        """One sentence with both figures, or nothing where a random split is honest."""
        worst = self.flattered_by
        if worst is None:
            return ""
        return (
            f"A random split flatters: it promises {self.random.accuracy:.0%}, and folds by "
            f"{worst.by} give {worst.accuracy:.0%}. Photos that were made together are alike; "
            f"keep them on one side, with {ADVICE.get(worst.by, 'GroupSplitter')}."
        )

    def as_dict(self) -> dict[str, Any]:
        """The figures for a report: accuracies between 0 and 1."""
        return {
            "random": round(self.random.accuracy, 4),
            "blocked": [
                {"by": scores.by, "accuracy": round(scores.accuracy, 4)} for scores in self.blocked
            ],
            "warning": self.warning,
        }


ADVICE = {
    "file order": "BlockSplitter, or GroupSplitter by what a run of files shares",
    "time taken": "GroupSplitter by the day, or the latest photos as validation",
    "folder": "GroupSplitter by the folder",
    "camera": "GroupSplitter by the camera",
}


def split_test(
    embeddings: Embeddings,
    targets: Targets,
    *,
    files: Sequence[str],
    classes: int,
    orders: dict[str, Sequence[Any]] | None = None,
    groups: dict[str, Sequence[Hashable]] | None = None,
    seed: int = 42,
) -> SplitTest:
    """Compare folds drawn at random with folds that keep together what was made together.

    Arguments:
        embeddings: float32 [N, D].
        targets: int64 [N].
        classes: How many classes there are.
        files: The path of each item.
        orders: Further orders than that of the files: a sort key for each item.
        groups: What keeps items together: a key for each item.
        seed: What the random folds follow from.
    """

    def score(by: str, folds: Sequence[Split]) -> FoldScores:
        return score_folds(embeddings, targets, folds, classes=classes, by=by)

    blocked = [score("file order", contiguous_folds(files, targets))]
    for by, keys in (orders or {}).items():
        blocked.append(score(by, ordered_folds(keys)))
    for by, names in (groups or {}).items():
        blocked.append(score(by, grouped_folds(names)))
    return SplitTest(
        random=score("random", shuffled_folds(targets, seed=seed)), blocked=tuple(blocked)
    )


def score_folds(
    embeddings: Embeddings,
    targets: Targets,
    folds: Sequence[Split],
    *,
    classes: int,
    by: str = "",
) -> FoldScores:
    """Fit the classifier on each split of embeddings and score it on the other side.

    Arguments:
        embeddings: float32 [N, D].
        targets: int64 [N].
        folds: The positions that train and that validate, for each fold.
        classes: How many classes there are.
        by: How the folds were drawn.
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    accuracies, balanced = [], []
    confusion = np.zeros((classes, classes), np.int64)
    correct = np.zeros(len(targets), bool)
    for train, valid in folds:
        model = make_pipeline(
            StandardScaler(), RidgeClassifier(alpha=SHRINKAGE_AN_ITEM * len(train))
        )
        if len(set(targets[train].tolist())) < 2:  # a fold may hold all of the other classes
            predicted = np.full(len(valid), targets[train][0])
        else:
            predicted = model.fit(embeddings[train], targets[train]).predict(embeddings[valid])
        truth = targets[valid]
        correct[valid] = predicted == truth
        accuracies.append(accuracy(predicted, truth))
        balanced.append(balanced_accuracy(predicted, truth, classes))
        confusion += confusion_matrix(predicted, truth, classes)
    return FoldScores(
        by=by,
        accuracies=tuple(accuracies),
        balanced=tuple(balanced),
        confusion=confusion,
        correct=correct,
    )


def shuffled_folds(targets: Targets, *, seed: int = 42) -> list[Split]:
    """Folds of items drawn at random, each class evenly: neighbours land on both sides."""
    order = np.random.default_rng(seed).permutation(len(targets))
    return _runs(len(targets), [order[targets[order] == name] for name in np.unique(targets)])


def contiguous_folds(files: Sequence[str], targets: Targets) -> list[Split]:
    """Folds of unbroken runs of files by name: neighbours stay on one side.

    The runs are cut through all folders at the same names, so that photos of one series that
    were sorted into folders by their class stay together. Cut class by class, the neighbours of
    one class's photos would train under the other class, which misleads. Where names follow the
    classes, which would leave no class on both sides, each folder is cut by itself.

    Arguments:
        files: The path of each item.
        targets: int64 [N].
    """
    everywhere = _runs(len(files), [_in_order(range(len(files)), files, whole_path=False)])
    if not any(_holds_most_of_a_class(valid, targets) for _, valid in everywhere):
        return everywhere
    folders: dict[str, list[int]] = {}
    for place, file in enumerate(files):
        folders.setdefault(os.path.dirname(file), []).append(place)
    return _runs(
        len(files), [_in_order(members, files, whole_path=True) for members in folders.values()]
    )


def _in_order(places: Iterable[int], files: Sequence[str], *, whole_path: bool) -> list[int]:
    """By name, numbers by their value: ``photo9`` before ``photo10``."""

    def key(place: int) -> list[tuple[bool, int, str]]:
        name = files[place] if whole_path else os.path.basename(files[place])
        parts = re.split(r"(\d+)", name)
        return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]

    return sorted(places, key=key)


def _holds_most_of_a_class(places: Sequence[int], targets: Targets) -> bool:
    held, all_of = np.bincount(targets[places], minlength=targets.max() + 1), np.bincount(targets)
    return bool((held > 0.6 * all_of)[all_of > 0].any())


def ordered_folds(keys: Sequence[Any]) -> list[Split]:
    """Folds of unbroken runs in another order than that of the files, such as that of time."""
    return _runs(len(keys), [sorted(range(len(keys)), key=lambda place: keys[place])])


def grouped_folds(groups: Sequence[Hashable]) -> list[Split]:
    """Folds of whole groups: each goes to the fold that has the fewest items so far."""
    members: dict[Hashable, list[int]] = {}
    for place, group in enumerate(groups):
        members.setdefault(group, []).append(place)
    fold_of, sizes = np.zeros(len(groups), np.int64), np.zeros(FOLDS, np.int64)
    for places in sorted(members.values(), key=lambda places: (-len(places), places[0])):
        smallest = int(sizes.argmin())
        fold_of[places] = smallest
        sizes[smallest] += len(places)
    return _splits(fold_of)


def _runs(count: int, orders: Sequence[Sequence[int] | NDArray[np.int64]]) -> list[Split]:
    """Cut each order into as many runs as there are folds, and join the runs of each fold."""
    fold_of = np.zeros(count, np.int64)
    for order in orders:
        fold_of[np.asarray(order)] = np.arange(len(order)) * FOLDS // len(order)
    return _splits(fold_of)


def _splits(fold_of: NDArray[np.int64]) -> list[Split]:
    return [
        (np.flatnonzero(fold_of != fold).tolist(), np.flatnonzero(fold_of == fold).tolist())
        for fold in range(FOLDS)
        if 0 < np.count_nonzero(fold_of == fold) < len(fold_of)
    ]
