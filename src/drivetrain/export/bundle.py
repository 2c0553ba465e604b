"""Writing a bundle: the network, its weights, samples with their answers, and the manifest."""

from __future__ import annotations

import copy
import io
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save as to_safetensors
from torch import Tensor, nn

from drivetrain.bundle.archive import pack, sha256, writing
from drivetrain.bundle.manifest import (
    Manifest,
    Member,
    Network,
    Parity,
    Sample,
    Target,
    Training,
)
from drivetrain.bundle.reader import MANIFEST, MODEL, WEIGHTS, Bundle
from drivetrain.errors import ConfigError, DataError, OutputError
from drivetrain.export.onnx import to_onnx
from drivetrain.export.parity import TOLERANCE, check_parity
from drivetrain.metrics import accuracy, balanced_accuracy, confusion_matrix, error_rate
from drivetrain.predictor import Predictor
from drivetrain.prepare.image import ORIENTATION_TAG
from drivetrain.schema import Probabilities

WRITERS = ("drivetrain", "torch", "timm", "onnx", "onnxruntime", "numpy", "pillow")
PARITY_ITEMS = 256
SAMPLES = 4
LARGEST_SAMPLE = 256 * 1024
SAMPLE_SIDE = 512


class Exportable(Protocol):
    """What an export needs of a learner."""

    dls: Any
    model: Any
    arch: str
    weights_origin: str

    def get_preds(self) -> tuple[Tensor, Tensor]:
        """Probabilities and targets of the validation side."""
        ...


def export_bundle(
    learn: Exportable, path: str | os.PathLike[str], *, samples: int = SAMPLES, notes: str = ""
) -> Path:
    """Write a bundle that gives the learner's answers, or write nothing.

    Arguments:
        learn: The trained learner.
        path: Where to; the name is free, and what was there before is replaced at the end.
        samples: How many validation inputs to store with their answers, so that a machine can
            be tested with them. They travel with the bundle: give 0 where photos must not.
        notes: A sentence about the figures for whoever reads the bundle's card.

    Raises:
        ParityError: The bundle disagrees with the learner on validation items.
        OutputError: The path cannot be written.
    """
    with writing(path) as beside:
        beside.write_bytes(build_bundle(learn, samples=samples, notes=notes))
    return Path(path)


def build_bundle(learn: Exportable, *, samples: int = SAMPLES, notes: str = "") -> bytes:
    """The bundle's bytes; see :func:`export_bundle`."""
    if not learn.dls.kind.picks_one:
        raise ConfigError(
            "A bundle answers with one class out of several, and this learner answers with "
            f"{learn.dls.kind.words}.",
            hint="Bundles of this version hold classifiers made with CategoryBlock.",
        )
    probabilities, targets = (tensor.numpy() for tensor in learn.get_preds())
    items = learn.dls.valid.readable_items
    assert len(items) == len(targets), "the loader answered other items than it could read"
    _check_every_class_was_seen(learn)
    members = _network(learn) | {WEIGHTS: to_safetensors(_plain(learn.model.state_dict()))}
    unchecked = Parity(items=1, same_labels=1.0, largest_difference=0.0, tolerance=TOLERANCE)
    manifest = _manifest(learn, members, probabilities, targets, unchecked, notes)
    predictor = Predictor(_as_bundle(manifest, members))
    checked = _spread(range(len(items)), PARITY_ITEMS)
    parity = check_parity(predictor, [items[place] for place in checked], probabilities[checked])
    stored = _samples(predictor, _spread(items, samples))
    members |= {sample.member: content for sample, content in stored}
    manifest = _manifest(learn, members, probabilities, targets, parity, notes)
    manifest = manifest.model_copy(update={"samples": tuple(sample for sample, _ in stored)})
    return pack({MANIFEST: manifest.to_json()} | members)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Find out before a long training whether the bundle can be written at its end.

    Raises:
        OutputError: The folder does not exist or may not be written to.
    """
    final = Path(path)
    if final.is_dir():
        raise OutputError(f"{final} is a folder.", hint="Give a file name in it.")
    with suppress(_TriedOnly), writing(final):
        raise _TriedOnly


class _TriedOnly(Exception):
    pass


def _check_every_class_was_seen(learn: Exportable) -> None:
    seen = set(learn.dls.train.readable_targets.tolist())
    unseen = [name for place, name in enumerate(learn.dls.vocab) if place not in seen]
    if unseen:
        raise DataError(
            f"Not one training photo of {', '.join(unseen)} could be read.",
            hint="See the warnings, mend the photos or leave the class out, and train again.",
        )


class _Answering(nn.Module):
    """The network as production calls it: raw pixels in, logits and embedding out."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Uint8 [N, H, W, 3] to logits float32 [N, C] and embeddings float32 [N, D]."""
        embedding = self.model.embed(x.permute(0, 3, 1, 2).float().div(255))  # type: ignore[operator]
        return self.model.head(embedding), embedding  # type: ignore[operator]


