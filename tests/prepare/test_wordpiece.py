"""Word pieces: BERT's numbers for hard cases, each worked out by hand from its rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import BundleCorruptError, ConfigError
from drivetrain.prepare.wordpiece import REMEMBERED, CharacterTable, WordPieces, words

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
INSIDE = ["##ful", "##fully", "##aff", "##able", "##b", "##0", "##p", "##\u1161"]
WORDS = ["play", "un", "a", "cafe", "i", "3", "naive", "se", "\u1100", "\u4e2d", "\u6587"]
SIGNS = [*",.!'$+[]", "\u2014", "\u20ac"]
VOCABULARY = [*MARKS, *INSIDE, *WORDS, *SIGNS]
NUMBER = {piece: number for number, piece in enumerate(VOCABULARY)}
CUT = WordPieces(VOCABULARY, longest=10_000)


def pieces(text: str) -> list[str]:
    """The pieces of a text between its two marks, which are checked here."""
    numbers = CUT(text)
    assert (numbers[0], numbers[-1]) == (NUMBER["[CLS]"], NUMBER["[SEP]"])
    return [VOCABULARY[number] for number in numbers[1:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\n\u00a0\u2003", []),
        ("playfully", ["play", "##fully"]),
        ("playful", ["play", "##ful"]),
        ("unaffable", ["un", "##aff", "##able"]),
        ("PLAYFUL Naïve CAFÉ", ["play", "##ful", "naive", "cafe"]),
        ("cafe\u0301", ["cafe"]),
        ("\u0130", ["i"]),
        ("a,b", ["a", ",", "[UNK]"]),
        ("a..!$+'", ["a", ".", ".", "!", "$", "+", "'"]),
        ("a\u2014a", ["a", "\u2014", "a"]),
        ("30\u20ac", ["[UNK]"]),
        ("30 \u20ac", ["3", "##0", "\u20ac"]),
        ("a\u4e2d\u6587a", ["a", "\u4e2d", "\u6587", "a"]),
        ("pl\u200bay\u00ad\x00\ufffd", ["play"]),
        ("a\x1fb", ["a", "##b"]),
        ("a\u2028a", ["a", "a"]),
        ("playx a", ["[UNK]", "a"]),
        ("\uac00", ["\u1100", "##\u1161"]),
        ("[SEP]", ["[", "se", "##p", "]"]),
        ("a\ud800", ["a"]),
        ("a\U0001f4a9", ["[UNK]"]),
    ],
)
def test_a_hard_case_becomes_the_pieces_that_the_rules_give(text: str, expected: list[str]) -> None:
    assert pieces(text) == expected


def test_a_word_of_more_than_a_hundred_letters_is_unknown() -> None:
    assert pieces("a" + "b" * 99) == ["a", *["##b"] * 99]
    assert pieces("a" + "b" * 100) == ["[UNK]"]


def test_a_long_text_is_cut_inside_a_word_and_keeps_its_end() -> None:
    cut = WordPieces(VOCABULARY, longest=5)
    whole = [NUMBER[piece] for piece in ("[CLS]", "un", "##aff", "##able", "[SEP]")]
    assert cut("unaffable") == whole
    assert cut("unaffable playful") == whole
    assert WordPieces(VOCABULARY, longest=4)("unaffable") == [*whole[:3], whole[-1]]


def test_no_room_for_a_piece_is_refused() -> None:
    with pytest.raises(ConfigError, match="longest is 2"):
        WordPieces(VOCABULARY, longest=2)


def test_a_list_without_the_marks_is_refused() -> None:
    with pytest.raises(BundleCorruptError, match=r"2 lines and lacks \[CLS\], \[SEP\], \[UNK\]"):
        WordPieces(["cat", "dog"])


@given(st.text(), st.text())
def test_what_comes_before_changes_nothing_of_what_comes_after(one: str, other: str) -> None:
    assert pieces(f"{one} {other}") == pieces(one) + pieces(other)


@given(st.text())
def test_a_folded_text_stays_as_it_is(text: str) -> None:
    folded = words(text)
    assert words(" ".join(folded)) == folded


def test_a_table_of_characters_keeps_some_and_answers_for_all() -> None:
    asked: list[str] = []

    def become(character: str) -> str:
        asked.append(character)
        return character.upper()

    table = CharacterTable(become)
    assert "abba".translate(table) == "ABBA"
    assert asked == ["a", "b"]
    everything = "".join(map(chr, range(REMEMBERED + 500)))
    table = CharacterTable(lambda _: "-")
    assert everything.translate(table) == "-" * len(everything)
    assert len(table) == REMEMBERED
