"""Normalisation: a value that the network takes in, and that no batch shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import colour_block, tiny_classifier
from torch import Tensor, nn

from drivetrain.errors import ConfigError
from drivetrain.learn.learner import Learner
from drivetrain.learn.loaders import DataLoaders
from drivetrain.learn.models import ImageClassifier, image_classifier
from drivetrain.learn.normalize import Normalize, Normalized, imagenet_stats, normalized
from drivetrain.learn.vision import vision_learner

pytestmark = pytest.mark.usefixtures("one_torch_thread")

OWN = Normalize.from_stats([0.1, 0.2, 0.3], [0.4, 0.5, 0.6])
SMALL = "test_resnet"


def statistics(model: ImageClassifier | Normalized) -> tuple[list[float], list[float]]:
    return model.mean.flatten().tolist(), model.std.flatten().tolist()


def loaders(colours: Path, normalize: Normalize | None) -> DataLoaders:
    dls: Any = colour_block().dataloaders(colours, bs=8, device="cpu")
    dls.normalize = normalize
    made: DataLoaders = dls
    return made


class Remember(nn.Module):
    """Keeps what it was given."""

    seen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.answer = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.seen = x
        answer: Tensor = self.answer(x.mean((2, 3)))
        return answer


def test_the_lesson_line_gives_the_statistics_of_imagenet() -> None:
    made = Normalize.from_stats(*imagenet_stats)
    assert (made.mean, made.std) == ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    assert made == Normalize(*imagenet_stats)


@pytest.mark.parametrize(
    ("mean", "std", "message"),
    [
        ([0.5], [0.5, 0.5], r"std is \(0\.5, 0\.5\).*one number of each for every channel"),
        ([], [], r"mean is \(\) and the std is \(\)"),
        ([0.5] * 3, [0.5, 0.0, 0.5], r"std is \(0\.5, 0\.0, 0\.5\), and it has to be above 0"),
        ([0.5], [-1.0], r"std is \(-1\.0,\), and it has to be above 0"),
        ([0.5], [float("nan")], r"std is \(nan,\), and it has to be above 0"),
        ([123.7], [58.4], r"mean is \(123\.7,\), and pixels lie between 0 and 1.*by 255"),
        ([float("nan")], [0.5], r"mean is \(nan,\)"),
    ],
)
def test_statistics_that_cannot_be_are_refused(
    mean: list[float], std: list[float], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        Normalize.from_stats(mean, std)


def test_a_mean_without_a_std_is_refused() -> None:
    with pytest.raises(ConfigError, match="the std is None"):
        Normalize(mean=(0.5,))


def test_a_classifier_takes_its_own_statistics_the_given_or_those_of_its_weights() -> None:
    named, _ = image_classifier(SMALL, 3, pretrained=False)
    given, _ = image_classifier(SMALL, 3, pretrained=False, normalize=OWN)
    empty, _ = image_classifier(SMALL, 3, pretrained=False, normalize=Normalize())
    mean, std = statistics(given)
    assert mean == pytest.approx([0.1, 0.2, 0.3])
    assert std == pytest.approx([0.4, 0.5, 0.6])
    assert statistics(empty) == statistics(named) != statistics(given)


def test_another_number_of_channels_is_refused() -> None:
    grey = Normalize.from_stats([0.5], [0.5])
    with pytest.raises(ConfigError, match=r"statistics of 1 channels, and the network takes 3"):
        image_classifier(SMALL, 3, pretrained=False, normalize=grey)


def test_a_vision_learner_normalises_by_what_its_loaders_say(colours: Path) -> None:
    learn = vision_learner(loaders(colours, OWN), SMALL, pretrained=False)
    assert isinstance(learn.model, ImageClassifier)
    assert statistics(learn.model)[0] == pytest.approx([0.1, 0.2, 0.3])


def test_a_model_of_ones_own_sees_normalised_pixels_in_training_and_answers(
    colours: Path,
) -> None:
    model = Remember()
    dls = loaders(colours, OWN)
    learn = Learner(dls, model)
    learn.reporter.quiet = True
    assert isinstance(learn.model, Normalized)
    assert learn.model.model is model
    x, _ = dls.one_batch()
    learn.model(x)
    expected = (x - torch.tensor(OWN.mean).view(3, 1, 1)) / torch.tensor(OWN.std).view(3, 1, 1)
    torch.testing.assert_close(model.seen, expected)
    before = statistics(learn.model)
    learn.fit_one_cycle(1)
    assert statistics(learn.model) == before  # nothing here is learned
    assert "mean" in learn.model.state_dict()


def test_a_model_without_statistics_to_fall_back_on_is_refused(colours: Path) -> None:
    with pytest.raises(ConfigError, match=r"this model has none.*from_stats\(\*imagenet_stats\)"):
        Learner(loaders(colours, Normalize()), Remember())


def test_a_classifier_is_never_wrapped_and_no_one_without_a_wish(colours: Path) -> None:
    classifier, model = tiny_classifier(), Remember()
    assert Learner(loaders(colours, OWN), classifier).model is classifier
    assert Learner(loaders(colours, None), model).model is model
    assert normalized(model, None) is model
