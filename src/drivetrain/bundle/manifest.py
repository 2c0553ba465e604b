"""The manifest: what a bundle says about itself, as JSON with a schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from drivetrain.errors import BundleCorruptError, BundleVersionError
from drivetrain.judge.calibration import Calibration
from drivetrain.project import Project

FORMAT: Literal["drivetrain.bundle"] = "drivetrain.bundle"
FORMAT_VERSION = 3

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=10**12)]
Source = Literal["training folds", "validation"]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
SHARES = {"accuracy", "error_rate", "balanced_accuracy", "roc_auc", "all_right"}
"""The metrics that are shares."""

TargetKindName = Literal["category", "categories", "numbers"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class Member(_Part):
    """A file inside the bundle: its size in bytes and its SHA-256."""

    size: int = Field(ge=0)
    sha256: Sha256


class Target(_Part):
    """What is predicted, in the order of the model's outputs.

    ``category`` is one class of ``vocab``, ``categories`` any number of them at once, and
    ``numbers`` a number for each name in ``vocab``.
    """

    kind: TargetKindName = "category"
    vocab: tuple[str, ...] = Field(min_length=1)

    @field_validator("vocab")
    @classmethod
    def _enough_and_each_once(cls, vocab: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        least = 1 if info.data.get("kind") == "numbers" else 2
        if len(vocab) < least or len(set(vocab)) != len(vocab):
            raise ValueError(f"it takes {least} or more, each once")
        return vocab


class NetworkSettings(_Part):
    """The network: its architecture, where its weights came from, and its tensors.

    ``input`` takes [N, ...] as the preparation gives it; ``outputs`` are the logits or numbers
    float32 [N, C] and the embedding float32 [N, D]. ``settings`` are what its architecture is
    built with again. ``precision_note`` says why a network that was to be smaller is not.
    """

    arch: str
    settings: dict[str, Any] = {}
    pretrained_from: str = ""
    input: str = "x"
    outputs: tuple[str, str] = ("logits", "embedding")
    embedding_size: int = Field(ge=1, le=10**6)
    precision: Literal["float32", "int8"] = "float32"
    precision_note: str = ""


class Training(_Part):
    """What it was trained and validated on, and how well it did."""

    train_items: Count
    valid_items: Count
    class_counts: dict[str, int] = {}
    metrics: dict[str, float] = {}
    confusion: tuple[tuple[int, ...], ...] = ()
    data_fingerprint: str = ""
    notes: str = ""

    @field_validator("metrics")
    @classmethod
    def _shares_are_shares(cls, metrics: dict[str, float]) -> dict[str, float]:
        for name in SHARES & metrics.keys():
            if not 0.0 <= metrics[name] <= 1.0:
                raise ValueError(f"{name} is no share between 0 and 1")
        return metrics


class Parity(_Part):
    """How two ways to the same answers compare, on real validation items.

    ``of`` says which two; a difference is one of a probability or, where numbers are predicted,
    of a number in units of its standard deviation.
    """

    of: str = "the learner and the bundle"
    items: Annotated[int, Field(ge=1, le=10**12)]
    same_labels: Share
    largest_difference: float = Field(ge=0.0)
    tolerance: float = Field(gt=0.0)


class Reliability(_Part):
    """How far probabilities can be taken at their word, on held-out items.

    ``ece`` is the expected calibration error, ``brier`` the Brier score (0 to 2), ``log_loss`` in
    nats.
    """

    ece: Share
    brier: float = Field(ge=0.0, le=2.0)
    log_loss: float = Field(ge=0.0)


class CalibrationRecord(_Part):
    """How logits become probabilities, and what that was worth on held-out folds.

    ``before`` is the plain soft-max; ``after`` was measured on items that the calibration was not
    fitted on; ``tried`` holds the log loss of each method, likewise.
    """

    settings: Calibration = Calibration()
    items: Count = 0
    before: Reliability | None = None
    after: Reliability | None = None
    tried: dict[str, float] = {}


class DomainRecord(_Part):
    """The in-domain test: its border, and how the border was found.

    ``held_out`` items that the test had not seen were scored, and the border is where a share of
    ``false_reject`` of them lies beyond; they were ``from`` training folds or validation.
    ``rejected_valid`` is the share of the validation items beyond it.
    """

    member: str
    border: float = Field(gt=0.0)
    rest: float = Field(gt=0.0)
    false_reject: Share
    reference: Count
    held_out: Count
    held_out_from: Source
    rejected_valid: Share


class IntervalRecord(_Part):
    """How far predicted numbers lie from the truth, on held-out items.

    An interval of ``half_widths`` to both sides holds the truth of a share of ``coverage`` of new
    items; ``scales`` are the standard deviations of the truths.
    """

    coverage: Share
    half_widths: tuple[Annotated[float, Field(ge=0.0)], ...]
    scales: tuple[Annotated[float, Field(gt=0.0)], ...]
    items: Count


class Sample(_Part):
    """A stored input and what it was answered when the bundle was written.

    ``answer`` holds its probabilities or, where numbers are predicted, those.
    """

    member: str
    answer: tuple[float, ...]
    domain_score: float | None = None


class Manifest(_Part):
    """Everything that a reader must know to answer with a bundle and to trust it."""

    format: Literal["drivetrain.bundle"] = FORMAT
    format_version: int = FORMAT_VERSION
    created: str
    written_by: dict[str, str]
    preparation: dict[str, Any]
    target: Target
    network: NetworkSettings
    training: Training
    parity: tuple[Parity, ...] = Field(min_length=1)
    calibration: CalibrationRecord = CalibrationRecord()
    domain: DomainRecord | None = None
    intervals: IntervalRecord | None = None
    project: Project = Project()
    evidence: str | None = None
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
            reads = f"is of format {version}, and this version reads up to {FORMAT_VERSION}"
            raise _newer(name, reads, content)
        for older in range(version, FORMAT_VERSION):
            content = NEXT_FORMAT[older](content)
        try:
            return cls.model_validate(content)
        except ValidationError as problem:
            first = problem.errors()[0]
            where = ".".join(map(str, first["loc"]))
            if first["type"] == "extra_forbidden":
                raise _newer(name, f"has the setting {where}, unknown here", content) from None
            raise _no_manifest(name, f"{where}: {first['msg']}") from None


def _from_1_to_2(content: dict[str, Any]) -> dict[str, Any]:
    """Format 2 keeps several comparisons; calibration, verdict and costs came with it."""
    return content | {"parity": [content.get("parity")]}


def _from_2_to_3(content: dict[str, Any]) -> dict[str, Any]:
    """Format 3 knows numbers as answers too; tables and their intervals came with it."""
    samples = content.get("samples")
    if not isinstance(samples, list):
        return content
    return content | {
        "samples": [
            sample | {"answer": sample.get("probabilities")} if isinstance(sample, dict) else sample
            for sample in samples
        ]
    }


NEXT_FORMAT: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: _from_1_to_2,
    2: _from_2_to_3,
}
"""For each older format, what makes a manifest of the next one of it."""


def _newer(name: str, how: str, content: dict[str, Any]) -> BundleVersionError:
    writers = content.get("written_by")
    writer = writers.get("drivetrain") if isinstance(writers, dict) else None
    return BundleVersionError(
        f"{name} was written by a later Drivetrain{f' ({writer})' if writer else ''}: it {how}.",
        hint=f'Run: pip install --upgrade "drivetrain{f">={writer}" if writer else ""}"',
    )


def _no_manifest(name: str, reason: str) -> BundleCorruptError:
    return BundleCorruptError(
        f"{name} has a manifest that cannot be used: {reason}.",
        hint="Take a fresh copy, or export the bundle again.",
    )
