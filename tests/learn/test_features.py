"""A frozen body sees every view once, and the head learns from what it made of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny_classifier, tiny_learner
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from drivetrain.errors import DataError
from drivetrain.learn import features
from drivetrain.learn.batches import Batch
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.embedder import Embedder
from drivetrain.learn.features import FeatureLoader, FrozenFeatures, embed_items
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.targets import OneOf
from drivetrain.learn.transforms import Resize
from drivetrain.schema import Vocab

pytestmark = pytest.mark.usefixtures("one_torch_thread")

VOCAB = Vocab(("a", "b"))


def loader(count: int = 10, *, training: bool = True, **settings: Any) -> FeatureLoader:
    embeddings = torch.arange(count).view(-1, 1) * 1.0
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
    for batch in loader(20).batches(2):
        own = batch.x[:, 0].long()
        assert torch.equal(batch.y, own % 2)
        assert batch.positions == own.tolist()


def test_items_are_drawn_as_often_as_sampling_says() -> None:
    dl = loader(40, sampling=np.array([0.0] * 20 + [1.0] * 20))
    drawn = [number for epoch in range(5) for number in numbers(dl, epoch)]
    assert min(drawn) >= 20
    assert len(set(drawn)) == 20


# ---- embedding -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The tiny body in onnxruntime; made once, as an export takes long."""
    made = Embedder(tiny_classifier())
    made(torch.rand(2, 3, 8, 8))
    return made


def in_torch(model: ImageClassifier, x: Tensor) -> Tensor:
    with torch.inference_mode():
        return model.embed(x)


def assert_embedded(found: Tensor, model: ImageClassifier, x: Tensor) -> None:
    # Two engines add in another order: some units in the last place of float32.
    torch.testing.assert_close(found, in_torch(model, x), atol=1e-5, rtol=1e-5)


def test_embeddings_come_back_in_the_order_of_the_items(embedder: Embedder) -> None:
    x = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    def shuffled() -> Iterator[Batch]:
        for positions in ([4, 0, 2], [5, 1, 3]):
            yield Batch((x[positions],), (torch.arange(6)[positions],), positions)

    embeddings, targets = embed_items(embedder, shuffled())
    assert targets.tolist() == list(range(6))
    assert_embedded(embeddings, embedder.model, x)


def side(count: int, *, training: bool) -> DataLoader:
    random = np.random.default_rng(count)
    return DataLoader(
        inputs=(Input(list(random.integers(0, 256, (count, 8, 8, 3), np.uint8)), Resize(8)),),
        labels=(Target(random.integers(0, 2, count), OneOf(VOCAB)),),
        training=training,
        bs=4,
    )


Tracked = list[tuple[str, int]]


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Tracked:
    """What was embedded, by a body that is exported already."""
    monkeypatch.setattr(features, "Embedder", lambda _: embedder)
    return []


def frozen(dls: DataLoaders, embedder: Embedder, tracked: Tracked) -> FrozenFeatures:
    def track(dl: DataLoader, what: str, epoch: int = 0, **settings: Any) -> Iterator[Batch]:
        tracked.append((what, epoch))
        return dl.batches(epoch, **settings)

    return FrozenFeatures(embedder.model, dls, track)


def pictures(source: DataLoader) -> Tensor:
    return torch.from_numpy(np.stack(list(source.items))).permute(0, 3, 1, 2) / 255


def darkened(x: Tensor, random: torch.Generator) -> Tensor:
    return x * torch.rand(1, generator=random)


def test_both_sides_hold_every_item_beside_its_own_target_even_a_lone_last_one(
    embedder: Embedder, tracked: Tracked
) -> None:
    dls = DataLoaders(side(13, training=True), side(5, training=False))
    found = frozen(dls, embedder, tracked)
    found.see(0)
    for made, source in ((found.train, dls.train), (found.valid, dls.valid)):
        assert made.targets.tolist() == source.targets.tolist()
        assert_embedded(made.embeddings, embedder.model, pictures(source))
    assert (found.train.training, found.valid.training) == (True, False)
    assert (found.train.bs, found.train.seed) == (dls.train.bs, dls.train.seed)


def test_pixels_that_do_not_vary_are_embedded_once_for_all_epochs(
    embedder: Embedder, tracked: Tracked
) -> None:
    found = frozen(DataLoaders(side(6, training=True), side(4, training=False)), embedder, tracked)
    for epoch in (3, 4, 9):
        found.see(epoch)
    assert tracked == [("embed train", 0), ("embed valid", 0)]


def test_pixels_that_vary_are_embedded_once_an_epoch_and_validation_once(
    embedder: Embedder, tracked: Tracked
) -> None:
    dls = DataLoaders(side(6, training=True), side(4, training=False))
    dls.train.batch_transforms = [darkened]
    found = frozen(dls, embedder, tracked)
    views = []
    for epoch in (0, 0, 1, 1, 5):
        found.see(epoch)
        views.append(found.train.embeddings)
    assert tracked == [
        ("embed train", 0),
        ("embed valid", 0),
        ("embed train", 1),
        ("embed train", 5),
    ]
    assert torch.equal(views[0], views[1])
    assert not torch.allclose(views[1], views[2])


