"""Texts to numbers: hashed words, a sentence program, and the way back from a bundle."""

from __future__ import annotations

import math
from itertools import pairwise
from threading import Barrier, Thread

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivetrain.errors import BundleCorruptError, BundleVersionError, ConfigError
from drivetrain.prepare.text import HashedWords, Sentences, TextEncoder, encoder_from

TEXTS = st.lists(st.text(st.sampled_from("aAbBé ,.\u4e2d\u0e01\u0e31\ud800\U0001f4a9")), max_size=8)
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "cat", "dog", "##s"]
WORDPIECES = "\n".join(PIECES).encode()
VECTORS = np.random.default_rng(0).normal(size=(len(PIECES), 4)).astype(np.float32)


def looking_up(vectors: NDArray[np.generic], *, name: str = "x") -> bytes:
    """A program that answers each token with its row of a matrix."""
    kind = onnx.helper.np_dtype_to_tensor_dtype(vectors.dtype)
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Gather", ["vectors", name], ["tokens"])],
        "tiny",
        [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.INT64, ["batch"])],
        [onnx.helper.make_tensor_value_info("tokens", kind, None)],
        [onnx.numpy_helper.from_array(vectors, "vectors")],
    )
    model = onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8
    )
    program: bytes = model.SerializeToString()
    return program


PROGRAM = looking_up(VECTORS)


def sentences(longest: int = 16, threads: int | None = None) -> Sentences:
    return Sentences(PROGRAM, WORDPIECES, longest=longest, threads=threads)


def same(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """The same bits: ``==`` would take -0.0 for 0.0."""
    return one.shape == other.shape and one.tobytes() == other.tobytes()


# ---- hashed words --------------------------------------------------------------------------


def test_hashed_words_are_the_same_for_ever() -> None:
    row = HashedWords(8)(["A playful cat and a PLAYFUL dog"])[0]
    expected = [-0.342959, 0.545516, 0.000000, -0.202557, 0.405114, -0.202557, 0.202557, 0.545516]
    np.testing.assert_allclose(row, expected, atol=1e-6)


def test_a_word_that_comes_more_often_weighs_more_by_its_logarithm() -> None:
    encoder = HashedWords(1 << 16)  # so wide that nothing meets
    row = np.abs(encoder(["cat dog cat cat"])[0])
    cat = np.flatnonzero(encoder(["cat"])[0])
    dog = np.flatnonzero(encoder(["dog"])[0])
    assert row[cat] / row[dog] == pytest.approx(1 + math.log(3))


def test_pairs_tell_the_order_of_words() -> None:
    one, other, third = HashedWords(1 << 16)(["cat bites dog", "dog bites cat", "cat bites dog!"])
    assert one @ other == pytest.approx(3 / 5)  # three words of three words and two pairs
    assert same(one, third)


def test_a_pair_does_not_reach_from_one_text_into_the_next() -> None:
    encoder = HashedWords(1 << 16)
    assert np.count_nonzero(encoder(["cat", "dog"])) == 2
    assert np.count_nonzero(encoder(["cat dog"])) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Straße", "STRASSE"),
        ("cafe\u0301", "café"),
        ("ﬁne", "fine"),
        ("ＣＡＴ", "cat"),
        ("cat\u00ad\u200b", "cat"),
        ("cat, dog;\ncat\tdog", "cat dog cat dog"),
        ("\u4e2d\u6587", "\u4e2d \u6587"),
        ("\u4e2dcat", "\u4e2d cat"),
        ("cat💕💕", "cat 💕 💕"),
        ("\u0e44\u0e17\u0e22", "\u0e44 \u0e17 \u0e22"),
        ("ca\ud800t", "cat"),
    ],
)
def test_two_ways_to_write_one_thing_are_one_thing(one: str, other: str) -> None:
    first, second = HashedWords(512)([one, other])
    assert same(first, second)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cat", "cats"),
        ("हिन्दी", "हनद"),
        ("don't", "dont"),
        ("मां", "मा"),
        ("a1", "a 1"),
        ("cat 💕", "cat"),
    ],
)
def test_other_words_are_others(one: str, other: str) -> None:
    first, second = HashedWords(1 << 16)([one, other])
    assert not same(first, second)


def test_buckets_and_signs_are_used_evenly() -> None:
    rows = HashedWords(64)([f"word{number}" for number in range(6400)])
    used = np.abs(rows).sum(axis=0)
    assert used.min() > 50  # 100 are expected, and 10 is their spread
    assert used.max() < 150
    assert abs(rows.sum()) < 5 * math.sqrt(6400)


def test_no_words_give_zeros_and_no_texts_give_no_rows() -> None:
    assert same(HashedWords(8)(["", " \n", "?!"]), np.zeros((3, 8), np.float32))
    assert HashedWords(8)([]).shape == (0, 8)


def test_more_texts_than_are_hashed_at_once_keep_their_order() -> None:
    texts = [f"cat number {number}" for number in range(2500)]
    rows = HashedWords(32)(texts)
    assert same(
        rows[[0, 1023, 1024, 2499]], HashedWords(32)([texts[0], *texts[1023:1025], texts[-1]])
    )


def test_no_buckets_are_refused() -> None:
    with pytest.raises(ConfigError, match="into 0 buckets"):
        HashedWords(0)


# ---- sentences -----------------------------------------------------------------------------


