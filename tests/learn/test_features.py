"""Embeddings are those of the body, in the order of the items, and are shuffled by seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny_classifier
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.learn import features
from drivetrain.learn.batches import Batch
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.features import Embedder, FeatureLoader, FeatureLoaders, embed_items
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.targets import OneOf
from drivetrain.learn.transforms import Resize
from drivetrain.schema import Vocab

pytestmark = pytest.mark.usefixtures("one_torch_thread")

VOCAB = Vocab(("a", "b"))


def loader(
    count: int = 10, *, training: bool = True, views: int = 1, **settings: Any
) -> FeatureLoader:
    embeddings = [torch.arange(count).view(-1, 1) + 100.0 * view for view in range(views)]
    return FeatureLoader(
        embeddings, torch.arange(count) % 2, training, **({"bs": 4, "seed": 1} | settings)
    )


def numbers(dl: FeatureLoader, epoch: int = 0) -> list[int]:
    return [int(number) for batch in dl.batches(epoch) for number in batch.x[:, 0]]


# ---- loaders of embeddings -----------------------------------------------------------------


@given(st.integers(1, 60), st.integers(1, 9), st.booleans())
def test_the_length_is_the_number_of_batches(count: int, bs: int, training: bool) -> None:
    dl = loader(count, training=training, bs=bs)
    assert len(dl) == len(list(dl.batches()))


@given(st.integers(2, 60), st.integers(2, 9), st.booleans())
def test_no_training_batch_is_left_with_one_item(count: int, bs: int, training: bool) -> None:
    sizes = [len(batch.y) for batch in loader(count, training=training, bs=bs).batches()]
    lone = count % bs == 1
    assert sum(sizes) == (count - 1 if lone and training else count)
    assert not training or min(sizes) > 1


def test_validation_keeps_the_order() -> None:
    assert numbers(loader(9, training=False)) == list(range(9))


def test_training_shuffles_by_seed_and_epoch() -> None:
    assert sorted(numbers(loader(20))) == list(range(20))
    assert numbers(loader(20)) == numbers(loader(20))
    orders = {tuple(numbers(loader(20, seed=seed), epoch)) for seed in (1, 2) for epoch in (0, 1)}
    assert len(orders) == 4


def test_an_embedding_stays_with_its_target_and_its_position() -> None:
    for batch in loader(20, views=3).batches(2):
        own = batch.x[:, 0].long() - 200
        assert torch.equal(batch.y, own % 2)
        assert batch.positions == own.tolist()


def test_each_epoch_shows_the_next_view_and_starts_over_at_the_end() -> None:
    dl = loader(8, views=3)
    assert [numbers(dl, epoch)[0] // 100 for epoch in range(5)] == [0, 1, 2, 0, 1]


def test_a_split_of_embeddings_has_both_sides() -> None:
    embeddings, targets = torch.arange(6).view(-1, 1) * 1.0, torch.tensor([0, 0, 0, 1, 1, 1])
    dls = FeatureLoaders.of(embeddings, targets, VOCAB, ([5, 0, 3], [1, 4]), bs=4, seed=1)
    assert sorted(numbers(dls.train)) == [0, 3, 5]
    assert numbers(dls.valid) == [1, 4]
    assert dls.valid.targets.tolist() == [0, 1]
    assert dls.vocab is VOCAB


# ---- embedding -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The tiny body in onnxruntime; made once, as an export takes seconds."""
    made = Embedder(tiny_classifier())
    made(torch.rand(2, 3, 8, 8))
    return made


def in_torch(embedder: Embedder, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return embedder.model.embed(x)


@pytest.mark.parametrize("count", [1, 2, 16, 17, 40])
def test_any_number_of_pictures_is_embedded_as_the_body_does(
    count: int, embedder: Embedder
) -> None:
    x = torch.rand(count, 3, 8, 8, generator=torch.Generator().manual_seed(count))
    found = embedder(x)
    assert found.shape == (count, 8)
    # Two engines add in another order: some units in the last place of float32.
    torch.testing.assert_close(found, in_torch(embedder, x), atol=1e-5, rtol=1e-5)


def test_the_body_is_exported_once(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "to_onnx", lambda *_, **__: pytest.fail("exported again"))
    first = embedder(torch.zeros(2, 3, 8, 8))
    assert torch.equal(embedder(torch.zeros(3, 3, 8, 8))[:2], first)


def test_embeddings_come_back_in_the_order_of_the_items(embedder: Embedder) -> None:
    x = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    y = torch.arange(6)

    def shuffled() -> Iterator[Batch]:
        for positions in ([4, 0, 2], [5, 1, 3]):
            yield Batch((x[positions],), (y[positions],), positions)

    embeddings, targets = embed_items(embedder, shuffled())
    assert targets.tolist() == list(range(6))
    torch.testing.assert_close(embeddings, in_torch(embedder, x), atol=1e-5, rtol=1e-5)


def side(count: int, *, training: bool) -> DataLoader:
    random = np.random.default_rng(count)
    return DataLoader(
        inputs=(Input(list(random.integers(0, 256, (count, 8, 8, 3), np.uint8)), Resize(8)),),
        labels=(Target(random.integers(0, 2, count), OneOf(VOCAB)),),
        training=training,
        bs=4,
    )


def test_every_view_holds_every_item_beside_its_own_target_even_a_lone_last_one(
    embedder: Embedder,
) -> None:
    dls = DataLoaders(side(13, training=True), side(5, training=False))
    tracked: list[tuple[str, int]] = []

    def track(dl: DataLoader, what: str, epoch: int = 0, **settings: Any) -> Iterator[Batch]:
        tracked.append((what, epoch))
        return dl.batches(epoch, **settings)

    found = FeatureLoaders.embed(embedder, dls, views=2, track=track)
    assert tracked == [("embed 1/2", 0), ("embed 2/2", 1), ("embed valid", 0)]
    for loader_of, source in ((found.train, dls.train), (found.valid, dls.valid)):
        x = torch.from_numpy(np.stack(list(source.items))).permute(0, 3, 1, 2) / 255
        assert loader_of.targets.tolist() == source.targets.tolist()
        for view in loader_of.views:
            torch.testing.assert_close(view, in_torch(embedder, x), atol=1e-5, rtol=1e-5)
    assert (len(found.train.views), len(found.valid.views)) == (2, 1)
    assert (found.train.training, found.valid.training) == (True, False)
    assert (found.train.bs, found.train.seed) == (dls.train.bs, dls.train.seed)


def test_views_differ_where_augmentation_does(embedder: Embedder) -> None:
    dls = DataLoaders(side(6, training=True), side(4, training=False))
    dls.train.batch_transforms = [lambda x, random: x * torch.rand(1, generator=random)]
    found = FeatureLoaders.embed(
        embedder,
        dls,
        views=2,
        track=lambda dl, _, epoch=0, **settings: dl.batches(epoch, **settings),
    )
    first, second = found.train.views
    assert not torch.allclose(first, second)