def _network(learn: Exportable) -> dict[str, bytes]:
    if not hasattr(learn.model, "embed"):
        raise ConfigError(
            f"A {type(learn.model).__name__} cannot be exported: it has no body and head.",
            hint="Make the model with vision_learner.",
        )
    shape = learn.dls.valid.item_transform.preparation.array_shape
    answering = _Answering(copy.deepcopy(learn.model).cpu().eval())
    example = torch.zeros((2, *shape), dtype=torch.uint8)
    return {MODEL: to_onnx(answering, example, inputs=["x"], outputs=["logits", "embedding"])}


def _manifest(
    learn: Exportable,
    members: dict[str, bytes],
    probabilities: Probabilities,
    targets: np.ndarray[Any, np.dtype[np.int64]],
    parity: Parity,
    notes: str,
) -> Manifest:
    vocab = tuple(learn.dls.vocab)
    trained = learn.dls.train.readable_targets
    counts = np.bincount(np.concatenate([trained, targets]), minlength=len(vocab)).tolist()
    predicted = probabilities.argmax(axis=1)
    return Manifest(
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        written_by={name: version(name) for name in WRITERS},
        preparation=learn.dls.valid.item_transform.preparation.model_dump(mode="json"),
        target=Target(vocab=vocab),
        network=Network(
            arch=learn.arch,
            pretrained_from=learn.weights_origin,
            embedding_size=learn.model.head[0].num_features,
        ),
        training=Training(
            train_items=len(trained),
            valid_items=len(targets),
            class_counts=dict(zip(vocab, counts, strict=True)),
            metrics={
                "accuracy": accuracy(predicted, targets),
                "error_rate": error_rate(predicted, targets),
                "balanced_accuracy": balanced_accuracy(predicted, targets, len(vocab)),
            },
            confusion=tuple(map(tuple, confusion_matrix(predicted, targets, len(vocab)).tolist())),
            notes=notes,
        ),
        parity=parity,
        members={
            name: Member(size=len(content), sha256=sha256(content))
            for name, content in members.items()
        },
    )


def _as_bundle(manifest: Manifest, members: dict[str, bytes]) -> Bundle:
    return Bundle.from_bytes(pack({MANIFEST: manifest.to_json()} | members))


def _spread(items: Sequence[Any], count: int) -> list[Any]:
    """Some items, evenly over the whole."""
    step = max(1, len(items) // max(1, count))
    return list(items[::step][:count])


def _samples(predictor: Predictor, items: Sequence[Any]) -> list[tuple[Sample, bytes]]:
    contents = [_encoded(item) for item in items]
    answers = predictor.predict(contents)
    return [
        (
            Sample(
                member=f"samples/{number}",
                probabilities=tuple(float(value) for value in answer.probabilities),
            ),
            content,
        )
        for number, (answer, content) in enumerate(zip(answers, contents, strict=True))
    ]


def _encoded(item: Any) -> bytes:
    """A file's own bytes, or a smaller JPEG of it where it is large."""
    content = Path(item).read_bytes() if isinstance(item, str | os.PathLike) else item
    if isinstance(content, bytes) and len(content) <= LARGEST_SAMPLE:
        return content
    photo = Image.open(io.BytesIO(content)) if isinstance(content, bytes) else _as_photo(content)
    orientation = photo.getexif().get(ORIENTATION_TAG)
    small = photo.convert("RGB")
    small.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE))
    file = io.BytesIO()
    exif = small.getexif()
    exif.clear()
    if orientation:
        exif[ORIENTATION_TAG] = orientation
    small.save(file, "JPEG", quality=90, exif=exif)
    return file.getvalue()


def _as_photo(item: Any) -> Image.Image:
    return item if isinstance(item, Image.Image) else Image.fromarray(item)


def _plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in state.items()}
