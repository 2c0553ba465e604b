"""The network of a table: embeddings of its categories, its numbers, and a few dense layers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.tabular.number_embedding import Edges, NumberEmbedding
from drivetrain.prepare.columns import UNSEEN

SPREAD = 0.01
"""Of embeddings before training: small, so that a word that is never met stays near nothing."""


@dataclass(frozen=True)
class Layout:
    """What stands where in a row: category codes, numbers, gap flags, text features.

    Arguments:
        sizes: For each category how many codes it has, those of a gap and of the unseen included.
        numbers: How many numbers follow.
        flags: How many gap flags follow.
        texts: How many text features follow.

    Raises:
        ConfigError: A count is below 0, a category has fewer than two codes, or a row is empty.
    """

    sizes: tuple[int, ...]
    numbers: int
    flags: int
    texts: int

    def __post_init__(self) -> None:
        counts = (self.numbers, self.flags, self.texts)
        if min(counts) < 0 or any(size <= UNSEEN for size in self.sizes) or not self.width:
            raise ConfigError(
                f"A row cannot be laid out as {self}.",
                hint="Give each category two codes or more (a gap, the unseen), and at least one "
                "column in all.",
            )

    @property
    def width(self) -> int:
        """How many values a row has."""
        return len(self.sizes) + self.numbers + self.flags + self.texts


def embedding_size(rows: int) -> int:
    """How many numbers stand for a category of so many codes: fastai's rule of thumb.

    Example:
        >>> embedding_size(9), embedding_size(4000)
        (5, 166)
    """
    return min(600, round(1.6 * math.pow(rows, 0.56)))


def embedding_sizes(
    layout: Layout, sizes_by_hand: Mapping[int, int] | None = None, *, most: int = 600
) -> list[tuple[int, int]]:
    """For each category how many codes it has and how many numbers stand for one.

    Example:
        >>> embedding_sizes(Layout((9, 4000), 0, 0, 0), {0: 2})
        [(9, 2), (4000, 166)]

    Arguments:
        layout: What stands where in a row.
        sizes_by_hand: For the place of a category, how many numbers shall stand for a code.
        most: No size by rule is above this.

    Raises:
        ConfigError: A size is given for a place where no category stands, or is below 1.
    """
    given = dict(sizes_by_hand or {})
    for place, size in given.items():
        if place not in range(len(layout.sizes)) or size < 1:
            raise ConfigError(
                f"Category {place} was to have embeddings of {size} numbers; there are "
                f"{len(layout.sizes)} categories, counted from 0.",
                hint="Give the place of a category and a size of 1 or more.",
            )
    return [
        (rows, given.get(place, min(most, embedding_size(rows))))
        for place, rows in enumerate(layout.sizes)
    ]


class TabularModel(nn.Module):
    """Embeddings of categories beside numbers, flags and text features, then dense layers.

    Without ``edges`` and ``unseen_p`` it is fastai's ``TabularModel``, layer for layer. Entity
    embeddings: Guo and Berkhahn, Entity Embeddings of Categorical Variables, 2016.

    Example:
        >>> model = TabularModel(Layout((9, 4), 2, 1, 0), 3).eval()
        >>> model(torch.zeros(5, 5)).shape
        torch.Size([5, 3])

    Arguments:
        layout: What stands where in a row.
        out_sz: How many numbers it answers.
        layers: How wide each dense layer is.
        emb_szs: For each category its codes and the size of their embeddings; by rule otherwise.
        ps: The dropout behind each layer, or one for all.
        embed_p: The dropout of the embeddings.
        text_p: The dropout of text features: there are many, and each says little.
        y_range: Between which two numbers answers lie.
        use_bn: Whether a batch norm follows each layer.
        bn_final: Whether one follows the last.
        bn_cont: Whether one precedes the numbers; with ``edges`` there is none.
        edges: For each number the edges of its pieces; see ``NumberEmbedding``.
        unseen_p: How often training takes a known word for one never seen, so that the row of the
            unseen learns what a row is worth without that word.
        target_scale: For each answer the mean and the spread of the training's targets. The layers
            then answer in units of the spread, which starts them at the right size; the network
            answers in units of the target.

    Raises:
        ConfigError: Arguments do not fit the layout or each other.
    """

    out_shift: Tensor
    out_scale: Tensor

    def __init__(  # noqa: PLR0913
        self,
        layout: Layout,
        out_sz: int,
        layers: Sequence[int] = (200, 100),
        *,
        emb_szs: Sequence[tuple[int, int]] | None = None,
        ps: float | Sequence[float] | None = None,
        embed_p: float = 0.0,
        text_p: float = 0.0,
        y_range: tuple[float, float] | None = None,
        use_bn: bool = True,
        bn_final: bool = False,
        bn_cont: bool = True,
        edges: Edges | None = None,
        unseen_p: float = 0.0,
        target_scale: Sequence[tuple[float, float]] | None = None,
    ) -> None:
        super().__init__()
        tables = embedding_sizes(layout) if emb_szs is None else list(emb_szs)
        dropouts = _dropouts(ps, layers)
        _check(layout, out_sz, layers, tables, edges, y_range, target_scale)
        self.layout, self.unseen_p, self.y_range = layout, unseen_p, y_range
        self.embeds = nn.ModuleList([_embedding(rows, size) for rows, size in tables])
        self.emb_drop = nn.Dropout(embed_p)
        self.text_drop = nn.Dropout(text_p)
        self.numbers = _numbers(layout.numbers, edges, bn_cont)
        pieces = self.numbers.size if isinstance(self.numbers, NumberEmbedding) else layout.numbers
        self.n_features = sum(size for _, size in tables) + pieces + layout.flags + layout.texts
        widths = [self.n_features, *layers]
        self.body = nn.Sequential(
            *(
                layer
                for before, after, p in zip(widths, layers, dropouts, strict=False)
                for layer in _dense(before, after, p, use_bn)
            )
        )
        self.head = nn.Sequential(nn.Linear(widths[-1], out_sz, bias=not (use_bn and bn_final)))
        if use_bn and bn_final:
            self.head.append(nn.BatchNorm1d(out_sz))
        self.is_scaled = target_scale is not None
        shift, scale = zip(*(target_scale or [(0.0, 1.0)] * out_sz), strict=True)
        self.register_buffer("out_shift", torch.tensor(shift, dtype=torch.float32))
        self.register_buffer("out_scale", torch.tensor(scale, dtype=torch.float32))
        self.settings: dict[str, Any] = {
            "layers": list(layers),
            "embedding_sizes": [size for _, size in tables],
            "number_pieces": pieces if edges is not None else 0,
        }

    def features(self, x: Tensor) -> Tensor:
        """What the layers take: prepared rows float32 [N, F] to float32 [N, n_features]."""
        parts, layout = [], self.layout
        numbers_from = len(layout.sizes)
        rest_from = numbers_from + layout.numbers
        if layout.sizes:
            codes = x[:, :numbers_from].t().long()
            if self.training and self.unseen_p:
                codes.masked_fill_(torch.rand_like(x[:, :numbers_from]).t() < self.unseen_p, UNSEEN)
            vectors = [
                table.weight.index_select(0, column)
                for table, column in zip(self._tables, codes.unbind(0), strict=True)
            ]
            parts.append(self.emb_drop(torch.cat(vectors, 1)))
        if layout.numbers:
            parts.append(self.numbers(x[:, numbers_from:rest_from]))
        texts_from = rest_from + layout.flags
        if layout.flags:
            parts.append(x[:, rest_from:texts_from])
        if layout.texts:
            parts.append(self.text_drop(x[:, texts_from:]))
        return torch.cat(parts, 1)

    def beyond(self, x: Tensor) -> Tensor:
        """How far each number lies outside those of training, where the model has edges.

        Prepared rows float32 [N, F] to float32 [N, numbers]; see ``NumberEmbedding.beyond``.
        Without edges float32 [N, 0]: the layers themselves then see how far.
        """
        if not isinstance(self.numbers, NumberEmbedding):
            return x[:, :0]
        return self.numbers.beyond(x[:, len(self.layout.sizes) :][:, : self.layout.numbers])

    def embed(self, x: Tensor) -> Tensor:
        """Prepared rows float32 [N, F] to embeddings float32 [N, D]: what the last layer takes."""
        embedding: Tensor = self.body(self.features(x))
        return embedding

    def with_embedding(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Prepared rows float32 [N, F] to answers float32 [N, C] and embeddings float32 [N, D]."""
        embedding = self.embed(x)
        return self._answers(self.head(embedding)), embedding

    def forward(self, x: Tensor) -> Tensor:
        """Prepared rows float32 [N, F] to answers float32 [N, out_sz]."""
        return self._answers(self.head(self.embed(x)))

    @property
    def _tables(self) -> list[nn.Embedding]:
        return list(self.embeds)  # type: ignore[arg-type]  # made as embeddings in __init__

    def _answers(self, x: Tensor) -> Tensor:
        if self.is_scaled:
            return x * self.out_scale + self.out_shift
        if self.y_range is not None:
            low, high = self.y_range
            return torch.sigmoid(x) * (high - low) + low
        return x


