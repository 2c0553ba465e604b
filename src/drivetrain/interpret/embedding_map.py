"""What a model has learned of each word of a column: its vectors, their map, their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import ConfigError
from drivetrain.interpret.table_answers import TableAnswers, truth_of
from drivetrain.interpret.table_columns import Part, code_words, part_named, unknown
from drivetrain.prepare.columns import CategoryColumn
from drivetrain.prepare.values import BadValueError, is_gap, word_of
from drivetrain.prepare.values import truth_of as truth_name

if TYPE_CHECKING:
    import pandas as pd

VECTOR = "e"
"""Before the number of each place of a vector, in the names of columns."""


def embeddings(answered: TableAnswers, column: str, answer: str | None = None) -> pd.DataFrame:
    """The learned vectors of a column's words (Guo and Berkhahn 2016, "Entity Embeddings").

    Arguments:
        answered: The rows and their answers.
        column: A column of words, or such a part of a date.
        answer: The class or number whose mean is told; see ``TableAnswers.place_of``.

    Returns:
        For each ``word`` that training saw, the most frequent first: its training ``rows``, the
        ``mean`` of their truth, and the vector ``e0``, ``e1`` and so on. ``#unseen#`` stands for
        rare words and is there in any case, ``#na#`` for gaps.

    Raises:
        ConfigError: There is no such column, it holds no words, or the model has no embeddings.
    """
    import pandas as pd

    part = _words(answered, column)
    vectors = _vectors(answered, part)
    train = answered.learn.dls.train
    codes = train.inputs[0].arrays[:, part.places[0]].numpy().astype(np.int64)
    truth = truth_of(answered.kind, train.targets, answered.place_of(answer))
    rows = np.bincount(codes, minlength=len(vectors))
    with np.errstate(invalid="ignore"):
        means = np.bincount(codes, truth, minlength=len(vectors)) / rows
    kept = [code for code in np.argsort(-rows, kind="stable").tolist() if rows[code] or code == 1]
    words = code_words(part, kept)
    made = pd.DataFrame({"word": words, "rows": rows[kept], "mean": means[kept]})
    named = [f"{VECTOR}{place}" for place in range(vectors.shape[1])]
    return pd.concat([made, pd.DataFrame(vectors[kept], columns=named)], axis=1)


def similar(answered: TableAnswers, column: str, word: Any, k: int = 10) -> pd.DataFrame:
    """The words that a model takes for most alike, by the cosine of their vectors.

    Arguments:
        answered: The rows and their answers.
        column: A column of words.
        word: One of its words; None for a gap.
        k: How many.

    Returns:
        ``word``, ``similarity`` from -1 to 1, training ``rows`` and the ``mean`` of their truth.

    Raises:
        ConfigError: There is no such column or word.
    """
    table = embeddings(answered, column)
    part = _words(answered, column)
    called = _called(part, word)
    words = table["word"].tolist()
    if called not in words:
        raise unknown(f"word of {column}", called, words)
    vectors = vectors_in(table)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    table["similarity"] = unit @ unit[words.index(called)]
    others = table[table["word"] != called].sort_values(
        "similarity", ascending=False, kind="stable"
    )
    return others[["word", "similarity", "rows", "mean"]].head(max(k, 0)).reset_index(drop=True)


def vectors_in(table: pd.DataFrame) -> NDArray[np.float64]:
    """The vectors of what :func:`embeddings` gave, float64 [W, D]."""
    names = [name for name in table.columns if name[:1] == VECTOR and name[1:].isdigit()]
    return table[names].to_numpy(np.float64)


def flattened(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vectors [W, D] on their two main axes [W, 2], and the share of their spread on each.

    Principal components (Pearson 1901); of two mirrored pictures always the same one.
    """
    away = vectors - vectors.mean(axis=0)
    left, sizes, axes = np.linalg.svd(away, full_matrices=False)
    flat = np.zeros((len(vectors), 2))
    shares = np.zeros(2)
    count = min(2, len(sizes))
    signs = np.sign(axes[np.arange(count), np.abs(axes[:count]).argmax(axis=1)])
    flat[:, :count] = left[:, :count] * sizes[:count] * signs
    total = float((sizes**2).sum())
    if total > 0:
        shares[:count] = sizes[:count] ** 2 / total
    return flat, shares


def _words(answered: TableAnswers, column: str) -> Part:
    part = part_named(answered.preparation, column)
    if not isinstance(part.column, CategoryColumn):
        known = ", ".join(answered.preparation.code_names) or "none"
        raise ConfigError(
            f"{column} is no column of words, so there are no vectors of them.",
            hint=f"Columns of words: {known}.",
        )
    return part


def _vectors(answered: TableAnswers, part: Part) -> NDArray[np.float64]:
    tables = getattr(answered.learn.model, "embeds", None)
    if tables is None or len(tables) <= part.places[0]:
        raise ConfigError(
            f"A {type(answered.learn.model).__name__} keeps no embeddings of words in embeds.",
            hint="Make the learner with tabular_learner.",
        )
    weight: Any = tables[part.places[0]].weight
    return np.asarray(weight.detach().double().cpu().numpy())


def _called(part: Part, word: Any) -> str:
    """What the preparation calls a word that was given."""
    assert isinstance(part.column, CategoryColumn)
    if isinstance(word, str) and word in part.words():
        return word
    if is_gap(word):
        return part.words()[0]
    try:
        return truth_name(word) if part.column.of == "truth" else word_of(word)
    except BadValueError as problem:
        raise ConfigError(f"{part.name}: {problem}.") from None
