"""Image classifiers: a body from timm, a head of our own, names that are nearly right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from conftest import tiny_classifier

from drivetrain.errors import ConfigError, WeightsError
from drivetrain.learn.models import ImageClassifier, classifier_head, image_classifier

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SMALL = "test_resnet"  # timm's own smallest, made for tests


@pytest.fixture(scope="module")
def small() -> ImageClassifier:
    torch.manual_seed(0)
    model, origin = image_classifier(SMALL, 4, pretrained=False)
    assert origin == "random"
    return model.eval()


@pytest.mark.parametrize(
    ("arch", "meant"),
    [
        ("resnet81", "resnet18"),
        ("efficientnet_lit0", "efficientnet_lite0"),
        ("convnext_tny", "convnext_tiny"),
    ],
)
def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(arch: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        image_classifier(arch, 2)
    assert caught.value.message == f"timm knows no architecture {arch!r}."
    assert caught.value.hint.startswith("Did you mean ")
    assert meant in caught.value.hint.removeprefix("Did you mean ").rstrip("?").split(" or ")


def test_a_name_like_no_other_is_answered_with_some_that_exist() -> None:
    with pytest.raises(ConfigError, match="Did you mean tf_efficientnet_lite0") as caught:
        image_classifier("§§§", 2)
    names = caught.value.hint.removeprefix("Did you mean ").rstrip("?")
    assert all(timm.is_model(name) for name in names.replace(" or ", ", ").split(", "))


def test_a_classifier_gives_a_logit_for_each_class_of_each_picture(small: ImageClassifier) -> None:
    x = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        assert small(x).shape == (3, 4)
        torch.testing.assert_close(small(x), small.head(small.embed(x)))


def test_a_body_sees_pictures_normalised_as_its_weights_expect(small: ImageClassifier) -> None:
    config: Any = timm.create_model(SMALL).pretrained_cfg
    x = torch.rand(2, 3, 64, 64)
    mean, std = (torch.tensor(config[name]).view(1, 3, 1, 1) for name in ("mean", "std"))
    with torch.no_grad():
        torch.testing.assert_close(small.embed(x), small.body((x - mean) / std))


def test_the_normalisation_is_saved_and_not_trained() -> None:
    model = tiny_classifier()
    assert {"mean", "std"} <= set(model.state_dict())
    assert not {"mean", "std"} & {name for name, _ in model.named_parameters()}


@pytest.mark.parametrize("arch", [SMALL, "test_efficientnet", "test_vit"])
def test_the_head_fits_the_embedding_of_different_families(arch: str) -> None:
    model, _ = image_classifier(arch, 2, pretrained=False)
    backbone: Any = timm.create_model(arch)
    size = backbone.pretrained_cfg["input_size"][-1]
    with torch.no_grad():
        assert model.eval()(torch.rand(2, 3, size, size)).shape == (2, 2)


def test_a_head_drops_out_in_training_only() -> None:
    head = classifier_head(6, 3)
    x = torch.rand(8, 6)
    assert not torch.equal(head.train()(x), head(x))
    assert torch.equal(head.eval()(x), head(x))


def test_weights_fill_the_body_and_leave_the_head_to_be_learned(tmp_path: Path) -> None:
    backbone: Any = timm.create_model(SMALL)
    torch.save(backbone.state_dict(), tmp_path / "w.pth")
    model, origin = image_classifier(SMALL, 4, weights=tmp_path / "w.pth")
    assert origin == "a file of the user's"
    own = model.body.state_dict()
    assert own
    assert all(torch.equal(tensor, backbone.state_dict()[name]) for name, tensor in own.items())


def test_weights_that_are_given_are_read_even_where_pretrained_is_off(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="gone"):
        image_classifier(SMALL, 4, pretrained=False, weights=tmp_path / "gone.pth")
