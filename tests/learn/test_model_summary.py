"""A model layer by layer."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from conftest import colour_block, tiny_learner
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.model_summary import summarize

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def dls(colours: Path) -> DataLoaders:
    return colour_block().dataloaders(colours, bs=8, device="cpu")


def rows(table: str) -> dict[str, list[str]]:
    """The cells of each layer, by the layer's name."""
    lines = table.splitlines()[4:-2]
    return {line.split("  ")[0].strip(): line.split() for line in lines}


class Odd(nn.Module):
    """A parameter of its own, one layer used twice, one shared, one never, and folded windows."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(5))
        self.flat = nn.Flatten()
        self.once = nn.Linear(16, 16, bias=False)
        self.twin = nn.Linear(16, 16, bias=False)
        self.twin.weight = self.once.weight
        self.idle = nn.Linear(2, 2)
        self.nothing = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        windows = x.reshape(-1, 16)
        seen = self.twin(self.once(self.once(windows)))
        answer: Tensor = self.flat(seen.reshape(len(x), -1)) * self.scale.sum()
        return answer


def test_every_layer_has_its_shape_its_parameters_and_whether_they_train(colours: Path) -> None:
    learn = tiny_learner(colours)
    learn.freeze()
    found = rows(learn.summary())
    # a convolution of 3 to 8 colours, 3 × 3 wide: 216 weights and 8 offsets, over 32 pixels
    assert found["body.see"][1:] == ["Conv2d", "[N,", "8,", "15,", "15]", "224", "no"]
    assert found["head.2"][1:] == ["Linear", "[N,", "512]", "4,096", "yes"]
    assert found["head.3"][1:] == ["ReLU", "[N,", "512]"]
    assert next(iter(found)) == "body.see"
    assert list(found)[-1] == "head.6"


def test_the_totals_count_all_and_those_that_train(colours: Path) -> None:
    learn = tiny_learner(colours)
    count = sum(each.numel() for each in learn.model.parameters())
    head = count - 224
    learn.freeze()
    megabytes = count * 4 / 1e6
    assert learn.summary().splitlines()[-1] == (
        f"{count:,} parameters, {head:,} of them train; {megabytes:.1f} MB as float32"
    )
    learn.unfreeze()
    assert f"{count:,} of them train" in learn.summary()


def test_parameters_outside_of_leaves_and_shared_ones_count_once(dls: DataLoaders) -> None:
    table = summarize(Odd(), dls)
    found = rows(table)
    assert found["(model)"][-2:] == ["5", "yes"]
    assert found["once"][-2:] == ["256", "yes"]
    assert found["twin"][-1] == "16]"
    assert found["idle"][2:4] == ["not", "called"]
    assert "nothing" not in found
    assert "267 parameters" in table  # 5, 256 and the 6 of the idle one


def test_items_that_are_folded_into_an_axis_are_told(dls: DataLoaders) -> None:
    # 3 × 32 × 32 numbers an item are 192 rows of 16
    assert rows(summarize(Odd(), dls))["once"][2:4] == ["[192N,", "16]"]


def test_the_model_stays_as_it_was(dls: DataLoaders) -> None:
    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout()
    model = nn.Sequential(*layers, nn.Linear(4 * 30 * 30, 3))
    model.train()
    model[1].eval()
    kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    random = torch.get_rng_state()
    summarize(model, dls)
    assert [module.training for module in model] == [True, False, True, True, True]
    assert all(torch.equal(kept[name], each) for name, each in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert not any(module._forward_hooks for module in model.modules())


def test_it_prints_as_a_table_in_a_notebook_and_fits_100_columns(dls: DataLoaders) -> None:
    model: nn.Module = nn.Flatten()
    for _ in range(4):
        model = nn.Sequential(OrderedDict([("a_rather_long_name", model)]))
    table = summarize(model, dls)
    assert repr(table) == str(table)
    assert "\n" in repr(table)
    assert max(map(len, table.splitlines())) <= 100
    assert "…" in table
    assert "long_name  Flatten" in table


def test_a_model_that_does_not_take_the_pictures_is_told(colours: Path) -> None:
    learn = Learner(colour_block().dataloaders(colours, bs=8, device="cpu"), nn.Linear(7, 3))
    learn.model.train()
    with pytest.raises(ConfigError, match=r"does not take the data's inputs, \[N, 3, 32, 32\]"):
        learn.summary()
    assert learn.model.training