def _embedding(rows: int, size: int) -> nn.Embedding:
    table = nn.Embedding(rows, size)
    nn.init.trunc_normal_(table.weight, std=SPREAD, a=-2 * SPREAD, b=2 * SPREAD)
    return table


def _numbers(count: int, edges: Edges | None, bn_cont: bool) -> nn.Module:
    if edges is not None:
        return NumberEmbedding(edges)
    return nn.BatchNorm1d(count) if bn_cont and count else nn.Identity()


def _dense(before: int, after: int, p: float, use_bn: bool) -> list[nn.Module]:
    """One layer, in fastai's order: linear, ReLU, batch norm, dropout."""
    parts: list[nn.Module] = [nn.Linear(before, after, bias=not use_bn), nn.ReLU(inplace=True)]
    if use_bn:
        parts.append(nn.BatchNorm1d(after))
    if p:
        parts.append(nn.Dropout(p))
    return parts


def _dropouts(ps: float | Sequence[float] | None, layers: Sequence[int]) -> list[float]:
    if ps is None or isinstance(ps, int | float):
        return [float(ps or 0.0)] * len(layers)
    if len(ps) != len(layers):
        raise ConfigError(
            f"ps has {len(ps)} dropouts for {len(layers)} layers.",
            hint="Give one for each layer, or a single number for all.",
        )
    return list(ps)


