"""What a classifier gets wrong: predicted once, looked at as often as you like."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.interpret.confusion import draw_confusion_matrix
from drivetrain.interpret.gallery import RIGHT, WRONG, show_pictures
from drivetrain.metrics import confusion_matrix
from drivetrain.prepare import Preparation
from drivetrain.schema import Vocab

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Interpretable(Protocol):
    """What an interpretation needs of a learner."""

    dls: Any

    def get_preds(self, dl: Any = None) -> tuple[Tensor, Tensor]:
        """Probabilities [N, C] and targets [N]."""
        ...


class ClassificationInterpretation:
    """The answers of a learner to labelled items, beside the truth.

    Example:
        >>> import torch
        >>> probabilities, targets = torch.tensor([[0.9, 0.1], [0.8, 0.2]]), torch.tensor([0, 1])
        >>> interp = ClassificationInterpretation(
        ...     items=["a.jpg", "b.jpg"], probabilities=probabilities, targets=targets,
        ...     vocab=Vocab(("black", "teddy")),
        ... )
        >>> interp.most_confused()
        [('teddy', 'black', 1)]

    Arguments:
        items: What was answered.
        probabilities: float32 [N, C].
        targets: int64 [N].
        vocab: The classes.
        preparation: How an item becomes a picture, for the plots.
    """

    def __init__(
        self,
        *,
        items: Sequence[Any],
        probabilities: Tensor,
        targets: Tensor,
        vocab: Vocab,
        preparation: Preparation | None = None,
    ) -> None:
        self.items, self.vocab, self.preparation = items, vocab, preparation
        self.probabilities, self.targets = probabilities, targets
        self.predicted = probabilities.argmax(dim=1)
        self.losses = functional.nll_loss(
            probabilities.clamp_min(1e-12).log(), targets, reduction="none"
        )

    @classmethod
    def from_learner(cls, learn: Interpretable, dl: Any = None) -> ClassificationInterpretation:
        """The learner's answers to its validation side, or to another loader."""
        loader = learn.dls.valid if dl is None else dl
        if not loader.kind.picks_one:
            raise ConfigError(
                "An interpretation of classes needs one class out of several, and this learner "
                f"answers with {loader.kind.words}.",
                hint="Use get_preds, and compare the answers with the targets.",
            )
        probabilities, targets = learn.get_preds(dl=loader)
        return cls(
            items=loader.readable_items,
            probabilities=probabilities,
            targets=targets,
            vocab=loader.vocab,
            preparation=loader.item_transform.preparation,
        )

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Counts [C, C]: the row is the true class, the column the predicted one."""
        return confusion_matrix(self.predicted.numpy(), self.targets.numpy(), len(self.vocab))

    def most_confused(self, min_val: int = 1) -> list[tuple[str, str, int]]:
        """True class, predicted class and count of the mistakes, most frequent first."""
        cells = self.confusion_matrix()
        np.fill_diagonal(cells, 0)
        pairs = [
            (self.vocab[row], self.vocab[column], int(count))
            for (row, column), count in np.ndenumerate(cells)
            if count >= min_val
        ]
        return sorted(pairs, key=lambda pair: -pair[2])

    def top_losses(self, k: int | None = None) -> tuple[Tensor, Tensor]:
        """The largest losses and the positions of their items."""
        values, positions = self.losses.topk(
            len(self.losses) if k is None else min(k, len(self.losses))
        )
        return values, positions

    def plot_confusion_matrix(self, **settings: Any) -> Figure:
        """Draw the confusion matrix; the settings are those of ``draw_confusion_matrix``."""
        return draw_confusion_matrix(self.confusion_matrix(), self.vocab, **settings)

    def plot_top_losses(
        self,
        k: int = 9,
        nrows: int | None = None,
        ncols: int | None = None,
        *,
        figsize: tuple[float, float] | None = None,
    ) -> Figure:
        """Draw the items with the largest losses: answered, true, loss, and how sure it was."""
        assert self.preparation is not None, "made without a preparation"
        if self.preparation.fields:
            raise ConfigError(
                f"Top losses are drawn as pictures, and these are {self.preparation.noun[1]}.",
                hint="TabularInterpretation.from_learner(learn).worst_rows() shows them.",
            )
        losses, positions = self.top_losses(k)
        pictures, titles, colours = [], [], []
        for loss, position in zip(losses.tolist(), positions.tolist(), strict=True):
            answer, truth = int(self.predicted[position]), int(self.targets[position])
            sure = float(self.probabilities[position, answer])
            pictures.append(self.preparation(self.items[position]))
            titles.append(
                f"{self.vocab[answer]} {sure:.0%}\nis {self.vocab[truth]} · loss {loss:.2f}"
            )
            colours.append(RIGHT if answer == truth else WRONG)
        return show_pictures(
            pictures, titles, nrows=nrows, ncols=ncols, figsize=figsize, colours=colours
        )
