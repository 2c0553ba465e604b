"""MixUp and CutMix: labels follow the pixels, seeds decide, the frozen body stays as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import TinyBody, colour_block
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.errors import ConfigError
from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.mixup import CutMix, MixUp
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier, classifier_head
from drivetrain.metrics import error_rate

pytestmark = pytest.mark.usefixtures("one_torch_thread")


class BodyWithBatchStatistics(TinyBody):
    """What a frozen body must not change: running means and variances."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(self.norm(x))


class Keep(Callback):
    """Keeps the batches that the model was trained on."""

    order = 10

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def before_batch(self, learn: Learner[Any]) -> None:
        self.batches.append(learn.batch)


class Half(MixUp):
    """Three quarters of each picture stay."""

    def shares(self, count: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
        super().shares(count, random)
        return np.full(count, 0.75)


def learner(colours: Path, *cbs: Callback, seed: int = 42, **settings: Any) -> Learner[DataLoaders]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        body, head = BodyWithBatchStatistics(), classifier_head(8, 3)
    model = ImageClassifier(body, head, mean=(0.5,) * 3, std=(0.5,) * 3)
    dls = colour_block().dataloaders(colours, bs=9, device="cpu")
    made = Learner(dls, model, metrics=[error_rate], lr=0.05, seed=seed, cbs=cbs, **settings)
    made.reporter.quiet = True
    return made


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


def pictures(count: int, high: int = 16, wide: int = 24) -> Tensor:
    """Each picture is of one value, its position."""
    return torch.arange(float(count)).view(-1, 1, 1, 1).expand(count, 3, high, wide)


def shifted(count: int) -> Tensor:
    return torch.arange(count).roll(1)


# ---- what is mixed -------------------------------------------------------------------------


def test_mixup_blends_by_the_share_that_it_names_and_keeps_the_larger_half() -> None:
    x, partners = pictures(200), shifted(200)
    mixed, kept = MixUp(0.4).mix(x, partners, np.random.default_rng(0))
    expected = torch.arange(200) * kept + partners * (1 - kept)
    torch.testing.assert_close(mixed, expected.view(-1, 1, 1, 1).expand_as(x))
    assert 0.5 <= kept.min() < 0.6
    assert len(set(kept.tolist())) > 100  # each picture has its own


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_cutmix_names_exactly_the_share_of_pixels_that_stay(alpha: float) -> None:
    x, partners = pictures(200), shifted(200)
    mixed, kept = CutMix(alpha).mix(x, partners, np.random.default_rng(0))
    own = (mixed == x).flatten(1)
    foreign = (mixed == x[partners]).flatten(1)
    assert (own ^ foreign).all()  # no pixel is blended
    torch.testing.assert_close(own.double().mean(1), kept.double(), atol=1e-7, rtol=0.0)
    for picture in foreign.view(200, 3, 16, 24):
        rows, columns = picture[0].any(1), picture[0].any(0)
        assert int(picture[0].sum()) == int(rows.sum() * columns.sum())  # one box
    assert kept.min() < 0.5 < kept.max()


def test_the_order_of_a_batch_and_what_came_in_stay() -> None:
    for mix in (MixUp(), CutMix()):
        x = torch.rand(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
        before = x.clone()
        mix.mix(x, shifted(5), np.random.default_rng(0))
        assert torch.equal(x, before)


@pytest.mark.parametrize("alpha", [0.0, -1.0, float("inf"), float("nan")])
@pytest.mark.parametrize("kind", [MixUp, CutMix])
def test_an_alpha_that_cannot_be_is_refused(kind: type[Any], alpha: float) -> None:
    with pytest.raises(ConfigError, match=f"alpha is {alpha}, and it has to be above 0"):
        kind(alpha)


# ---- in training ---------------------------------------------------------------------------


def test_the_loss_is_that_of_both_targets_by_their_shares(colours: Path) -> None:
    class Watch(Learner[DataLoaders]):
        def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
            loss = super().compute_loss(logits, batch)
            seen.append((logits.detach(), batch, loss.detach()))
            return loss

    seen: list[tuple[Tensor, Batch, Tensor]] = []
    learn = learner(colours, Half())
    learn.__class__ = Watch
    learn.fit_one_cycle(1)
    targets = torch.from_numpy(learn.dls.train.targets)
    mixed = 0
    for logits, batch, loss in seen[1:]:  # the first is the trial
        own = targets[batch.positions]
        partner = (batch.y - 0.75 * functional.one_hot(own, 3)).argmax(1)
        two = 0.75 * functional.cross_entropy(logits, own) + 0.25 * functional.cross_entropy(
            logits, partner
        )
        torch.testing.assert_close(loss, two)
        assert set(batch.y.flatten().tolist()) <= {0.0, 0.25, 0.75, 1.0}
        mixed += int((own != partner).sum())
    assert mixed > 0


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_targets_become_class_probabilities_and_the_model_sees_mixed_pictures(
    colours: Path, mix: type[Any]
) -> None:
    plain, mixed = Keep(), Keep()
    learner(colours, plain).fit_one_cycle(1)
    learner(colours, mix(), mixed).fit_one_cycle(1)
    for one, other in zip(plain.batches, mixed.batches, strict=True):
        assert one.positions == other.positions
        assert one.y.dtype == torch.int64
        assert other.y.dtype == torch.float32
        assert other.y.shape == (len(one.y), 3)
        torch.testing.assert_close(other.y.sum(1), torch.ones(len(one.y)))
        assert other.x.shape == one.x.shape
        assert not torch.equal(other.x, one.x)
        assert other.x.min() >= 0
        assert other.x.max() <= 1


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_training_follows_from_the_seed_alone(colours: Path, mix: type[Any]) -> None:
    def trained(seed: int, callers: int) -> dict[str, Tensor]:
        torch.manual_seed(callers)
        np.random.seed(callers)
        learn = learner(colours, mix(), seed=seed)
        learn.fit_one_cycle(2)
        return weights(learn.model)

    first = trained(seed=3, callers=1)
    assert same(first, trained(seed=3, callers=2))
    assert not same(first, trained(seed=4, callers=1))


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_the_seed_of_the_learner_decides_what_is_mixed(colours: Path, mix: type[Any]) -> None:
    def first_batch(seed: int) -> Tensor:
        kept = Keep()
        learner(colours, mix(), kept, seed=seed).fit_one_cycle(1)
        return kept.batches[0].x

    assert torch.equal(first_batch(3), first_batch(3))
    assert not torch.equal(first_batch(3), first_batch(4))


def test_a_callback_can_serve_one_training_after_another(colours: Path) -> None:
    mix = MixUp()
    runs = []
    for _ in range(2):
        learn = learner(colours, mix)
        learn.fit_one_cycle(2)
        runs.append(weights(learn.model))
    assert same(*runs)


def test_epochs_and_batches_are_mixed_differently(colours: Path) -> None:
    class Shares(Half):
        drawn: list[tuple[float, ...]]

        def shares(self, count: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
            self.drawn.append(tuple(random.random(2)))
            return super().shares(count, random)

    mix = Shares()
    mix.drawn = []
    learn = learner(colours, mix)
    learn.fit_one_cycle(2)
    learn.fit_one_cycle(1)
    assert len(mix.drawn) == len(set(mix.drawn)) == 9  # three batches in each of three epochs


def test_mixup_and_cutmix_work_together(colours: Path) -> None:
    kept = Keep()
    learner(colours, MixUp(), CutMix(), kept).fit_one_cycle(1)
    for batch in kept.batches:
        torch.testing.assert_close(batch.y.sum(1), torch.ones(len(batch.y)))


def test_validation_is_never_mixed(colours: Path) -> None:
    mixing, plain = learner(colours, MixUp(8.0)), learner(colours)
    assert mixing.validate() == plain.validate()
    mixing.fit_one_cycle(2)
    _, targets = mixing.get_preds()
    assert targets.dtype == torch.int64
    plain.model = mixing.model
    row = plain.validate()
    assert {name: mixing.recorder[-1][name] for name in row} == row


def test_mixing_learns(colours: Path) -> None:
    for mix in (MixUp(), CutMix()):
        learn = learner(colours, mix)
        learn.fit_one_cycle(6)
        assert learn.recorder[-1]["error_rate"] < 0.25


# ---- loss functions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss_func",
    [
        nn.CrossEntropyLoss(label_smoothing=0.1),
        nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0])),
    ],
)
def test_losses_that_take_probabilities_learn(colours: Path, loss_func: nn.Module) -> None:
    learn = learner(colours, MixUp(), loss_func=loss_func)
    learn.fit_one_cycle(6)
    assert learn.recorder[-1]["error_rate"] < 0.25


