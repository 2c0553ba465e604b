"""What a model of tables relies on, where it fails, and what it learned: asked once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import ConfigError
from drivetrain.interpret import dependence, embedding_map, permutation, slices, worst_slices
from drivetrain.interpret.classification import ClassificationInterpretation
from drivetrain.interpret.table_answers import (
    Metric,
    TableAnswers,
    TableLearner,
    rows_told,
)
from drivetrain.interpret.worst_rows import rows_with_answers
from drivetrain.prepare.columns import CategoryColumn, TextColumn

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from torch import Tensor

PANELS, MOST_LINES, MOST_POINTS = 6, 5, 5000


class TabularInterpretation:
    """The answers of a learner to rows of a table, beside the truth.

    Example:
        >>> interp = TabularInterpretation.from_learner(learn)  # doctest: +SKIP
        >>> interp.permutation_importance().head()  # doctest: +SKIP
        >>> interp.partial_dependence("age")  # doctest: +SKIP
        >>> interp.worst_slices(pairs=True)  # doctest: +SKIP
        >>> interp.report("report.html")  # doctest: +SKIP

    Arguments:
        answered: The rows and their answers.
        seed: What every draw of rows follows from.
    """

    def __init__(self, answered: TableAnswers, *, seed: int = 42) -> None:
        self.answered, self.seed = answered, seed

    @classmethod
    def from_learner(
        cls, learn: TableLearner, dl: Any = None, *, seed: int = 42
    ) -> TabularInterpretation:
        """The learner's answers to its validation side, or to another loader of rows.

        Rows without a target are left out.

        Raises:
            ConfigError: The learner is none of tables.
            DataError: No row has a target.
        """
        return cls(TableAnswers.of(learn, dl), seed=seed)

    # ---- single rows -------------------------------------------------------------------------

    def top_losses(self, k: int | None = None) -> tuple[Tensor, Tensor]:
        """The largest losses and the positions of their rows."""
        import torch

        losses = torch.from_numpy(self.answered.losses)
        values, positions = losses.topk(len(losses) if k is None else min(k, len(losses)))
        return values, positions

    def worst_rows(self, k: int = 10) -> pd.DataFrame:
        """The rows with the largest losses as they were given, with truth, answer and loss.

        Of one class out of several the answer's ``probability`` is told too, of several classes
        how many are ``wrong``, of a number the ``error``, answer less truth.
        """
        return rows_with_answers(self.answered, self.top_losses(k)[1].numpy())

    # ---- one class out of several ------------------------------------------------------------

    @cached_property
    def classes(self) -> ClassificationInterpretation:
        """The same answers, as those of any classifier are looked at.

        Raises:
            ConfigError: The answers are not one class out of several.
        """
        import torch

        answered = self.answered
        if not answered.kind.picks_one:
            raise ConfigError(
                "A confusion matrix needs one class out of several, and this learner answers with "
                f"{answered.kind.words}.",
                hint="Look at worst_rows and worst_slices.",
            )
        return ClassificationInterpretation(
            items=answered.loader.items,
            probabilities=torch.from_numpy(answered.answers),
            targets=torch.from_numpy(answered.targets),
            vocab=answered.kind.vocab,
        )

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Counts [C, C]: the row is the true class, the column the predicted one."""
        return self.classes.confusion_matrix()

    def most_confused(self, min_val: int = 1) -> list[tuple[str, str, int]]:
        """True class, predicted class and count of the mistakes, most frequent first."""
        return self.classes.most_confused(min_val)

    def plot_confusion_matrix(self, **settings: Any) -> Figure:
        """Draw the confusion matrix; the settings are those of ``draw_confusion_matrix``."""
        return self.classes.plot_confusion_matrix(**settings)

    def plot_answers(self, answer: str | None = None) -> Figure:
        """Draw answered numbers against true ones.

        Arguments:
            answer: Which, where there are several; the first when left out.

        Raises:
            ConfigError: The learner does not answer with numbers.
        """
        from drivetrain.interpret.table_plots import draw_answers

        kind = self.answered.kind
        if kind.name != "numbers":
            raise ConfigError(
                f"plot_answers draws numbers, and this learner answers with {kind.words}.",
                hint="Take plot_confusion_matrix for one class out of several.",
            )
        place = self.answered.place_of(answer)
        some = self.answered.sample(MOST_POINTS, self.seed)
        told = rows_told(len(some), len(self.answered))
        name = kind.outputs[place]
        return draw_answers(some.answers[:, place], some.targets[:, place], name, told)

    # ---- columns -----------------------------------------------------------------------------

    def permutation_importance(
        self,
        repeats: int = 5,
        metric: Metric | None = None,
        *,
        groups: Mapping[str, Sequence[str]] | None = None,
        most_rows: int = permutation.MOST_ROWS,
    ) -> pd.DataFrame:
        """How much the loss grows when a column's values change places between rows.

        Columns that tell the same share the importance or hide each other's: give them as a
        group, such as ``groups={"where": ["city", "zip"]}``. See
        :func:`drivetrain.interpret.permutation.permutation_importance`.
        """
        given: dict[str, Any] = {"groups": groups, "most_rows": most_rows, "seed": self.seed}
        return permutation.permutation_importance(self.answered, repeats, metric, **given)

    def plot_importance(self, table: pd.DataFrame | None = None, **settings: Any) -> Figure:
        """Draw the importance of columns.

        Arguments:
            table: What :meth:`permutation_importance` gave; asked for when left out.
            settings: ``most`` columns to draw, and ``figsize``.
        """
        from drivetrain.interpret.table_plots import draw_importance

        return draw_importance(self.importance if table is None else table, **settings)

    def partial_dependence(self, column: str, points: int = 20) -> pd.DataFrame:
        """The mean answer over some rows, each given the same value of a column, value by value.

        It asks about combinations that may not exist; where columns hang together, trust the ends
        less. See :func:`drivetrain.interpret.dependence.partial_dependence`.
        """
        return dependence.partial_dependence(self.answered, column, points, seed=self.seed)

    def plot_partial_dependence(
        self,
        columns: Sequence[str] | str | None = None,
        *,
        answer: str | None = None,
        points: int = 20,
        **settings: Any,
    ) -> Figure:
        """Draw how the answer moves with some columns, and where the data is.

        Arguments:
            columns: Which; the six most important ones when left out.
            answer: The class or number to draw. When left out, the second of two classes, the
                most frequent five of more, or the first number.
            points: Values a column.
            settings: ``ncols`` and ``figsize``.
        """
        from drivetrain.interpret.dependence_plot import draw_dependence

        chosen = [columns] if isinstance(columns, str) else columns
        names = self.most_important(PANELS) if chosen is None else list(chosen)
        tables = {name: self.partial_dependence(name, points) for name in names}
        return draw_dependence(self.answered, tables, self.drawn_answers(answer), **settings)

    @cached_property
    def importance(self) -> pd.DataFrame:
        """What :meth:`permutation_importance` gives by itself, asked for once."""
        return self.permutation_importance()

    def most_important(self, k: int) -> list[str]:
        """The most important columns that can be put in a row: all but texts."""
        columns = self.answered.preparation.columns
        texts = {column.name for column in columns if isinstance(column, TextColumn)}
        return [name for name in self.importance["column"] if name not in texts][:k]

    def drawn_answers(self, answer: str | None = None) -> list[str]:
        """The classes or numbers that are drawn; see :meth:`plot_partial_dependence`."""
        answered, outputs = self.answered, list(self.answered.kind.outputs)
        two = answered.kind.picks_one and len(outputs) == 2
        if answer is not None or two or answered.kind.name == "numbers":
            return [outputs[answered.place_of(answer)]]
        truth = answered.targets
        rows = np.bincount(truth, minlength=len(outputs)) if truth.ndim == 1 else truth.sum(axis=0)
        return [outputs[place] for place in np.argsort(-rows, kind="stable")[:MOST_LINES]]

    # ---- slices ------------------------------------------------------------------------------

    def slices(self, column: str, bins: int = 4, *, metric: Metric | None = None) -> pd.DataFrame:
        """How good the answers are for each word of a column, or each quantile of a number.

        See :func:`drivetrain.interpret.slices.slices`.
        """
        return slices.slices(self.answered, column, bins, metric=metric, seed=self.seed)

    def worst_slices(
        self, k: int = 10, *, pairs: bool = False, bins: int = 4, min_rows: int = 10
    ) -> pd.DataFrame:
        """The slices of all columns, or of pairs of them, in which answers are worse.

        See :func:`drivetrain.interpret.worst_slices.worst_slices`.
        """
        given: dict[str, Any] = {"bins": bins, "min_rows": min_rows, "seed": self.seed}
        return worst_slices.worst_slices(self.answered, k, pairs=pairs, **given)

    # ---- embeddings --------------------------------------------------------------------------

    def embeddings(self, column: str, answer: str | None = None) -> pd.DataFrame:
        """The learned vectors of a column's words, with their training rows and mean truth.

        See :func:`drivetrain.interpret.embedding_map.embeddings`.
        """
        return embedding_map.embeddings(self.answered, column, answer)

    def similar(self, column: str, word: Any, k: int = 10) -> pd.DataFrame:
        """The words that the model takes for most alike; see ``embedding_map.similar``."""
        return embedding_map.similar(self.answered, column, word, k)

    def plot_embeddings(self, column: str, *, answer: str | None = None, **settings: Any) -> Figure:
        """Draw the words of a column as a map: near each other where the model takes them so.

        Arguments:
            column: A column of words.
            answer: The class or number whose mean the colours tell.
            settings: ``labels``, the most words that are written, and ``figsize``.
        """
        from drivetrain.interpret.embedding_plot import draw_embeddings

        kind, place = self.answered.kind, self.answered.place_of(answer)
        table, share = self.embeddings(column, answer), kind.name != "numbers"
        return draw_embeddings(table, column, kind.outputs[place], share=share, **settings)

    def word_columns(self, min_words: int = 2) -> list[str]:
        """The columns of at least so many words, those of most words first."""
        columns = self.answered.preparation.columns
        words = {one.name: len(one.vocab) for one in columns if isinstance(one, CategoryColumn)}
        return sorted(
            (one for one in words if words[one] >= min_words), key=lambda one: -words[one]
        )

    # ---- all of it ---------------------------------------------------------------------------

    def report(self, path: str | os.PathLike[str], *, title: str = "What the model does") -> Path:
        """Write all of it as one HTML file that holds its own pictures.

        Raises:
            OutputError: It cannot be written.
        """
        from drivetrain.interpret.table_report import write_table_report

        return write_table_report(self, path, title=title)
