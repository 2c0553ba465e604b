"""Rows as they are sent: JSON and CSV, with what can be wrong in them."""

from __future__ import annotations

import pytest

from drivetrain.errors import UnreadableInputError
from drivetrain.prepare.rows import EXTRA, unpack_rows


def test_an_object_is_one_row_and_a_list_is_several() -> None:
    one = unpack_rows(b'{"a": 1}', "application/json")
    assert (one.items, one.several) == ([{"a": 1}], False)
    many = unpack_rows(b'[{"a": 1}]', "application/json")
    assert (many.items, many.several) == ([{"a": 1}], True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_csv_is_read_whatever_stands_between_the_columns(
    delimiter: str, ends: str, mark: str
) -> None:
    lines = [["age ", "city"], ["41", '"Bern, old"'], ["", "Chur"]]
    text = mark + ends.join(delimiter.join(line) for line in lines)
    found = unpack_rows(text.encode(), "text/csv")
    assert found.several
    assert found.items == [{"age": "41", "city": "Bern, old"}, {"age": "", "city": "Chur"}]


def test_where_the_type_says_nothing_the_content_decides() -> None:
    assert unpack_rows(b' [{"a": 1}]', "").items == [{"a": 1}]
    assert unpack_rows(b"a,b\n1,2\n", "application/octet-stream").items == [{"a": "1", "b": "2"}]


def test_a_row_that_is_too_short_lacks_columns_and_one_too_long_has_more() -> None:
    short, long = unpack_rows(b"a,b\n1\n1,2,3\n", "text/csv").items
    assert short == {"a": "1"}
    assert long == {"a": "1", "b": "2", EXTRA: ["3"]}


@pytest.mark.parametrize(
    ("content", "kind", "told"),
    [
        (b"", "text/csv", "holds nothing"),
        (b"a,a\n1,2\n", "text/csv", "a: this column is there twice"),
        (b'a\n"open\n', "text/csv", "no CSV"),
        (b"a\n\xff\n", "text/csv", "no text in UTF-8"),
        (b"{", "application/json", "no JSON"),
        (b"[" * 100_000, "application/json", "no JSON"),
        (b'{"a": 1, "a": 2}', "application/json", "a: this column is given twice"),
        (b"\xff{}", "application/json", "no text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_told(content: bytes, kind: str, told: str) -> None:
    with pytest.raises(UnreadableInputError, match=told):
        unpack_rows(content, kind)
