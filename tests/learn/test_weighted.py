"""Rare classes: drawn as often as frequent ones, or weighed as much in the loss."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import COLOURS, colour_block, colour_photo, tiny_classifier

from drivetrain.data import IndexSplitter, parent_label
from drivetrain.errors import ConfigError
from drivetrain.learn.assembly import class_shares
from drivetrain.learn.blocks import ImageBlock, MultiCategoryBlock
from drivetrain.learn.columns import Target
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders, SkippedItemWarning
from drivetrain.learn.targets import OneOf
from drivetrain.schema import Vocab

pytestmark = pytest.mark.usefixtures("one_torch_thread")

COUNTS = {"blue": 40, "green": 4, "red": 20}


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many blue photos, few green ones; one of each validates."""
    folder = tmp_path_factory.mktemp("uneven")
    for colour, count in COUNTS.items():
        (folder / colour).mkdir()
        for number in range(count + 1):
            colour_photo(colour, number).save(folder / colour / f"{number:02d}.jpg")
    return folder


def loaders(folder: Path, weighted: Any) -> DataLoaders:
    block = replace(colour_block(), splitter=IndexSplitter([0, 41, 46]))
    return block.dataloaders(folder, bs=8, device="cpu", weighted=weighted)


def drawn(dls: DataLoaders, epochs: int = 20) -> list[float]:
    """How often each class comes, as shares."""
    labels = [
        dls.train.targets[position]
        for epoch in range(epochs)
        for batch in dls.train.batches(epoch)
        for position in batch.positions
    ]
    counts = np.bincount(labels, minlength=3)
    return list((counts / counts.sum()).tolist())


def test_the_weight_of_a_class_is_one_over_its_share_and_one_on_average_over_the_items() -> None:
    target = Target(np.repeat([0, 1, 2], list(COUNTS.values())), OneOf(Vocab(tuple(COUNTS))))
    shares = class_shares(target)
    assert (shares * list(COUNTS.values())).tolist() == pytest.approx([64 / 3] * 3)
    assert shares[target.values].mean() == pytest.approx(1)


def test_a_class_without_items_does_no_harm() -> None:
    target = Target(np.array([0, 0, 2]), OneOf(Vocab(("a", "b", "c"))))
    assert np.isfinite(class_shares(target)).all()
    assert class_shares(target)[[0, 2]].tolist() == [0.75, 1.5]


def test_left_out_each_item_comes_once_and_all_classes_weigh_alike(uneven: Path) -> None:
    dls = loaders(uneven, False)
    assert dls.train.sampling is None
    assert dls.class_weights is None
    assert drawn(dls, 2) == pytest.approx([count / 64 for count in COUNTS.values()])


@pytest.mark.parametrize("weighted", ["sampling", True])
def test_sampling_draws_every_class_as_often(uneven: Path, weighted: Any) -> None:
    dls = loaders(uneven, weighted)
    # 20 epochs of 64 draws: a third, give or take four standard errors of 1.3 %.
    assert drawn(dls) == pytest.approx([1 / 3] * 3, abs=0.053)
    assert dls.class_weights is None
    assert len(dls.train) == 8


def test_sampling_follows_from_the_seed_and_leaves_validation_alone(uneven: Path) -> None:
    dls, again = loaders(uneven, True), loaders(uneven, True)
    orders = [
        [batch.positions for batch in loader.train.batches(epoch)]
        for loader in (dls, again)
        for epoch in (0, 1)
    ]
    assert orders[0] == orders[2] != orders[1] == orders[3]
    assert [position for batch in dls.valid.batches() for position in batch.positions] == [0, 1, 2]


def test_the_loss_weighs_rare_classes_more_and_every_item_comes_once(uneven: Path) -> None:
    dls = loaders(uneven, "loss")
    assert dls.train.sampling is None
    assert dls.class_weights is not None
    assert dls.class_weights.tolist() == pytest.approx([64 / 3 / n for n in COUNTS.values()])
    learn = Learner(dls, tiny_classifier())
    logits, targets = torch.randn(3, 3), torch.tensor([0, 1, 2])
    losses = -logits.log_softmax(1)[range(3), targets]
    weights = dls.class_weights
    expected = (losses * weights).sum() / weights.sum()
    assert float(learn.loss_func(logits, targets)) == pytest.approx(float(expected))


def recall_of_green(folder: Path, weighted: Any, *, frozen: bool) -> float:
    """The mean probability of green for green photos, after a training that is too short."""
    learn = Learner(loaders(folder, weighted), tiny_classifier(), lr=5e-4 if frozen else 0.01)
    learn.reporter.quiet = True
    if frozen:
        learn.freeze()
    learn.fit_one_cycle(1)
    files = sorted((folder / "green").iterdir())
    return float(learn.get_preds(dl=learn.dls.test_dl(files))[0][:, 1].mean())


@pytest.mark.parametrize("weighted", ["sampling", "loss"])
@pytest.mark.parametrize("frozen", [True, False])
def test_training_honours_both_frozen_or_not(uneven: Path, weighted: str, frozen: bool) -> None:
    plain = recall_of_green(uneven, False, frozen=frozen)
    assert recall_of_green(uneven, weighted, frozen=frozen) > plain + 0.05


def test_frozen_training_embeds_each_item_once_and_draws_rare_ones_more_often(
    uneven: Path,
) -> None:
    learn = Learner(loaders(uneven, "sampling"), tiny_classifier())
    learn.reporter.quiet = True
    learn.freeze()
    learn.fit_one_cycle(1)
    assert learn.features is not None
    features = learn.features.train
    assert np.bincount(features.targets.numpy()).tolist() == list(COUNTS.values())
    targets = torch.cat([batch.y for epoch in range(20) for batch in features.batches(epoch)])
    counts = np.bincount(targets.numpy()) / len(targets)
    assert counts.tolist() == pytest.approx([1 / 3] * 3, abs=0.053)


def test_a_photo_that_cannot_be_read_does_not_shift_the_weights(
    uneven: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "uneven"
    for colour in COUNTS:
        (folder / colour).mkdir(parents=True)
        for file in (uneven / colour).iterdir():
            (folder / colour / file.name).write_bytes(file.read_bytes())
    (folder / "blue" / "05.jpg").write_bytes(b"no picture")
    learn = Learner(loaders(folder, "sampling"), tiny_classifier())
    learn.reporter.quiet = True
    learn.freeze()
    with pytest.warns(SkippedItemWarning, match=r"05\.jpg"):
        learn.fit_one_cycle(1)
    assert learn.features is not None
    features = learn.features.train
    assert features.sampling is not None
    weights = {int(target): set() for target in features.targets}  # type: ignore[var-annotated]
    for target, often in zip(features.targets.tolist(), features.sampling, strict=True):
        weights[target].add(float(often))
    assert {target: len(often) for target, often in weights.items()} == {0: 1, 1: 1, 2: 1}
    assert min(weights[1]) > max(weights[2]) > max(weights[0])


def test_weights_need_one_class_for_each_item(uneven: Path) -> None:
    block = replace(
        colour_block(),
        blocks=(ImageBlock, MultiCategoryBlock),
        get_y=lambda file: [parent_label(file)],
    )
    with pytest.raises(ConfigError, match=r"weighted needs one class.*Leave weighted out"):
        block.dataloaders(uneven, weighted=True)


def test_the_colours_are_those_of_the_other_tests() -> None:
    assert list(COUNTS) == sorted(COLOURS)
