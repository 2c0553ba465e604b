"""The learning rate test: what it suggests, and that it leaves no trace."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import colour_block, colour_photo, tiny_classifier
from torch import Tensor, nn

from drivetrain.data import IndexSplitter
from drivetrain.errors import ConfigError, TrainingError
from drivetrain.learn.augment import aug_transforms
from drivetrain.learn.batches import Batch
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.callbacks.gradients import GradientAccumulation, GradientClip
from drivetrain.learn.callbacks.logs import CSVLogger
from drivetrain.learn.callbacks.mixup import MixUp
from drivetrain.learn.callbacks.precision import MixedPrecision
from drivetrain.learn.callbacks.saving import SaveModelCallback
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.training.lr_find import SuggestedLRs
from drivetrain.learn.training.suggestions import minimum, slide, steep, valley

pytestmark = pytest.mark.usefixtures("one_torch_thread")

QUICK: dict[str, Any] = {"num_it": 12, "show_plot": False}


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def learner(colours: Path, *, batch_tfms: Any = None, **settings: Any) -> Learner[DataLoaders]:
    dls = replace(colour_block(), batch_tfms=batch_tfms).dataloaders(colours, bs=8, device="cpu")
    made = Learner(dls, settings.pop("model", tiny_classifier()), **settings)
    made.reporter.quiet = True
    return made


def state(learn: Learner[Any]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in learn.model.state_dict().items()}


def same(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


class Seen(Callback):
    """Notes the moments that it is called at, and the rates."""

    def __init__(self) -> None:
        self.moments: list[str] = []
        self.batches = 0

    def before_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("before_fit")

    def before_epoch(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("before_epoch")

    def before_batch(self, learn: Learner[Any]) -> None:
        self.note("before_batch")
        self.batches += 1
        rates.append(learn.optimizer.param_groups[0]["lr"])

    def after_backward(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("after_backward")

    def after_step(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("after_step")

    def after_batch(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("after_batch")

    def after_epoch(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("after_epoch")

    def after_fit(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.note("after_fit")

    def note(self, moment: str) -> None:
        noted.append(moment)
        self.moments.append(moment)


noted: list[str] = []
rates: list[float] = []


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    noted.clear()
    rates.clear()


# ---- what is tried -------------------------------------------------------------------------


def test_rates_rise_by_equal_factors_from_the_first_to_the_last(colours: Path) -> None:
    learner(colours, cbs=Seen()).lr_find(1e-6, 1e-2, 9, show_plot=False)
    np.testing.assert_allclose(rates, np.logspace(-6, -2, 9), rtol=1e-9)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_short_loader_is_gone_through_again_and_again(colours: Path, *, frozen: bool) -> None:
    learn = learner(colours, cbs=[] if frozen else Seen())
    if frozen:
        learn.freeze()
        learn.head_passes = 1
    learn.lr_find(1e-6, 1e-3, num_it=30, suggest_funcs=_count(30), show_plot=False)
    assert len(learn.dls.train) < 30


def _count(expected: int) -> Any:
    def counting(lrs: Any, losses: Any, num_it: int) -> tuple[float, tuple[float, float]]:
        assert len(lrs) == len(losses) == num_it == expected
        return 1.0, (1.0, 1.0)

    return counting


def test_it_stops_where_the_loss_runs_away_unless_told_not_to(colours: Path) -> None:
    lengths = []

    def noting(lrs: Any, losses: Any, num_it: int) -> tuple[float, tuple[float, float]]:
        assert num_it == 40 <= 40 * len(lrs)
        lengths.append(len(losses))
        return 1.0, (1.0, 1.0)

    settings: dict[str, Any] = {"num_it": 40, "suggest_funcs": noting, "show_plot": False}
    learn = overflowing(colours, 1e-3, factor=100.0)
    learn.lr_find(1e-5, 1.0, **settings)
    learn.lr_find(1e-5, 1.0, stop_div=False, **settings)
    assert 17 <= lengths[0] <= 19  # the 17th of 40 batches is the first above 1e-3
    assert lengths[1] == 40


def test_an_easy_first_batch_does_not_end_it(colours: Path) -> None:
    class EasyStart(Learner[Any]):
        def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
            easy = self.optimizer.param_groups[0]["lr"] < 1.1e-6
            return super().compute_loss(logits, batch) * (0.01 if easy else 1.0)

    dls = colour_block().dataloaders(colours, bs=8, device="cpu")
    learn = EasyStart(dls, Plain())
    learn.reporter.quiet = True
    learn.lr_find(1e-6, 1e-4, 30, suggest_funcs=_count(30), show_plot=False)


class Plain(nn.Module):
    """A network without batch statistics and dropout."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.one, self.two = nn.Linear(3 * 32 * 32, 32), nn.Linear(32, 3)

    def forward(self, x: Tensor) -> Tensor:
        seen: Tensor = self.two(self.one(x.flatten(1)).relu())
        return seen


