"""Items with the truth and the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import COLOURS, TinyBody, colour_block, colour_photo, tiny_classifier, write_colours
from matplotlib.figure import Figure
from torch import Tensor, nn

from drivetrain.data import RandomSplitter, parent_label
from drivetrain.errors import DataError
from drivetrain.interpret.gallery import INK, RIGHT, WRONG
from drivetrain.learn.blocks import CategoryBlock, ImageBlock, MultiCategoryBlock, RegressionBlock
from drivetrain.learn.callbacks.base import Callback
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


class Says(nn.Module):
    """Answers every picture alike, and counts them."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.tensor(logits))
        self.asked = 0

    def forward(self, x: Tensor) -> Tensor:
        self.asked += len(x)
        return self.logits + 0 * x.mean((1, 2, 3))[:, None]


def learner(folder: Path, model: nn.Module, **block: Any) -> Learner[DataLoaders]:
    dls = replace(colour_block(), **block).dataloaders(folder, bs=4, device="cpu")
    made = Learner(dls, model)
    made.reporter.quiet = True
    return made


def shown(figure: Figure) -> list[tuple[str, str]]:
    """The text over each picture, and its colour."""
    drawn = [axes for axes in figure.axes if axes.images]
    return [(axes.get_title(), str(axes.title.get_color())) for axes in drawn]


def pictures(figure: Figure) -> list[Any]:
    return [np.asarray(axes.images[0].get_array()) for axes in figure.axes if axes.images]


def labels(dl: Any) -> list[str]:
    return [Path(item).parent.name for item in dl.items]


# ---- what is said --------------------------------------------------------------------------


def test_one_class_has_its_probability_and_is_green_or_red(colours: Path) -> None:
    learn = learner(colours, Says(0.0, 2.0, 0.0))  # green with e² / (e² + 2) = 79 %
    found = shown(learn.show_results(max_n=9, shuffle=False))
    truths = labels(learn.dls.valid)[:9]
    assert set(truths) == set(COLOURS)
    assert found == [
        (f"{truth}\ngreen 79%", RIGHT if truth == "green" else WRONG) for truth in truths
    ]


def test_pictures_belong_to_their_titles(trained: Learner[Any]) -> None:
    figure = trained.show_results(max_n=6)
    for picture, (title, _) in zip(pictures(figure), shown(figure), strict=True):
        truth = title.split("\n")[0]
        mean = picture.reshape(-1, 3).mean(0)
        nearest = min(COLOURS, key=lambda name: float(np.abs(mean - COLOURS[name]).sum()))
        assert nearest == truth


def test_several_classes_are_right_when_all_are(colours: Path) -> None:
    def warm(path: Path) -> list[str]:
        return {"red": ["warm"], "green": ["cold", "grass"], "blue": []}[path.parent.name]

    blocks = (ImageBlock, MultiCategoryBlock)
    learn = learner(colours, Says(-1.0, -1.0, 1.0), blocks=blocks, get_y=warm)
    found = set(shown(learn.show_results(max_n=9)))
    assert found == {("warm\nwarm", RIGHT), ("cold;grass\nwarm", WRONG), ("nothing\nwarm", WRONG)}


def test_numbers_are_neither_right_nor_wrong(colours: Path) -> None:
    def brightness(path: Path) -> float:
        return float(np.mean(COLOURS[path.parent.name]) / 100)

    learn = learner(colours, Says(0.5), blocks=(ImageBlock, RegressionBlock), get_y=brightness)
    found = set(shown(learn.show_results(max_n=9)))
    assert found == {("0.867\n0.5", INK), ("0.9\n0.5", INK), ("1\n0.5", INK)}


def test_items_without_a_label_have_the_answer_alone(colours: Path) -> None:
    learn = learner(colours, Says(0.0, 2.0, 0.0))
    dl = learn.dls.test_dl([colours / "red" / "00.jpg"])
    assert shown(learn.show_results(dl=dl)) == [("green 79%", INK)]


