"""What goes into a model and what comes out of it: no framework, no files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from drivetrain.errors import DataError

DIGITS = 7
"""Digits that a number of single precision has."""

Probabilities = NDArray[np.float32]
"""float32 [C] for one input or [N, C] for many; each row sums to 1."""


NONE: Probabilities = np.empty(0, np.float32)


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
                hint="Add items of another class: photos in a folder of their own, or rows.",
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
        label: The most probable class; where several may hold, those that do with ``; `` between
            them; where numbers are predicted, the numbers.
        index: The class's position in the vocabulary; None where the answer is not one class.
        probabilities: float32 [C], in the order of the vocabulary; they sum to 1 where the answer
            is one class. None of them where numbers are predicted.
        vocab: The classes, or what the numbers are called.
        in_domain: Whether the input is like what the model was trained on; None when the
            bundle carries no in-domain test.
        domain_score: The number behind that verdict; None when there is no test.
        decision: What to do under the costs that the project declared; None when it declared
            none.
        values: The predicted numbers by name; None where classes are predicted.
        intervals: From where to where each number lies with the bundle's coverage; None where
            there are none.
        remarks: What is worth knowing of the input, such as a value that training never saw.
    """

    label: str
    index: int | None
    probabilities: Probabilities
    vocab: Sequence[str]
    in_domain: bool | None = None
    domain_score: float | None = None
    decision: str | None = None
    values: dict[str, float] | None = None
    intervals: dict[str, tuple[float, float]] | None = None
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, probabilities: Probabilities, vocab: Vocab) -> Prediction:
        """The prediction that follows from a row of probabilities."""
        index = int(probabilities.argmax())
        return cls(label=vocab[index], index=index, probabilities=probabilities, vocab=vocab)

    @property
    def confidence(self) -> float | None:
        """The probability of the label; None where the answer is not one class."""
        if self.index is None:
            return None
        return float(self.probabilities[self.index])

    @property
    def numbers(self) -> tuple[float, ...]:
        """All that the answer says as numbers: the probabilities, or what is predicted."""
        if self.values is not None:
            return tuple(self.values.values())
        return tuple(map(float, self.probabilities))

    @property
    def in_words(self) -> str:
        """The answer as people say it: the label and how sure, or the numbers and how far off.

        Example:
            >>> shares = np.array([0.25, 0.75], np.float32)
            >>> Prediction.of(shares, Vocab(("black", "teddy"))).in_words
            'teddy (75.0%)'
        """
        if self.confidence is not None:
            return f"{self.label} ({self.confidence:.1%})"
        if self.values is None:
            return self.label or "none of the classes"
        ends = self.intervals or {}
        return ", ".join(
            f"{name} {value:.6g}"
            + (f" ({ends[name][0]:.4g} to {ends[name][1]:.4g})" if name in ends else "")
            for name, value in self.values.items()
        )

    def as_dict(self) -> dict[str, Any]:
        """The fields of the HTTP answer that belong to the prediction itself."""
        pairs = zip(self.vocab, self.probabilities, strict=self.values is None)
        return {
            "label": self.label,
            "probabilities": {name: round(float(value), 6) for name, value in pairs},
            "in_domain": self.in_domain,
            "domain_score": None if self.domain_score is None else round(self.domain_score, 4),
            "decision": self.decision,
            "values": self.values and {name: _told(one) for name, one in self.values.items()},
            "intervals": None
            if self.intervals is None
            else {name: [_told(end) for end in ends] for name, ends in self.intervals.items()},
            "remarks": list(self.remarks),
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictions(Sequence[Prediction]):
    """What a model says about many inputs, kept as columns; each is a :class:`Prediction`.

    Example:
        >>> vocab = Vocab(("black", "teddy"))
        >>> shares = np.array([[0.25, 0.75], [0.5, 0.5]], np.float32)
        >>> many = Predictions(vocab=vocab, labels=["teddy", "black"], probabilities=shares)
        >>> len(many), many[0].label
        (2, 'teddy')

    Arguments:
        vocab: The classes, or what the numbers are called.
        labels: The label of each.
        indices: The position of each label, int64 [N]; None where answers are not one class.
        probabilities: float32 [N, C]; None where numbers are predicted.
        in_domain: bool [N]; None without an in-domain test.
        domain_scores: float32 [N]; None without one.
        decisions: The decision of each; None without costs.
        values: The predicted numbers, float64 [N, K]; None where classes are predicted.
        half_widths: How far each number's interval reaches to both sides; None without intervals.
        remarks: What is worth knowing of some inputs, by their place.
    """

    vocab: Sequence[str]
    labels: Sequence[str]
    indices: NDArray[np.int64] | None = None
    probabilities: Probabilities | None = None
    in_domain: NDArray[np.bool_] | None = None
    domain_scores: NDArray[np.float32] | None = None
    decisions: Sequence[str] | None = None
    values: NDArray[np.float64] | None = None
    half_widths: tuple[float, ...] | None = None
    remarks: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    @overload
    def __getitem__(self, position: int) -> Prediction: ...
    @overload
    def __getitem__(self, position: slice) -> list[Prediction]: ...
    def __getitem__(self, position: int | slice) -> Prediction | list[Prediction]:
        if isinstance(position, slice):
            return [self[place] for place in range(*position.indices(len(self)))]
        place = range(len(self))[position]
        values = None
        if self.values is not None:
            values = dict(zip(self.vocab, map(float, self.values[place]), strict=True))
        return Prediction(
            label=self.labels[place],
            index=None if self.indices is None else int(self.indices[place]),
            probabilities=NONE if self.probabilities is None else self.probabilities[place],
            vocab=self.vocab,
            in_domain=None if self.in_domain is None else bool(self.in_domain[place]),
            domain_score=None if self.domain_scores is None else float(self.domain_scores[place]),
            decision=None if self.decisions is None else self.decisions[place],
            values=values,
            intervals=self._intervals(values),
            remarks=self.remarks.get(place, ()),
        )

    def _intervals(self, values: dict[str, float] | None) -> dict[str, tuple[float, float]] | None:
        if values is None or self.half_widths is None:
            return None
        return {
            name: (value - width, value + width)
            for (name, value), width in zip(values.items(), self.half_widths, strict=True)
        }


def _told(number: float) -> float:
    """A number with the digits that tell something: more are the noise of single precision."""
    return float(f"{number:.{DIGITS}g}")
