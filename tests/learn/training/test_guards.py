"""A training that cannot go on ends with words, and with weights that are numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import tiny_classifier, tiny_learner
from torch import Tensor, nn

from drivetrain.errors import ConfigError, TrainingError
from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.gradients import GradientAccumulation
from drivetrain.learn.columns import Input, Target
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders
from drivetrain.learn.targets import OneOf
from drivetrain.learn.training.guards import (
    SmallerBatchWarning,
    UnseenClassWarning,
    is_out_of_memory,
    more_parts,
    parts_of,
)
from drivetrain.learn.transforms import Resize
from drivetrain.learn.vision import vision_learner
from drivetrain.schema import Vocab

pytestmark = pytest.mark.usefixtures("one_torch_thread")

Weights = dict[str, Tensor]


def weights(model: nn.Module) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def same(one: Weights, other: Weights) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def _parameters(learn: Learner[Any]) -> list[nn.Parameter]:
    return list(learn.model.parameters())


def _gradient(learn: Learner[Any]) -> Tensor:
    """Of the first weights."""
    gradient = _parameters(learn)[0].grad
    assert gradient is not None
    return gradient.clone()


def are_numbers(found: Weights) -> bool:
    return all(bool(torch.isfinite(tensor.double()).all()) for tensor in found.values())


@pytest.fixture
def learn(colours: Path) -> Learner[Any]:
    return tiny_learner(colours)


# ---- no number --------------------------------------------------------------------------------


class Planting(Callback):
    """Plants NaN into one batch, and notes the weights at the end of each epoch."""

    needs_pixels = True

    def __init__(self, epoch: int, batch: int, where: str) -> None:
        self.at, self.where, self._batch = (epoch, batch), where, 0
        self.epochs: list[Weights] = []
        self.last_step: Weights = {}
        self.positions: list[int] = []

    def before_epoch(self, learn: Learner[Any]) -> None:
        self._batch = 0
        self.epochs.append(weights(learn.model))

    def before_batch(self, learn: Learner[Any]) -> None:
        self._batch += 1
        self.last_step = weights(learn.model)
        if (learn.epoch + 1, self._batch) == self.at:
            self.positions = learn.batch.positions
            if self.where == "inputs":
                learn.batch.x[0, 0, 0, 0] = float("nan")

    def after_loss(self, learn: Learner[Any]) -> None:
        if (learn.epoch + 1, self._batch) == self.at and self.where == "loss":
            learn.loss = learn.loss * float("inf")


@pytest.mark.parametrize("where", ["inputs", "loss"])
@pytest.mark.parametrize("at", [(1, 2), (2, 3)])
def test_a_loss_that_is_no_number_names_epoch_batch_and_items(
    where: str, at: tuple[int, int], learn: Learner[Any]
) -> None:
    planting = Planting(*at, where)
    with pytest.raises(TrainingError, match=f"batch {at[1]} of epoch {at[0]} ") as failed:
        learn.fit(3, 0.01, cbs=planting)
    names = learn.dls.train.inputs[0].names
    for position in planting.positions[:3]:
        assert names[position] in str(failed.value)
    assert "and 5 more" in str(failed.value)
    hint = "inputs of the batch already hold" if where == "inputs" else "lower learning rate"
    assert hint in str(failed.value.hint)


def test_weights_that_gave_no_number_are_exchanged_for_those_of_the_last_epoch(
    learn: Learner[Any],
) -> None:
    planting = Planting(2, 3, "loss")
    with pytest.raises(TrainingError, match="weights from the end of epoch 1"):
        learn.fit(3, 0.01, cbs=planting)
    assert same(weights(learn.model), planting.epochs[1])
    assert not same(weights(learn.model), planting.last_step)


def test_a_first_epoch_that_fails_leaves_the_weights_from_before_it(learn: Learner[Any]) -> None:
    before = weights(learn.model)
    with pytest.raises(TrainingError, match="weights from before this training"):
        learn.fit(3, 0.01, cbs=Planting(1, 2, "loss"))
    assert same(weights(learn.model), before)


def test_a_broken_batch_is_blamed_and_the_weights_from_before_it_stay(colours: Path) -> None:
    """Without batch statistics, which a broken batch spoils at once."""
    plain = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 3))
    learn = Learner(tiny_learner(colours).dls, plain)
    learn.reporter.quiet = True
    planting = Planting(2, 3, "inputs")
    with pytest.raises(TrainingError, match="weights from before this batch"):
        learn.fit(3, 0.01, cbs=planting)
    assert same(weights(learn.model), planting.last_step)
    assert not same(weights(learn.model), planting.epochs[1])


def test_batch_statistics_that_a_broken_batch_spoiled_are_brought_back_too(
    learn: Learner[Any],
) -> None:
    planting = Planting(2, 3, "inputs")
    with pytest.raises(TrainingError, match="weights from the end of epoch 1"):
        learn.fit(3, 0.01, cbs=planting)
    assert same(weights(learn.model), planting.epochs[1])


@pytest.mark.parametrize("epochs", [1, 4])
@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("lr", [1e12, 1e30])
def test_a_learning_rate_that_is_far_too_high_leaves_numbers(
    epochs: int, frozen: bool, lr: float, learn: Learner[Any]
) -> None:
    if frozen:
        learn.freeze()
    with suppress(TrainingError):
        learn.fit(epochs, lr)
    assert are_numbers(weights(learn.model))


def test_a_last_step_that_spoils_the_weights_is_found_before_they_are_kept(
    learn: Learner[Any],
) -> None:
    class Spoiling(Callback):
        def after_batch(self, learn: Learner[Any]) -> None:
            if learn.epoch == 1 and learn.is_last_batch:
                with torch.no_grad():
                    _parameters(learn)[-1].fill_(float("nan"))

        def before_validate(self, learn: Learner[Any]) -> None:
            self.judged = weights(learn.model)

    spoiling = Spoiling()
    with pytest.raises(TrainingError, match=r"no numbers at the end of epoch 2.*end of epoch 1"):
        learn.fit(3, 0.01, cbs=spoiling)
    assert same(weights(learn.model), spoiling.judged)
    assert len(learn.recorder) == 1


def test_after_a_failure_the_learner_trains_on(learn: Learner[Any]) -> None:
    with pytest.raises(TrainingError):
        learn.fit(1, 0.01, cbs=Planting(1, 2, "inputs"))
    learn.fit(1, 0.01)
    assert np.isfinite(learn.recorder[-1]["train_loss"])


def test_a_target_that_is_no_number_is_named(tmp_path: Path) -> None:
    from drivetrain.learn.targets import Numbers

    random = np.random.default_rng(0)
    values = random.normal(size=(16, 1)).astype(np.float32)
    values[5] = np.nan

    def side(numbers: Any, *, training: bool) -> DataLoader:
        pictures = list(random.integers(0, 256, (len(numbers), 8, 8, 3), np.uint8))
        given = Input(pictures, Resize(8), [f"item {place}" for place in range(len(numbers))])
        return DataLoader((given,), (Target(numbers, Numbers(1)),), training, bs=16)

    dls = DataLoaders(side(values, training=True), side(values[:4], training=False))
    model = nn.Sequential(nn.Flatten(), nn.Linear(192, 1))
    learn = Learner(dls, model, path=tmp_path)
    learn.reporter.quiet = True
    with pytest.raises(TrainingError, match="batch 1 of epoch 1") as failed:
        learn.fit(1)
    assert "targets of the batch already hold" in str(failed.value.hint)


def test_frozen_training_names_the_items_among_those_that_could_be_read(tmp_path: Path) -> None:
    from conftest import write_colours

    folder = write_colours(tmp_path / "photos", 6)
    learn = tiny_learner(folder)
    names = learn.dls.train.inputs[0].names
    Path(names[0]).write_bytes(b"no photo")
    learn.freeze()

    class Spoiling(Callback):
        def after_loss(self, learn: Learner[Any]) -> None:
            self.positions = learn.batch.positions
            learn.loss = learn.loss * float("nan")

    spoiling = Spoiling()
    with pytest.warns(UserWarning, match="Left out"), pytest.raises(TrainingError) as failed:
        learn.fit(1, cbs=spoiling)
    for position in spoiling.positions[:3]:
        assert names[position + 1] in str(failed.value)


# ---- memory -----------------------------------------------------------------------------------

OUT_OF_MEMORY: list[Callable[[], BaseException]] = [
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    lambda: RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 8 GB"),
    lambda: RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 GB"),
    lambda: RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)"),
    MemoryError,
]


class Narrow(nn.Module):
    """A model without batch statistics, and with room for some items only."""

    def __init__(self, room: int, problem: Callable[[], BaseException] = MemoryError) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.see = nn.Linear(3 * 32 * 32, 3)
        self.room, self.problem = room, problem
        self.sizes: list[int] = []

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.sizes.append(len(x))
            if len(x) > self.room:
                raise self.problem()
        seen: Tensor = self.see(x.flatten(1))
        return seen


def narrow(colours: Path, room: int, **settings: Any) -> Learner[Any]:
    problem = settings.pop("problem", MemoryError)
    dls = tiny_learner(colours).dls.new(bs=settings.pop("bs", 9))
    learn = Learner(dls, Narrow(room, problem), opt_func=torch.optim.SGD, wd=0.0, **settings)
    learn.reporter.quiet = True
    return learn


@pytest.mark.parametrize("problem", OUT_OF_MEMORY)
def test_where_memory_runs_out_batches_go_through_in_parts_and_learn_the_same(
    problem: Callable[[], BaseException], colours: Path
) -> None:
    learn, whole = narrow(colours, 3, problem=problem), narrow(colours, 99)
    with pytest.warns(SmallerBatchWarning) as warned:
        learn.fit(2, 0.05)
    assert "parts of about 2" in str(warned[-1].message)
    assert "bs=2" in str(warned[-1].message)
    whole.fit(2, 0.05)
    assert len(warned) == 2  # halves of 9 do not fit, quarters do, and it stays at quarters
    assert learn.parts == 4
    # Sums in another order: some units in the last place of float32, over six steps.
    torch.testing.assert_close(weights(learn.model), weights(whole.model), atol=1e-6, rtol=1e-5)
    np.testing.assert_allclose(learn.recorder.losses, whole.recorder.losses, rtol=1e-5)


def test_a_smaller_last_batch_is_never_cut_below_two_items(colours: Path) -> None:
    learn = narrow(colours, 2, bs=8)  # 27 items: the last batch has 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallerBatchWarning)
        with pytest.raises(TrainingError, match="Memory ran out with 3 items at a time"):
            learn.fit(1)
    fits = narrow(colours, 3, bs=8)
    with pytest.warns(SmallerBatchWarning):
        fits.fit(1)
    model: Any = fits.model
    assert min(model.sizes) >= 2


def test_memory_for_fewer_than_two_items_ends_training_with_words(colours: Path) -> None:
    learn = narrow(colours, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SmallerBatchWarning)
        with pytest.raises(TrainingError, match="Memory ran out with 2 items") as failed:
            learn.fit(1)
    assert "smaller" in str(failed.value.hint)


def test_other_errors_of_a_model_pass_unchanged(colours: Path) -> None:
    learn = narrow(colours, 3, problem=lambda: RuntimeError("mat1 and mat2 cannot be multiplied"))
    with pytest.raises(RuntimeError, match="mat1 and mat2") as failed:
        learn.fit(1)
    assert type(failed.value) is RuntimeError
    assert learn.parts == 1


@pytest.mark.parametrize(
    ("problem", "expected"),
    [*((make(), True) for make in OUT_OF_MEMORY), (ValueError("out of memory"), False)],
)
def test_what_says_that_memory_ran_out(problem: BaseException, expected: bool) -> None:
    assert is_out_of_memory(problem) is expected


def test_gradients_gathered_before_memory_ran_out_are_left_out_whole(colours: Path) -> None:
    """The step is then the mean over the items that came since, not a mixture."""
    gradients: list[Tensor] = []
    seen: list[Batch] = []

    class Looking(Callback):
        order = 99

        def before_batch(self, learn: Learner[Any]) -> None:
            model: Any = learn.model
            model.room = 99 if len(seen) == 0 or learn.parts > 1 else 5
            seen.append(learn.batch)

        def after_backward(self, learn: Learner[Any]) -> None:
            if not learn.skip_step:
                gradients.append(_gradient(learn))

    learn = narrow(colours, 99)
    with pytest.warns(SmallerBatchWarning):
        learn.fit(1, 0.0001, cbs=[GradientAccumulation(27), Looking()])
    whole = narrow(colours, 99)
    x = torch.cat([batch.x for batch in seen[1:]])
    y = torch.cat([batch.y for batch in seen[1:]])
    whole.backward(whole.loss_func(whole.model(x), y))
    torch.testing.assert_close(gradients[0], _gradient(whole), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("size", range(2, 40))
@pytest.mark.parametrize("parts", [1, 2, 4, 8])
def test_parts_hold_every_item_once_beside_its_target_and_never_a_lone_one(
    size: int, parts: int
) -> None:
    numbers = torch.arange(size)
    batch = Batch((numbers.view(-1, 1) * 1.0,), (numbers,), [10 + n for n in range(size)])
    several = list(parts_of(batch, parts))
    assert torch.equal(torch.cat([part.y for part, _ in several]), numbers)
    assert sum(share for _, share in several) == pytest.approx(1.0)
    assert len(several) <= parts
    for part, share in several:
        assert len(part.y) == len(part.x) == len(part.positions) >= 2
        assert share == len(part.y) / size
        assert part.x[:, 0].tolist() == part.y.tolist() == [n - 10 for n in part.positions]


def test_parts_are_doubled_until_two_items_are_left() -> None:
    with pytest.warns(SmallerBatchWarning):
        assert more_parts(1, 8) == 2
    with pytest.warns(SmallerBatchWarning):
        assert more_parts(2, 8) == 4
    with pytest.raises(TrainingError, match="with 2 items"):
        more_parts(4, 8)


# ---- what does not fit together ---------------------------------------------------------------


def labelled(train: list[int], valid: list[int]) -> DataLoaders:
    def side(targets: list[int], *, training: bool) -> DataLoader:
        pictures = [np.zeros((8, 8, 3), np.uint8)] * len(targets)
        names = [str(place) for place in range(len(targets))]
        kind = OneOf(Vocab(("blue", "green", "red")))
        labels = (Target(np.array(targets), kind),)
        return DataLoader((Input(pictures, Resize(8), names),), labels, training, bs=4)

    return DataLoaders(side(train, training=True), side(valid, training=False))


def test_a_class_that_training_never_saw_is_named_with_its_items() -> None:
    dls = labelled([0, 0, 1, 1], [0, 2, 2])
    with pytest.warns(UnseenClassWarning, match=r"red \(2\)") as warned:
        Learner(dls, tiny_classifier())
    assert "blue" not in str(warned[0].message)


def test_a_class_that_nobody_has_is_no_concern() -> None:
    Learner(labelled([0, 0, 1, 1], [0, 1]), tiny_classifier())


@pytest.mark.parametrize("classes", [2, 4])
def test_a_head_of_the_wrong_size_is_refused(classes: int, colours: Path) -> None:
    learn = Learner(tiny_learner(colours).dls, tiny_classifier(classes))
    learn.reporter.quiet = True
    with pytest.raises(ConfigError, match=f"8, {classes}.*3 classes") as refused:
        learn.fit(1)
    assert "3 outputs" in str(refused.value.hint)


def test_a_loss_of_ones_own_may_read_other_outputs(colours: Path) -> None:
    def loss(outputs: Tensor, y: Tensor) -> Tensor:
        return nn.functional.cross_entropy(outputs[:, :3], y)

    learn = Learner(tiny_learner(colours).dls, tiny_classifier(4), loss_func=loss)
    learn.reporter.quiet = True
    learn.fit(1)
    assert len(learn.recorder) == 1


def test_an_architecture_with_a_typo_is_met_with_a_suggestion(colours: Path) -> None:
    with pytest.raises(ConfigError, match="resnt18") as refused:
        vision_learner(tiny_learner(colours).dls, "resnt18", pretrained=False)
    assert "resnet18" in str(refused.value.hint)
