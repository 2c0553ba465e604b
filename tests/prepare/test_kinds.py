"""A preparation is rebuilt from what a bundle recorded, or refused with the way out."""

from __future__ import annotations

import json

import numpy as np
import pytest

from drivetrain.errors import BundleVersionError
from drivetrain.prepare import preparation_from
from drivetrain.prepare.image import ImagePreparation


def test_settings_survive_json() -> None:
    prepare = ImagePreparation(
        size=(12, 16), method="pad", pad_mode="border", crop_fraction=0.5, max_pixels=9, min_side=2
    )
    recorded = json.loads(json.dumps(prepare.model_dump(mode="json")))
    assert preparation_from(recorded) == prepare


def test_a_rebuilt_preparation_prepares_the_same() -> None:
    prepare = ImagePreparation(size=(12, 16), crop_fraction=0.7)
    photo = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    rebuilt = preparation_from(prepare.model_dump(mode="json"))
    np.testing.assert_array_equal(rebuilt(photo), prepare(photo))


@pytest.mark.parametrize("kind", ["sound", None, ["image"]])
def test_an_unknown_kind_asks_for_a_newer_version(kind: object) -> None:
    with pytest.raises(BundleVersionError, match=r"kind .* unknown here.*pip install --upgrade"):
        preparation_from({"kind": kind, "size": [8, 8]})


def test_a_setting_that_is_not_known_is_named() -> None:
    with pytest.raises(BundleVersionError, match=r"colour_space: .*pip install --upgrade"):
        preparation_from({"kind": "image", "size": [8, 8], "colour_space": "oklab"})


def test_a_setting_with_an_impossible_value_is_named() -> None:
    with pytest.raises(BundleVersionError, match=r"size\.0: "):
        preparation_from({"kind": "image", "size": [0, 8]})
