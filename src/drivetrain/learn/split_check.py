"""How much a random split flatters: the same head, on folds drawn two ways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.data.splits import Split
from drivetrain.learn.features import FeatureLoaders
from drivetrain.learn.learner import HEAD_PASSES_PER_VIEW, Learner
from drivetrain.learn.models import classifier_head
from drivetrain.learn.schedule import OneCycle
from drivetrain.metrics import accuracy, balanced_accuracy, confusion_matrix
from drivetrain.schema import Vocab

FOLDS = 5


@dataclass(frozen=True, kw_only=True)
class FoldScores:
    """What a head on frozen embeddings scores on each fold.

    Arguments:
        accuracies: One for each fold.
        balanced: The balanced accuracy of each fold.
        confusion: The confusion matrix [C, C] of all folds together.
    """

    accuracies: tuple[float, ...]
    balanced: tuple[float, ...]
    confusion: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """The mean accuracy over the folds."""
        return float(np.mean(self.accuracies))

    @property
    def balanced_accuracy(self) -> float:
        """The mean balanced accuracy over the folds."""
        return float(np.mean(self.balanced))


def score_folds(
    embeddings: Tensor, targets: Tensor, vocab: Vocab, folds: Sequence[Split], *, seed: int = 42
) -> FoldScores:
    """Train a fresh head on each split of embeddings and score it on the other side.

    Arguments:
        embeddings: float32 [N, D].
        targets: int64 [N].
        vocab: The classes.
        folds: The positions that train and that validate, for each fold.
        seed: What the heads start from.
    """
    accuracies, balanced = [], []
    confusion = np.zeros((len(vocab), len(vocab)), np.int64)
    for train, valid in folds:
        dls = FeatureLoaders.of(embeddings, targets, vocab, (train, valid), bs=64, seed=seed)
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            head = classifier_head(embeddings.shape[1], len(vocab))
            learn = Learner(dls, head, seed=seed)
            with learn.no_bar():
                learn._fit(HEAD_PASSES_PER_VIEW, learn.lr, OneCycle())
        probabilities, actual = learn.get_preds()
        predicted, truth = probabilities.argmax(1).numpy(), actual.numpy()
        accuracies.append(accuracy(predicted, truth))
        balanced.append(balanced_accuracy(predicted, truth, len(vocab)))
        confusion += confusion_matrix(predicted, truth, len(vocab))
    return FoldScores(accuracies=tuple(accuracies), balanced=tuple(balanced), confusion=confusion)


def shuffled_folds(count: int, *, seed: int = 42) -> list[Split]:
    """Folds of items drawn at random: neighbours land on both sides."""
    return _folds(np.random.default_rng(seed).permutation(count))


def contiguous_folds(count: int) -> list[Split]:
    """Folds of unbroken runs of items: neighbours stay on one side."""
    return _folds(np.arange(count))


def _folds(order: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[Split]:
    parts = np.array_split(order, FOLDS)
    return [
        (
            np.concatenate([part for other, part in enumerate(parts) if other != fold]).tolist(),
            parts[fold].tolist(),
        )
        for fold in range(FOLDS)
    ]
