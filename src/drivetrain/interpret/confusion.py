"""The confusion matrix as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_confusion_matrix(
    matrix: NDArray[np.int64],
    vocab: Sequence[str],
    *,
    title: str = "Confusion matrix",
    figsize: tuple[float, float] | None = None,
    dpi: float | None = None,
    normalize: bool = False,
) -> Figure:
    """Draw counts, shaded by the share of their row.

    Arguments:
        matrix: int64 [C, C]: the row is the true class, the column the predicted one.
        vocab: The classes.
        title: Above the picture.
        figsize: Width and height in inches.
        dpi: Dots an inch.
        normalize: Write shares of the row in place of counts.
    """
    import matplotlib.pyplot as plt

    side = max(3.2, 1.0 + 0.75 * len(vocab))
    figure, axes = plt.subplots(
        figsize=figsize or (side + 0.6, side), dpi=dpi, layout="constrained"
    )
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    positions = range(len(vocab))
    axes.set_xticks(
        positions,
        vocab,
        rotation=45 if len(vocab) > 3 else 0,
        ha="right" if len(vocab) > 3 else "center",
        parse_math=False,  # a folder's name may hold a dollar sign, which would start a formula
    )
    axes.set_yticks(positions, vocab, parse_math=False)
    axes.set(xlabel="Predicted", ylabel="Actual", title=title)
    axes.tick_params(length=0)
    for (row, column), count in np.ndenumerate(matrix):
        text = f"{shares[row, column]:.0%}" if normalize else f"{count}"
        colour = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour)
    return figure
