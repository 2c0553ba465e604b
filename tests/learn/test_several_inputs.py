"""Several inputs and several targets: from a table with two photos a row to a trained model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas
import pytest
import torch
from conftest import COLOURS, TinyBody, colour_photo
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.data import ColReader, IndexSplitter
from drivetrain.errors import ConfigError, DataError
from drivetrain.learn.block import DataBlock
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, RegressionBlock
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders, SkippedItemWarning
from drivetrain.learn.targets import Numbers, OneOf
from drivetrain.learn.transforms import RandomResizedCrop, Resize
from drivetrain.metrics import accuracy

pytestmark = pytest.mark.usefixtures("one_torch_thread")

NAMES = list(COLOURS)


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Pairs of photos, whether they are of one colour, that of the second, and a number."""
    folder = tmp_path_factory.mktemp("pairs")
    rows = []
    for number in range(36):
        left, right = NAMES[number % 3], NAMES[number // 3 % 3]
        files = [folder / f"{number}-{side}.png" for side in ("left", "right")]
        for file, colour, seed in zip(files, (left, right), (number, 100 + number), strict=True):
            colour_photo(colour, seed).save(file)
        same = "same" if left == right else "other"
        row = {"left": files[0], "right": files[1], "same": same, "colour": right}
        rows.append(row | {"number": number / 36})
    return pandas.DataFrame(rows)


def pairs(**settings: Any) -> DataBlock:
    block = DataBlock(
        blocks=(ImageBlock, ImageBlock, CategoryBlock),
        get_x=[ColReader("left"), ColReader("right")],
        get_y=ColReader("same"),
        splitter=IndexSplitter(range(0, 36, 4)),
        item_tfms=Resize(16),
    )
    return replace(block, **settings)


def load(table: Any, **settings: Any) -> DataLoaders:
    return pairs(**settings).dataloaders(table, bs=4, device="cpu")


class TwoEyes(nn.Module):
    """A network of two inputs."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.see, self.say = TinyBody(), nn.Linear(16, outputs)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        said: Tensor = self.say(torch.cat([self.see(left), self.see(right)], dim=1))
        return said


def test_a_batch_holds_both_inputs_of_each_item(table: Any) -> None:
    dls = load(table)
    for side in (dls.train, dls.valid):
        batch = next(side.batches())
        assert [x.shape for x in batch.xs] == [(4, 3, 16, 16)] * 2
        for column, x in zip(("left", "right"), batch.xs, strict=True):
            for place, position in enumerate(batch.positions):
                file = side.inputs[["left", "right"].index(column)].items[position]
                expected = torch.from_numpy(np.array(Resize(16).preparation(file)))
                assert torch.equal((x[place] * 255).round().byte().permute(1, 2, 0), expected)
    x, other, y = dls.one_batch()
    assert (x.shape, other.shape, y.dtype) == ((4, 3, 16, 16), (4, 3, 16, 16), torch.int64)


def test_two_targets_come_after_one_input(table: Any) -> None:
    dls = load(
        table,
        blocks=(ImageBlock, CategoryBlock, RegressionBlock),
        n_inp=1,
        get_x=ColReader("left"),
        get_y=[ColReader("same"), ColReader("number")],
    )
    assert [type(label.kind) for label in dls.train.labels] == [OneOf, Numbers]
    x, same, number = dls.one_batch()
    assert (x.shape, same.shape, number.shape) == ((4, 3, 16, 16), (4,), (4, 1))
    batch = next(dls.valid.batches())
    rows = table.iloc[range(0, 36, 4)].iloc[batch.positions]
    assert [dls.vocab[int(target)] for target in batch.ys[0]] == rows["same"].tolist()
    torch.testing.assert_close(batch.ys[1][:, 0], torch.tensor(rows["number"].tolist()))


@pytest.mark.parametrize("n_inp", [None, 2])
def test_the_number_of_inputs_may_be_said(table: Any, n_inp: int | None) -> None:
    assert len(load(table, n_inp=n_inp).train.inputs) == 2


def test_both_inputs_are_varied_with_the_same_seed_whatever_the_workers(
    table: Any,
) -> None:
    dls = load(table, item_tfms=RandomResizedCrop(16))
    for one, three in zip(
        dls.new(num_workers=1).train.batches(2),
        dls.new(num_workers=3).train.batches(2),
        strict=True,
    ):
        assert all(torch.equal(x, y) for x, y in zip(one.xs, three.xs, strict=True))


def test_a_model_of_two_inputs_is_trained_and_answers(table: Any) -> None:
    dls = load(table, get_y=ColReader("colour"))
    learn = Learner(dls, TwoEyes(3), metrics=[accuracy], lr=0.05)
    learn.reporter.quiet = True
    learn.fit_one_cycle(8)
    assert learn.validate()["accuracy"] == 1.0  # the second photo alone decides
    probabilities, targets = learn.get_preds()
    assert probabilities.shape == (9, 3)
    assert targets.tolist() == learn.dls.valid.targets.tolist()
    further = learn.dls.test_dl(table.iloc[range(0, 36, 4)])
    torch.testing.assert_close(learn.get_preds(dl=further)[0], probabilities)


def test_a_model_of_two_targets_is_trained_with_a_loss_of_ones_own(
    table: Any,
) -> None:
    class OneEye(TwoEyes):
        def forward(self, left: Tensor) -> Tensor:  # type: ignore[override]
            return super().forward(left, left)

    def loss(logits: Tensor, same: Tensor, number: Tensor) -> Tensor:
        return (
            functional.cross_entropy(logits[:, :2], same) + (logits[:, 2:] - number).pow(2).mean()
        )

    dls = load(
        table,
        blocks=(ImageBlock, CategoryBlock, RegressionBlock),
        n_inp=1,
        get_x=ColReader("left"),
        get_y=[ColReader("same"), ColReader("number")],
    )
    learn = Learner(dls, OneEye(3), loss_func=loss, lr=0.01)
    learn.reporter.quiet = True
    learn.fit_one_cycle(3)
    assert "valid_loss" in learn.recorder[-1]
    assert learn.recorder[-1]["train_loss"] < learn.recorder[0]["train_loss"]


def test_an_item_of_which_one_input_cannot_be_read_is_left_out_as_a_whole(
    table: Any, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    changed = table.copy()
    changed["right"] = changed["right"].astype(object)
    changed.at[5, "right"] = broken
    dls = load(changed)
    with pytest.warns(SkippedItemWarning, match=r"broken\.png") as caught:
        seen = [
            dls.train.inputs[0].items[position]
            for epoch in range(2)
            for batch in dls.train.batches(epoch, keep_lone=True)
            for position in batch.positions
        ]
    assert len(caught) == 1
    assert table.at[5, "left"] not in seen
    assert len(set(seen)) == 26
    assert table.at[5, "left"] not in dls.train.readable_items
    assert dls.train.readable.sum() == 26


def test_show_batch_draws_both_inputs_beside_each_other(table: Any) -> None:
    figure = load(table).show_batch(max_n=2)
    shapes = [np.asarray(axes.images[0].get_array()).shape for axes in figure.axes if axes.images]
    assert shapes == [(16, 32, 3)] * 2


def test_a_function_too_few_is_refused(table: Any) -> None:
    with pytest.raises(ConfigError, match=r"get_x is a list of 1, and the blocks need 2\."):
        load(table, get_x=[ColReader("left")])


def test_the_input_that_is_at_fault_is_named(table: Any) -> None:
    with pytest.raises(DataError, match=r"no column 'rigth'.*Did you mean 'right'"):
        load(table, get_x=[ColReader("left"), ColReader("rigth")])
