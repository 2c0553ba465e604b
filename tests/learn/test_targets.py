"""Kinds of targets: labels become numbers and words again, and outputs become answers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from drivetrain.errors import DataError
from drivetrain.learn.targets import AnyOf, Numbers, OneOf, TargetKind
from drivetrain.schema import Vocab

VOCAB = Vocab(("bear", "cat", "dog"))
NAMES = st.sampled_from(list(VOCAB))
LABELS: dict[str, Any] = {"OneOf": "cat", "AnyOf": ["cat"], "Numbers": [1.0, 2.0]}


@given(st.lists(NAMES))
def test_one_class_becomes_its_position_and_its_name_again(labels: list[str]) -> None:
    kind = OneOf(VOCAB)
    values = kind.encode(labels)
    assert values.dtype == np.int64
    assert values.shape == (len(labels),)
    assert [kind.describe(value) for value in values] == labels


@given(st.lists(st.sets(NAMES)))
def test_several_classes_become_ones_and_their_names_again(labels: list[set[str]]) -> None:
    kind = AnyOf(VOCAB)
    values = kind.encode([list(several) for several in labels])
    assert values.dtype == np.float32
    assert values.shape == (len(labels), 3)
    assert values.sum() == sum(map(len, labels))
    assert [kind.describe(value) for value in values] == [";".join(sorted(few)) for few in labels]


@given(st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=2)))
def test_numbers_stay_what_they_are(labels: list[list[float]]) -> None:
    values = Numbers(2).encode(labels)
    assert values.dtype == np.float32
    assert values.shape == (len(labels), 2)
    assert values.tolist() == labels


def test_labels_that_are_no_text_are_classes_by_their_text() -> None:
    assert OneOf(Vocab(("0", "1"))).encode([1, 0, 1]).tolist() == [1, 0, 1]
    assert AnyOf(Vocab(("1", "2"))).encode([(2,), ()]).tolist() == [[0, 1], [0, 0]]


def test_numbers_are_described_with_three_digits_that_count() -> None:
    assert Numbers(2).describe(np.array([0.123456, 1234.5], np.float32)) == "0.123, 1.23e+03"


@pytest.mark.parametrize("kind", [OneOf(VOCAB), AnyOf(VOCAB)])
def test_a_label_outside_the_vocabulary_is_named_with_what_there_is(kind: TargetKind) -> None:
    labels = ["cow"] if isinstance(kind, OneOf) else [["dog", "cow"]]
    with pytest.raises(DataError, match=r"'cow' is none of the 3 classes \['bear', 'cat', 'dog'\]"):
        kind.encode(labels)


@pytest.mark.parametrize("kind", [OneOf(VOCAB), AnyOf(VOCAB), Numbers(2)])
def test_what_stands_in_for_missing_labels_is_like_labels_and_means_none(kind: TargetKind) -> None:
    unknown = kind.unknown(4)
    known = kind.encode([LABELS[type(kind).__name__]])
    assert unknown.dtype == known.dtype
    assert unknown.shape == (4, *known.shape[1:])
    assert kind.describe(unknown[0]) in ("", "nan, nan")


@pytest.mark.parametrize(("kind", "size"), [(OneOf(VOCAB), 3), (AnyOf(VOCAB), 3), (Numbers(2), 2)])
def test_a_model_needs_as_many_outputs_as_there_are_classes_or_numbers(
    kind: TargetKind, size: int
) -> None:
    assert kind.size == size
    logits = torch.zeros(4, size)
    values = torch.from_numpy(kind.encode([LABELS[type(kind).__name__]] * 4))
    assert kind.loss()(logits, values).shape == ()


def test_the_losses_are_the_usual_ones_and_take_weights() -> None:
    logits = torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]])
    weights = torch.tensor([1.0, 2.0, 4.0])
    one, several = torch.tensor([0, 2]), torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    expected: list[tuple[Any, Any]] = [
        (OneOf(VOCAB).loss()(logits, one), functional.cross_entropy(logits, one)),
        (OneOf(VOCAB).loss(weights)(logits, one),
         (-logits.log_softmax(1)[0, 0] - 4 * logits.log_softmax(1)[1, 2]) / 5),
        (AnyOf(VOCAB).loss()(logits, several),
         -(several * logits.sigmoid().log() + (1 - several) * (1 - logits.sigmoid()).log()).mean()),
        (Numbers(3).loss()(logits, several), ((logits - several) ** 2).mean()),
    ]  # fmt: skip
    for found, wanted in expected:
        assert float(found) == pytest.approx(float(wanted), rel=1e-5)


def test_answers_of_one_class_sum_to_one_and_decide_for_the_most_probable() -> None:
    answers = OneOf(VOCAB).answers(torch.tensor([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]]))
    torch.testing.assert_close(answers.sum(1), torch.ones(2))
    assert OneOf(VOCAB).decide(answers).tolist() == [0, 2]


def test_answers_of_several_classes_are_each_by_itself() -> None:
    answers = AnyOf(VOCAB).answers(torch.tensor([[math.log(3), 0.0, -1.0], [4.0, 4.0, 4.0]]))
    assert answers[0, 0] == pytest.approx(0.75)
    assert AnyOf(VOCAB).decide(answers).tolist() == [[1, 0, 0], [1, 1, 1]]


def test_answers_that_are_numbers_are_the_outputs() -> None:
    outputs = torch.tensor([[2.0], [-7.0]])
    assert Numbers(1).decide(Numbers(1).answers(outputs)) is outputs
    assert Numbers(1).vocab is None