def test_a_sentence_is_the_mean_of_its_tokens_at_length_one() -> None:
    tokens = [PIECES.index(piece) for piece in ("[CLS]", "cat", "##s", "dog", "[SEP]")]
    mean = VECTORS[tokens].mean(axis=0)
    np.testing.assert_allclose(sentences()(["Cats DOG"])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_an_empty_text_has_a_place_of_its_own() -> None:
    mean = VECTORS[[2, 3]].mean(axis=0)
    rows = sentences()(["", "  ", "cat"])
    np.testing.assert_allclose(rows[0], mean / np.linalg.norm(mean), atol=1e-6)
    assert same(rows[0], rows[1])
    assert not same(rows[0], rows[2])


def test_rows_come_in_the_order_given_and_repeat_where_a_text_does() -> None:
    texts = ["cat cat cat", "dog", "cat", "dog", "", "cats"]
    rows = sentences()(texts)
    assert rows.dtype == np.float32
    assert rows.shape == (6, 4)
    assert same(rows, np.concatenate([sentences()([text]) for text in texts]))
    assert sentences()([]).shape == (0, 4)


def test_only_the_start_of_a_long_text_is_read() -> None:
    short = sentences(longest=4)
    assert same(short(["cat dog dog"]), short(["cat dog"]))
    assert not same(sentences()(["cat dog dog"]), sentences()(["cat dog"]))


def test_threads_may_share_one() -> None:
    encoder, barrier = sentences(threads=2), Barrier(4)
    texts = [" ".join(["cat", "dogs"] * number) for number in range(1, 7)]
    expected, found = encoder(texts), []

    def ask() -> None:
        barrier.wait()
        found.append(encoder(texts))

    asking = [Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert [same(rows, expected) for rows in found] == [True] * 4


@pytest.mark.parametrize(
    ("program", "wordpieces", "message"),
    [
        (b"not a program", WORDPIECES, "onnxruntime cannot read"),
        (PROGRAM[: len(PROGRAM) // 2], WORDPIECES, "onnxruntime cannot read"),
        (looking_up(VECTORS, name="ids"), WORDPIECES, r"takes .*'ids'.* named x"),
        (looking_up(VECTORS.astype(np.float64)), WORDPIECES, "16 tokens with float64"),
        (looking_up(VECTORS[:, None]), WORDPIECES, r"float32 \[16, 1, 4\]"),
        (looking_up(VECTORS[:-1]), WORDPIECES, "does not take 16 tokens of 7 kinds"),
        (PROGRAM, WORDPIECES.rpartition(b"\n")[0], "list of 6 word pieces, and its program"),
        (PROGRAM, b"\xff\xfe", "is no UTF-8"),
        (PROGRAM, b"", "lacks"),
    ],
)
def test_damaged_parts_are_refused_with_what_is_wrong(
    program: bytes, wordpieces: bytes, message: str
) -> None:
    with pytest.raises(BundleCorruptError, match=message) as refused:
        Sentences(program, wordpieces, longest=16)
    assert refused.value.hint


def test_an_answer_that_is_no_number_is_refused() -> None:
    vectors = VECTORS.copy()
    vectors[4] = np.nan
    encoder = Sentences(looking_up(vectors), WORDPIECES, longest=16)
    assert encoder(["dog"]).shape == (1, 4)
    with pytest.raises(BundleCorruptError, match="no number"):
        encoder(["dog", "cat"])


def test_lines_may_end_as_on_windows() -> None:
    other = Sentences(PROGRAM, WORDPIECES.replace(b"\n", b"\r\n") + b"\r\n", longest=16)
    assert same(other(["cats"]), sentences()(["cats"]))


# ---- both ----------------------------------------------------------------------------------

ENCODERS: list[TextEncoder] = [HashedWords(16), sentences(threads=1), sentences(threads=2)]


@pytest.mark.parametrize("encoder", ENCODERS, ids=["hashed", "one thread", "two threads"])
@given(texts=TEXTS)
def test_a_row_is_the_same_bits_alone_and_in_company(
    encoder: TextEncoder, texts: list[str]
) -> None:
    rows = encoder(texts)
    assert rows.shape == (len(texts), encoder.size)
    assert all(same(rows[[at]], encoder([text])) for at, text in enumerate(texts))
    lengths = np.linalg.norm(rows, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-6) | (lengths == 0))


@pytest.mark.parametrize("encoder", [HashedWords(), HashedWords(31), sentences(9)])
def test_a_name_and_the_members_bring_the_encoder_back(encoder: TextEncoder) -> None:
    again = encoder_from(encoder.name, encoder.members())
    assert (again.name, again.size) == (encoder.name, encoder.size)
    assert same(again(["cats dog " * 9]), encoder(["cats dog " * 9]))


def test_names_without_a_number_mean_the_usual_ones() -> None:
    assert encoder_from("hashed", {}) == HashedWords(256)
    assert encoder_from("sentences", sentences().members()).name == "sentences-128"


@pytest.mark.parametrize("name", ["", "tfidf", "hashed-0", "hashed-x", "sentences-", "Hashed"])
def test_an_unknown_name_asks_for_a_newer_version(name: str) -> None:
    with pytest.raises(BundleVersionError, match="unknown here"):
        encoder_from(name, {})


def test_missing_members_are_named() -> None:
    members = sentences().members()
    for missing in members:
        rest = {path: content for path, content in members.items() if path != missing}
        with pytest.raises(BundleCorruptError, match=missing):
            encoder_from("sentences", rest)


def test_one_text_in_place_of_several_is_refused() -> None:
    for encoder in ENCODERS:
        with pytest.raises(ConfigError, match="One text"):
            encoder("cat")


def test_neighbours_are_nearer_the_more_they_share() -> None:
    rows = HashedWords(256)(["a shy cat", "a shy cat looks", "a loud dog", "pump 7 leaks"])
    near = [float(rows[0] @ row) for row in rows]
    assert all(one > other for one, other in pairwise(near))