def _check(
    layout: Layout,
    out_sz: int,
    layers: Sequence[int],
    tables: Sequence[tuple[int, int]],
    edges: Edges | None,
    y_range: tuple[float, float] | None,
    target_scale: Sequence[tuple[float, float]] | None,
) -> None:
    """Refuse what does not fit together, all at once."""
    problems = []
    if min([out_sz, *layers]) < 1:
        problems.append(f"out_sz={out_sz} and layers={list(layers)} must be 1 or more")
    if [rows for rows, _ in tables] != list(layout.sizes):
        problems.append(
            f"emb_szs is for categories of {[rows for rows, _ in tables]} codes, and the table's "
            f"have {list(layout.sizes)}"
        )
    if edges is not None and len(edges) != layout.numbers:
        problems.append(f"edges are for {len(edges)} numbers of {layout.numbers}")
    if target_scale is not None and len(target_scale) != out_sz:
        problems.append(f"target_scale is for {len(target_scale)} answers of {out_sz}")
    if target_scale is not None and any(spread <= 0 for _, spread in target_scale):
        problems.append("a spread in target_scale is not above 0")
    if target_scale is not None and y_range is not None:
        problems.append("y_range and target_scale both say how large answers are")
    if problems:
        raise ConfigError(
            f"A tabular model cannot be made: {'; '.join(problems)}.",
            hint="Leave out what the table can tell: emb_szs, edges and target_scale.",
        )
