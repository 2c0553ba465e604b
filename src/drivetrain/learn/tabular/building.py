"""From a preparation and settings that JSON can hold to a model, in training and from a bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from drivetrain.errors import ConfigError
from drivetrain.learn.tabular.defaults import DEFAULTS
from drivetrain.learn.tabular.familiar import Familiar
from drivetrain.learn.tabular.model import Layout, TabularModel, embedding_sizes
from drivetrain.learn.tabular.number_embedding import number_edges
from drivetrain.prepare.table import TablePreparation


class ModelSettings(BaseModel):
    """What a tabular model is built with, beside its weights and its table's preparation.

    Arguments:
        layers: The widths of the hidden layers.
        embeddings: For each category the length of its embeddings.
        pieces: For each number how many pieces its encoding has; None for plain numbers.
        ps: The dropout behind each layer.
        embed_p: The dropout of the embeddings.
        text_p: The dropout of text features.
        y_range: Between which two numbers answers lie.
        scaled: Whether answers are in units of the training's targets inside.
        unseen_p: How often training takes a word for one never seen.
        use_bn: Whether a batch norm follows each layer.
        bn_final: Whether one follows the last.
        bn_cont: Whether one precedes plain numbers.
        familiar_axes: How many numbers the in-domain test is made of; found by the data.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layers: tuple[int, ...] = DEFAULTS.layers
    embeddings: tuple[int, ...] = ()
    pieces: tuple[int, ...] | None = None
    ps: tuple[float, ...] = ()
    embed_p: float = Field(default=0.0, ge=0.0, lt=1.0)
    text_p: float = Field(default=DEFAULTS.text_dropout, ge=0.0, lt=1.0)
    y_range: tuple[float, float] | None = None
    scaled: bool = False
    unseen_p: float = Field(default=DEFAULTS.unseen_p, ge=0.0, le=0.5)
    use_bn: bool = True
    bn_final: bool = False
    bn_cont: bool = True
    familiar_axes: int = Field(default=1, ge=1, le=1000)