def nll(logits: Tensor, y: Tensor) -> Tensor:
    return functional.nll_loss(logits.log_softmax(1), y)


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_a_loss_that_takes_positions_only_is_refused_before_anything_is_learned(
    colours: Path, mix: type[Any]
) -> None:
    learn = learner(colours, mix(), loss_func=nll)
    before = weights(learn.model)
    with pytest.raises(ConfigError, match=rf"{mix.__name__} makes labels class probabilities"):
        learn.fit_one_cycle(1)
    assert same(weights(learn.model), before)


def test_the_loss_is_tried_anew_in_every_training(colours: Path) -> None:
    learn = learner(colours, MixUp())
    learn.fit_one_cycle(1)
    learn.loss_func = nll
    with pytest.raises(ConfigError, match="does not take them"):
        learn.fit_one_cycle(1)


# ---- frozen --------------------------------------------------------------------------------


@pytest.mark.parametrize("mix", [MixUp, CutMix])
def test_frozen_training_mixes_pictures_and_leaves_the_body_bit_for_bit(
    colours: Path, mix: type[Any]
) -> None:
    kept = Keep()
    learn = learner(colours, mix(), kept)
    assert isinstance(learn.model, ImageClassifier)
    body, head = weights(learn.model.body), weights(learn.model.head)
    learn.fine_tune(0, freeze_epochs=2)
    assert same(weights(learn.model.body), body)
    assert not same(weights(learn.model.head), head)
    assert kept.batches[0].x.shape == (9, 3, 32, 32)
    assert learn.epochs_trained == len(learn.recorder) == 2


