"""Some items as pictures, each with the truth and what the model answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from drivetrain.errors import DataError, InputError
from drivetrain.interpret.gallery import INK, RIGHT, WRONG, show_pictures
from drivetrain.learn.loaders import DataLoader
from drivetrain.learn.targets import TargetKind
from drivetrain.prepare.image import ImageArray

if TYPE_CHECKING:
    from drivetrain.learn.learner import Learner

LONGEST = 28
"""Letters of a line that fit over a picture."""

NOTHING = "nothing"
WHITE = 255


def draw_results(
    learn: Learner[Any],
    dl: DataLoader,
    max_n: int,
    *,
    shuffle: bool,
    nrows: int | None = None,
    ncols: int | None = None,
    figsize: tuple[float, float] | None = None,
) -> Figure:
    """Draw items with the truth over what the learner answers, which is green where it is right.

    No more items are read and answered than are drawn. Which ones follows from the learner's
    seed, so that two trainings can be compared; an item that cannot be read makes room for the
    next. Pictures are those that validation sees, also of the training side.

    Arguments:
        learn: Who answers.
        dl: The loader whose items are drawn.
        max_n: How many.
        shuffle: Whether to take them from anywhere, or the first ones.
        nrows: Rows of the grid.
        ncols: Columns of the grid.
        figsize: Width and height in inches.

    Raises:
        DataError: Not one item can be read.
    """
    order = np.arange(len(dl.items))
    if shuffle:
        order = np.random.default_rng(abs(learn.seed)).permutation(order)
    readable = _Readable(dl)
    positions, pictures = [], []
    for position, picture in readable.pictures(order.tolist()):
        positions.append(position)
        pictures.append(picture)
        if len(positions) >= max_n:
            break
    if not positions:
        raise DataError(
            f"None of the {len(dl.items)} items could be read. {readable.problem}".rstrip(),
            hint="drivetrain check, or the data block's check, names all that is wrong.",
        )
    with learn.no_bar():
        answers, truths = learn.get_preds(dl.take(positions).new(training=False))
    lines = [_lines(dl.kind, *pair) for pair in zip(answers, truths, strict=True)]
    return show_pictures(
        pictures,
        [text for text, _ in lines],
        nrows=nrows,
        ncols=ncols,
        figsize=figsize,
        colours=[colour for _, colour in lines],
    )


class _Readable:
    """The pictures of a loader's items, without those that cannot be read."""

    def __init__(self, dl: DataLoader) -> None:
        self._dl = dl
        self.problem = next(iter(dl.skipped.values()), "")

    def pictures(self, order: Sequence[int]) -> Iterator[tuple[int, ImageArray]]:
        """Positions and pictures, the inputs of one item side by side."""
        known = self._dl.readable
        for position in order:
            if not known[position]:
                continue
            try:
                yield position, _beside([each.pixels(position) for each in self._dl.inputs])
            except InputError as problem:
                self.problem = self.problem or str(problem)


def _beside(pictures: Sequence[ImageArray]) -> ImageArray:
    height = max(len(picture) for picture in pictures)
    return np.concatenate([_as_high(picture, height) for picture in pictures], axis=1)


def _as_high(picture: ImageArray, height: int) -> ImageArray:
    below = [(0, height - len(picture)), (0, 0), (0, 0)]
    return np.pad(picture, below, constant_values=WHITE)


def _lines(kind: TargetKind, answer: Tensor, truth: Tensor) -> tuple[str, str]:
    """The truth and, under it, the answer; and their colour."""
    decided = kind.decide(answer[None])[0]
    said = kind.describe(decided) or NOTHING
    if kind.picks_one:
        sure = f" {float(answer[int(decided)]):.0%}"
        said = _cut(said, LONGEST - len(sure)) + sure
    if not _is_known(kind, truth.numpy()):
        return _cut(said), INK
    colour = INK
    if kind.vocab is not None:
        colour = RIGHT if bool((decided == truth).all()) else WRONG
    return f"{_cut(kind.describe(truth) or NOTHING)}\n{_cut(said)}", colour


def _is_known(kind: TargetKind, truth: NDArray[Any]) -> bool:
    """Whether an item has a label: what stands in for one is the same for all without."""
    if kind.picks_one:
        return bool(truth >= 0)
    return kind.vocab is not None or not bool(np.isnan(truth).any())


def _cut(text: str, longest: int = LONGEST) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
