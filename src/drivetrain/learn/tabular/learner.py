"""The learner for tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pandas as pd

from drivetrain.errors import ConfigError
from drivetrain.export.onnx import one_torch_thread
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader
from drivetrain.learn.metrics import Metric
from drivetrain.learn.tabular.building import build, layout_of, scale_of, settings_for
from drivetrain.learn.tabular.dataloaders import TabularDataLoaders
from drivetrain.learn.tabular.defaults import DEFAULTS
from drivetrain.learn.tabular.familiar import Familiar
from drivetrain.learn.tabular.rows import decoded, target_name
from drivetrain.learn.training.material import Material, Pixels
from drivetrain.learn.training.seeds import own_random_numbers

ARCH = "tabular"


class TabularLearner(Learner[TabularDataLoaders]):
    """Trains a model of rows; see :func:`tabular_learner`."""

    def material(self) -> Material:
        """The rows in memory, through the whole model, by one thread: the steps are short."""
        return _Rows(self.model, self.dls, self._track)

    def show_results(  # type: ignore[override]
        self, max_n: int = 9, *, dl: DataLoader | None = None, shuffle: bool = True, **_: Any
    ) -> pd.DataFrame:
        """Some rows with the truth and the answer, as a table.

        Arguments:
            max_n: How many.
            dl: The loader; the validation side when left out.
            shuffle: Whether to take them from anywhere, or the first ones.
        """
        import numpy as np

        side = self._side(dl)
        order = np.arange(len(side.items))
        if shuffle:
            order = np.random.default_rng(abs(self.seed)).permutation(order)
        places = order[:max_n].tolist()
        with self.no_bar():
            answers, _ = self.get_preds(side.take(places).new(training=False))
        shown = decoded(side, places)
        decided = self.dls.kind.decide(answers)
        shown[f"{target_name(side.labels[0])}, answered"] = [
            self.dls.kind.describe(one) for one in decided
        ]
        return shown


class _Rows(Pixels):
    """Rows through the whole model."""

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with super().memory(), one_torch_thread():
            yield

    def memory(self) -> AbstractContextManager[None]:
        """As for photos, and with one thread."""
        return self._alone()


def tabular_learner(
    dls: TabularDataLoaders,
    layers: Sequence[int] | None = None,
    emb_szs: Mapping[str, int] | None = None,
    config: Mapping[str, Any] | None = None,
    n_out: int | None = None,
    y_range: tuple[float, float] | None = None,
    *,
    metrics: Metric | Sequence[Metric] = (),
    ps: float | Sequence[float] | None = None,
    embed_p: float | None = None,
    seed: int = 42,
    **settings: Any,
) -> TabularLearner:
    """A learner for tables.

    Without ``layers`` the network is the one that measured best here, with piecewise-linear
    encodings of numbers; with them it is the lesson's: embeddings and plain numbers through layers
    of those widths.

    Arguments:
        dls: What to train and validate on.
        layers: The widths of the hidden layers.
        emb_szs: For columns of words, the length of their embeddings; by rule for others.
        config: Further fields of :class:`ModelSettings`.
        n_out: Outputs of the model; as many as the target needs when left out.
        y_range: The least and the largest number that is answered.
        metrics: Functions such as ``accuracy`` and ``rmse``.
        ps: The dropout after each layer.
        embed_p: The dropout of embeddings.
        seed: What the first weights and dropout follow from.
        settings: Those of :class:`Learner`, such as ``loss_func``, ``lr``, ``wd`` and ``cbs``.

    Raises:
        ConfigError: Arguments that cannot work together.
    """
    if not isinstance(dls, TabularDataLoaders):
        raise ConfigError(
            f"tabular_learner takes TabularDataLoaders, and this is a {type(dls).__name__}.",
            hint="Make them with TabularPandas(...).dataloaders(), or TabularDataLoaders.from_df.",
        )
    preparation, numbers = dls.preparation, dls.kind.name == "numbers"
    _check_range(y_range, numbers=numbers)
    if layers is not None and not all(map(_is_width, layers)):
        raise ConfigError(
            f"layers is {layers!r}, and it holds whole numbers from 1.",
            hint="The lesson's are [200, 100].",
        )
    own_loss = "loss_func" not in settings
    model_settings, edges = settings_for(
        preparation,
        dls.train.inputs[0].arrays,
        layers=layers,
        emb_szs=emb_szs,
        ps=ps,
        embed_p=embed_p,
        y_range=y_range,
        scaled=numbers and own_loss and n_out is None,
        **(config or {}),
    )
    with own_random_numbers(seed):
        model = build(
            layout_of(preparation),
            dls.c if n_out is None else n_out,
            model_settings,
            edges=edges,
            target_scale=scale_of(dls.train.targets) if model_settings.scaled else None,
            familiar=Familiar.fitted(layout_of(preparation), dls.train.inputs[0].arrays),
        )
    usual: dict[str, Any] = (
        {"lr": 1e-3}
        if layers is not None
        else {
            "lr": DEFAULTS.learning_rate,
            "wd": DEFAULTS.weight_decay,
        }
    )
    return TabularLearner(
        dls,
        model,
        metrics=metrics,
        seed=seed,
        arch=ARCH,
        **(usual | {"path": dls.path, "weights_origin": "random"} | settings),
    )


def _is_width(width: object) -> bool:
    return isinstance(width, int) and width >= 1


def _check_range(y_range: Any, *, numbers: bool) -> None:
    if y_range is None:
        return
    ends = list(y_range) if isinstance(y_range, tuple | list) else []
    are_numbers = len(ends) == 2 and all(isinstance(end, int | float) for end in ends)
    if not are_numbers or not -math.inf < ends[0] < ends[1] < math.inf:
        raise ConfigError(
            f"y_range is {y_range!r}, and it is the least and the largest number that is answered.",
            hint="y_range=(0, 5), a little beyond what training holds.",
        )
    if not numbers:
        raise ConfigError("y_range is for numbers, and the target is classes.")