def test_unfrozen_training_moves_the_batch_statistics_again(colours: Path) -> None:
    learn = learner(colours, MixUp())
    assert isinstance(learn.model, ImageClassifier)
    before = weights(learn.model.body)
    learn.fine_tune(1)
    after = weights(learn.model.body)
    assert not torch.equal(after["norm.running_mean"], before["norm.running_mean"])
    assert not torch.equal(after["see.weight"], before["see.weight"])


def test_a_callback_that_needs_no_pixels_leaves_frozen_training_to_embeddings(
    colours: Path,
) -> None:
    kept = Keep()
    learner(colours, kept).fine_tune(0)
    assert kept.batches[0].x.shape == (9, 8)


def test_targets_that_are_numbers_already_are_mixed_as_they_are(colours: Path) -> None:
    learn = learner(colours)
    x = pictures(4)
    for y in (torch.rand(4), torch.rand(4, 5), torch.eye(4, 5, dtype=torch.int64)):
        mixes: tuple[MixUp | CutMix, ...] = (Half(), CutMix())
        for mix in mixes:
            learn.batch = Batch((x,), (y,), [0, 1, 2, 3])
            mix._tried = True
            mix.before_batch(learn)
            values = x[:, 0, 0, 0]
            if isinstance(mix, Half):
                partners = ((learn.batch.x[:, 0, 0, 0] - 0.75 * values) * 4).round().long()
                expected = 0.75 * y + 0.25 * y[partners]
                torch.testing.assert_close(learn.batch.y, expected)
            assert learn.batch.y.shape == y.shape
            assert learn.batch.y.dtype == torch.float32