def test_long_names_are_cut_and_the_probability_stays(tmp_path: Path) -> None:
    for name in ("a" * 60, "b"):
        for number in range(4):
            (tmp_path / name).mkdir(exist_ok=True)
            colour_photo("red", number).save(tmp_path / name / f"{number}.png")
    learn = learner(tmp_path, Says(2.0, 0.0), splitter=RandomSplitter(0.5, seed=1))
    titles = [title for title, _ in shown(learn.show_results())]
    assert all(len(line) <= 28 for title in titles for line in title.split("\n"))
    assert all(title.endswith("… 88%") for title in titles)


# ---- which items ---------------------------------------------------------------------------


def test_no_more_is_read_and_answered_than_is_drawn(
    colours: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Says(0.0, 2.0, 0.0)
    learn = learner(colours, model)
    read = set()
    cache = type(learn.dls.valid.inputs[0].cache)
    whole = cache.read

    def noting(self: Any, item: Any, preparation: Any) -> Any:
        read.add(item)
        return whole(self, item, preparation)

    monkeypatch.setattr(cache, "read", noting)
    assert len(shown(learn.show_results(max_n=5))) == 5
    assert model.asked == len(read) == 5


def test_the_choice_follows_from_the_seed(colours: Path) -> None:
    learn = learner(colours, Says(0.0, 2.0, 0.0))
    first = pictures(learn.show_results(max_n=4))
    again = pictures(learn.show_results(max_n=4))
    learn.seed = 7
    other = pictures(learn.show_results(max_n=4))
    assert all(np.array_equal(one, two) for one, two in zip(first, again, strict=True))
    assert not all(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_items_that_cannot_be_read_make_room_for_others(tmp_path: Path) -> None:
    write_colours(tmp_path / "colours")
    learn = learner(tmp_path / "colours", Says(0.0, 2.0, 0.0))
    bad, fine = learn.dls.valid.items[:3], labels(learn.dls.valid)[3:6]
    for item in bad:
        Path(item).write_bytes(b"no picture")
    found = shown(learn.show_results(max_n=3, shuffle=False))
    assert [title.split("\n")[0] for title, _ in found] == fine


def test_a_side_without_a_readable_item_is_told(tmp_path: Path) -> None:
    write_colours(tmp_path / "colours")
    learn = learner(tmp_path / "colours", Says(0.0, 2.0, 0.0))
    for item in learn.dls.valid.items:
        Path(item).write_bytes(b"no picture")
    with pytest.raises(DataError, match="None of the 9 items could be read"):
        learn.show_results()


def test_the_training_side_is_shown_as_validation_sees_it(colours: Path) -> None:
    learn = learner(colours, tiny_classifier())
    figure = learn.show_results(max_n=40, dl=learn.dls.train, shuffle=False)
    found = [title.split("\n")[0] for title, _ in shown(figure)]
    assert found == labels(learn.dls.train)
    first = learn.dls.train.inputs[0].pixels(0)
    assert np.array_equal(pictures(figure)[0], first)


def test_two_inputs_stand_side_by_side(colours: Path) -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.see, self.say = TinyBody(), nn.Linear(8, 3)

        def forward(self, left: Tensor, right: Tensor) -> Tensor:
            answer: Tensor = self.say(self.see(left) + self.see(right))
            return answer

    blocks = (ImageBlock, ImageBlock, CategoryBlock)
    getters = [lambda path: path, lambda path: path]
    learn = learner(colours, Two(), blocks=blocks, get_x=getters, get_y=parent_label)
    assert {each.shape for each in pictures(learn.show_results(max_n=2))} == {(32, 64, 3)}


def test_the_size_of_the_grid_is_that_asked_for(colours: Path) -> None:
    learn = learner(colours, tiny_classifier())
    figure = learn.show_results(max_n=4, nrows=1, ncols=4, figsize=(8, 3))
    assert tuple(figure.get_size_inches()) == (8, 3)
    assert len({round(axes.get_position().y0, 3) for axes in figure.axes}) == 1


def test_it_leaves_no_trace(trained: Learner[Any]) -> None:
    assert not any(isinstance(callback, Callback) for callback in trained.cbs)
    random, rows = torch.get_rng_state(), list(trained.recorder)
    skipped = dict(trained.dls.valid.skipped)
    trained.show_results()
    assert torch.equal(torch.get_rng_state(), random)
    assert list(trained.recorder) == rows
    assert trained.dls.valid.skipped == skipped
