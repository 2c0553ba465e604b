"""Validation items that travel with a bundle, so that any machine can prove itself on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drivetrain.bundle.manifest import Sample
from drivetrain.prepare import Preparation
from drivetrain.schema import Prediction


def sample_members(preparation: Preparation, items: Sequence[Any]) -> dict[str, bytes]:
    """Some items as members of a bundle."""
    return {f"samples/{number}": preparation.packed(item) for number, item in enumerate(items)}


def sample_of(member: str, answer: Prediction) -> Sample:
    """A stored item with its answer."""
    return Sample(member=member, answer=answer.numbers, domain_score=answer.domain_score)
