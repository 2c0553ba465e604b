"""Columns: one input or one target of every item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import colour_photo
from PIL import Image

from drivetrain.data.cache import PhotoCache
from drivetrain.errors import DataError, UnreadableInputError
from drivetrain.learn.columns import Input, Planes, Target, names_of
from drivetrain.learn.targets import OneOf
from drivetrain.learn.transforms import RandomResizedCrop, Resize, presized
from drivetrain.schema import Vocab


def photo(number: int) -> Any:
    return np.asarray(colour_photo("red", number))


def read(given: Input, position: int, random: np.random.Generator | None = None) -> Planes:
    into = np.empty(given.shape(training=random is not None), np.float32)
    given.read(position, into, random)
    return into


def test_paths_are_called_by_their_path_and_all_else_by_its_position() -> None:
    items = ["a.jpg", Path("b") / "c.jpg", b"...", photo(0), colour_photo("red", 1)]
    assert names_of(items) == ["a.jpg", str(Path("b") / "c.jpg"), "item 2", "item 3", "item 4"]
    assert Input(items, Resize(8)).names == names_of(items)


def test_an_item_is_read_as_validation_sees_it_channels_first_between_0_and_1() -> None:
    given = Input([photo(0), photo(1)], Resize((12, 16)))
    found = read(given, 1)
    expected = Resize((12, 16)).preparation(photo(1)).transpose(2, 0, 1).astype(np.float32) / 255
    np.testing.assert_array_equal(found, expected)
    assert found.shape == given.shape(training=False) == (3, 12, 16)


def test_with_random_numbers_it_is_read_as_training_varies_it() -> None:
    transform = RandomResizedCrop(16, min_scale=0.2)
    given = Input([photo(0)], transform)
    found = read(given, 0, np.random.default_rng(1))
    expected = transform.vary(transform.base(photo(0)), np.random.default_rng(1))
    np.testing.assert_array_equal(found, expected.transpose(2, 0, 1).astype(np.float32) / 255)
    assert (found != read(given, 0, np.random.default_rng(2))).any()
    assert (found != read(given, 0)).any()


def test_a_presized_item_is_larger_in_training() -> None:
    given = Input([photo(0)], presized(Resize(32), (16, 20)))
    assert given.shape(training=True) == (3, 32, 32)
    assert given.shape(training=False) == (3, 16, 20)
    assert read(given, 0, np.random.default_rng(0)).shape == (3, 32, 32)
    assert read(given, 0).shape == (3, 16, 20)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda base: base[:-2], r"uint8 \(14, 16, 3\)"),
        (lambda base: base / 255, r"float64 \(16, 16, 3\)"),
        (lambda base: base[..., 0], r"uint8 \(16, 16\)"),
        (Image.fromarray, "a Image"),
        (lambda _: None, "a NoneType"),
    ],
)
def test_what_is_not_as_promised_is_refused_with_the_item_and_both(change: Any, found: str) -> None:
    class Forgetful(Resize):
        def vary(self, base: Any, random: np.random.Generator) -> Any:  # noqa: ARG002
            return change(base)

    given = Input(["ok", photo(0)], Forgetful(16))
    with pytest.raises(
        DataError, match=rf"made {found} of item 1, .* is uint8 \(16, 16, 3\).*Resize"
    ):
        read(given, 1, np.random.default_rng(0))


@pytest.mark.parametrize("side", ["training", "validation"])
def test_a_failing_transform_is_told_by_its_name_with_the_item_and_the_reason(side: str) -> None:
    class Faulty(Resize):
        def vary(self, base: Any, random: np.random.Generator) -> Any:  # noqa: ARG002
            raise ZeroDivisionError("by nothing")

    transform = Faulty(16)
    if side == "validation":
        transform.preparation = lambda _: 1 / 0  # type: ignore[assignment]
    random = np.random.default_rng(0) if side == "training" else None
    given = Input([photo(0)], transform)
    with pytest.raises(DataError, match=r"Faulty failed on item 0: ZeroDivisionError:") as caught:
        given.pixels(0, random)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_what_cannot_be_read_is_told_by_its_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    for random in (None, np.random.default_rng(0)):
        with pytest.raises(UnreadableInputError, match=r"broken\.jpg"):
            read(Input([broken], Resize(8)), 0, random)


def test_photos_go_through_the_cache(tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    colour_photo("blue", 3).save(file)
    given = Input([file], Resize(8), cache=PhotoCache(tmp_path / "cache"))
    np.testing.assert_array_equal(read(given, 0), read(given, 0))
    assert (given.cache.hits, given.cache.misses) == (1, 1)


def test_some_of_the_items_keep_their_names_and_their_values() -> None:
    given = Input([photo(number) for number in range(4)], Resize(8)).take([3, 1])
    assert given.names == ["item 3", "item 1"]
    np.testing.assert_array_equal(given.items[0], photo(3))
    target = Target(np.arange(4), OneOf(Vocab(("a", "b", "c", "d")))).take([3, 1])
    assert target.values.tolist() == [3, 1]
    assert target.kind.describe(target.values[0]) == "d"
    assert Target(np.arange(4), target.kind).take([]).values.shape == (0,)