def test_one_readable_item_is_too_few(embedder: Embedder, tracked: Tracked) -> None:
    dls = DataLoaders(side(1, training=True), side(4, training=False))
    with pytest.raises(DataError, match="Only one of 1 training items"):
        frozen(dls, embedder, tracked).see(0)


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.body.see.weight.data.mul_(2),
        lambda model: model.body.see.weight.data[0, 0, 0, :1].add_(1e-3),
        lambda model: model.mean.fill_(0.1),
        lambda model: setattr(model, "body", tiny_classifier(seed=9).body),
        lambda model: model.load_state_dict(tiny_classifier(seed=9).state_dict()),
    ],
)
@pytest.mark.usefixtures("tracked")
def test_features_fit_the_body_as_it_is_and_no_other(change: Any) -> None:
    model: Any = tiny_classifier()
    dls = DataLoaders(side(6, training=True), side(4, training=False))
    found = FrozenFeatures(model, dls, lambda *_: iter(()))
    with torch.no_grad():
        model.head[2].weight.fill_(1.0)
        model.load_state_dict(model.state_dict())
    assert found.still_fit(model, dls)
    with torch.no_grad():
        change(model)
    assert not found.still_fit(model, dls)


@pytest.mark.usefixtures("tracked")
def test_features_fit_their_own_model_and_data_only() -> None:
    model = tiny_classifier()
    dls = DataLoaders(side(6, training=True), side(4, training=False))
    found = FrozenFeatures(model, dls, lambda *_: iter(()))
    assert not found.still_fit(tiny_classifier(), dls)
    assert not found.still_fit(model, dls.new(bs=2))


# ---- in training ---------------------------------------------------------------------------


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures went through the body, call by call."""
    sizes: list[int] = []

    class Counting(Embedder):
        def __call__(self, x: Tensor) -> Tensor:
            sizes.append(len(x))
            return in_torch(self.model, x)

    monkeypatch.setattr(features, "Embedder", Counting)
    return sizes


TRAIN, VALID = 27, 9


@pytest.mark.parametrize("augmented", [False, True])
def test_the_body_never_sees_the_same_pixels_twice(
    augmented: bool, colours: Path, seen: list[int]
) -> None:
    learn = tiny_learner(colours)
    if augmented:
        learn.dls.train.batch_transforms = [darkened]
    learn.freeze()
    learn.fit_one_cycle(3)
    learn.fit_one_cycle(2)
    assert sum(seen) == (5 if augmented else 1) * TRAIN + VALID


def test_a_body_that_was_trained_meanwhile_is_asked_anew(colours: Path, seen: list[int]) -> None:
    learn = tiny_learner(colours)
    learn.freeze()
    learn.fit(1)
    learn.unfreeze()
    learn.fit(1)
    learn.freeze()
    learn.fit(1, 1e-9)
    assert sum(seen) == 2 * (TRAIN + VALID)
    x = torch.cat([batch.x for batch in learn.dls.valid.batches()])
    model: Any = learn.model
    assert learn.features is not None
    assert_embedded(learn.features.valid.embeddings, model, x)
    assert learn.recorder[-1]["valid_loss"] == pytest.approx(
        learn.validate()["valid_loss"], rel=1e-4
    )


def trained(colours: Path, *, augmented: bool, pixels: bool) -> Learner[Any]:
    from drivetrain.learn.callbacks.base import Callback

    class Looking(Callback):
        needs_pixels = True

    learn = tiny_learner(colours)
    if augmented:
        learn.dls.train.batch_transforms = [darkened]
    learn.head_passes = 1
    learn.freeze()
    learn.fit_one_cycle(3, 0.01, cbs=Looking() if pixels else ())
    return learn


@pytest.mark.parametrize("augmented", [False, True])
def test_learning_from_embeddings_agrees_with_learning_from_pixels(
    augmented: bool, colours: Path
) -> None:
    one = trained(colours, augmented=augmented, pixels=False)
    other = trained(colours, augmented=augmented, pixels=True)
    assert one.recorder.lrs == other.recorder.lrs
    # Embeddings differ by float32's last places; Adam makes steps of a full rate of tiny
    # gradients too, so weights may part by a share of the rates of twelve steps.
    np.testing.assert_allclose(one.recorder.losses, other.recorder.losses, rtol=1e-3)
    np.testing.assert_allclose(one.recorder.values, other.recorder.values, rtol=1e-3, atol=1e-4)
    weights = other.model.state_dict()
    for name, tensor in one.model.state_dict().items():
        torch.testing.assert_close(tensor, weights[name], atol=1e-3, rtol=1e-2)
    assert torch.equal(
        weights["body.see.weight"], tiny_classifier().state_dict()["body.see.weight"]
    )
