"""What goes into a model and what comes out of it: no framework, no files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import DataError

Probabilities = NDArray[np.float32]
"""float32 [C] for one input or [N, C] for many; each row sums to 1."""


@dataclass(frozen=True)
class Vocab(Sequence[str]):
    """The classes of a target in the order of the model's outputs.

    Example:
        >>> vocab = Vocab.of(["teddy", "black", "teddy"])
        >>> vocab
        Vocab('black', 'teddy')
        >>> vocab.index("teddy"), vocab[0]
        (1, 'black')

    Raises:
        DataError: Fewer than two classes, a class twice, or an unknown label.
    """

    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.classes)) != len(self.classes):
            raise DataError(f"A class is listed twice in {list(self.classes)}.")
        if len(self.classes) < 2:
            found = f"only the class {self.classes[0]!r}" if self.classes else "no class"
            raise DataError(
                f"A classifier needs at least two classes, and there is {found}.",
                hint="Give each class a folder of its own with its photos in it.",
            )

    @classmethod
    def of(cls, labels: Iterable[str]) -> Vocab:
        """The sorted distinct labels as a vocabulary."""
        return cls(tuple(sorted(set(labels))))

    def index(self, value: str, start: int = 0, stop: int | None = None) -> int:
        """The output position of a label."""
        try:
            return self.classes.index(value, start, len(self) if stop is None else stop)
        except ValueError:
            raise DataError(
                f"The label {value!r} is none of the {len(self)} classes {list(self.classes)}."
            ) from None

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[str, ...]: ...
    def __getitem__(self, position: int | slice) -> str | tuple[str, ...]:
        return self.classes[position]

    def __len__(self) -> int:
        return len(self.classes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.classes)

    def __repr__(self) -> str:
        return f"Vocab({', '.join(map(repr, self.classes))})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Prediction:
    """What a model says about one input.

    Example:
        >>> vocab = Vocab(("black", "teddy"))
        >>> answer = Prediction.of(np.array([0.25, 0.75], np.float32), vocab)
        >>> answer.label, answer.index, answer.confidence
        ('teddy', 1, 0.75)

    Arguments:
        label: The most probable class.
        index: Its position in the vocabulary.
        probabilities: float32 [C], sums to 1, in the order of the vocabulary.
        vocab: The classes.
        in_domain: Whether the input is like what the model was trained on; None when the
            bundle carries no in-domain test.
        domain_score: The number behind that verdict; None when there is no test.
        decision: What to do under the costs that the project declared; None when it declared
            none.
    """

    label: str
    index: int
    probabilities: Probabilities
    vocab: Vocab
    in_domain: bool | None = None
    domain_score: float | None = None
    decision: str | None = None

    @classmethod
    def of(cls, probabilities: Probabilities, vocab: Vocab) -> Prediction:
        """The prediction that follows from a row of probabilities."""
        index = int(probabilities.argmax())
        return cls(label=vocab[index], index=index, probabilities=probabilities, vocab=vocab)

    @property
    def confidence(self) -> float:
        """The probability of the label."""
        return float(self.probabilities[self.index])

    def as_dict(self) -> dict[str, Any]:
        """The fields of the HTTP answer that belong to the prediction itself."""
        pairs = zip(self.vocab, self.probabilities, strict=True)
        return {
            "label": self.label,
            "probabilities": {name: round(float(value), 6) for name, value in pairs},
            "in_domain": self.in_domain,
            "domain_score": None if self.domain_score is None else round(self.domain_score, 4),
            "decision": self.decision,
        }
