"""What a sentence means, as numbers: a frozen sentence model on onnxruntime."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivetrain.engine import onnxruntime
from drivetrain.errors import BundleCorruptError, ConfigError
from drivetrain.prepare.wordpiece import WordPieces

Features = NDArray[np.float32]
"""float32 [N, size]: a row for each text, of length 1 or 0."""

PROGRAM = "prepare/sentences.onnx"
WORDPIECES = "prepare/wordpieces.txt"
SHOW_NOTHING = 4


class Sentences:
    """A small sentence model: what a text means, as a point on a sphere.

    Meant for all-MiniLM-L6-v2: Wang et al. 2020, "MiniLM"; Reimers and Gurevych 2019,
    "Sentence-BERT", section 3 (the mean over the tokens). Each text is a run of its own without
    padding, several at a time on as many threads: a row is then the same to the last bit in any
    company, for about a tenth of the speed. Threads may share one.

    Arguments:
        program: The ONNX program, from token numbers ``x`` int64 [T] to vectors float32 [T, D].
        wordpieces: The vocabulary in UTF-8, a piece a line.
        longest: The most tokens of a text that are read.
        threads: Texts that are worked on at once; by default one a core.

    Raises:
        BundleCorruptError: One of the two cannot be used, or they do not belong together.
        ConfigError: ``longest`` leaves no room for a piece.
    """

    def __init__(
        self,
        program: bytes,
        wordpieces: bytes,
        *,
        longest: int = 128,
        threads: int | None = None,
    ) -> None:
        self.longest = longest
        self.threads = threads or os.cpu_count() or 1
        self._members = {PROGRAM: program, WORDPIECES: wordpieces}
        vocabulary = _vocabulary(wordpieces)
        self._cut = WordPieces(vocabulary, longest=longest)
        self._session = _opened(program)
        self.size = self._try_out(len(vocabulary))

    @property
    def name(self) -> str:
        """``sentences-`` and the most tokens that are read."""
        return f"sentences-{self.longest}"

    def __call__(self, texts: Sequence[str]) -> Features:
        """The texts as float32 [N, size], each of length 1; an empty one has a place too.

        Raises:
            BundleCorruptError: An answer is no number.
        """
        distinct = list(dict.fromkeys(several(texts)))
        if not distinct:
            return np.zeros((0, self.size), np.float32)
        found = np.stack(self._each(distinct))
        if not np.isfinite(found).all():
            raise _corrupt("answers with something that is no number")
        places = {text: place for place, text in enumerate(distinct)}
        rows: Features = found[[places[text] for text in texts]]
        return rows

    def members(self) -> dict[str, bytes]:
        """The program and the vocabulary, by their paths in a bundle."""
        return dict(self._members)

    def _each(self, texts: list[str]) -> list[Features]:
        if min(self.threads, len(texts)) == 1:
            return [self._row(text) for text in texts]
        pool = ThreadPoolExecutor(min(self.threads, len(texts)))
        try:
            return list(pool.map(self._row, texts))
        finally:
            pool.shutdown(cancel_futures=True)

    def _row(self, text: str) -> Features:
        mean: NDArray[np.float64] = self._run(self._cut(text)).mean(axis=0, dtype=np.float64)
        return (mean / max(math.sqrt(float((mean * mean).sum())), 1e-12)).astype(np.float32)

    def _run(self, tokens: list[int]) -> Any:
        answers: list[Any] = self._session.run(None, {"x": np.array(tokens, np.int64)})
        return answers[0]

    def _try_out(self, words: int) -> int:
        """One run as long as they get: the program knows exactly these words, and is warm."""
        try:
            answer = self._run([words - 1] * self.longest)
        except Exception as problem:  # onnxruntime raises kinds of its own for every fault
            raise _corrupt(
                f"holds a program that does not take {self.longest} tokens of {words} kinds"
            ) from problem
        shape, kind = list(np.shape(answer)), getattr(answer, "dtype", None)
        if len(shape) != 2 or shape[0] != self.longest or kind != np.float32:
            raise _corrupt(f"answers {self.longest} tokens with {kind} {shape}")
        try:
            self._run([words])
        except Exception:  # it has no such word, as it should be
            return int(shape[1])
        raise _corrupt(f"holds a list of {words} word pieces, and its program knows more")


def _opened(program: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = SHOW_NOTHING
    try:
        session = onnxruntime.InferenceSession(program, options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime raises kinds of its own for every fault
        raise _corrupt("holds a program that onnxruntime cannot read") from problem
    inputs = [(tensor.name, tensor.type) for tensor in session.get_inputs()]
    if inputs != [("x", "tensor(int64)")]:
        raise _corrupt(f"takes {inputs} in place of token numbers named x")
    return session


def _vocabulary(wordpieces: bytes) -> list[str]:
    try:
        return wordpieces.decode("utf-8").rstrip("\r\n").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as problem:
        raise _corrupt(f"holds a list of word pieces that is no UTF-8 ({problem})") from problem


def _corrupt(what: str) -> BundleCorruptError:
    return BundleCorruptError(
        f"The sentence encoder {what}.",
        hint="Take a fresh copy of the bundle, or export it again.",
    )


def several(texts: Sequence[str]) -> Sequence[str]:
    """The texts as they are, where it is not one text by itself.

    Raises:
        ConfigError: It is one.
    """
    if isinstance(texts, str):
        raise ConfigError("One text was given in place of several.", hint="Put it into a list.")
    return texts
