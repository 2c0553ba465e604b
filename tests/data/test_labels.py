"""Labels that are read off an item."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivetrain.data import parent_label


@pytest.mark.parametrize("kind", [str, Path])
def test_the_label_is_the_name_of_the_folder_and_of_no_other(kind: type[str] | type[Path]) -> None:
    assert parent_label(kind("data/bears/grizzly/001.jpg")) == "grizzly"
    assert parent_label(kind("teddy/black.jpg")) == "teddy"


def test_a_label_keeps_spaces_dots_and_signs() -> None:
    assert parent_label("it's v1.0 🐻/001.jpg") == "it's v1.0 🐻"
