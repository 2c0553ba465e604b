"""Copies are found however they were saved; pictures that are merely alike are not pairs."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from conftest import COLOURS, colour_photo
from PIL import Image

from drivetrain.data.looks import alignment, candidates
from drivetrain.data.looks.duplicates import Duplicates, Pair, find_duplicates
from drivetrain.data.looks.look import look_at_all
from drivetrain.data.looks.record import Look
from drivetrain.prepare.image import ImageSource


@cache
def scene(seed: int, size: tuple[int, int] = (240, 180)) -> Image.Image:
    """A picture with detail at every scale, as photos have; no two seeds are alike."""
    random = np.random.default_rng(seed)
    layers = np.zeros((size[1], size[0], 3), np.float64)
    for cells in (2, 4, 8, 16, 32, 64):
        noise = Image.fromarray(random.integers(0, 256, (cells, cells, 3)).astype(np.uint8))
        layers += np.asarray(noise.resize(size, Image.Resampling.BICUBIC)) / cells**0.25
    layers -= layers.min()
    return Image.fromarray((layers / layers.max() * 255).astype(np.uint8))


def saved(photo: Image.Image, form: str = "JPEG", **settings: Any) -> bytes:
    file = io.BytesIO()
    photo.save(file, form, **settings)
    return file.getvalue()


def found(sources: list[ImageSource]) -> Duplicates:
    return find_duplicates(list(look_at_all(sources)))


def places(duplicates: Duplicates) -> list[tuple[int, int]]:
    return [(pair.first, pair.second) for pair in duplicates.pairs]


def cropped(photo: Image.Image, left: float, top: float, right: float, low: float) -> Image.Image:
    wide, high = photo.size
    return photo.crop(
        (round(left * wide), round(top * high), round(right * wide), round(low * high))
    )


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "saved at a low quality": lambda photo: saved(photo, quality=40),
    "as PNG": lambda photo: saved(photo, "PNG"),
    "as WebP": lambda photo: saved(photo, "WEBP", quality=60),
    "half the size": lambda photo: saved(photo.resize((120, 90)), quality=80),
    "other proportions": lambda photo: saved(photo.resize((150, 150)), quality=80),
    "cropped at the right": lambda photo: saved(cropped(photo, 0, 0, 0.9, 1)),
    "cropped all around": lambda photo: saved(cropped(photo, 0.05, 0.04, 0.95, 0.97), quality=70),
    "cropped at a corner": lambda photo: saved(cropped(photo, 0.1, 0.1, 1, 1).resize((130, 100))),
    "without its colours": lambda photo: saved(photo.convert("L")),
}


@pytest.mark.parametrize("copy", COPIES)
@pytest.mark.parametrize("copy_first", [False, True])
def test_a_copy_is_found(copy: str, copy_first: bool) -> None:
    photos: list[ImageSource] = [saved(scene(seed), quality=92) for seed in range(12)]
    photos.insert(0 if copy_first else 12, COPIES[copy](scene(3)))
    duplicates = found(photos)
    assert places(duplicates) == [(0, 4) if copy_first else (3, 12)]
    assert not duplicates.pairs[0].exact
    assert 0.94 <= duplicates.pairs[0].similarity <= 1.0


def test_copies_of_a_file_are_a_chain_of_exact_pairs() -> None:
    one, other = saved(scene(1)), saved(scene(2))
    duplicates = found([one, other, one, one, other])
    assert duplicates.pairs == [
        Pair(0, 2, exact=True, similarity=1.0),
        Pair(1, 4, exact=True, similarity=1.0),
        Pair(2, 3, exact=True, similarity=1.0),
    ]
    assert duplicates.groups() == [0, 1, 0, 0, 1]
    assert duplicates.count == 5


def test_near_and_exact_copies_hang_together() -> None:
    one, small = saved(scene(1)), saved(scene(1).resize((130, 100)))
    duplicates = found([saved(scene(2)), small, one, one, small])
    assert duplicates.groups() == [0, 1, 1, 1, 1]
    assert [pair.exact for pair in duplicates.pairs] == [False, True, True]


def test_pictures_that_share_nothing_are_no_pairs() -> None:
    assert found([saved(scene(seed)) for seed in range(60)]).pairs == []


def test_noise_of_one_colour_is_no_pair_and_neither_is_one_noise_in_two_colours() -> None:
    noisy = [saved(colour_photo(colour, seed)) for colour in COLOURS for seed in range(20)]
    duplicates = found(list(noisy))
    assert duplicates.pairs == []
    assert not duplicates.too_alike


def test_blank_pictures_are_pairs_only_when_their_files_are_the_same() -> None:
    blank = Image.new("RGB", (60, 60), "white")
    duplicates = found([saved(blank, quality=90), saved(blank, "PNG"), saved(blank, quality=90)])
    assert duplicates.pairs == [Pair(0, 2, exact=True, similarity=1.0)]


def test_tiny_pictures_are_pairs_only_when_their_files_are_the_same() -> None:
    tiny = scene(0).resize((15, 40))
    duplicates = found([saved(tiny, "PNG"), saved(tiny, "WEBP", lossless=True), saved(tiny, "PNG")])
    assert places(duplicates) == [(0, 2)]


def test_photos_that_cannot_be_read_have_no_pairs() -> None:
    broken = saved(scene(0))[:2000]
    assert found([broken, broken, b"", b""]).pairs == []


def test_nothing_has_no_pairs() -> None:
    assert find_duplicates([]) == Duplicates(pairs=[], count=0, too_alike=False)
    assert find_duplicates([]).groups() == []


def on_a_form(seed: int) -> Image.Image:
    """A scan of one printed form, with something faint written into it."""
    form, ink = (np.asarray(scene(number), np.float64) - 128 for number in (1000, seed))
    return Image.fromarray(np.clip(128 + 2 * form + 0.4 * ink, 0, 255).astype(np.uint8))


def test_what_all_pictures_share_is_no_evidence() -> None:
    pages: list[ImageSource] = [saved(on_a_form(seed), quality=95) for seed in range(80)]
    pages.append(saved(on_a_form(17), quality=85))
    duplicates = found(pages)
    assert places(duplicates) == [(17, 80)]
    assert not duplicates.too_alike


def test_where_near_pairs_say_nothing_only_exact_ones_are_given() -> None:
    random = np.random.default_rng(0)
    page = np.asarray(scene(1000).resize((120, 90)), np.float64)
    pages: list[ImageSource] = [
        saved(Image.fromarray(np.clip(page + random.normal(0, 3, page.shape), 0, 255).astype("u1")))
        for _ in range(60)
    ]
    duplicates = found([*pages, pages[5]])
    assert duplicates.too_alike
    assert duplicates.pairs == [Pair(5, 60, exact=True, similarity=1.0)]


def test_frames_of_a_camera_that_stands_still_are_one_group() -> None:
    random = np.random.default_rng(0)
    still = np.asarray(scene(1000).resize((120, 90)), np.float64)
    frames = [
        saved(
            Image.fromarray(np.clip(still + random.normal(0, 3, still.shape), 0, 255).astype("u1"))
        )
        for _ in range(40)
    ]
    others = [saved(scene(seed, (120, 90))) for seed in range(100)]
    duplicates = found([*others, *frames])
    assert duplicates.groups() == [*range(100), *[100] * 40]


def test_frames_of_a_moving_camera_are_pairs_with_their_neighbours() -> None:
    view = scene(7, (900, 300))
    frames = [saved(view.crop((step * 8, 0, step * 8 + 300, 300))) for step in range(8)]
    others = [saved(scene(seed)) for seed in range(30)]
    assert found([*others, *frames]).groups() == [*range(30), *[30] * 8]


def with_copies() -> list[Look]:
    photos = [scene(seed) for seed in range(40)]
    copies = [COPIES[name](photo) for name, photo in zip(COPIES, photos, strict=False)]
    return list(look_at_all([*[saved(photo) for photo in photos], *copies]))


def test_the_size_of_the_blocks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = with_copies()
    expected = find_duplicates(looks)
    assert len(expected.pairs) == len(COPIES)
    monkeypatch.setattr(candidates, "ITEMS_AT_ONCE", 7)
    monkeypatch.setattr(alignment, "PAIRS_AT_ONCE", 3)
    assert find_duplicates(looks) == expected


def test_the_order_of_the_photos_changes_only_the_positions() -> None:
    looks = with_copies()
    last = len(looks) - 1
    backwards = find_duplicates(looks[::-1])
    assert sorted((last - second, last - first) for first, second in places(backwards)) == places(
        find_duplicates(looks)
    )


def test_the_pairs_of_many_copies_stay_bounded() -> None:
    photo = scene(3)
    copies: list[ImageSource] = [saved(photo, quality=quality) for quality in range(56, 96)]
    others: list[ImageSource] = [saved(scene(seed)) for seed in range(10, 100)]
    duplicates = found([*copies, *others])
    assert len(duplicates.pairs) <= candidates.MOST_CANDIDATES * len(copies)
    assert duplicates.groups() == [*[0] * 40, *range(40, 130)]
