"""Pictures in a grid."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.interpret.gallery import INK, _grid, show_pictures
from drivetrain.prepare.image import ImageArray


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def pictures(count: int) -> list[ImageArray]:
    return [np.full((4, 6, 3), number, np.uint8) for number in range(count)]


def test_every_picture_is_drawn_under_its_own_title_in_order() -> None:
    figure = show_pictures(pictures(5), list("abcde"))
    drawn = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in drawn] == list("abcde")
    for axes, picture in zip(drawn, pictures(5), strict=True):
        np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), picture)
        assert axes.title.get_color() == INK
    assert not any(axes.axison for axes in figure.axes)


def test_titles_have_the_colours_given() -> None:
    figure = show_pictures(pictures(2), ["a", "b"], colours=["red", "blue"])
    assert [axes.title.get_color() for axes in figure.axes] == ["red", "blue"]


@given(st.integers(1, 100), st.none() | st.integers(1, 12), st.none() | st.integers(1, 12))
def test_a_grid_has_room_for_all_and_keeps_the_side_that_is_given(
    count: int, nrows: int | None, ncols: int | None
) -> None:
    rows, columns = _grid(count, nrows, ncols)
    if nrows is not None:
        assert rows == nrows
    if ncols is not None:
        assert columns == ncols
    if nrows is None or ncols is None:
        assert rows * columns >= count
    if nrows is None and ncols is None:
        assert rows <= columns <= rows + 3  # about square


def test_a_grid_that_is_too_small_shows_the_first() -> None:
    figure = show_pictures(pictures(5), list("abcde"), nrows=1, ncols=2)
    assert [axes.get_title() for axes in figure.axes] == ["a", "b"]


def test_no_pictures_are_an_empty_figure() -> None:
    assert [len(axes.images) for axes in show_pictures([], []).axes] == [0]


def test_a_figure_has_the_size_asked_for() -> None:
    figure = show_pictures(pictures(1), ["a"], figsize=(5, 4))
    assert tuple(figure.get_size_inches()) == (5, 4)


@pytest.mark.parametrize("title", ["$x^2$", "costs $5", r"a\$b$c", r"$\nonsense{$"])
def test_a_dollar_sign_starts_no_formula(title: str, tmp_path: Path) -> None:
    figure = show_pictures(pictures(1), [title])
    with plt.rc_context({"svg.fonttype": "none"}):
        figure.savefig(tmp_path / "drawn.svg")
    assert title in (tmp_path / "drawn.svg").read_text(encoding="utf-8")