class Overflowing(Learner[Any]):
    """A learner whose loss is multiplied from some rate on."""

    limit, factor = 1e-2, float("nan")

    def compute_loss(self, logits: Tensor, batch: Batch) -> Tensor:
        loss = super().compute_loss(logits, batch)
        return loss * self.factor if self.optimizer.param_groups[0]["lr"] > self.limit else loss


def overflowing(colours: Path, limit: float, factor: float = float("nan")) -> Learner[Any]:
    dls = colour_block().dataloaders(colours, bs=8, device="cpu")
    learn = Overflowing(dls, tiny_classifier())
    learn.limit, learn.factor, learn.reporter.quiet = limit, factor, True
    return learn


def test_a_loss_that_is_no_number_ends_it_with_what_there_was(colours: Path) -> None:
    learn = overflowing(colours, 1e-2)
    before = state(learn)
    suggested = learn.lr_find(1e-5, 10.0, num_it=13, show_plot=False)
    assert 1e-5 <= suggested.valley <= 1e-2
    assert same(before, state(learn))


def test_a_loss_that_is_no_number_from_the_start_is_told(colours: Path) -> None:
    learn = overflowing(colours, 0.0)
    before = state(learn)
    with pytest.raises(TrainingError, match="no number in batch 1 of lr_find"):
        learn.lr_find(**QUICK)
    assert same(before, state(learn))


def test_one_batch_of_data_is_enough(tmp_path: Path) -> None:
    for number, colour in enumerate(["red", "blue", "red", "blue"]):
        (tmp_path / colour).mkdir(exist_ok=True)
        colour_photo(colour, number).save(tmp_path / colour / f"{number}.png")
    block = replace(colour_block(), splitter=IndexSplitter([0, 2]))
    dls = block.dataloaders(tmp_path, bs=8, device="cpu")
    assert len(dls.train) == 1
    for frozen in (False, True):
        learn = Learner(dls, tiny_classifier(2))
        learn.reporter.quiet = True
        if frozen:
            learn.freeze()
        assert learn.lr_find(num_it=5, suggest_funcs=[valley, slide, steep, minimum])


# ---- no trace ------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_tfms", [None, aug_transforms(size=24)], ids=["plain", "varied"])
@pytest.mark.parametrize("frozen", [False, True], ids=["whole", "frozen"])
def test_training_after_it_is_the_training_without_it(
    colours: Path, batch_tfms: Any, *, frozen: bool
) -> None:
    ended = []
    for tries in (False, True):
        learn = learner(colours, batch_tfms=batch_tfms, model=tiny_classifier())
        learn.reporter.quiet = True
        for _ in range(2):
            if frozen:
                learn.freeze()
            if tries:
                learn.lr_find(**QUICK)
            learn.fit_one_cycle(1, 0.01)
        ended.append((state(learn), learn.recorder.losses, learn.recorder.values))
    assert same(ended[0][0], ended[1][0])
    assert ended[0][1:] == ended[1][1:]


def everything(learn: Learner[Any]) -> dict[str, Any]:
    kept = copy.copy(vars(learn))
    kept.pop("features")
    return kept | {
        "recorder": (list(learn.recorder), list(learn.recorder.losses), list(learn.recorder.lrs)),
        "modes": [module.training for module in learn.model.modules()],
        "gradients": [parameter.grad for parameter in learn.model.parameters()],
        "callbacks": [dict(vars(callback)) for callback in learn.cbs],
    }


