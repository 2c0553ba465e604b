"""A bundle's judgement and its evidence, out of the manifest and the members that hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from drivetrain.bundle.archive import ASK_AGAIN
from drivetrain.bundle.manifest import DomainRecord, Manifest
from drivetrain.bundle.tensors import Tensors, read_tensors, write_tensors
from drivetrain.errors import BundleCorruptError, ConfigError
from drivetrain.judge import (
    ClassJudgement,
    DomainTest,
    Judgement,
    NumbersJudgement,
    SeveralJudgement,
)
from drivetrain.judge.calibration import Logits
from drivetrain.judge.domain import Scores
from drivetrain.schema import Vocab

DOMAIN = "judge/domain.safetensors"
EVIDENCE = "judge/evidence.safetensors"
NARROWEST = 1e-15
"""The least variance of a cloud, in units of an embedding's length: below it, numbers end."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What the network said of validation items: any cost or bound can be tried on it later.

    Arguments:
        outputs: float32 [N, C]: logits before the calibration, or numbers.
        targets: The true positions, int64 [N]; where several classes may hold or numbers are
            predicted, float32 [N, C].
        domain_scores: float32 [N]; None without an in-domain test.
    """

    outputs: Logits
    targets: NDArray[Any]
    domain_scores: Scores | None = None

    def to_bytes(self) -> bytes:
        """The evidence as a member."""
        kept: Tensors = {"logits": self.outputs.astype(np.float32), "targets": self.targets}
        if self.domain_scores is not None:
            kept["domain_scores"] = self.domain_scores.astype(np.float32)
        return write_tensors(kept)


def domain_to_bytes(test: DomainTest) -> bytes:
    """An in-domain test's clouds as a member.

    Their border stands in the manifest, and was found with what is kept here.
    """
    return write_tensors(
        {
            "centres": test.centres,
            "axes": test.axes,
            "variances": test.variances.astype(np.float32),
        }
    )


def judgement_of(manifest: Manifest, members: Mapping[str, bytes], name: str) -> Judgement:
    """The judgement of a bundle.

    Arguments:
        manifest: The bundle's manifest.
        members: Its members.
        name: What to call it in a message.

    Raises:
        BundleCorruptError: Its parts do not fit together.
    """
    record = manifest.domain
    domain = None if record is None else _domain(record, manifest, members[record.member], name)
    target, intervals = manifest.target, manifest.intervals
    if target.kind == "numbers":
        if intervals is not None and len(intervals.half_widths) != len(target.vocab):
            _refuse(name, "intervals of another number of predictions")
        widths = None if intervals is None else intervals.half_widths
        return NumbersJudgement(names=target.vocab, half_widths=widths, domain=domain)
    vocab = Vocab(target.vocab)
    if target.kind == "categories":
        return SeveralJudgement(vocab=vocab, domain=domain)
    calibration = manifest.calibration.settings
    if not calibration.fits(len(vocab)):
        _refuse(name, "a calibration of another number of classes")
    try:
        decision = manifest.project.decision_rule(vocab)
    except ConfigError as problem:
        _refuse(name, f"costs that do not fit its classes ({problem.message})")
    return ClassJudgement(vocab=vocab, calibration=calibration, domain=domain, decision=decision)


def evidence_of(manifest: Manifest, members: Mapping[str, bytes], name: str) -> Evidence | None:
    """The evidence of a bundle; see :func:`judgement_of`."""
    if manifest.evidence is None:
        return None
    tensors = read_tensors(members[manifest.evidence], name=f"{manifest.evidence} of {name}")
    outputs, targets = tensors.get("logits"), tensors.get("targets")
    scores = tensors.get("domain_scores")
    size = len(manifest.target.vocab)
    if (
        outputs is None
        or targets is None
        or outputs.shape != (len(outputs), size)
        or outputs.dtype != np.float32
        or not _are_targets(targets, outputs.shape, one_class=manifest.target.kind == "category")
        or (scores is not None and scores.shape != targets.shape[:1])
        or (scores is not None and scores.dtype != np.float32)
    ):
        _refuse(name, f"{manifest.evidence} of another shape than its manifest describes")
    return Evidence(outputs=outputs, targets=targets, domain_scores=scores)


def _are_targets(targets: NDArray[Any], shape: tuple[int, ...], *, one_class: bool) -> bool:
    if not one_class:
        return targets.shape == shape and targets.dtype == np.float32
    places = targets.shape == shape[:1] and targets.dtype == np.int64
    return places and bool(((targets >= 0) & (targets < shape[1])).all())


def _domain(record: DomainRecord, manifest: Manifest, content: bytes, name: str) -> DomainTest:
    tensors = read_tensors(content, name=f"{record.member} of {name}")
    size, classes = manifest.network.embedding_size, len(manifest.target.vocab)
    kinds = (np.float16, np.float32)
    centres, axes = (_of_kind(tensors, part, *kinds) for part in ("centres", "axes"))
    variances = _of_kind(tensors, "variances", np.float32)
    if (
        centres.shape not in ((classes, size), (1, size))
        or axes.shape != (len(variances), size)
        or variances.ndim != 1
        or not (variances >= NARROWEST).all()
        or record.rest < NARROWEST
    ):
        _refuse(name, f"{record.member} of another shape than its manifest describes")
    return DomainTest(
        centres=centres, axes=axes, variances=variances, rest=record.rest, border=record.border
    )


def _of_kind(tensors: Tensors, name: str, *kinds: type[np.floating[Any]]) -> NDArray[Any]:
    """A tensor of a kind that is written; another one is not taken."""
    found = tensors.get(name)
    return found if found is not None and found.dtype in kinds else np.empty(0, kinds[0])


def _refuse(name: str, what: str) -> NoReturn:
    raise BundleCorruptError(f"{name} holds {what}.", hint=ASK_AGAIN)
