"""How well a bundle tells which of several classes hold at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from drivetrain.bundle.reader import Bundle
from drivetrain.card.evidence import Items, OutputItems
from drivetrain.card.results import ClassResult, told_shares
from drivetrain.card.share import Share
from drivetrain.judge.judgement import ABOVE


@dataclass(frozen=True, kw_only=True)
class SeveralResults:
    """What was measured on validation items where any number of classes may hold.

    Arguments:
        items: How many there were.
        metrics: The share of items with all classes right, ``all_right``, and the share of right
            yes-or-no answers, ``accuracy``.
        classes: In the order of the vocabulary; ``items`` is how often each held.
        guess: The most frequent set of classes among the items, and the share of items of which
            it is not the right answer; None without evidence.
    """

    items: int
    metrics: dict[str, Share]
    classes: tuple[ClassResult, ...]
    guess: tuple[str, float] | None

    @classmethod
    def of(cls, bundle: Bundle, items: Items | None) -> SeveralResults:
        """The results of a bundle: the stored figures, and those of each class from evidence."""
        vocab, training = bundle.outputs, bundle.manifest.training
        count = training.valid_items
        told = told_shares(training.metrics, count)
        if not isinstance(items, OutputItems):
            plain = tuple(
                ClassResult(name=name, items=None, found=None, right=None) for name in vocab
            )
            return cls(items=count, metrics=_first(told), classes=plain, guess=None)
        said, actual = items.chances > ABOVE, items.actual > ABOVE
        alike = said == actual
        measured = {
            "all_right": Share.counted(int(alike.all(axis=1).sum()), len(alike)),
            "accuracy": Share.observed(float(alike.mean()), len(alike)),
        }
        both, holds, named = (each.sum(axis=0).tolist() for each in (said & actual, actual, said))
        sets = Counter(map(bytes, actual.astype(np.uint8)))
        most, times = sets.most_common(1)[0]
        words = "; ".join(name for name, there in zip(vocab, most, strict=True) if there)
        return cls(
            items=count or len(alike),
            metrics=_first({name: one for name, one in measured.items() if one} | told),
            classes=tuple(
                ClassResult(
                    name=name,
                    items=holds[place],
                    found=Share.counted(both[place], holds[place]),
                    right=Share.counted(both[place], named[place]),
                )
                for place, name in enumerate(vocab)
            ),
            guess=(words or "none of the classes", 1.0 - times / len(alike)),
        )

    def as_dict(self) -> dict[str, Any]:
        """The results for programs."""
        return {
            "items": self.items,
            "metrics": {name: share.as_dict() for name, share in self.metrics.items()},
            "classes": [one.as_dict() for one in self.classes],
            "most_frequent": self.guess
            and {"classes": self.guess[0], "error_rate_of_always": self.guess[1]},
        }


def _first(shares: dict[str, Share]) -> dict[str, Share]:
    """The share of items with all classes right before others."""
    return dict(sorted(shares.items(), key=lambda one: one[0] != "all_right"))