class Failing(Callback):
    """Raises in the fifth batch of every training."""

    def __init__(self, error: type[BaseException]) -> None:
        self.error, self.batches = error, 0

    def before_batch(self, learn: Learner[Any]) -> None:  # noqa: ARG002
        self.batches += 1
        if self.batches == 5:
            raise self.error


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt])
def test_learner_and_random_numbers_are_as_they_were_also_when_it_fails(
    colours: Path, error: type[BaseException] | None
) -> None:
    cbs: list[Callback] = [MixUp(), GradientAccumulation(20), MixedPrecision(), Seen()]
    learn = learner(colours, cbs=[*cbs, Failing(error)] if error else cbs)
    learn.model.train()
    learn.model.get_submodule("head.0").eval()
    learn.model(torch.rand(4, 3, 32, 32)).sum().backward()
    gradients = [parameter.grad for parameter in learn.model.parameters()]
    copies = [gradient.clone() for gradient in gradients if gradient is not None]
    before, weights = everything(learn), state(learn)
    numbers = (
        torch.get_rng_state(),
        np.random.get_state(legacy=False)["state"]["key"].copy(),
        random.getstate(),
    )
    if error is None:
        learn.lr_find(**QUICK)
    else:
        with pytest.raises(error):
            learn.lr_find(**QUICK)
    assert rates
    assert same(weights, state(learn))
    after = everything(learn)
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert after[name] is value or after[name] == value, name
    found = [parameter.grad for parameter in learn.model.parameters()]
    assert all(one is other for one, other in zip(found, gradients, strict=True))
    kept = [gradient for gradient in gradients if gradient is not None]
    assert all(torch.equal(one, other) for one, other in zip(kept, copies, strict=True))
    assert torch.equal(torch.get_rng_state(), numbers[0])
    assert np.array_equal(np.random.get_state(legacy=False)["state"]["key"], numbers[1])
    assert random.getstate() == numbers[2]


def test_embeddings_of_a_frozen_body_serve_the_training_that_follows(colours: Path) -> None:
    learn = learner(colours)
    learn.freeze()
    learn.lr_find(**QUICK)
    features = learn.features
    assert features is not None
    learn.fit_one_cycle(1)
    assert learn.features is features


# ---- callbacks -----------------------------------------------------------------------------


def test_callbacks_that_log_or_save_are_left_out(colours: Path, tmp_path: Path) -> None:
    cbs = [CSVLogger(), SaveModelCallback("valid_loss", fname="best")]
    learner(colours, cbs=cbs, path=tmp_path).lr_find(**QUICK)
    assert not list(tmp_path.iterdir())


def test_a_callback_that_changes_batches_is_called_until_the_step_and_no_longer(
    colours: Path,
) -> None:
    seen = Seen()
    learner(colours, cbs=seen).lr_find(**QUICK)
    a_batch = ["before_batch", "after_backward"]
    assert noted == ["before_fit", "before_epoch", *a_batch * QUICK["num_it"]]
    assert seen.moments == []
    assert seen.batches == 0


def test_callbacks_that_shape_what_is_learned_take_part(colours: Path) -> None:
    kept = []

    def keeping(lrs: Any, losses: Any, num_it: int) -> tuple[float, tuple[float, float]]:
        kept.append(losses)
        assert len(lrs) == num_it
        return 1.0, (1.0, 1.0)

    for cbs in ([], [MixUp()], [GradientClip(1e-3)], [MixedPrecision()], [GradientAccumulation()]):
        learn = learner(colours, cbs=cbs, model=Plain())
        learn.lr_find(1e-4, 1e-1, 8, stop_div=False, suggest_funcs=keeping, show_plot=False)
    assert all(not np.array_equal(kept[0], other) for other in kept[1:])


def test_a_callback_that_needs_pixels_gets_them_in_a_frozen_test(colours: Path) -> None:
    shapes = []

    class Looking(Callback):
        needs_pixels = True

        def before_batch(self, learn: Learner[Any]) -> None:
            shapes.append(learn.batch.x.shape[1:])

    learn = learner(colours, cbs=Looking())
    learn.freeze()
    learn.lr_find(**QUICK)
    assert set(shapes) == {(3, 32, 32)}


# ---- suggestions ---------------------------------------------------------------------------

RATES = np.logspace(-7, 1, 100)
EXPONENTS = np.linspace(-7, 1, 100)


