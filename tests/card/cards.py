"""Bundles for the card's tests: the golden one with other figures, no training needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from conftest import REPOSITORY

from drivetrain.bundle import Bundle, Manifest
from drivetrain.bundle.archive import pack, sha256
from drivetrain.bundle.judging import DOMAIN, EVIDENCE, Evidence, domain_to_bytes
from drivetrain.bundle.manifest import FORMAT_VERSION, DomainRecord, Member
from drivetrain.bundle.reader import MANIFEST
from drivetrain.judge import DomainTest
from drivetrain.project import Project

GOLDEN = REPOSITORY / "tests" / "golden" / "format-1.bundle"

COSTS = """
[objective]
purpose = "Sort the balls."
[levers]
left = "Roll it to the left."
right = "Roll it to the right."
[costs]
unit = "coins"
ask_a_person = 2
left = {blue = 0, green = 10, red = 10}
right = {blue = 20, green = 0, red = 0}
"""

LOGITS = np.log(
    np.array(
        [
            [0.98, 0.01, 0.01],  # left: 0.2, right: 19.6
            [0.50, 0.25, 0.25],  # left: 5.0, right: 10.0
            [0.05, 0.90, 0.05],  # left: 9.5, right: 1.0
            [0.15, 0.05, 0.80],  # left: 8.5, right: 3.0
        ]
    )
).astype(np.float32)
TARGETS = np.array([0, 1, 1, 2])
SCORES = np.array([0.35, 0.65, 1.25, 1.0], np.float32)

Edit = Callable[[dict[str, Any]], None]


def bundle_of(
    *,
    logits: Any = None,
    targets: Sequence[int] | Any = (),
    scores: Any = None,
    costs: str = "",
    edit: Edit | None = None,
    members: Mapping[str, bytes] | None = None,
    name: str = "balls.bundle",
) -> Bundle:
    """The golden bundle with other evidence, other costs, or another manifest.

    Arguments:
        logits: What the network said of validation items; no evidence when None.
        targets: Their true positions.
        scores: Their domain scores; no in-domain test when None.
        costs: A ``drivetrain.toml``.
        edit: Changes the manifest.
        members: Members in place of those of the golden bundle.
        name: What it is called.
    """
    golden = Bundle.open(GOLDEN)
    content = golden.members | dict(members or {})
    told: dict[str, Any] = golden.manifest.model_dump(mode="json")
    told["format_version"] = FORMAT_VERSION
    if logits is not None:
        evidence = Evidence(
            outputs=np.asarray(logits),
            targets=np.asarray(targets, np.int64),
            domain_scores=None if scores is None else np.asarray(scores),
        )
        content[EVIDENCE] = evidence.to_bytes()
        told["evidence"] = EVIDENCE
    if scores is not None:
        content[DOMAIN] = domain_to_bytes(_any_test())
        told["domain"] = _record(np.asarray(scores)).model_dump(mode="json")
    if costs:
        told["project"] = Project.from_toml(costs).model_dump(mode="json")
    if edit:
        edit(told)
    told["members"] = {
        member: Member(size=len(data), sha256=sha256(data)).model_dump()
        for member, data in content.items()
    }
    manifest = Manifest.model_validate(told)
    return Bundle.from_bytes(pack({MANIFEST: manifest.to_json()} | content), name=name)


def judged(**others: Any) -> Bundle:
    """A bundle with four validation items, their scores, and costs; see :func:`bundle_of`."""
    given = {"logits": LOGITS, "targets": TARGETS, "scores": SCORES, "costs": COSTS}
    return bundle_of(**(given | others))


def _any_test() -> DomainTest:
    flat = np.eye(3, 8, dtype=np.float32)
    return DomainTest(
        centres=flat, axes=flat[:1], variances=np.ones(1, np.float32), rest=0.1, border=9.0
    )


def _record(scores: Any) -> DomainRecord:
    return DomainRecord(
        member=DOMAIN,
        border=9.0,
        rest=0.1,
        false_reject=0.05,
        reference=90,
        held_out=90,
        held_out_from="training folds",
        rejected_valid=float((scores > 1.0).mean()),
    )