class RowModel(TabularModel):
    """A tabular model and what tells rows of a kind it never saw: see :class:`Familiar`."""

    def __init__(self, layout: Layout, out_sz: int, *arguments: Any, **settings: Any) -> None:
        super().__init__(layout, out_sz, *arguments, **settings)
        self.familiar = Familiar(layout)

    def knowing(self, familiar: Familiar, settings: ModelSettings) -> RowModel:
        """Take over what tells foreign rows, and note what the model is built with again."""
        self.familiar = familiar
        known = settings.model_copy(update={"familiar_axes": familiar.num_axes})
        self.settings = known.model_dump(mode="json")
        return self

    def with_embedding(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Prepared rows [N, F] to answers [N, C] and what the in-domain test sees [N, D]."""
        answers: Tensor = self(x)
        seen: Tensor = self.familiar(x)
        return answers, seen


def layout_of(preparation: TablePreparation) -> Layout:
    """How a preparation's arrays are laid out."""
    codes, numbers = len(preparation.code_rows), len(preparation.number_names)
    flags = len(preparation.flag_names)
    return Layout(
        sizes=preparation.code_rows,
        numbers=numbers,
        flags=flags,
        texts=preparation.array_shape[0] - codes - numbers - flags,
    )


def settings_for(
    preparation: TablePreparation,
    arrays: Tensor,
    *,
    layers: Sequence[int] | None = None,
    emb_szs: Mapping[str, int] | None = None,
    ps: float | Sequence[float] | None = None,
    embed_p: float | None = None,
    y_range: tuple[float, float] | None = None,
    scaled: bool = False,
    **further: Any,
) -> tuple[ModelSettings, list[np.ndarray[Any, Any]] | None]:
    """The settings for a table, and the edges of the pieces that its numbers are taken in.

    Arguments:
        preparation: The table's.
        arrays: Its prepared training rows, float32 [N, F].
        layers: The widths of the hidden layers; with them the network is the lesson's, without
            them it has piecewise-linear numbers.
        emb_szs: For columns of words, the length of their embeddings; by rule for others.
        ps: The dropout behind each layer, or one for all.
        embed_p: The dropout of the embeddings.
        y_range: Between which two numbers answers lie.
        scaled: Whether answers are numbers whose size is that of the training's targets.
        further: Further fields of :class:`ModelSettings`.

    Raises:
        ConfigError: A column is named that holds no words, or a dropout for each layer is missing.
    """
    layout, lesson = layout_of(preparation), layers is not None
    widths = tuple(DEFAULTS.layers if layers is None else layers)
    names = list(preparation.code_names)
    unknown = [name for name in emb_szs or {} if name not in names]
    if unknown:
        raise ConfigError(
            f"emb_szs names {unknown[0]!r}, which is no column of words.",
            hint=f"Those are: {', '.join(names)}.",
        )
    by_hand = {names.index(name): size for name, size in (emb_szs or {}).items()}
    most = {} if lesson else {"most": DEFAULTS.largest_embedding}
    start = len(layout.sizes)
    edges = None
    if not lesson and layout.numbers:
        edges = number_edges(arrays[:, start : start + layout.numbers].numpy(), DEFAULTS.pieces)
    usual = 0.0 if lesson else DEFAULTS.dropout
    if ps is None or isinstance(ps, int | float):
        dropouts = [usual if ps is None else float(ps)] * len(widths)
    else:
        dropouts = list(ps)
    if len(dropouts) != len(widths):
        raise ConfigError(
            f"ps has {len(dropouts)} dropouts for {len(widths)} layers.",
            hint="Give one for each layer, or a single number for all.",
        )
    settings = ModelSettings(
        layers=widths,
        embeddings=tuple(size for _, size in embedding_sizes(layout, by_hand, **most)),
        pieces=None if edges is None else tuple(len(row) - 1 for row in edges),
        ps=tuple(dropouts),
        embed_p=embed_p or 0.0,
        y_range=y_range,
        scaled=scaled and y_range is None,
        **({"unseen_p": 0.0} if lesson else {}) | further,
    )
    return settings, edges


def build(
    layout: Layout,
    out_sz: int,
    settings: ModelSettings,
    *,
    edges: Sequence[np.ndarray[Any, Any]] | None = None,
    target_scale: Sequence[tuple[float, float]] | None = None,
    familiar: Familiar | None = None,
) -> RowModel:
    """The model; what is left out, its weights will bring.

    Arguments:
        layout: What stands where in a row.
        out_sz: How many numbers it answers.
        settings: The rest.
        edges: The edges of each number's pieces.
        target_scale: The mean and the spread of each target.
        familiar: What tells foreign rows.
    """
    if settings.pieces is not None and edges is None:
        edges = [np.arange(count + 1, dtype=np.float32) for count in settings.pieces]
    if settings.scaled and target_scale is None:
        target_scale = [(0.0, 1.0)] * out_sz
    model = RowModel(
        layout,
        out_sz,
        settings.layers,
        emb_szs=list(zip(layout.sizes, settings.embeddings, strict=True)),
        ps=list(settings.ps),
        embed_p=settings.embed_p,
        text_p=settings.text_p,
        y_range=settings.y_range,
        use_bn=settings.use_bn,
        bn_final=settings.bn_final,
        bn_cont=settings.bn_cont,
        edges=edges,
        unseen_p=settings.unseen_p,
        target_scale=target_scale,
    )
    return model.knowing(familiar or Familiar(layout, settings.familiar_axes), settings)


def scale_of(targets: np.ndarray[Any, Any]) -> list[tuple[float, float]]:
    """The mean and the spread of each target; a constant one has the spread 1.

    Arguments:
        targets: Those of training, float32 [N, K].
    """
    values = torch.from_numpy(np.asarray(targets, np.float64))
    spread = values.std(0, unbiased=False)
    spread[spread <= 0] = 1.0
    return list(zip(values.mean(0).tolist(), spread.tolist(), strict=True))
