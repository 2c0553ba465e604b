"""BERT's WordPiece for text in any case: from a text to the numbers of its word pieces."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator, Sequence

from drivetrain.errors import BundleCorruptError, ConfigError

START, END, UNKNOWN, PADDING = "[CLS]", "[SEP]", "[UNK]", "[PAD]"
CONTINUED = "##"
LONGEST_WORD = 100
"""A longer word is unknown, as in BERT."""

REMEMBERED = 100_000
"""Words whose pieces are kept, and characters whose folding is."""

IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2CEAF),
    (0x2F800, 0x2FA1F),
)


class WordPieces:
    """Cuts texts into word pieces: BERT's "uncased" rules (Devlin et al. 2019, section 3).

    Control characters and accents go, letters become small, each punctuation mark and each
    Chinese character is a word, and a word is cut into the longest pieces that the vocabulary has,
    from its start (Wu et al. 2016, section 4.1). What a text says is text: a written ``[SEP]`` is
    cut like any other word. Threads may share one.

    Example:
        >>> cut = WordPieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "##ful", "!"])
        >>> cut("Pläyful!")
        [2, 4, 5, 6, 3]

    Arguments:
        vocabulary: The pieces in the order of their numbers; a piece inside a word begins
            with ``##``.
        longest: The most numbers a text may become, the marks of its start and its end among
            them; the rest of a longer text is not read.

    Raises:
        ConfigError: ``longest`` leaves no room for a piece.
        BundleCorruptError: The vocabulary lacks a mark that every text needs.
    """

    def __init__(self, vocabulary: Sequence[str], *, longest: int = 128) -> None:
        if longest < 3:
            raise ConfigError(
                f"longest is {longest}, and a text's start and end take 2 pieces already.",
                hint="Give at least 3; 128 is usual.",
            )
        self.longest = longest
        self._numbers = {piece: number for number, piece in enumerate(vocabulary)}
        if missing := [mark for mark in (START, END, UNKNOWN) if mark not in self._numbers]:
            raise BundleCorruptError(
                f"The list of word pieces has {len(self._numbers)} lines and lacks "
                f"{', '.join(missing)}.",
                hint="Take the vocab.txt that belongs to the model.",
            )
        self._start, self._end = self._numbers[START], self._numbers[END]
        self._unknown = [self._numbers[UNKNOWN]]
        self._known: dict[str, list[int]] = {}

    def __call__(self, text: str) -> list[int]:
        """The numbers of a text's pieces between those of its start and its end."""
        numbers = [self._start]
        for word in words(text):
            numbers += self._pieces(word)
            if len(numbers) >= self.longest:
                break
        return [*numbers[: self.longest - 1], self._end]

    def _pieces(self, word: str) -> list[int]:
        known = self._known.get(word)
        if known is None:
            known = list(self._cut(word)) if len(word) <= LONGEST_WORD else self._unknown
            known = self._unknown if -1 in known else known
            if len(self._known) < REMEMBERED:
                self._known[word] = known
        return known

    def _cut(self, word: str) -> Iterator[int]:
        """The longest pieces from the start of a word; -1 where none fits."""
        begin, prefix = 0, ""
        while begin < len(word):
            for end in range(len(word), begin, -1):
                number = self._numbers.get(prefix + word[begin:end])
                if number is not None:
                    yield number
                    begin, prefix = end, CONTINUED
                    break
            else:
                yield -1
                return


class CharacterTable(dict[int, str]):
    """What becomes of each character in ``str.translate``; worked out when one is first met.

    Example:
        >>> "a-b".translate(CharacterTable(lambda character: character.strip("-")))
        'ab'

    Arguments:
        becomes: What becomes of one character.
    """

    def __init__(self, becomes: Callable[[str], str]) -> None:
        super().__init__()
        self._becomes = becomes

    def __missing__(self, code: int) -> str:
        text = self._becomes(chr(code))
        if len(self) < REMEMBERED:
            self[code] = text
        return text


def words(text: str) -> list[str]:
    """The words of a text, folded to small letters without accents.

    Example:
        >>> words("Café, 3€?")
        ['cafe', ',', '3€', '?']
    """
    return text.translate(_FOLDED).split()


def _fold(character: str) -> str:
    if character in "\t\n\r" or (character.isspace() and not _is_other(character)):
        return " "
    if character == "\ufffd" or _is_other(character):
        return ""
    folded = "".join(
        _apart(part.lower()) if _is_punctuation(part) else part.lower()
        for part in unicodedata.normalize("NFD", character)
        if unicodedata.category(part) != "Mn"
    )
    code = ord(character)
    return _apart(folded) if any(low <= code <= high for low, high in IDEOGRAPHS) else folded


def _apart(word: str) -> str:
    return f" {word} "


def _is_other(character: str) -> bool:
    """Whether it controls or formats, or has no common meaning.

    A character that this Python's Unicode does not know yet counts as a sign, as it will once it
    is known.
    """
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co")


def _is_punctuation(character: str) -> bool:
    """Punctuation, and what ASCII has of signs: BERT takes ``$`` and ``+`` for punctuation too."""
    ascii_sign = "!" <= character <= "~" and not character.isalnum()
    return ascii_sign or unicodedata.category(character).startswith("P")


_FOLDED = CharacterTable(_fold)
