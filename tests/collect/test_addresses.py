"""Reading a list of addresses: text, CSV with and without a header, and bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivetrain.collect.addresses import Address, read_addresses
from drivetrain.errors import CollectError, ConfigError

A, B = "https://example.com/a.jpg", "http://example.com/b,c.jpg?x=1;y=2"


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def test_a_text_file_holds_one_address_a_line(tmp_path: Path) -> None:
    file = written(tmp_path, "urls.txt", f"\ufeff# bears\n\n  {A} \r\n{B}\nnonsense\n")
    assert read_addresses(file) == [Address(A), Address(B), Address("nonsense")]


def test_a_list_is_taken_as_it_is_and_counts_before_a_file(tmp_path: Path) -> None:
    assert read_addresses(tmp_path / "gone.txt", iter([A, f" {B}\n"])) == [Address(A), Address(B)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", f'id,URL,page\n1,{A},https://example.com\n2,"{B}",\n'),
        ("a.csv", f'id;url\n1;{A}\n2;"{B}"\n'),
        ("a.tsv", f"id\turl\n1\t{A}\n\n2\t{B}\n"),
        ("a.CSV", f'place,size\r\n{A},1\r\n"{B}",2\r\n'),
        ("a.csv", f'{A}\n"{B}"\n'),
        ("a.csv", f'\ufeffnote,where\n"two\nlines",{A}\nx,"{B}"\n'),
    ],
)
def test_a_table_has_them_in_its_column_url_or_the_only_one_with_addresses(
    name: str, text: str, tmp_path: Path
) -> None:
    assert read_addresses(written(tmp_path, name, text)) == [Address(A), Address(B)]


def test_a_column_label_names_the_classes_and_short_lines_have_none(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", f"url,Label\n{A}, grizzly \n{B}\n")
    with_quotes = file.read_text().replace(B, f'"{B}"')
    assert read_addresses(written(tmp_path, "b.csv", with_quotes)) == [
        Address(A, "grizzly"),
        Address(B, ""),
    ]


def test_a_table_without_a_clear_column_is_refused_with_the_names_of_its_columns(
    tmp_path: Path,
) -> None:
    two = written(tmp_path, "two.csv", f"photo,page\n{A},{A}\n")
    with pytest.raises(CollectError, match=r"two\.csv has no column url\. More .*: photo, page\."):
        read_addresses(two)
    none = written(tmp_path, "none.csv", "photo,page\na.jpg,b\n")
    with pytest.raises(CollectError, match=r"None of its columns holds addresses: photo, page\."):
        read_addresses(none)


def test_empty_files_hold_no_addresses(tmp_path: Path) -> None:
    assert read_addresses(written(tmp_path, "a.csv", "\n")) == []
    assert read_addresses(written(tmp_path, "a.txt", "")) == []


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(CollectError, match=r"gone\.txt, the list of addresses, cannot be read"):
        read_addresses(tmp_path / "gone.txt")
    with pytest.raises(CollectError, match=r"a\.txt is not text in UTF-8"):
        read_addresses(written(tmp_path, "a.txt", A + "é", "latin-1"))


def test_no_list_and_a_text_for_a_list_are_told_apart() -> None:
    with pytest.raises(ConfigError, match="No addresses were given"):
        read_addresses()
    with pytest.raises(ConfigError, match="a list of addresses is expected"):
        read_addresses(urls=A)
