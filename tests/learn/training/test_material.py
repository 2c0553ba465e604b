"""What a training goes through, and what a callback may do in the midst of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import tiny_learner

from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.training.material import Embeddings, Pixels

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture
def learn(colours: Path) -> Learner[Any]:
    return tiny_learner(colours)


def test_a_frozen_classifier_learns_from_embeddings_and_all_else_from_pixels(
    learn: Learner[Any],
) -> None:
    assert isinstance(learn.material(), Pixels)
    learn.freeze()
    assert isinstance(learn.material(), Embeddings)
    callback = Callback()
    callback.needs_pixels = True
    learn.cbs.append(callback)
    assert isinstance(learn.material(), Pixels)


@pytest.mark.parametrize("passes", [1, 3])
def test_an_epoch_of_embeddings_goes_through_them_several_times_in_other_orders(
    passes: int, learn: Learner[Any]
) -> None:
    learn.freeze()
    learn.head_passes = passes
    material = learn.material()
    expected = material.steps
    material.prepare(0)
    orders = [[batch.positions for batch in material.train(epoch)] for epoch in (0, 1)]
    assert material.steps == expected == len(orders[0]) == 4 * passes
    orders_of_passes = {
        tuple(map(tuple, order[4 * number : 4 * number + 4]))
        for order in orders
        for number in range(passes)
    }
    assert len(orders_of_passes) == 2 * passes
    for order in orders_of_passes:
        assert sorted(position for group in order for position in group) == list(range(27))


def test_both_materials_show_an_epoch_in_the_same_order(learn: Learner[Any]) -> None:
    pixels = [batch.positions for batch in learn.material().train(5)]
    learn.freeze()
    learn.head_passes = 1
    material = learn.material()
    material.prepare(5)
    assert [batch.positions for batch in material.train(5)] == pixels


class Asking(Callback):
    """Asks the learner for answers in the midst of each epoch."""

    def __init__(self, moment: str) -> None:
        self.rows: list[Any] = []
        self.answers: list[Any] = []
        self.modes: list[bool] = []

        def ask(learn: Learner[Any]) -> None:
            self.rows.append(learn.validate())
            self.answers.append(learn.get_preds())
            learn.predict(learn.dls.valid.items[0])

        setattr(self, moment, ask)

    def after_loss(self, learn: Learner[Any]) -> None:
        model: Any = learn.model
        self.modes.append(model.head.training)


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize(
    "moment", ["before_epoch", "before_batch", "after_backward", "after_batch"]
)
def test_a_callback_may_ask_for_answers_and_training_goes_on_as_if_it_had_not(
    frozen: bool, moment: str, colours: Path
) -> None:
    learn, other, asking = tiny_learner(colours), tiny_learner(colours), Asking(moment)
    for one, cbs in ((learn, [asking]), (other, [])):
        one.head_passes = 1
        if frozen:
            one.freeze()
        one.fit(2, 0.01, cbs=cbs)
    assert learn.recorder.values == other.recorder.values
    for name, tensor in learn.model.state_dict().items():
        assert torch.equal(tensor, other.model.state_dict()[name]), name
    assert set(asking.modes) == {True}
    assert {answers.shape for answers, _ in asking.answers} == {(9, 3)}


def test_answers_in_the_midst_of_frozen_training_are_those_of_the_whole_model(
    learn: Learner[Any],
) -> None:
    asking = Asking("after_epoch")
    learn.freeze()
    learn.fit(2, 0.01, cbs=asking)
    for asked, row in zip(asking.rows, learn.recorder, strict=True):
        assert asked["valid_loss"] == pytest.approx(row["valid_loss"], rel=1e-4)
    assert learn.network is learn.model


@pytest.mark.parametrize("frozen", [True, False])
def test_a_callback_that_stops_amid_an_epoch_goes_on_to_validation_and_ends(
    frozen: bool, learn: Learner[Any]
) -> None:
    before = 0

    class Stopping(Callback):
        def after_batch(self, learn: Learner[Any]) -> None:
            learn.stop = learn.epoch == 1 and len(learn.recorder.losses) - before == 1

        def before_epoch(self, learn: Learner[Any]) -> None:
            nonlocal before
            before = len(learn.recorder.losses)

    if frozen:
        learn.freeze()
    learn.fit(5, 0.01, cbs=Stopping())
    assert len(learn.recorder) == 2
    assert len(learn.recorder.losses) - before == 2
    assert learn.recorder[-1]["valid_loss"] == pytest.approx(
        learn.validate()["valid_loss"], rel=1e-4
    )
    assert learn.network is learn.model
