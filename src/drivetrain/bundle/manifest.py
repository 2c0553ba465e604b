"""The manifest: what a bundle says about itself, as JSON with a schema."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from drivetrain.errors import BundleCorruptError, BundleVersionError

FORMAT: Literal["drivetrain.bundle"] = "drivetrain.bundle"
FORMAT_VERSION = 1

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=10**12)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Member(_Part):
    """A file inside the bundle: its size in bytes and its SHA-256."""

    size: int = Field(ge=0)
    sha256: Sha256


class Target(_Part):
    """What is predicted: one class of ``vocab``, in the order of the model's outputs."""

    kind: Literal["category"] = "category"
    vocab: tuple[str, ...] = Field(min_length=2)


class Network(_Part):
    """The network: its architecture, where its weights came from, and its tensors.

    ``input`` takes uint8 [N, ...] as the preparation gives it; ``outputs`` are the logits
    float32 [N, C] and the embedding float32 [N, D].
    """

    arch: str
    pretrained_from: str = ""
    input: str = "x"
    outputs: tuple[str, str] = ("logits", "embedding")
    embedding_size: int = Field(ge=1, le=10**6)


class Training(_Part):
    """What it was trained and validated on, and how well it did."""

    train_items: Count
    valid_items: Count
    class_counts: dict[str, int] = {}
    metrics: dict[str, Share] = {}
    confusion: tuple[tuple[int, ...], ...] = ()
    notes: str = ""


class Parity(_Part):
    """How the bundle's answers compare with the learner's, on real validation items."""

    items: Annotated[int, Field(ge=1, le=10**12)]
    same_labels: Share
    largest_difference: float = Field(ge=0.0)
    tolerance: float = Field(gt=0.0)


class Sample(_Part):
    """A stored input and the probabilities that it gave when the bundle was written."""

    member: str
    probabilities: tuple[float, ...]


class Manifest(_Part):
    """Everything that a reader must know to answer with a bundle and to trust it."""

    format: Literal["drivetrain.bundle"] = FORMAT
    format_version: int = FORMAT_VERSION
    created: str
    written_by: dict[str, str]
    preparation: dict[str, Any]
    target: Target
    network: Network
    training: Training
    parity: Parity
    samples: tuple[Sample, ...] = Field(default=(), max_length=1000)
    members: dict[str, Member]

    def to_json(self) -> bytes:
        """The manifest as it stands in the bundle."""
        return self.model_dump_json(indent=2).encode()

    @classmethod
    def from_json(cls, text: bytes, *, name: str) -> Manifest:
        """Read a manifest.

        Arguments:
            text: The member's bytes.
            name: What to call the bundle in a message.

        Raises:
            BundleCorruptError: No manifest of a bundle.
            BundleVersionError: One of a newer format.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError):
            raise _no_manifest(name, "it is no JSON") from None
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise _no_manifest(name, f"its format is not {FORMAT!r}")
        version = content.get("format_version")
        if type(version) is not int or version < 1:
            raise _no_manifest(name, f"its format version is {version!r}")
        if version > FORMAT_VERSION:
            raise BundleVersionError(
                f"{name} is a bundle of format {version}, written by Drivetrain "
                f"{_writer(content)}; this version reads up to format {FORMAT_VERSION}.",
                hint="Run: pip install --upgrade drivetrain",
            )
        try:
            return cls.model_validate(content)
        except ValidationError as problem:
            first = problem.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise _no_manifest(name, f"{where}: {first['msg']}") from None


def _writer(content: dict[str, Any]) -> str:
    writers = content.get("written_by")
    return str(writers.get("drivetrain", "of a later version")) if isinstance(writers, dict) else ""


def _no_manifest(name: str, reason: str) -> BundleCorruptError:
    return BundleCorruptError(
        f"{name} has a manifest that cannot be used: {reason}.",
        hint="Take a fresh copy, or export the bundle again.",
    )
