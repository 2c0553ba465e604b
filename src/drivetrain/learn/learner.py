"""The learner: data, a model, the loop that brings them together, and its answers."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.loaders import DataLoader
from drivetrain.learn.losses import loss_of_each
from drivetrain.learn.training.equipment import LoadersT
from drivetrain.learn.training.speed import laid_out
from drivetrain.learn.training.trainer import Trainer
from drivetrain.progress import Row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from drivetrain.learn.training.lr_find import SuggestedLRs
    from drivetrain.project import Project

AT_ONCE = 32
"""Photos that ``predict`` sends through the model together."""

_ANSWERING = threading.Lock()

Answer = tuple[str, Tensor, Tensor]
"""The answer in words, as a target, and in full."""


class Learner(Trainer[LoadersT]):
    """Trains a model on data and answers with it.

    Example:
        >>> learn = Learner(dls, model, metrics=error_rate)  # doctest: +SKIP
        >>> learn.fit_one_cycle(3)  # doctest: +SKIP
        >>> label, index, probabilities = learn.predict("bears/grizzly/1.jpg")  # doctest: +SKIP

    It takes the arguments of :class:`~drivetrain.learn.training.equipment.Equipment`;
    the training methods are those of :class:`~drivetrain.learn.training.trainer.Trainer`.
    """

    def lr_find(
        self,
        start_lr: float = 1e-7,
        end_lr: float = 10.0,
        num_it: int = 100,
        *,
        stop_div: bool = True,
        show_plot: bool = True,
        suggest_funcs: Callable[..., Any] | Sequence[Callable[..., Any]] | None = None,
    ) -> SuggestedLRs:
        """Try rising learning rates and suggest one; weights and record stay as they were.

        Arguments:
            start_lr: The first rate.
            end_lr: The last.
            num_it: Batches to try them on.
            stop_div: Whether to stop where the loss has run away.
            show_plot: Whether to draw loss against rate.
            suggest_funcs: ``valley``, ``slide``, ``steep`` or ``minimum``, one or several;
                ``valley`` when left out.

        Returns:
            A suggestion for each function, by its name: ``learn.lr_find().valley``.
        """
        from drivetrain.learn.training.lr_find import find

        return find(
            self,
            start_lr,
            end_lr,
            num_it,
            stop_div=stop_div,
            show_plot=show_plot,
            suggest_funcs=suggest_funcs,
        )

    # ---- answers -----------------------------------------------------------------------------

    def validate(self, dl: DataLoader | None = None) -> Row:
        """The loss and the metrics on the validation side, or on another loader."""
        with self._whole_model():
            return self._measured(self._track(self._side(dl), "validate"))

    def get_preds(
        self,
        dl: DataLoader | None = None,
        *,
        with_input: bool = False,
        with_decoded: bool = False,
        with_loss: bool = False,
    ) -> tuple[Any, ...]:
        """Probabilities float32 [N, C] and targets int64 [N], in the loader's order.

        For targets that are numbers, the numbers. Items that cannot be read are left out of
        all.

        Arguments:
            dl: The loader; the validation side when left out.
            with_input: Whether the inputs come too, before the others.
            with_decoded: Whether the decided targets come too, after the truth.
            with_loss: Whether the loss of each item comes too, float32 [N], at the end.
        """
        inputs: list[tuple[Tensor, ...]] = []

        def keeping(batches: Iterator[Batch]) -> Iterator[Batch]:
            for batch in batches:
                inputs.append(tuple(x.cpu().clone() for x in batch.xs))
                yield batch

        batches = self._track(self._side(dl), "predict")
        with self._whole_model():
            outputs, targets = self._outputs(keeping(batches) if with_input else batches)
        answers = self.dls.kind.answers(outputs)
        given: tuple[Any, ...] = (answers, targets[0])
        if with_input:
            xs = [torch.cat(each) for each in zip(*inputs, strict=True)]
            given = (xs[0] if len(xs) == 1 else tuple(xs), *given)
        if with_decoded:
            given = (*given, self.dls.kind.decide(answers))
        if with_loss:
            given = (*given, loss_of_each(self.loss_func, outputs, *targets))
        return given

    def tta(
        self, dl: DataLoader | None = None, n: int = 4, beta: float | None = 0.25
    ) -> tuple[Tensor, Tensor]:
        """Answers over several augmented views of each item (test-time augmentation), and targets.

        Arguments:
            dl: The loader; the validation side when left out.
            n: Augmented views of each item.
            beta: The weight of the plain view, and the rest is that of the mean of the others;
                None takes the largest over all views.

        Raises:
            ConfigError: Fewer than one view.
        """
        if n < 1:
            raise ConfigError(f"n is {n}, and it takes at least one augmented view.")
        side = self._side(dl)
        plain, targets = self.get_preds(side)
        varied = side.new(training=True, batch_transforms=self.dls.train.batch_transforms)
        views = []
        with self._whole_model():
            for number in range(n):
                seen: list[int] = []
                batches = varied.batches(number, keep_lone=True, each_once=True)
                outputs, _ = self._outputs(_noting_positions(batches, seen))
                views.append(self.dls.kind.answers(outputs)[torch.tensor(seen).argsort()])
        together = torch.stack(views)
        if beta is None:
            return torch.maximum(together.amax(0), plain), targets
        return torch.lerp(together.mean(0), plain, beta), targets

    def predict(self, item: Any) -> Any:
        """The label of one photo, its position in the vocabulary and the probabilities [C].

        For other targets than one class: the answer in words, as a target, and in full. A list
        of photos gives a list of answers. Threads may call it side by side, and it says nothing.

        Arguments:
            item: A path, the bytes of a file, a Pillow image or an array, or a list of them.

        Raises:
            InputError: A photo cannot be read.
        """
        if not isinstance(item, list | tuple):
            return self._answers([item])[0]
        groups = (item[start : start + AT_ONCE] for start in range(0, len(item), AT_ONCE))
        return [answer for group in groups for answer in self._answers(group)]

    def show_results(
        self,
        max_n: int = 9,
        *,
        dl: DataLoader | None = None,
        shuffle: bool = True,
        nrows: int | None = None,
        ncols: int | None = None,
        figsize: tuple[float, float] | None = None,
    ) -> Figure:
        """Draw some items with the truth and the answer under it.

        Arguments:
            max_n: How many.
            dl: The loader; the validation side when left out.
            shuffle: Whether to take them from anywhere, or the first ones.
            nrows: Rows of the grid.
            ncols: Columns of the grid.
            figsize: Width and height in inches.
        """
        from drivetrain.learn.results import draw_results

        grid: dict[str, Any] = {"nrows": nrows, "ncols": ncols, "figsize": figsize}
        return draw_results(self, self._side(dl), max_n, shuffle=shuffle, **grid)

    def summary(self) -> str:
        """The model layer by layer: output shapes, parameters, and which of them train."""
        from drivetrain.learn.model_summary import summarize

        return summarize(self.model, self.dls)

    # ---- files -------------------------------------------------------------------------------

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write the model's weights to ``path/model_dir/file.safetensors``, and return that path.

        Raises:
            OutputError: The file cannot be written.
        """
        from drivetrain.learn.weights import save_weights

        return save_weights(self.model, self._weights_file(file))

    def load(self, file: str | os.PathLike[str]) -> Learner[LoadersT]:
        """Take over weights that :meth:`save` wrote.

        Raises:
            WeightsError: There is no such file, or its weights are those of another model.
        """
        from drivetrain.learn.weights import load_weights

        load_weights(self.model, self._weights_file(file))
        return self

    def export(
        self,
        fname: str | os.PathLike[str] = "model.bundle",
        *,
        samples: int = 4,
        notes: str = "",
        project: Project | str | os.PathLike[str] | None = None,
        false_reject: float | None = None,
        int8: bool = False,
    ) -> Path:
        """Write the model, its preparation and its evidence as a bundle, and return its path.

        See :func:`drivetrain.export.export_bundle`, which checks the bundle against this
        learner before anything is written.

        Arguments:
            fname: Where to.
            samples: How many validation photos to store with their answers; 0 keeps them at home.
            notes: A sentence about the figures for whoever reads the bundle's card.
            project: What the model is for and what its actions cost: a ``drivetrain.toml``.
            false_reject: The share of photos like the training data that may be called foreign.
            int8: Whether to write the network in 8 bits where validation does not lose by it.
        """
        from drivetrain.export import export_bundle

        return export_bundle(
            self,
            fname,
            samples=samples,
            notes=notes,
            project=project,
            false_reject=false_reject,
            int8=int8,
        )

    @contextmanager
    def no_bar(self) -> Iterator[None]:
        """Say nothing inside: ``with learn.no_bar(): ...``."""
        with self.reporter.hushed():
            yield

    no_logging = no_bar

    # ---- inner works -------------------------------------------------------------------------

    def _side(self, dl: DataLoader | None) -> DataLoader:
        return self.dls.valid if dl is None else dl

    @contextmanager
    def _whole_model(self) -> Iterator[None]:
        """Inside, batches of pixels go through the whole model, also while its head trains."""
        before, self.network = self.network, self.model
        try:
            yield
        finally:
            self.network = before

    def _answers(self, items: Sequence[Any]) -> list[Answer]:
        if not items:
            return []
        side, kind = self.dls.valid, self.dls.kind
        prepared = [np.array(side.item_transform.preparation(item)) for item in items]
        x = side.inputs[0].to_model(torch.from_numpy(np.stack(prepared)).to(side.device))
        with _ANSWERING:
            if self.model.training:
                self.model.eval()
        with torch.inference_mode():
            answers = kind.answers(self.model(laid_out(x)).float().cpu())
        answers = answers.clone()  # out here, so that it may be worked with
        decided = kind.decide(answers)
        return [
            (kind.describe(one), one, answer) for one, answer in zip(decided, answers, strict=True)
        ]

    def _weights_file(self, file: str | os.PathLike[str]) -> Path:
        name = os.fspath(file).removesuffix(".safetensors")
        return self.path / self.model_dir / f"{name}.safetensors"


def _noting_positions(batches: Iterator[Batch], seen: list[int]) -> Iterator[Batch]:
    for batch in batches:
        seen += batch.positions
        yield batch
