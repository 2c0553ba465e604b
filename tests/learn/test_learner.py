"""The learner: training, frozen training, answers, and the hooks around them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from conftest import colour_block, colour_photo, tiny_classifier, tiny_learner, write_colours
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.data import IndexSplitter, get_image_files
from drivetrain.errors import ConfigError, DataError, UnreadableInputError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoader, DataLoaders, SkippedItemWarning
from drivetrain.learn.models import ImageClassifier
from drivetrain.learn.training.equipment import HEAD_PASSES
from drivetrain.learn.transforms import RandomResizedCrop
from drivetrain.learn.vision import vision_learner
from drivetrain.metrics import accuracy, error_rate

pytestmark = pytest.mark.usefixtures("one_torch_thread")

BS = 13  # of 27 training photos: the last batch would hold one


def small_loaders(colours: Path) -> DataLoaders:
    return colour_block().dataloaders(colours, bs=BS, device="cpu")


def learner(
    colours: Path,
    kind: type[Learner[Any]] = Learner,
    model: nn.Module | None = None,
    **settings: Any,
) -> Learner[DataLoaders]:
    dls = small_loaders(colours)
    chosen = tiny_classifier() if model is None else model
    defaults: dict[str, Any] = {"metrics": [error_rate], "lr": 0.05}
    made = kind(dls, chosen, **(defaults | settings))
    made.reporter.quiet = True
    return made


def weights(model: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


# ---- training ------------------------------------------------------------------------------


def test_training_lowers_the_loss_and_tells_the_colours_apart(colours: Path) -> None:
    learn = tiny_learner(colours)
    before = learn.validate()
    learn.fit_one_cycle(4)
    after = learn.validate()
    assert after["valid_loss"] < before["valid_loss"] / 2
    assert after["error_rate"] < 0.2 < before["error_rate"]
    assert learn.recorder[-1]["train_loss"] < learn.recorder[0]["train_loss"]


def test_every_epoch_is_recorded_with_losses_metrics_and_seconds(colours: Path) -> None:
    learn = learner(colours, metrics=[error_rate, accuracy])
    learn.fit_one_cycle(2)
    assert len(learn.recorder) == 2
    row = learn.recorder[-1]
    assert list(row) == ["train_loss", "valid_loss", "error_rate", "accuracy", "seconds"]
    assert row["valid_loss"] == learn.validate()["valid_loss"]
    assert row["error_rate"] + row["accuracy"] == pytest.approx(1.0)


def test_the_whole_model_is_trained_and_its_normalisation_is_not(colours: Path) -> None:
    learn = learner(colours)
    before = weights(learn.model)
    learn.fit_one_cycle(1)
    moved = {
        name
        for name, tensor in weights(learn.model).items()
        if not torch.equal(tensor, before[name])
    }
    assert {name.split(".")[0] for name in moved} == {"body", "head"}


@pytest.mark.parametrize("epochs", [0, -1])
def test_no_epochs_are_refused(epochs: int, colours: Path) -> None:
    with pytest.raises(ConfigError, match=f"n_epoch is {epochs}, and training takes at least one"):
        learner(colours).fit_one_cycle(epochs)


def test_the_seed_gives_identical_weights_whatever_the_number_of_workers(colours: Path) -> None:
    def trained(num_workers: int, seed: int) -> dict[str, Tensor]:
        block = colour_block().new(RandomResizedCrop(16), aug_transforms())
        dls = block.dataloaders(colours, bs=8, seed=5, num_workers=num_workers, device="cpu")
        learn = Learner(dls, tiny_classifier(), seed=seed)
        torch.manual_seed(num_workers)  # the caller's random numbers decide nothing
        with learn.no_bar():
            learn.fit_one_cycle(2)
        return weights(learn.model)

    first = trained(num_workers=1, seed=3)
    assert same(first, trained(num_workers=4, seed=3))
    assert not same(first, trained(num_workers=1, seed=4))


def test_the_callers_random_numbers_are_left_alone(colours: Path) -> None:
    before, numpys = torch.random.get_rng_state(), np.random.get_state(legacy=False)
    learn = learner(colours)
    learn.fit_one_cycle(1)
    learn.get_preds()
    vision_learner(small_loaders(colours), "test_resnet", pretrained=False)
    assert torch.equal(torch.random.get_rng_state(), before)
    np.testing.assert_equal(np.random.get_state(legacy=False), numpys)


def test_a_broken_file_does_not_end_training_wherever_it_falls(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "photos", photos_a_class=3)
    for colour in ("red", "blue"):
        (folder / colour / "broken.jpg").write_bytes(b"no photo")
    learn = Learner(colour_block().dataloaders(folder, bs=2, device="cpu"), tiny_classifier())
    learn.reporter.quiet = True
    with pytest.warns(SkippedItemWarning):
        learn.fit_one_cycle(4)  # in pairs: over the epochs some good photo is left alone
    assert len(learn.recorder) == 4


def test_a_training_side_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    folder = write_colours(tmp_path / "photos", photos_a_class=2)
    for path in get_image_files(folder)[::2]:
        path.write_bytes(b"no photo")
    unreadable_train = replace(colour_block(), splitter=IndexSplitter(range(1, 6, 2)))
    dls = unreadable_train.dataloaders(folder, device="cpu")
    learn = Learner(dls, tiny_classifier())
    with pytest.warns(SkippedItemWarning), pytest.raises(DataError, match="None of the 3 items"):
        learn.fit_one_cycle(1)


# ---- rates ---------------------------------------------------------------------------------


class Noting(Learner[DataLoaders]):
    """Writes down the rate of every group at every step."""

    rates: list[list[float]]

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        self.rates = [
            *getattr(self, "rates", []),
            [group["lr"] for group in optimizer.param_groups],
        ]
        super().step(optimizer)


def noted(colours: Path, *args: Any, **settings: Any) -> list[list[float]]:
    learn = learner(colours, Noting)
    assert isinstance(learn, Noting)
    learn.fit_one_cycle(*args, **settings)
    return learn.rates


def test_the_rate_goes_up_and_down_once_over_all_steps(colours: Path) -> None:
    rates = noted(colours, 4, 0.1, pct_start=0.5, div=10.0)
    assert len(rates) == 4 * 2  # 27 photos in batches of 13, without a lone last one
    heads = [head for _, head in rates]
    assert heads[0] == pytest.approx(0.01)
    assert heads[4] == max(heads) == pytest.approx(0.1)
    assert heads == sorted(heads[:5]) + sorted(heads[5:], reverse=True)


def test_a_slice_gives_the_body_the_first_rate_and_the_head_the_last(colours: Path) -> None:
    for body, head in noted(colours, 1, slice(0.001, 0.1)):
        assert head == pytest.approx(100 * body)


def test_one_rate_goes_to_both_parts_and_is_the_learners_own_when_left_out(colours: Path) -> None:
    for rates in (noted(colours, 1, 0.05, pct_start=0.5), noted(colours, 1, pct_start=0.5)):
        assert rates[1] == pytest.approx([0.05, 0.05])


def test_fine_tune_freezes_first_and_then_trains_all_with_lower_rates(
    colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn, fits = learner(colours), []
    assert isinstance(learn.model, ImageClassifier)
    body = learn.model.body

    def fit(epochs: int, lr: Any, *, cbs: Any, resume: bool, **cycle: Any) -> None:
        assert not cbs
        assert not resume
        trainable = all(part.requires_grad for part in body.parameters())
        fits.append((epochs, lr, cycle, learn.frozen, trainable))

    monkeypatch.setattr(learn, "fit_one_cycle", fit)
    learn.fine_tune(3, base_lr=0.02, freeze_epochs=2, div_final=10.0)
    assert fits == [
        (2, 0.02, {"pct_start": 0.25, "div_final": 10.0}, True, False),
        (3, slice(0.0001, 0.01), {"pct_start": 0.3, "div": 5.0, "div_final": 10.0}, False, True),
    ]
    fits.clear()
    learn.fine_tune(0)
    assert [fit[0] for fit in fits] == [1]


# ---- frozen training -----------------------------------------------------------------------


class Moments(Callback):
    """Writes down every moment that it is called at."""

    def __init__(self, name: str = "", order: int = 0, log: list[str] | None = None) -> None:
        self.name, self.order = name, order
        self.log: list[str] = [] if log is None else log
        for moment in (
            *("before_fit", "before_epoch", "before_batch"),
            *("after_batch", "after_epoch", "after_fit"),
        ):
            setattr(self, moment, self._noting(moment))

    def _noting(self, moment: str) -> Callable[[Learner[Any]], None]:
        return lambda _: self.log.append(self.name + moment)


VIEWS = 2


@pytest.fixture(scope="module")
def frozen(colours: Path) -> tuple[Learner[DataLoaders], dict[str, Tensor], Moments]:
    """A learner after frozen training, its weights before that, and what its callback saw."""
    moments = Moments()
    learn = learner(colours, cbs=[moments])
    learn.freeze()
    before = weights(learn.model)
    learn.fit_one_cycle(VIEWS, 0.01)
    return learn, before, moments


Frozen = tuple[Learner[DataLoaders], dict[str, Tensor], Moments]


def test_frozen_training_leaves_every_tensor_of_the_body_as_it_was(frozen: Frozen) -> None:
    learn, before, _ = frozen
    for name, tensor in learn.model.state_dict().items():
        if not name.startswith("head."):
            assert torch.equal(tensor, before[name]), name
    assert not torch.equal(learn.model.state_dict()["head.6.weight"], before["head.6.weight"])


def test_frozen_training_agrees_with_answering_through_the_whole_model(frozen: Frozen) -> None:
    learn, _, _ = frozen
    row = learn.recorder[-1]
    answered = learn.validate()
    # The embeddings come from onnxruntime and the answers from torch: the last digits differ.
    assert row["valid_loss"] == pytest.approx(answered["valid_loss"], abs=1e-4)
    assert row["error_rate"] == answered["error_rate"] == 0.0
    assert list(row) == ["train_loss", "valid_loss", "error_rate", "seconds"]


def test_frozen_training_learns_from_every_item_beside_its_own_label(frozen: Frozen) -> None:
    learn, _, _ = frozen
    assert learn.features is not None
    for side, dl in (
        (learn.features.train, learn.dls.train),
        (learn.features.valid, learn.dls.valid),
    ):
        assert isinstance(learn.model, ImageClassifier)
        pictures = [dl.item_transform.preparation(item) for item in dl.items]
        x = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255
        with torch.inference_mode():
            expected = learn.model.eval().embed(x)
        assert side.targets.tolist() == dl.targets.tolist()
        torch.testing.assert_close(side.embeddings, expected, atol=1e-5, rtol=1e-5)
    assert len(learn.recorder) == VIEWS


def test_callbacks_see_frozen_training_too(frozen: Frozen) -> None:
    _, _, moments = frozen
    batches = ["before_batch", "after_batch"] * 2 * HEAD_PASSES  # 27 = 13 + 13 + 1
    epoch = ["before_epoch", *batches, "after_epoch"]
    assert moments.log == ["before_fit", *epoch * VIEWS, "after_fit"]


def test_a_model_without_a_body_cannot_be_frozen(colours: Path) -> None:
    plain = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 3))
    learn = learner(colours, model=plain)
    with pytest.raises(ConfigError, match=r"no body to freeze.*fit_one_cycle"):
        learn.freeze()
    learn.unfreeze()
    before = weights(plain)
    learn.fit_one_cycle(1, slice(1e-4, 1e-2))
    assert not same(before, weights(plain))


def test_freezing_and_unfreezing_decide_what_has_gradients(colours: Path) -> None:
    learn = learner(colours)
    assert isinstance(learn.model, ImageClassifier)
    for change, trainable in ((learn.freeze, False), (learn.unfreeze, True)):
        change()
        assert {part.requires_grad for part in learn.model.body.parameters()} == {trainable}
        assert {part.requires_grad for part in learn.model.head.parameters()} == {True}


# ---- the five steps and the hooks ----------------------------------------------------------


class StepByStep(Learner[DataLoaders]):
    log: list[str]

    def predict_batch(self, batch: Batch) -> Tensor:
        self._note("predict_batch")
        return super().predict_batch(batch)

    def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
        self._note("compute_loss")
        return super().compute_loss(logits, batch)

    def backward(self, loss: Tensor) -> None:
        self._note("backward")
        super().backward(loss)

    def step(self, optimizer: torch.optim.Optimizer) -> None:
        assert optimizer.param_groups
        self._note("step")  # and moves nothing

    def zero_grad(self, optimizer: torch.optim.Optimizer) -> None:
        self._note("zero_grad")
        super().zero_grad(optimizer)

    def _note(self, name: str) -> None:
        self.log = [*getattr(self, "log", []), name]


def test_each_step_of_training_can_be_changed_by_a_subclass(colours: Path) -> None:
    learn = learner(colours, StepByStep)
    assert isinstance(learn, StepByStep)
    parameters = [part.clone() for part in learn.model.parameters()]
    learn.fit_one_cycle(1)
    a_batch = ["predict_batch", "compute_loss", "backward", "step", "zero_grad"]
    # An epoch starts without gradients; 9 validation photos are one batch.
    assert learn.log == ["zero_grad", *a_batch * 2, "predict_batch"]
    for before, after in zip(parameters, learn.model.parameters(), strict=True):
        assert torch.equal(before, after)
        assert after.grad is None


def test_a_loss_of_ones_own_is_trained_on_and_reported(colours: Path) -> None:
    def doubled(logits: Tensor, targets: Tensor) -> Tensor:
        return 2 * functional.cross_entropy(logits, targets)

    plain, own = learner(colours), learner(colours, loss_func=doubled)
    assert own.validate()["valid_loss"] == pytest.approx(2 * plain.validate()["valid_loss"])
    plain.fit_one_cycle(1, 1e-9)
    own.fit_one_cycle(1, 1e-9)
    ratio = own.recorder[0]["train_loss"] / plain.recorder[0]["train_loss"]
    assert ratio == pytest.approx(2, rel=1e-4)


def test_callbacks_are_called_at_each_moment_by_rising_order(colours: Path) -> None:
    log: list[str] = []
    late, early = Moments("late ", 10, log), Moments("early ", -10, log)
    learner(colours, cbs=[late, early]).fit_one_cycle(2)
    epoch = ["before_epoch", *["before_batch", "after_batch"] * 2, "after_epoch"]
    expected = ["before_fit", *epoch, *epoch, "after_fit"]
    assert log == [name + moment for moment in expected for name in ("early ", "late ")]


def test_callbacks_find_what_their_moment_promises(colours: Path) -> None:
    found: list[Any] = []

    class Looking(Callback):
        def before_epoch(self, learn: Learner[Any]) -> None:
            found.append(len(learn.recorder))

        def after_epoch(self, learn: Learner[Any]) -> None:
            found.append(sorted(learn.recorder[-1]))

    learner(colours, cbs=[Looking()]).fit_one_cycle(2)
    row = ["error_rate", "seconds", "train_loss", "valid_loss"]
    assert found == [0, row, 1, row]


def test_the_model_is_trained_on_the_batch_that_a_callback_leaves(colours: Path) -> None:
    class Halve(Callback):
        def before_batch(self, learn: Learner[Any]) -> None:
            assert isinstance(learn.batch, Batch)
            learn.batch = replace(learn.batch, xs=(learn.batch.x[:5],), ys=(learn.batch.y[:5],))

    class Watching(Learner[Any]):
        def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
            seen.append((len(logits), len(batch.y)))
            return super().compute_loss(logits, batch)

    seen: list[tuple[int, int]] = []
    learner(colours, Watching, cbs=[Halve()]).fit_one_cycle(1)
    assert seen == [(5, 5), (5, 5)]


def test_a_callback_that_needs_pixels_gets_them_in_frozen_training(colours: Path) -> None:
    class Pixels(Callback):
        needs_pixels = True

        def before_batch(self, learn: Learner[Any]) -> None:
            shapes.append(tuple(learn.batch.x.shape))
            assert isinstance(learn.model, ImageClassifier)
            modes.append((learn.model.body.training, learn.model.head.training))

    shapes: list[tuple[int, ...]] = []
    modes: list[tuple[bool, bool]] = []
    learn = learner(colours, cbs=[Pixels()])
    before = weights(learn.model)
    learn.fine_tune(0)
    assert shapes == [(BS, 3, 32, 32)] * 2
    assert modes == [(False, True)] * 2
    after = weights(learn.model)
    assert {name.split(".")[0] for name in after if not torch.equal(after[name], before[name])} == {
        "head"
    }
    learn.fine_tune(1)
    assert modes[-1] == (True, True)


def test_after_fit_is_called_when_training_failed_and_the_failure_is_told(colours: Path) -> None:
    class Failing(Callback):
        def after_batch(self, learn: Learner[Any]) -> None:
            raise ZeroDivisionError(len(learn.recorder))

    moments = Moments()
    with pytest.raises(ZeroDivisionError):
        learner(colours, cbs=[moments, Failing()]).fit_one_cycle(2)
    expected = ["before_fit", "before_epoch", "before_batch", "after_batch", "after_fit"]
    assert moments.log == expected


def test_a_callback_can_stop_training_and_the_next_training_runs_again(colours: Path) -> None:
    class StopAfterTheFirst(Callback):
        def after_epoch(self, learn: Learner[Any]) -> None:
            learn.stop = learn.stop or len(learn.recorder) == 1

    learn = learner(colours, cbs=[StopAfterTheFirst()])
    learn.fit_one_cycle(3)
    assert len(learn.recorder) == 1
    learn.fit_one_cycle(3)
    assert len(learn.recorder) == 1 + 3


# ---- what is said --------------------------------------------------------------------------


def test_each_epoch_is_one_line_on_standard_error(
    colours: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    learn = learner(colours)
    learn.reporter.quiet = False
    learn.fit_one_cycle(2)
    out, err = capsys.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("epoch 1/2  train_loss ")
    assert f"error_rate {learn.recorder[1]['error_rate']:.4f}" in second


def test_no_bar_says_nothing_inside(colours: Path, capsys: pytest.CaptureFixture[str]) -> None:
    learn = learner(colours)
    learn.reporter.quiet = False
    with learn.no_bar():
        learn.fit_one_cycle(1)
        learn.get_preds()
    assert capsys.readouterr() == ("", "")
    assert learn.reporter.quiet is False


# ---- answers -------------------------------------------------------------------------------


def test_metrics_are_named_after_what_they_are(colours: Path) -> None:
    class Tenth:
        def __call__(self, predicted: Any, actual: Any) -> float:
            return len(predicted) / len(actual) / 10

    row = learner(colours, metrics=[accuracy, Tenth()]).validate()
    assert list(row) == ["valid_loss", "accuracy", "Tenth"]
    assert row["Tenth"] == 0.1
    assert list(learner(colours, metrics=accuracy).validate()) == ["valid_loss", "accuracy"]
    assert list(learner(colours, metrics=()).validate()) == ["valid_loss"]


def test_validate_measures_all_items_at_once_and_any_loader(
    trained: Learner[DataLoaders],
) -> None:
    labelled = trained.dls.test_dl(trained.dls.valid.items, with_labels=True)
    assert labelled.targets.tolist() == trained.dls.valid.targets.tolist()
    for dl in (trained.dls.valid, labelled):
        row = trained.validate(dl)
        probabilities, targets = trained.get_preds(dl)
        expected = functional.nll_loss(probabilities.log(), targets)
        assert row["valid_loss"] == pytest.approx(float(expected), abs=1e-5)
        wrong = (probabilities.argmax(1) != targets).float().mean()
        assert row["error_rate"] == pytest.approx(float(wrong))


def test_get_preds_gives_probabilities_and_targets_in_the_loaders_order(
    trained: Learner[DataLoaders],
) -> None:
    probabilities, targets = trained.get_preds()
    assert probabilities.shape == (9, 3)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(9))
    assert targets.tolist() == trained.dls.valid.targets.tolist()
    backwards = trained.dls.test_dl(trained.dls.valid.items[::-1])
    torch.testing.assert_close(trained.get_preds(dl=backwards)[0].flip(0), probabilities)


def test_predict_gives_what_get_preds_gives(trained: Learner[DataLoaders]) -> None:
    probabilities, _ = trained.get_preds()
    for item, expected in zip(trained.dls.valid.items, probabilities, strict=True):
        for source in (item, str(item), item.read_bytes()):
            label, index, found = trained.predict(source)
            torch.testing.assert_close(found, expected)
            assert label == trained.dls.vocab[int(index)]
            assert int(index) == int(expected.argmax())


def test_predict_takes_pictures_from_memory(trained: Learner[DataLoaders]) -> None:
    for colour in trained.dls.vocab:
        picture = colour_photo(colour, seed=99)
        assert trained.predict(picture)[0] == trained.predict(np.asarray(picture))[0] == colour


def test_predict_leaves_the_weights_alone(colours: Path) -> None:
    learn = learner(colours)
    learn.model.train()
    before = weights(learn.model)
    learn.predict(colour_photo("red", 1))
    learn.get_preds()
    assert same(before, weights(learn.model))


def test_predict_refuses_what_is_no_photo(trained: Learner[DataLoaders], tmp_path: Path) -> None:
    with pytest.raises(UnreadableInputError, match=r"gone\.jpg does not exist"):
        trained.predict(tmp_path / "gone.jpg")


def test_items_that_cannot_be_read_are_left_out_of_answers_and_targets(
    trained: Learner[DataLoaders],
) -> None:
    items = [*trained.dls.valid.items[:2], b"no photo", trained.dls.valid.items[2]]
    with pytest.warns(SkippedItemWarning):
        probabilities, targets = trained.get_preds(dl=trained.dls.test_dl(items))
    torch.testing.assert_close(probabilities, trained.get_preds()[0][:3])
    assert len(targets) == 3


def test_an_empty_loader_is_not_answered_with_the_validation_side(
    trained: Learner[DataLoaders],
) -> None:
    nothing = trained.dls.test_dl([])
    for answer in (trained.get_preds, trained.validate):
        with pytest.raises(DataError, match="None of the 0 items"):
            answer(nothing)


# ---- vision_learner ------------------------------------------------------------------------


def test_vision_learner_starts_from_its_seed(colours: Path) -> None:
    dls = small_loaders(colours)

    def made(seed: int) -> dict[str, Tensor]:
        return weights(vision_learner(dls, "test_resnet", pretrained=False, seed=seed).model)

    first = made(1)
    torch.manual_seed(5)
    assert same(first, made(1))
    assert not same(first, made(2))


def test_vision_learner_freezes_what_is_pretrained_and_only_that(
    colours: Path, tmp_path: Path
) -> None:
    dls = small_loaders(colours)
    fresh = vision_learner(dls, "test_resnet", pretrained=False, metrics=accuracy)
    assert (fresh.frozen, fresh.arch, fresh.weights_origin) == (False, "test_resnet", "random")
    assert fresh.metrics == [accuracy]
    backbone: Any = timm.create_model("test_resnet")
    torch.save(backbone.state_dict(), tmp_path / "w.pth")
    started = vision_learner(dls, "test_resnet", weights=tmp_path / "w.pth")
    assert (started.frozen, started.weights_origin) == (True, "a file of the user's")


def test_vision_learner_has_an_output_for_each_class(colours: Path) -> None:
    learn = vision_learner(small_loaders(colours), "test_resnet", pretrained=False)
    learn.reporter.quiet = True
    assert learn.get_preds()[0].shape == (9, 3)


def test_the_steps_of_a_subclass_serve_frozen_training_too(colours: Path) -> None:
    asked: list[int] = []

    class Counting(Learner[DataLoaders]):
        def compute_loss(self, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
            asked.append(len(batch.y))
            return super().compute_loss(logits, batch)

    learn = Counting(tiny_learner(colours).dls, tiny_classifier())
    with learn.no_bar():
        learn.fine_tune(0)
    assert len(asked) == HEAD_PASSES * len(learn.dls.train)


def test_a_second_training_goes_on_with_new_orders(
    colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn, epochs = tiny_learner(colours), []
    batches = DataLoader.batches

    def watched(self: DataLoader, epoch: int = 0, **settings: Any) -> Iterator[Batch]:
        if self.training:
            epochs.append(epoch)
        return batches(self, epoch, **settings)

    monkeypatch.setattr(DataLoader, "batches", watched)
    learn.fit_one_cycle(2)
    learn.fit_one_cycle(1)
    assert epochs == [0, 1, 2]
