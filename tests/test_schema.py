"""Vocabularies and predictions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivetrain.errors import DataError
from drivetrain.schema import Prediction, Vocab

LABELS = st.lists(st.text(max_size=5), min_size=1, max_size=30)


@given(LABELS.filter(lambda labels: len(set(labels)) > 1))
def test_a_vocab_of_labels_is_sorted_and_has_each_label_once(labels: list[str]) -> None:
    vocab = Vocab.of(labels)
    assert list(vocab) == sorted(set(labels))
    assert [vocab.index(label) for label in vocab] == list(range(len(vocab)))


def test_a_vocab_keeps_the_order_that_it_is_given() -> None:
    vocab = Vocab(("teddy", "black", "grizzly"))
    assert (vocab[0], vocab[1:], len(vocab)) == ("teddy", ("black", "grizzly"), 3)
    assert vocab.index("grizzly") == 2


def test_membership_and_equality_go_by_the_classes() -> None:
    vocab = Vocab(("a", "b"))
    assert "a" in vocab
    assert "c" not in vocab
    assert vocab == Vocab.of("ba")
    assert vocab != Vocab(("b", "a"))


def test_an_unknown_label_is_named_beside_the_classes() -> None:
    with pytest.raises(DataError, match=r"'koala' is none of the 2 classes \['a', 'b'\]"):
        Vocab(("a", "b")).index("koala")


def test_index_honours_its_bounds() -> None:
    with pytest.raises(DataError):
        Vocab(("a", "b", "c")).index("a", 1)
    with pytest.raises(DataError):
        Vocab(("a", "b", "c")).index("c", 0, 2)


@pytest.mark.parametrize(
    ("classes", "reason"),
    [
        ((), "there is no class"),
        (("teddy",), "there is only the class 'teddy'"),
        (("a", "b", "a"), "listed twice"),
    ],
)
def test_classes_that_cannot_be_told_apart_are_refused(
    classes: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(DataError, match=reason):
        Vocab(classes)


def test_a_prediction_is_the_most_probable_class() -> None:
    answer = Prediction.of(np.array([0.2, 0.7, 0.1], np.float32), Vocab(("a", "b", "c")))
    assert (answer.label, answer.index) == ("b", 1)
    assert answer.confidence == pytest.approx(0.7)
    assert (answer.in_domain, answer.domain_score, answer.decision) == (None, None, None)


def test_a_prediction_as_a_dictionary_names_every_class_in_the_order_of_the_vocabulary() -> None:
    answer = Prediction(
        label="z",
        index=0,
        probabilities=np.array([0.75, 0.25], np.float32),
        vocab=Vocab(("z", "a")),
        in_domain=False,
        domain_score=1.5,
        decision="ask",
    ).as_dict()
    assert list(answer["probabilities"].items()) == [("z", 0.75), ("a", 0.25)]
    del answer["probabilities"]
    assert answer == {
        "label": "z",
        "in_domain": False,
        "domain_score": 1.5,
        "decision": "ask",
        "values": None,
        "intervals": None,
        "remarks": [],
    }
