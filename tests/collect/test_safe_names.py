"""Names that are safe on every system, whatever they are made from."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.collect.names import is_folder_name, name_in, safe_name

ODD = st.text(st.sampled_from("a. /\\:%2fé\0\n*CONconAUX1🐻\ud800-"), max_size=300) | st.text()


@given(ODD)
def test_any_text_becomes_one_part_of_a_path_that_every_system_takes(text: str) -> None:
    name = safe_name(text)
    assert len(name.encode()) <= 101
    assert not name.startswith(".")
    assert name == name.rstrip(". ")
    assert not PureWindowsPath(f"{name}.jpg").is_reserved()
    for path in (PurePosixPath(f"x/{name}"), PureWindowsPath(f"x/{name}")):
        assert len(path.parts) == (2 if name else 1)
        assert ".." not in path.parts


@given(ODD)
def test_the_name_in_an_address_is_safe_too(text: str) -> None:
    stem, suffix = name_in(f"http://example.com/{text}")
    assert stem == safe_name(stem)
    assert suffix == "" or suffix[1:].isalnum()


@pytest.mark.parametrize(
    "label", ["..", ".", "", " a", "a ", "a/b", "a\\b", "nul", "Con.x", "a.", ".a", "a\n", "a:b"]
)
def test_labels_that_are_no_folder_everywhere_are_told(label: str) -> None:
    assert not is_folder_name(label)


@pytest.mark.parametrize("label", ["brown bear", "Bär", "🐻", "a.b", "x_1", "console"])
def test_other_labels_stay_as_they_are(label: str) -> None:
    assert is_folder_name(label)
