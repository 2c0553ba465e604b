"""The network of a table: fastai's, layer for layer, and ours."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.export.onnx import to_onnx
from drivetrain.learn.tabular.defaults import DEFAULTS
from drivetrain.learn.tabular.model import (
    Layout,
    TabularModel,
    embedding_size,
    embedding_sizes,
)
from drivetrain.learn.tabular.number_embedding import Edges, NumberEmbedding, number_edges

pytestmark = pytest.mark.usefixtures("one_torch_thread")

LAYOUT = Layout((9, 4), 2, 1, 3)
EDGES = [np.array([-1, 0, 2], np.float32), np.array([0, 1], np.float32)]


def rows(count: int, *, layout: Layout = LAYOUT, seed: int = 0) -> Tensor:
    random = np.random.default_rng(seed)
    codes = [random.integers(0, size, count) for size in layout.sizes]
    numbers = random.normal(size=(count, layout.numbers))
    flags = random.integers(0, 2, (count, layout.flags))
    texts = random.normal(size=(count, layout.texts))
    together = np.column_stack([*codes, numbers, flags, texts])
    return torch.from_numpy(together.astype(np.float32))


def table(model: TabularModel, place: int) -> Tensor:
    return model.get_parameter(f"embeds.{place}.weight")


def learn_once(model: TabularModel, x: Tensor) -> None:
    loss = torch.nn.functional.cross_entropy(model(x), torch.arange(len(x)) % 3)
    loss.backward()  # type: ignore[no-untyped-call]


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("layout", "model_settings", "count"),
    [
        # 9·5 + 4·3 embeddings, 2·2 of the numbers' norm, 10·200 + 400, 200·100 + 200, 100·3 + 3
        (Layout((9, 4), 2, 0, 0), {"out_sz": 3}, 22_964),
        # without the numbers' norm (4 fewer), and a final norm of 2·3 in the place of a bias of 3
        (Layout((9, 4), 2, 0, 0), {"out_sz": 3, "bn_final": True, "bn_cont": False}, 22_963),
        # 57 embeddings and numbers into layers with a bias: 10·8 + 8, 8·3 + 3, and 61 before them
        (Layout((9, 4), 2, 0, 0), {"out_sz": 3, "layers": (8,), "use_bn": False}, 176),
        # the categories and numbers of the lesson's table of adults
        (Layout((11, 18, 9, 17, 8, 7, 4, 44), 6, 0, 0), {"out_sz": 2}, 33_664),
    ],
)
def test_it_has_as_many_parameters_as_fastais(
    layout: Layout, model_settings: dict[str, int], count: int
) -> None:
    assert parameters(TabularModel(layout, **model_settings)) == count  # type: ignore[arg-type]


def default_model(layout: Layout, out_sz: int, edges: Edges, **settings: Any) -> TabularModel:
    return TabularModel(
        layout,
        out_sz,
        DEFAULTS.layers,
        emb_szs=embedding_sizes(layout, most=DEFAULTS.largest_embedding),
        ps=DEFAULTS.dropout,
        edges=edges,
        unseen_p=DEFAULTS.unseen_p,
        **settings,
    )


def test_its_layers_stand_in_fastais_order() -> None:
    model = TabularModel(LAYOUT, 3, (8, 4), ps=[0.1, 0.2])
    kinds = [type(layer).__name__ for layer in (*model.body, *model.head)]
    assert kinds == [*["Linear", "ReLU", "BatchNorm1d", "Dropout"] * 2, "Linear"]
    dropouts = [layer.p for layer in model.body if isinstance(layer, nn.Dropout)]
    assert dropouts == [0.1, 0.2]


def test_a_row_is_read_as_codes_then_numbers_then_flags_then_texts() -> None:
    model = TabularModel(LAYOUT, 3, bn_cont=False).eval()
    x = rows(6)
    features = model.features(x)
    assert features.shape == (6, 5 + 3 + 2 + 1 + 3)
    for row, found in zip(x, features, strict=True):
        first, second = (table(model, place)[int(row[place])] for place in (0, 1))
        torch.testing.assert_close(found, torch.cat([first, second, row[2:]]))


@pytest.mark.parametrize(
    "layout",
    [Layout((5,), 0, 0, 0), Layout((), 1, 0, 0), Layout((), 0, 0, 4), Layout((3, 3), 0, 2, 0)],
)
def test_any_kind_of_column_may_be_missing(layout: Layout) -> None:
    edges = number_edges(
        rows(20, layout=layout).numpy()[:, len(layout.sizes) :][:, : layout.numbers]
    )
    for model in (TabularModel(layout, 2), default_model(layout, 2, edges)):
        assert model.eval()(rows(5, layout=layout)).shape == (5, 2)


def test_answers_come_with_the_embedding_that_the_head_decides_from() -> None:
    model = default_model(LAYOUT, 3, EDGES).eval()
    answers, embedding = model.with_embedding(rows(5))
    assert answers.shape == (5, 3)
    assert embedding.shape == (5, DEFAULTS.layers[-1])
    torch.testing.assert_close(answers, model(rows(5)))
    torch.testing.assert_close(embedding, model.embed(rows(5)))
    torch.testing.assert_close(model.head(embedding), answers)


@pytest.mark.parametrize("batch", [1, 7])
@pytest.mark.parametrize("kind", ["fastai", "ours", "regression"])
def test_its_onnx_program_answers_alike_for_any_batch(kind: str, batch: int) -> None:
    torch.manual_seed(1)
    model = {
        "fastai": lambda: TabularModel(LAYOUT, 3, y_range=(0.0, 5.5)),
        "ours": lambda: default_model(LAYOUT, 3, EDGES),
        "regression": lambda: default_model(LAYOUT, 1, EDGES, target_scale=[(1e5, 3e4)]),
    }[kind]()
    with torch.no_grad():
        model(rows(64))  # the norms move off their start
    program = to_onnx(model, rows(2), inputs=["x"], outputs=["answers"])
    session = onnxruntime.InferenceSession(program, providers=["CPUExecutionProvider"])
    x = 3 * rows(batch, seed=batch)
    x[:, : len(LAYOUT.sizes)] /= 3
    found = session.run(None, {"x": x.numpy()})[0]
    with torch.no_grad():
        expected = model.eval()(x).numpy()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_gradients_reach_every_parameter() -> None:
    for model in (TabularModel(LAYOUT, 3), default_model(LAYOUT, 3, EDGES)):
        learn_once(model, rows(256))
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            touched = parameter.grad.abs().sum(1 if parameter.dim() > 1 else 0)
            assert bool((touched > 0).all() if "embeds" in name else (touched > 0).any()), name


def test_the_row_of_the_unseen_learns_though_training_never_shows_it() -> None:
    x = rows(256)
    x[:, 0] = 5

    def learned(unseen_p: float) -> list[bool]:
        torch.manual_seed(0)
        model = TabularModel(LAYOUT, 3, unseen_p=unseen_p)
        learn_once(model, x)
        gradient = table(model, 0).grad
        assert gradient is not None
        return (gradient.abs().sum(1) > 0).tolist()

    assert [place for place, moved in enumerate(learned(0.0)) if moved] == [5]
    assert [place for place, moved in enumerate(learned(0.1)) if moved] == [1, 5]


def test_words_are_hidden_as_often_as_asked_and_never_when_it_answers() -> None:
    layout = Layout((9,), 0, 0, 0)
    model = TabularModel(layout, 2, unseen_p=0.25)
    x = torch.full((4000, 1), 5.0)
    unseen = table(model, 0)[1]
    torch.manual_seed(0)
    share = float((model.features(x) == unseen).all(1).float().mean())
    assert share == pytest.approx(0.25, abs=0.03)  # four standard errors
    assert not bool((model.eval().features(x) == unseen).all(1).any())
    assert bool((x == 5).all())  # the batch itself stays as it was


def test_two_models_made_under_one_seed_are_equal() -> None:
    def made(seed: int) -> dict[str, Tensor]:
        torch.manual_seed(seed)
        return dict(default_model(LAYOUT, 3, EDGES).state_dict())

    first, second, other = made(3), made(3), made(4)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["embeds.0.weight"], other["embeds.0.weight"])


def test_targets_of_a_large_scale_are_learned_in_their_own_units() -> None:
    x = rows(512)
    y = (100_000 + 30_000 * x[:, 2] + 5_000 * x[:, 3])[:, None]

    def explained(target_scale: list[tuple[float, float]] | None) -> float:
        torch.manual_seed(0)
        model = TabularModel(LAYOUT, 1, target_scale=target_scale)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        for _ in range(40):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(x), y).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        with torch.no_grad():
            left = (model.eval()(x) - y).square().mean()
        return float(1 - left / y.var())

    assert explained([(float(y.mean()), float(y.std()))]) > 0.9
    assert explained(None) < 0  # worse than to answer the mean


def test_answers_stay_within_a_range_that_is_given() -> None:
    model = TabularModel(LAYOUT, 1, y_range=(1.0, 5.0)).eval()
    with torch.no_grad():
        model.get_parameter("head.0.weight").mul_(1000)
        answers = model(rows(50))
    assert float(answers.min()) >= 1
    assert float(answers.max()) <= 5


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"emb_szs": [(9, 5)]}, r"categories of \[9\] codes, and the table's have \[9, 4\]"),
        ({"edges": EDGES[:1]}, "edges are for 1 numbers of 2"),
        ({"ps": [0.1]}, "1 dropouts for 2 layers"),
        ({"layers": (0,)}, "must be 1 or more"),
        ({"target_scale": [(0.0, 0.0)] * 3}, "a spread in target_scale is not above 0"),
        ({"target_scale": [(0.0, 1.0)]}, "target_scale is for 1 answers of 3"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, object], named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        TabularModel(LAYOUT, 3, **arguments)  # type: ignore[arg-type]


def test_a_range_and_a_scale_together_are_refused() -> None:
    with pytest.raises(ConfigError, match="y_range and target_scale both say how large"):
        TabularModel(LAYOUT, 1, y_range=(0.0, 1.0), target_scale=[(0.0, 1.0)])


@pytest.mark.parametrize("wrong", [((1,), 0, 0, 0), ((), -1, 2, 0), ((), 0, 0, 0)])
def test_a_row_that_cannot_be_laid_out_is_refused(
    wrong: tuple[tuple[int, ...], int, int, int],
) -> None:
    with pytest.raises(ConfigError, match="cannot be laid out"):
        Layout(*wrong)


def test_embeddings_are_sized_by_fastais_rule_or_by_hand() -> None:
    assert [embedding_size(rows) for rows in (2, 9, 44, 4000, 10**6)] == [2, 5, 13, 166, 600]
    layout = Layout((9, 4000), 0, 0, 0)
    assert embedding_sizes(layout, {0: 7}) == [(9, 7), (4000, 166)]
    assert embedding_sizes(layout, {0: 40}, most=16) == [(9, 40), (4000, 16)]
    with pytest.raises(ConfigError, match="Category 2 was to have embeddings of 3 numbers"):
        embedding_sizes(layout, {2: 3})


def test_columns_of_few_values_have_an_edge_at_each() -> None:
    values = np.array([[7, 0, 1], [7, 1, 2], [7, 1, 4]], np.float32)
    edges = [row.tolist() for row in number_edges(values, 48)]
    assert edges == [[7, 14], [0, 1], [1, 2, 4]]


@pytest.mark.parametrize("usual", [0, 100])
def test_a_column_that_is_mostly_one_value_has_its_pieces_where_it_is_not(usual: int) -> None:
    random = np.random.default_rng(0)
    values = np.where(random.random(5000) < 0.9, usual, random.normal(100, 10, 5000))[:, None]
    (edges,) = number_edges(values.astype(np.float32), 16)
    others = edges[edges != usual]
    assert usual in edges
    assert len(others) >= 14
    assert (others > 50).all()


@given(
    values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60),
    repeated=st.integers(0, 60),
    most=st.integers(1, 12),
)
@settings(max_examples=200, deadline=None)
def test_pieces_of_any_numbers_fill_in_order_and_tell_them_apart(
    values: list[float], repeated: int, most: int
) -> None:
    column = np.array(values + values[:1] * repeated, np.float32)
    (edges,) = number_edges(column[:, None], most)
    assert 2 <= len(edges) <= most + 1
    pieces = NumberEmbedding([edges])
    x = torch.from_numpy(np.sort(column)[:, None])
    found = pieces(x)
    assert bool(((found >= 0) & (found <= 1)).all())
    assert bool((found.diff(dim=1) <= 0).all())  # a piece fills only when those below are full
    assert bool((found.sum(1).diff() >= 0).all())  # and a larger number never fills less
    assert not bool(pieces.beyond(x).any())


def test_beyond_its_edges_a_number_moves_nothing_but_is_told() -> None:
    model = default_model(LAYOUT, 3, EDGES).eval()
    x = rows(1).repeat(3, 1)
    x[:, 2] = torch.tensor([2.0, 8.0, 1e6])
    torch.testing.assert_close(model(x), model(x[:1]).expand(3, 3))
    torch.testing.assert_close(model.beyond(x)[:, 0], torch.tensor([0.0, 2.0, (1e6 - 2) / 3]))
    assert TabularModel(LAYOUT, 3).beyond(x).shape == (3, 0)


@pytest.mark.parametrize("edges", [[1.0], [1.0, 1.0], [2.0, 1.0], [0.0, float("inf")]])
def test_edges_that_do_not_rise_are_refused(edges: list[float]) -> None:
    row: NDArray[np.float32] = np.array(edges, np.float32)
    with pytest.raises(ConfigError, match="The edges of number 0 were"):
        NumberEmbedding([row])


def test_numbers_that_are_not_finite_have_no_edges() -> None:
    with pytest.raises(ConfigError, match="Number 1 holds values that are not finite"):
        number_edges(np.array([[0, np.nan]], np.float32))
    with pytest.raises(ConfigError, match="0 pieces"):
        number_edges(np.zeros((2, 1), np.float32), 0)