def curve() -> Any:
    """Flat at 1, down to 0.2 between 1e-5 and 1e-2, level, and up from 1e-1 on."""
    falling = 0.6 - 0.4 * np.sin(np.pi * (np.clip(EXPONENTS, -5, -2) + 3.5) / 3)
    return falling + np.clip(EXPONENTS + 1, 0, None) ** 2


def test_the_functions_read_off_what_they_promise() -> None:
    losses = curve()
    assert -3.2 < np.log10(valley(RATES, losses, 100)[0]) < -2.8  # two thirds of -5 to -2
    assert -3.7 < np.log10(steep(RATES, losses, 100)[0]) < -3.3  # its middle
    lowest = float(RATES[losses.argmin()])
    assert minimum(RATES, losses, 100) == (lowest / 10, (lowest, float(losses.min())))
    assert -2.3 < np.log10(slide(RATES, losses, 100)[0]) < -0.9  # from where on it is level


def test_steep_looks_no_further_than_the_smallest_loss() -> None:
    losses = np.array([5.0, 4.0, 2.0, 1.0, 9.0, 3.0])
    assert steep(RATES[:6], losses, 6)[0] <= RATES[3]


@pytest.mark.parametrize("function", [valley, slide, steep, minimum])
@pytest.mark.parametrize("losses", [[1.0], [1.0, 1.0], [2.0, 1.0], [1.0, 2.0], [1.0] * 50])
def test_every_curve_gets_a_suggestion_from_it(function: Any, losses: list[float]) -> None:
    rate, (at_rate, at_loss) = function(RATES[: len(losses)], np.array(losses), 100)
    assert at_rate in RATES[: len(losses)]
    assert at_loss in losses
    assert rate in (at_rate, at_rate / 10)


def test_suggestions_are_named_after_their_functions(colours: Path) -> None:
    learn = learner(colours)
    assert list(learn.lr_find(**QUICK)._asdict()) == ["valley"]
    wide = partial(slide)
    asked = (minimum, steep, slide, wide)
    found = learn.lr_find(suggest_funcs=asked, **QUICK)
    assert list(found._asdict()) == ["minimum", "steep", "slide", "slide_4"]
    assert (found.minimum, found.steep, found.slide, found.slide) == tuple(found)


def test_suggested_rates_are_a_named_tuple() -> None:
    rates = SuggestedLRs(valley=0.00123456, steep=0.5)
    assert repr(rates) == "SuggestedLRs(valley=0.0012, steep=0.5)"
    first, second = rates
    assert (first, second) == (0.00123456, 0.5)
    assert len(rates) == 2
    assert "valley" in dir(rates)
    for other in (pickle.loads(pickle.dumps(rates)), copy.deepcopy(rates)):
        assert other == rates
        assert other.steep == 0.5
    with pytest.raises(AttributeError, match=r"'valey'.*valley, steep"):
        _ = rates.valey


def test_a_suggested_rate_trains(colours: Path) -> None:
    learn = learner(colours, model=Plain())
    rate = learn.lr_find(1e-5, 10.0, 60, show_plot=False).valley
    before = learn.validate()["valid_loss"]
    learn.fit_one_cycle(4, rate)
    assert learn.validate()["valid_loss"] < before / 2


# ---- wrong arguments -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"start_lr": 0.0}, "rise from above 0"),
        ({"start_lr": 1.0, "end_lr": 0.1}, "rise from above 0"),
        ({"end_lr": float("inf")}, "rise from above 0"),
        ({"num_it": 1}, "at least two batches"),
        ({"suggest_funcs": ["valley"]}, "'valley', which is no function"),
        ({"suggest_funcs": [len], "num_it": 3}, "len suggested no rate: TypeError"),
    ],
)
def test_wrong_arguments_are_told(colours: Path, settings: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        learner(colours).lr_find(show_plot=False, **settings)


# ---- the picture ---------------------------------------------------------------------------


def test_one_figure_is_drawn_when_asked_for(colours: Path) -> None:
    learn = learner(colours)
    learn.lr_find(num_it=12, show_plot=False)
    assert plt.get_fignums() == []
    learn.lr_find(num_it=12)
    assert len(plt.get_fignums()) == 1
